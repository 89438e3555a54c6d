"""What a change does to the structure of a code base: signals that no single line shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from reviewer.domain.change import Change, FileChange, FileKind, FileStatus
from reviewer.domain.dependency import added_dependencies
from reviewer.domain.file_role import is_prose, is_source, is_test, is_translation
from reviewer.domain.glob import matches_any
from reviewer.domain.language import SOURCE_LANGUAGES
from reviewer.domain.secret_pattern import find_secrets
from reviewer.domain.signal_search import LONGEST_LINE

#: Fewer new modules than this are everyday work; from here on they shape a part of the system.
SEVERAL_MODULES = 3

#: From this size on a data file is a burden to every clone.
LARGE_DATA_BYTES = 1_000_000

# Programs beside the system: nobody depends on them.
_ASIDE = (
    "docs/**",
    "**/docs/**",
    "examples/**",
    "**/examples/**",
    "**/migrations/**",
    "scripts/**",
    "tools/**",
    "benchmarks/**",
)
_DATA = (
    "*.csv",
    "*.tsv",
    "*.jsonl",
    "*.ndjson",
    "*.parquet",
    "*.feather",
    "*.arrow",
    "*.npy",
    "*.npz",
    "*.pkl",
    "*.pickle",
    "*.h5",
    "*.hdf5",
)


# A line that catches every error, and the line after it that does nothing with what it caught. A
# guess that wakes a persona; its structural patterns judge.
_HANDLER_IN_PYTHON = (
    re.compile(r"^\s*except(?:\s+\(?(?:Base)?Exception\)?(?:\s+as\s+\w+)?)?\s*:"),
    re.compile(
        r"^\s*(?:pass|\.\.\.|continue|return(?:\s+(?:None|\[\]|\{\}|\(\)|\"\"|\'\'|0))?)\s*$"
    ),
)
_HANDLER_IN_BRACES = (
    re.compile(r"\bcatch\s*(?:\([^()]{0,200}\)\s*)?\{\s*(?:\}|$)"),
    re.compile(r"^\s*\}"),
)
_EMPTY = re.compile(r":\s*(?:pass|\.\.\.)\s*$|\{\s*\}")
_HANDLERS = {
    "python": _HANDLER_IN_PYTHON,
    **dict.fromkeys(("javascript", "typescript", "tsx", "java", "csharp"), _HANDLER_IN_BRACES),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Where a structural change shows, and what it is.

    Args:
        path: The file.
        detail: What it does, third person: ``adds the dependency httpx``.
        line: The head line where there is one.
        everywhere: Whether it speaks even in files that give a persona no other signal.
    """

    path: str
    detail: str
    line: int | None = None
    everywhere: bool = False


Structure = Callable[[Change], tuple[Sighting, ...]]


def dependency_added(change: Change) -> tuple[Sighting, ...]:
    """Find dependencies that a manifest did not name before."""
    return tuple(
        Sighting(path=file.path, line=line, detail=f"adds the dependency {name}")
        for file in change.reviewed
        for name, line in added_dependencies(file).items()
    )


def files_moved(change: Change) -> tuple[Sighting, ...]:
    """Find source files that move to another folder."""
    return tuple(
        Sighting(path=file.path, detail="moves here from another folder")
        for file in change.reviewed
        if file.status is FileStatus.RENAMED
        and file.base_path is not None
        and _folder(file.base_path) != _folder(file.path)
        and _is_module(file)
    )


def several_new_modules(change: Change) -> tuple[Sighting, ...]:
    """Find the first of several new modules."""
    new = sorted(
        file.path
        for file in change.reviewed
        if file.status is FileStatus.ADDED and _is_module(file) and file.added
    )
    if len(new) < SEVERAL_MODULES:
        return ()
    return (Sighting(path=new[0], detail=f"is one of {len(new)} new modules"),)


def new_package(change: Change) -> tuple[Sighting, ...]:
    """Find Python packages that did not exist."""
    return tuple(
        Sighting(path=file.path, detail="begins a new package")
        for file in change.files
        if file.status is FileStatus.ADDED
        and file.path.endswith("/__init__.py")
        and _is_module(file)
    )


def source_without_test(change: Change) -> tuple[Sighting, ...]:
    """Find the first source file with added lines where no test is touched."""
    if any(is_test(file.path) for file in change.files):
        return ()
    for file in sorted(change.reviewed, key=lambda file: file.path):
        if file.added and _is_module(file):
            return (Sighting(path=file.path, detail="changes without a test"),)
    return ()


def large_data_file(change: Change) -> tuple[Sighting, ...]:
    """Find large data files that the change commits; binary ones count, nobody reviews them."""
    return tuple(
        Sighting(path=file.path, detail=f"commits {file.head_size_bytes / 1e6:.1f} MB of data")
        for file in change.files
        if file.status is not FileStatus.DELETED
        and file.head_size_bytes is not None
        and file.head_size_bytes >= LARGE_DATA_BYTES
        and matches_any(_DATA, file.path) is not None
    )


def secret_added(change: Change) -> tuple[Sighting, ...]:
    """Find the first secret that a file adds, by the patterns that will judge it."""
    found = []
    for file in change.reviewed:
        numbers = tuple(file.added)
        text = "\n".join(file.added.values())
        for secret in find_secrets(text)[:1]:
            line = numbers[text.count("\n", 0, secret.start)]
            found.append(
                Sighting(
                    path=file.path,
                    line=line,
                    detail="holds what looks like a secret",
                    everywhere=True,
                )
            )
    return tuple(found)


def errors_swallowed(change: Change) -> tuple[Sighting, ...]:
    """Find the first handler of a file that catches every error and does nothing with it."""
    found = []
    for file in change.reviewed:
        handler = _HANDLERS.get(file.language or "")
        if handler is None:
            continue
        catches, does_nothing = handler
        for number, text in file.added.items():
            following = file.added.get(number + 1, "")
            if catches.search(text[:LONGEST_LINE]) and (
                does_nothing.match(following[:LONGEST_LINE]) or _EMPTY.search(text[:LONGEST_LINE])
            ):
                found.append(Sighting(path=file.path, line=number, detail="swallows errors"))
                break
    return tuple(found)


#: Every structural signal by the name that personas use.
STRUCTURES: Mapping[str, Structure] = MappingProxyType(
    {
        "dependency-added": dependency_added,
        "files-moved": files_moved,
        "several-new-modules": several_new_modules,
        "new-package": new_package,
        "source-without-test": source_without_test,
        "large-data-file": large_data_file,
        "secret-added": secret_added,
        "errors-swallowed": errors_swallowed,
    }
)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _is_module(file: FileChange) -> bool:
    """Tell whether the file is a part of the system: code that other code can build on."""
    return (
        file.kind is FileKind.TEXT
        and file.language in SOURCE_LANGUAGES
        and is_source(file)
        and not is_test(file.path)
        and not is_prose(file)
        and not is_translation(file.path)
        and matches_any(_ASIDE, file.path) is None
    )
