"""Which dependencies a change adds to a manifest: names that were not there, not other versions.

Only the lines of the change are read, because a patch has no more; a name that the same change
also removes from the manifest has only got another version, or has moved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from reviewer.domain.change import FileChange, LineKind
from reviewer.domain.file_role import is_test

_Lines = Mapping[int, str]
_Found = Iterator[tuple[str, int]]

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
# https://packaging.python.org/en/latest/specifications/dependency-specifiers/
_REQUIREMENT = re.compile(rf"\s*({_NAME})\s*(?:\[[^\]]*\])?\s*(?:[=<>~!]=?|@\s|;|#|$)")
_QUOTED_REQUIREMENT = re.compile(
    rf"""[\s\[(,]*["']({_NAME})\s*(?:\[[^\]]*\])?\s*(?:[=<>~!]=?[^"']*|@\s[^"']*|;[^"']*)?["']"""
)
_WITH_VERSION = re.compile(r"""["'][^"']*?(?:[=<>~!]=|[<>]|\s@\s)[^"']*["']""")
_TOML_ENTRY = re.compile(rf"""\s*["']?({_NAME})["']?\s*=\s*(.+)$""")
_TOML_VERSION = re.compile(
    r"""["'][\^~>=<*]|["']\d+(?:\.\d+)*["']|\{.*\b(?:version|git|path|url)\s*="""
)
_TOML_HEADING = re.compile(r"\s*\[+([^\]]+)\]+")
_JSON_ENTRY = re.compile(
    r'\s*"((?:@[a-z0-9._~-]+/)?[a-z0-9._~-]+)"\s*:\s*'
    r'"(?:[~^<>=*]|\d+(?:\.|"|\s)|v\d|workspace:|npm:|git|file:|link:|https?:|latest|next|x")'
)
_JSON_KEYS = frozenset(
    {"version", "node", "npm", "yarn", "pnpm", "bun", "vscode", "php"}
    | {"repository", "homepage", "bugs", "url", "funding", "license", "packageManager", "$schema"}
)
_JSON_OBJECTS_WITHOUT_DEPENDENCIES = frozenset(
    {"devDependencies", "engines", "scripts", "repository", "bugs", "resolutions", "overrides"}
    | {"volta", "config", "author", "publishConfig"}
)
_TOML_KEYS = frozenset({"python", "requires-python", "version", "target-version"})
_COMPOSER_ENTRY = re.compile(r'\s*"([a-z0-9_.-]+/[a-z0-9_.-]+)"\s*:\s*"')
# https://go.dev/ref/mod#go-mod-file-require
_GO_REQUIRE = re.compile(r"\s*(?:require\s+)?([a-z0-9.-]+\.[a-z]+/\S+)\s+v\d\S*\s*$")
_GEM = re.compile(r"""\s*(?:gem|\w+\.add_(?:runtime_)?dependency)[\s(]+["']([^"']+)["']""")
_MAVEN_ARTIFACT = re.compile(r"\s*<artifactId>([^<]+)</artifactId>")
_GRADLE = re.compile(
    r"""\s*(?:implementation|api|compile|compileOnly|runtimeOnly|kapt)[\s(]+["']([\w.-]+:[\w.-]+)"""
)
_NUGET = re.compile(r"""\s*<PackageReference\s+Include="([^"]+)""")


def added_dependencies(file: FileChange) -> dict[str, int]:
    """Return the dependencies that the change adds to a manifest, with the head line of each.

    Args:
        file: Any file; one that is no manifest, or is not reviewed, adds none.
    """
    reader = _reader_of(file.path)
    if reader is None or not file.reviewed or is_test(file.path):
        return {}
    # What was there before, then also what has been seen: one name may be written in two ways.
    known = {_canonical(name) for name, _ in reader(file, file.removed)}
    added: dict[str, int] = {}
    for name, line in reader(file, file.added):
        if _canonical(name) not in known:
            known.add(_canonical(name))
            added[name] = line
    return added


def _canonical(name: str) -> str:
    """Fold what package indexes hold to be one name, and major versions in Go's paths."""
    return re.sub(r"/v\d+$", "", re.sub(r"[-_.]+", "-", name.lower()))


def _reader_of(path: str) -> Callable[[FileChange, _Lines], _Found] | None:
    """Return what reads the dependencies of this manifest, None where it is none."""
    name = path.rpartition("/")[2].lower()
    if re.fullmatch(r"(?:.*[-_.])?requirements(?:[-_.].*)?\.(?:txt|in)", name):
        return None if re.search(r"dev|test|lint|doc|ci", name) else _requirements
    return _READERS.get(name)


def _requirements(file: FileChange, lines: _Lines) -> _Found:
    # A compiled file lists what others ask for; its source is the place of the decision.
    if any("--hash=" in text or "# via" in text for text in file.added.values()):
        return
    for number, text in lines.items():
        if text.lstrip().startswith(("#", "-")):
            continue
        match = _REQUIREMENT.match(text)
        if match is not None:
            yield match[1], number


def _pyproject(file: FileChange, lines: _Lines) -> _Found:
    headings = _headings(file)
    for number, text in lines.items():
        heading = headings.get((number, text), "")
        if re.search(r"dev|test|lint|doc|build-system|ruff|mypy|pytest", heading):
            continue
        entry = _TOML_ENTRY.match(text)
        if "dependencies" in heading and entry is not None and _TOML_VERSION.match(entry[2]):
            yield entry[1], number
        elif entry is None or entry[1] in {"dependencies", "install_requires"}:
            start = text.find("[") + 1 if entry is not None else 0
            yield from _quoted(text[start:], number)
        elif entry[1] not in _TOML_KEYS and re.match(r"""["'][\^~>]""", entry[2]) and not heading:
            yield entry[1], number


def _quoted(text: str, number: int) -> _Found:
    """Read requirements in quotes; the first may have no version only where others could not."""
    for match in _QUOTED_REQUIREMENT.finditer(text):
        if _WITH_VERSION.search(match[0]):
            yield match[1], number


def _setup(_file: FileChange, lines: _Lines) -> _Found:
    for number, text in lines.items():
        yield from _quoted(text, number)


def _setup_cfg(_file: FileChange, lines: _Lines) -> _Found:
    for number, text in lines.items():
        match = re.match(rf"\s+({_NAME})\s*(?:\[[^\]]*\])?\s*(?:[=<>~!]=|[<>])", text)
        if match is not None:
            yield match[1], number


def _package_json(file: FileChange, lines: _Lines) -> _Found:
    elsewhere = _under_json_keys(file, _JSON_OBJECTS_WITHOUT_DEPENDENCIES)
    for number, text in lines.items():
        match = _JSON_ENTRY.match(text)
        if match is not None and match[1] not in _JSON_KEYS and (number, text) not in elsewhere:
            yield match[1], number


def _cargo(file: FileChange, lines: _Lines) -> _Found:
    headings = _headings(file)
    for number, text in lines.items():
        heading = headings.get((number, text), "")
        entry = _TOML_ENTRY.match(text)
        if entry is None or "dev-" in heading or (heading and "dependencies" not in heading):
            continue
        if _TOML_VERSION.match(entry[2]) and entry[1] not in {"version", "edition", "rust-version"}:
            yield entry[1], number


def _maven(file: FileChange, lines: _Lines) -> _Found:
    if not any("<dependency>" in text for text in lines.values()):
        return
    del file
    inside = False
    for number, text in lines.items():
        inside = (inside or "<dependency>" in text) and "</dependency>" not in text
        match = _MAVEN_ARTIFACT.match(text)
        if inside and match is not None:
            yield match[1], number


def _matching(expression: re.Pattern[str]) -> Callable[[FileChange, _Lines], _Found]:
    """Return a reader for manifests that name one dependency a line."""

    def read(_file: FileChange, lines: _Lines) -> _Found:
        for number, text in lines.items():
            match = expression.match(text)
            if match is not None:
                yield match[1], number

    return read


_READERS: Mapping[str, Callable[[FileChange, _Lines], _Found]] = {
    "pyproject.toml": _pyproject,
    "pipfile": _cargo,
    "setup.py": _setup,
    "setup.cfg": _setup_cfg,
    "package.json": _package_json,
    "go.mod": _matching(_GO_REQUIRE),
    "cargo.toml": _cargo,
    "gemfile": _matching(_GEM),
    "pom.xml": _maven,
    "build.gradle": _matching(_GRADLE),
    "build.gradle.kts": _matching(_GRADLE),
    "composer.json": _matching(_COMPOSER_ENTRY),
    "directory.packages.props": _matching(_NUGET),
}


def _headings(file: FileChange) -> dict[tuple[int, str], str]:
    """Return the TOML table of every changed line, as far as its hunk shows the heading."""
    found: dict[tuple[int, str], str] = {}
    for hunk in file.hunks:
        heading = hunk.heading.strip("[] ") if hunk.heading.startswith("[") else ""
        for line in hunk.lines:
            match = _TOML_HEADING.fullmatch(line.text.split("#")[0].rstrip())
            heading = match[1] if match is not None else heading
            number = line.head_number if line.kind is LineKind.ADDED else line.base_number
            if number is not None and line.kind is not LineKind.CONTEXT:
                found[number, line.text] = heading
    return found


def _under_json_keys(file: FileChange, keys: frozenset[str]) -> set[tuple[int, str]]:
    """Return the changed lines of JSON objects, as far as their hunks show their keys."""
    found: set[tuple[int, str]] = set()
    for hunk in file.hunks:
        inside = any(f'"{key}"' in hunk.heading for key in keys)
        for line in hunk.lines:
            if line.text.rstrip().endswith("{"):
                inside = line.text.strip(' \t":{') in keys
            number = line.head_number if line.kind is LineKind.ADDED else line.base_number
            if inside and number is not None and line.kind is not LineKind.CONTEXT:
                found.add((number, line.text))
    return found
