"""Facts about Dockerfiles: what the image that is shipped holds, and who runs it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from reviewer.domain.change import Change, FileChange, FileStatus, Side
from reviewer.domain.facts.dockerfile_reader import (
    LIMIT_CHARACTERS,
    Instruction,
    Stage,
    expand,
    stages,
)
from reviewer.domain.facts.image import Image
from reviewer.domain.facts.observation import (
    ALREADY_SO,
    NO_BASE_TEXT,
    NoSubject,
    NotRead,
    Observation,
    Seen,
    Sighting,
    anchored,
    base_is_known,
    look,
    on_changed_lines,
)
from reviewer.domain.file_role import is_test

_NAME = re.compile(
    r"(?:^|/)(?:(?:dockerfile|containerfile)(?:[.-][\w.-]+)?|[\w.-]+\.(?:dockerfile|containerfile))$",
    re.IGNORECASE,
)
_OTHER_SUFFIX = re.compile(
    r"\.(?:dockerignore|md|py|sh|go|js|ts|txt|rst|ya?ml|json)$", re.IGNORECASE
)
_FOR_DEVELOPMENT = re.compile(
    r"(?:^|/)\.(?:devcontainer|codesandbox|gitpod|binder)/|(?:^|/)\.(?:ci|github|gitlab|circleci)/|(?:^|/)ci/"
    r"|[.-](?:dev|development|devel|debug|ci|test|tests|build|builder|local)$|(?:^|/)dev[.-]dockerfile$",
    re.IGNORECASE,
)
_DEVELOPMENT_STAGE = re.compile(
    r"(?:^|[-_])(?:dev|devel|development|debug|tests?|testing|lint|ci|docs?)(?:$|[-_])"
)
_TEMPLATE = re.compile(r"\{\{|\{%|<%|@@\w+@@")

_INSTALL = re.compile(
    r"\b(?:apt-get|apt|aptitude|apk|yum|dnf|microdnf|zypper)\s+(?:-\S+\s+)*(?:install|add|groupinstall)\b"
)
_NEXT_COMMAND = re.compile(r"&&|\|\||;")
_REMOVAL = re.compile(
    r"\b(?:(?:apt-get|apt|aptitude)\s+(?:-\S+\s+)*(?:purge|remove|autoremove)"
    r"|apk\s+(?:-\S+\s+)*del|(?:yum|dnf|microdnf)\s+(?:-\S+\s+)*(?:remove|erase))\b"
)
_BUILD_TOOL = re.compile(
    r"(?<![\w.+/=-])(build-essential|gcc(?:-\d+)?|g\+\+(?:-\d+)?|gcc-c\+\+|clang(?:-\d+)?|make|cmake"
    r"|ninja-build|meson|build-base|alpine-sdk|cargo|rustc|golang(?:-go)?|maven|gradle"
    r"|default-jdk|openjdk-\d+-jdk(?:-headless)?|python3?(?:\.\d+)?-dev(?:el)?)(?![\w.+/-])"
)
_PACKAGE_MANAGER = re.compile(
    r"(?<![\w/.-])(pip3?\s+install|npm\s+(?:ci|install)|yarn\s+install|pnpm\s+(?:install|i)"
    r"|poetry\s+install|uv\s+(?:sync|pip\s+install)|apt-get\s+(?:-\S+\s+)*install|apk\s+(?:-\S+\s+)*add"
    r"|go\s+mod\s+download|cargo\s+build|bundle\s+install|composer\s+install)\b"
)
_NO_CACHE_LEFT = re.compile(
    r"--no-cache(?:-dir)?\b|/var/lib/apt/lists|cache\s+clean|store\s+prune|PIP_NO_CACHE_DIR"
    r"|rm\s+-rf?\s+\S*\.?cache"
)
_BROAD_SOURCE = frozenset({".", "./", "*", "./*", "/"})
_NUMBER = re.compile(r"\d+(?::\d+)?")
_DROPS_RIGHTS = re.compile(r"\b(?:gosu|su-exec|setpriv|runuser|chroot --userspec|s6-setuidgid)\b")
_SECRET_FILE = re.compile(
    r"(?:^|/)(?:\.env(?:\.(?:local|prod|production|secret))?|id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc"
    r"|\.pypirc|\.git-credentials|\.aws(?:/credentials)?|\.ssh|\.kube(?:/config)?|[\w.-]+\.(?:p12|pfx|jks)"
    r"|[\w.-]*private[\w.-]*\.(?:pem|key))/?$",
    re.IGNORECASE,
)
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|SECRET|SECRET_KEY|API_?KEY|ACCESS_KEY|AUTH_TOKEN|ACCESS_TOKEN"
    r"|PRIVATE_KEY|TOKEN)$",
    re.IGNORECASE,
)
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9+/_=.!@#%^&*-]{6,}")
_PLACEHOLDER = re.compile(
    r"(?i)^(?:change|replace|your|example|dummy|fake|none|null|true|false|test|placeholder|todo|xxx|secret$)"
)


_UNKNOWN_BASE = "the base image is a variable without a default"


def is_dockerfile(file: FileChange) -> bool:
    """Tell whether the file is a Dockerfile or Containerfile."""
    return _NAME.search(file.path) is not None and _OTHER_SUFFIX.search(file.path) is None


@lru_cache(maxsize=64)
def _read(text: str) -> tuple[Stage, ...] | NotRead:
    """Read the stages of a Dockerfile once for all facts."""
    if len(text) > LIMIT_CHARACTERS:
        return NotRead(reason="the Dockerfile is too large")
    if _TEMPLATE.search(text):
        return NotRead(reason="the Dockerfile is a template")
    return stages(text)


def _ask(
    change: Change,
    question: Callable[[FileChange, tuple[Stage, ...]], Seen],
    *,
    shipped_only: bool = True,
) -> Observation:
    """Ask a question of every Dockerfile with at least one stage."""

    def at(file: FileChange) -> Seen:
        if shipped_only and (is_test(file.path) or _FOR_DEVELOPMENT.search(file.path)):
            return NoSubject(reason="the image is for development or tests")
        read = _read(file.head_text or "")
        if isinstance(read, NotRead):
            return read
        if not read:
            return NoSubject(reason="the Dockerfile has no FROM")
        return question(file, _up_to_shipped(read))

    return look(change, subject="Dockerfile", among=is_dockerfile, at=at)


def _up_to_shipped(read: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """Leave out stages for development and tests after the one that is shipped."""
    last = len(read)
    while last > 1 and _DEVELOPMENT_STAGE.search(read[last - 1].name):
        last -= 1
    return read[:last]


def _at_base(file: FileChange) -> tuple[Stage, ...] | None:
    """Return the stages at the base; None for a new file and for one that cannot be read."""
    if file.status is FileStatus.ADDED or file.base_text is None:
        return None
    read = _read(file.base_text)
    return _up_to_shipped(read) if read and not isinstance(read, NotRead) else None


def build_tools_in_final_stage(change: Change) -> Observation:
    """The stage that is shipped installs compilers and keeps them, or stands on a build image."""
    return _ask(change, _build_tools)


def _build_tools(file: FileChange, read: tuple[Stage, ...]) -> Seen:
    final = read[-1]
    found: list[tuple[int, int, str, str]] = []
    for instruction in final.lineage:
        tool = _first_tool(file, instruction)
        if tool is not None:
            number, name = tool
            found.append((number, number, f"`{name}` is shipped in the final image", ""))
    image = Image.parse(final.origin)
    before = _at_base(file)
    same = before is not None and Image.parse(before[-1].origin).is_for_building
    if image.is_for_building and not same and final.parent is None:
        headline = f"The final image is `{image.repository}`, an image for building"
        found.append((final.start.first, final.start.last, headline, ""))
    return on_changed_lines(file, found)


def _first_tool(file: FileChange, instruction: Instruction) -> tuple[int, str] | None:
    """Return the first changed line of a RUN that installs a build tool and leaves it there."""
    if instruction.keyword != "RUN" or not _INSTALL.search(instruction.arguments):
        return None
    if _REMOVAL.search(instruction.arguments):
        return None
    installs = continued = False
    for number, line in instruction.lines:
        text = line.partition(" #")[0]
        for index, command in enumerate(_NEXT_COMMAND.split(text)):
            # A list of packages may go on over several lines; any other command ends it.
            installs = _INSTALL.search(command) is not None or (
                installs and continued and index == 0
            )
            match = _BUILD_TOOL.search(command) if installs else None
            if match is not None and number in file.added:
                return number, match[1]
        continued = text.rstrip().endswith(("\\", "`"))
    return None


def final_base_not_small(change: Change) -> Observation:
    """The image that is shipped stands on a full language or system image."""
    return _ask(change, _base_not_small)


def _base_not_small(file: FileChange, read: tuple[Stage, ...]) -> Seen:
    final = read[-1]
    if final.origin is None:
        return NotRead(reason=_UNKNOWN_BASE)
    image = Image.parse(final.origin)
    if not image.is_full:
        return () if image.is_small else NoSubject(reason=f"no small variant of {image} is known")
    before = _at_base(file)
    if before is not None and Image.parse(before[-1].origin).is_full:
        return NoSubject(reason=ALREADY_SO)
    headline = f"The final image stands on the full `{image}`"
    start = final.start
    return (anchored(file, (start.first, start.last), headline=headline),)


def _user(stage: Stage) -> tuple[str | None, Instruction | None]:
    """Return who runs the stage's program, and the instruction that says so.

    ``None`` stands for a user that cannot be told from the file.
    """
    values: dict[str, str] = {}
    user: str | None = ""
    where: Instruction | None = None
    for instruction in stage.lineage:
        if instruction.keyword in {"ARG", "ENV"}:
            for word in instruction.arguments.split():
                name, equals, value = word.partition("=")
                if equals:
                    values[name] = value.strip("\"'")
        elif instruction.keyword == "USER":
            user, where = expand(instruction.operands, values), instruction
    return user, where


def _is_root(user: str | None) -> bool:
    return user is not None and user.partition(":")[0].strip().lower() in {"", "root", "0"}


def final_stage_runs_as_root(change: Change) -> Observation:
    """The program in the shipped image runs as root: no USER, a removed one, or `USER root`."""
    return _ask(change, _runs_as_root)


def _runs_as_root(file: FileChange, read: tuple[Stage, ...]) -> Seen:
    final = read[-1]
    user, where = _user(final)
    if not _is_root(user):
        return ()
    if where is not None:
        return on_changed_lines(file, [(where.first, where.last, "The container runs as root", "")])
    if final.origin is None:
        return NotRead(reason=_UNKNOWN_BASE)
    image = Image.parse(final.origin)
    if image.has_own_user:
        return ()
    if not image.is_known_to_run_as_root:
        return NotRead(reason=f"the user of the base image {image} is not known")
    if _DROPS_RIGHTS.search(file.head_text or ""):
        return ()
    if not any(entry.keyword in {"CMD", "ENTRYPOINT"} for entry in final.lineage):
        return NoSubject(reason="the image starts nothing by itself")
    return _root_unless_before(file, final)


def _root_unless_before(file: FileChange, final: Stage) -> Seen:
    """Tell a missing USER only where this change brings it; show a removed one where it stood."""
    if not base_is_known(file):
        return NotRead(reason=NO_BASE_TEXT)
    message = "The last stage names no `USER`"
    before = _at_base(file)
    if before is None:
        return (anchored(file, (final.start.first, final.start.last), message=message),)
    user, where = _user(before[-1])
    if _is_root(user):
        return NoSubject(reason=ALREADY_SO)
    if where is not None and where.first in file.removed:
        return (
            Sighting(
                path=file.path,
                side=Side.BASE,
                start_line=where.first,
                end_line=where.last,
                headline="The container runs as root now",
                message="This removes the `USER` of the last stage",
            ),
        )
    return (anchored(file, (final.start.first, final.start.last), message=message),)


_KUBERNETES = re.compile(
    r"(?:^|/)(?:k8s|kubernetes|helm|charts?|kustomize|manifests)/.*\.ya?ml$|(?:^|/)(?:Chart|kustomization)\.ya?ml$"
)


def named_user_under_kubernetes(change: Change) -> Observation:
    """The shipped image's user is a name, and the repository deploys to Kubernetes."""
    tree = change.head_paths
    if tree is None or not any(_KUBERNETES.search(path) for path in tree):
        return Observation(inapplicable="no Kubernetes manifest in the repository")
    return _ask(change, _named_user)


