"""Writes a bill of materials (CycloneDX) of what the service is made of.

The packages and their hashes come from the lock; licences and who needs whom from what is installed
beside this program, where it is the same version. Debian's packages come from the image itself::

    python -m deploy.sbom requirements-server.lock > sbom.json
    docker run --rm --entrypoint dpkg-query IMAGE --show | python -m deploy.sbom LOCK --debian -

The same input gives the same bytes. https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from itertools import chain
from pathlib import Path
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from reviewer import __version__

_NAME = "persona-reviewer"
_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:(?P<hash>[0-9a-f]{64})")
_DEBIAN = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9.+-]*)(?::(?P<architecture>\w+))?\t(?P<version>\S+)$"
)

Document = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package of a lock.

    Args:
        name: Its normalised name.
        version: The only one that is installed.
        hashes: SHA-256 of each file that may be installed for it.
    """

    name: str
    version: str
    hashes: tuple[str, ...]

    @property
    def reference(self) -> str:
        """Its package URL: https://github.com/package-url/purl-spec."""
        return f"pkg:pypi/{self.name}@{quote(self.version)}"


def read_lock(text: str) -> tuple[Package, ...]:
    """Read the packages of a lock file.

    Args:
        text: What pip-compile wrote, with hashes.

    Raises:
        ValueError: A line pins nothing, or a package has no hash.
    """
    packages: list[Package] = []
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        pinned = _PINNED.match(line)
        hashes = tuple(match["hash"] for match in _HASH.finditer(line))
        if pinned is None or not hashes:
            message = f"no pinned package with hashes: {line[:80]}"
            raise ValueError(message)
        name = canonicalize_name(pinned["name"])
        packages.append(Package(name=name, version=pinned["version"], hashes=hashes))
    return tuple(packages)


def bill_of_materials(packages: Iterable[Package], debian: Iterable[str] = ()) -> Document:
    """Describe the service and everything in it.

    Args:
        packages: Those of the lock.
        debian: Lines of ``dpkg-query --show``: a name, a tab, a version.

    Raises:
        ValueError: A line of ``debian`` is none.
    """
    by_name = {package.name: package for package in packages}
    own: Document = {
        "type": "application",
        "bom-ref": _NAME,
        "name": _NAME,
        "version": __version__,
        "licenses": [{"license": {"id": "MIT"}}],
        "purl": f"pkg:pypi/{_NAME}@{__version__}",
    }
    components = [_component(package) for package in by_name.values()]
    components += [_debian_component(line) for line in debian]
    needs = _needs(by_name)
    edges = [{"ref": _NAME, "dependsOn": sorted(needs)}]
    edges += [{"ref": reference, "dependsOn": sorted(needs[reference])} for reference in needs]
    content = json.dumps([own, components, edges], sort_keys=True)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
        "dependencies": edges,
    }


def _component(package: Package) -> Document:
    component: Document = {
        "type": "library",
        "bom-ref": package.reference,
        "name": package.name,
        "version": package.version,
        "purl": package.reference,
    }
    installed = _installed(package)
    if installed is not None and (licences := _licences(installed)):
        component["licenses"] = licences
    # A hash of the component would be one of several: there is a file for each platform.
    component["properties"] = [
        {"name": f"{_NAME}:file:sha256", "value": value} for value in package.hashes
    ]
    return component


def _licences(installed: Distribution) -> list[Document]:
    """Return what a package states: an SPDX expression, else its words, else its classifiers."""
    stated = installed.metadata
    if "License-Expression" in stated:
        return [{"expression": stated["License-Expression"]}]
    own = (stated["License"] or "").strip()
    # Some put the whole text of the licence there.
    names = [own] if own and "\n" not in own else []
    names = names or [
        classifier.rpartition(" :: ")[2]
        for classifier in stated.get_all("Classifier") or []
        if classifier.startswith("License :: ")
    ]
    return [{"license": {"name": name}} for name in names]


def _debian_component(line: str) -> Document:
    match = _DEBIAN.match(line.rstrip("\n"))
    if match is None:
        message = f"no line of dpkg-query --show: {line[:80]!r}"
        raise ValueError(message)
    architecture = f"?arch={match['architecture']}" if match["architecture"] else ""
    reference = f"pkg:deb/debian/{match['name']}@{quote(match['version'])}{architecture}"
    return {
        "type": "library",
        "bom-ref": reference,
        "name": match["name"],
        "version": match["version"],
        "purl": reference,
    }


def _installed(package: Package) -> Distribution | None:
    try:
        found = distribution(package.name)
    except PackageNotFoundError:
        return None
    return found if found.version == package.version else None


def _needs(by_name: Mapping[str, Package]) -> dict[str, set[str]]:
    """Say of each package which others it needs, with the extras that are wanted of it."""
    wanted = {name: list(_requirements(package)) for name, package in by_name.items()}
    extras: dict[str, set[str]] = {name: {""} for name in by_name}
    for requirement in chain.from_iterable(wanted.values()):
        extras.get(canonicalize_name(requirement.name), set()).update(requirement.extras)
    return {
        by_name[name].reference: {
            by_name[other].reference
            for requirement in requirements
            if (other := canonicalize_name(requirement.name)) in by_name
            and other != name
            and _holds(requirement, extras[name])
        }
        for name, requirements in wanted.items()
    }


def _requirements(package: Package) -> Iterator[Requirement]:
    installed = _installed(package)
    yield from map(Requirement, () if installed is None else installed.requires or ())


def _holds(requirement: Requirement, extras: Iterable[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)


def main() -> None:
    """Write the bill of a lock to standard output."""
    parser = argparse.ArgumentParser(description="Write a bill of materials (CycloneDX 1.6).")
    parser.add_argument("lock", type=Path)
    parser.add_argument("--debian", type=argparse.FileType(), metavar="FILE", default=())
    given = parser.parse_args()
    document = bill_of_materials(read_lock(given.lock.read_text(encoding="utf-8")), given.debian)
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
