"""The name of a container image, and what is known about the well-known ones.

Sources: the descriptions of the images at https://hub.docker.com/search?image_filter=official and
https://github.com/GoogleContainerTools/distroless
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from typing_extensions import override

_SMALL = re.compile(
    r"distroless|alpine|slim|busybox|wolfi|chainguard|cgr\.dev|chisel|minimal|micro|static|scratch|nano|tiny"
)
#: Systems; they start as root and bring everything that a system has.
_SYSTEMS = frozenset(
    {
        "debian",
        "ubuntu",
        "centos",
        "fedora",
        "rockylinux",
        "almalinux",
        "amazonlinux",
        "oraclelinux",
        "opensuse",
        "archlinux",
    }
)
#: Languages; their plain tags carry a whole Debian with build tools.
_LANGUAGES = frozenset(
    {
        "python",
        "node",
        "ruby",
        "php",
        "perl",
        "golang",
        "rust",
        "openjdk",
        "eclipse-temurin",
        "amazoncorretto",
        "pypy",
        "julia",
        "elixir",
        "erlang",
        "haskell",
        "swift",
        "mono",
    }
)
_FOR_BUILDING = frozenset({"golang", "rust", "gcc", "maven", "gradle", "sbt", "haskell"})
_OTHERS_AS_ROOT = frozenset({"alpine", "busybox", "scratch", "buildpack-deps", "deno", "bun"})
_OWN_USER = re.compile(
    r"nonroot|unprivileged|rootless|cgr\.dev/|chainguard|bitnami/|jenkins/|(?:^|/)grafana/|-user$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image's name in parts.

    Args:
        repository: Without tag and digest, without Docker Hub's own prefixes, in lower case.
        tag: The tag, empty for none.
        pinned: Whether it has a digest.
    """

    repository: str
    tag: str = ""
    pinned: bool = False

    @classmethod
    def parse(cls, name: str | None) -> Image:
        """Read an image's name; an unknown one gives an empty repository.

        Args:
            name: As it stands after ``FROM`` or ``image:``.
        """
        rest, _, digest = (name or "").strip().strip("\"'").partition("@")
        folder, slash, last = rest.rpartition("/")
        last, _, tag = last.partition(":")
        repository = f"{folder}{slash}{last}".lower()
        for prefix in (
            "docker.io/",
            "index.docker.io/",
            "library/",
            "public.ecr.aws/docker/library/",
        ):
            repository = repository.removeprefix(prefix)
        return cls(repository=repository, tag=tag.lower(), pinned=bool(digest))

    @override
    def __str__(self) -> str:
        """Return the name as people write it, without a digest."""
        return f"{self.repository}:{self.tag}" if self.tag else self.repository

    @property
    def is_official(self) -> bool:
        """Whether it is one of Docker's official images, which have no slash in their name."""
        return bool(self.repository) and "/" not in self.repository

    @property
    def is_small(self) -> bool:
        """Whether its name says that it is a small variant."""
        # A Java run-time without the development kit is the small one of its family.
        return _SMALL.search(str(self)) is not None or "-jre" in self.tag

    @property
    def is_full(self) -> bool:
        """Whether it is a full language or system image that has a smaller sister."""
        return self.repository in _SYSTEMS | _LANGUAGES and not self.is_small

    @property
    def is_for_building(self) -> bool:
        """Whether it exists to build with: it carries a compiler."""
        if "/" in self.repository:
            return self.repository.endswith("dotnet/sdk") or (
                self.repository == "nvidia/cuda" and "-devel" in self.tag
            )
        return self.repository in _FOR_BUILDING

    @property
    def has_own_user(self) -> bool:
        """Whether its name says that it brings a user without rights."""
        return _OWN_USER.search(str(self)) is not None

    @property
    def is_known_to_run_as_root(self) -> bool:
        """Whether it is known to start as root; most images of others are not known."""
        return (
            self.repository in _SYSTEMS | _LANGUAGES | _FOR_BUILDING | _OTHERS_AS_ROOT
            or "distroless/" in self.repository
            or self.repository in {"nvidia/cuda", "tiangolo/uvicorn-gunicorn-fastapi"}
            or self.repository.startswith("pytorch/pytorch")
            or "dotnet/" in self.repository
        )

    @property
    def has_moving_tag(self) -> bool:
        """Whether the name stands for another image tomorrow: no tag or ``latest``, no digest."""
        named = bool(self.repository) and self.repository != "scratch"
        return named and not self.pinned and self.tag in {"", "latest"}