def _named_user(file: FileChange, read: tuple[Stage, ...]) -> Seen:
    user, where = _user(read[-1])
    if user is None or where is None or _is_root(user) or _NUMBER.match(user):
        return ()
    headline = f"Kubernetes cannot tell that `{user.partition(':')[0]}` is not root"
    return on_changed_lines(file, [(where.first, where.last, headline, "")])


def dockerignore_missing(change: Change) -> Observation:
    """Everything is copied into the image, and no .dockerignore leaves anything out."""

    def question(file: FileChange, read: tuple[Stage, ...]) -> Seen:
        broad = [entry for stage in read for entry in stage.instructions if _copies_all(entry)]
        if not broad:
            return NoSubject(reason="the image copies named files only")
        if change.head_paths is None:
            return NotRead(reason="the repository's tree is not known")
        if any(path in change.head_paths for path in _ignore_files(file.path)):
            return ()
        gone = any(
            (other.base_path or other.path) in _ignore_files(file.path)
            for other in change.files
            if other.status in {FileStatus.DELETED, FileStatus.RENAMED}
        )
        touched = on_changed_lines(file, [(entry.first, entry.last, "", "") for entry in broad])
        if touched:
            return touched[:1]
        return (Sighting(path=file.path),) if gone else NoSubject(reason=ALREADY_SO)

    return _ask(change, question)


def _copies_all(instruction: Instruction) -> bool:
    if instruction.keyword not in {"COPY", "ADD"} or "--from=" in instruction.flags:
        return False
    return any(word in _BROAD_SOURCE for word in _sources(instruction))


def _sources(instruction: Instruction) -> list[str]:
    """Return what a COPY or ADD copies, in its plain form and in that of JSON."""
    return [word.strip("[]\"',") for word in instruction.operands.split()][:-1]


def _ignore_files(path: str) -> tuple[str, ...]:
    """Name every .dockerignore that may count: the build context is not known from the file.

    Source: https://docs.docker.com/build/concepts/context/#filename-and-location
    """
    folders = path.split("/")[:-1]
    return (
        f"{path}.dockerignore",
        *("/".join([*folders[:depth], ".dockerignore"]) for depth in range(len(folders) + 1)),
    )


def package_manager_without_cache_mount(change: Change) -> Observation:
    """A RUN installs packages and keeps the package manager's cache in the layer."""
    return _ask(change, _without_cache_mount)


def _without_cache_mount(file: FileChange, read: tuple[Stage, ...]) -> Seen:
    runs = [
        (entry, match)
        for stage in read
        for entry in stage.instructions
        if entry.keyword == "RUN" and (match := _PACKAGE_MANAGER.search(entry.arguments))
    ]
    if not runs:
        return NoSubject(reason="no package manager runs in the image")
    text = file.head_text or ""
    if "PIP_NO_CACHE_DIR" in text:
        runs = [(entry, match) for entry, match in runs if not match[1].startswith("pip")]
    found = [
        (
            entry.first,
            entry.last,
            f"`{' '.join(match[1].split()[:3])}` runs without a cache mount",
            "",
        )
        for entry, match in runs
        if "type=cache" not in entry.flags and not _NO_CACHE_LEFT.search(entry.arguments)
    ]
    # One is enough: the remedy is the same for all of them.
    return on_changed_lines(file, found)[:1]


def python_image_buffers_output(change: Change) -> Observation:
    """The shipped image starts Python and neither PYTHONUNBUFFERED nor -u is set."""
    return _ask(change, _buffers_output)


def _buffers_output(file: FileChange, read: tuple[Stage, ...]) -> Seen:
    final = read[-1]
    if not _starts_python(final):
        return NoSubject(reason="the image starts no Python program")
    if _is_unbuffered(final):
        return ()
    if not base_is_known(file):
        return NotRead(reason=NO_BASE_TEXT)
    before = _at_base(file)
    if before is not None and _starts_python(before[-1]) and not _is_unbuffered(before[-1]):
        return NoSubject(reason=ALREADY_SO)
    return (anchored(file, (final.start.first, final.start.last)),)


def _starts_python(stage: Stage) -> bool:
    image = Image.parse(stage.origin)
    return "python" in image.repository and any(
        entry.keyword in {"CMD", "ENTRYPOINT"} for entry in stage.lineage
    )


def _is_unbuffered(stage: Stage) -> bool:
    return any(
        (entry.keyword == "ENV" and "PYTHONUNBUFFERED" in entry.arguments)
        or (
            entry.keyword in {"CMD", "ENTRYPOINT"}
            and re.search(r"python[\d.]*[\s\"',]+-u\b", entry.arguments)
        )
        for entry in stage.lineage
    )


def secret_file_copied_into_image(change: Change) -> Observation:
    """A file that holds secrets by its name is copied into the shipped image."""

    def question(file: FileChange, read: tuple[Stage, ...]) -> Seen:
        found = []
        for entry in read[-1].lineage:
            if entry.keyword not in {"COPY", "ADD"} or "--from=" in entry.flags:
                continue
            name = next((word for word in _sources(entry) if _SECRET_FILE.search(word)), None)
            if name is not None:
                found.append((entry.first, entry.last, f"`{name}` is copied into the image", ""))
        return on_changed_lines(file, found)

    return _ask(change, question)


def secret_set_in_image(change: Change) -> Observation:
    """ENV or ARG gives a name that stands for a secret a fixed value."""

    def question(file: FileChange, read: tuple[Stage, ...]) -> Seen:
        found = [
            (number, number, f"`{name}` is written into the image", "")
            for stage in read
            for entry in stage.instructions
            if entry.keyword in {"ENV", "ARG"}
            for number, name in _secret_values(entry)
        ]
        return on_changed_lines(file, found)

    return _ask(change, question)


def _secret_values(instruction: Instruction) -> Iterator[tuple[int, str]]:
    for number, line in instruction.lines:
        words = line.split()
        keyed = [word.partition("=") for word in words if "=" in word]
        if not keyed and instruction.keyword == "ENV" and len(words) == 3:  # noqa: PLR2004 - ENV name value
            keyed = [(words[1], "=", words[2])]
        for name, _, quoted in keyed:
            value = quoted.strip("\"'\\")
            if (
                _SECRET_NAME.search(name)
                and _PLAIN_VALUE.fullmatch(value)
                and not _PLACEHOLDER.match(value)
            ):
                yield number, name
