"""Finds the personas and prompts: the checkout's folders first, else the copy in the wheel."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from reviewer.errors import ResourceError

#: Where hatchling's force-include puts them (pyproject.toml).
_IN_WHEEL = "_data"

#: The file in ``prompts/`` that holds the sha256 of every released prompt.
PROMPT_LOCK = "prompts.lock"


@cache
def folder(name: str) -> Traversable:
    """Return the folder ``personas`` or ``prompts``.

    Args:
        name: The folder's name.

    Raises:
        ResourceError: It is in neither place; the installation is broken.
    """
    checkout = Path(__file__).parent.parent
    # A folder of this name beside an installed package may be anybody's.
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    packaged = files("reviewer") / _IN_WHEEL / name
    if not packaged.is_dir():
        raise ResourceError(f"the folder {name} is missing: install persona-reviewer again")
    return packaged


def persona_files() -> tuple[tuple[str, str], ...]:
    """Return every persona file that ships: its path as people know it, and its text."""
    entries = sorted(folder("personas").iterdir(), key=lambda entry: entry.name)
    return tuple(
        (f"personas/{entry.name}", entry.read_text(encoding="utf-8"))
        for entry in entries
        if entry.name.endswith(".toml")
    )


def prompt_files() -> tuple[tuple[str, str], ...]:
    """Return every prompt file that ships: its path as people know it, and its text."""
    found: list[tuple[str, str]] = []
    for entry in sorted(folder("prompts").iterdir(), key=lambda entry: entry.name):
        if not entry.is_dir():
            continue
        found += (
            (f"prompts/{entry.name}/{file.name}", _exact_text(file))
            for file in sorted(entry.iterdir(), key=lambda file: file.name)
            if file.name.endswith(".md")
        )
    return tuple(found)


def prompt_lock() -> tuple[str, str]:
    """Return the lock of the released prompts: its path as people know it, and its text."""
    file = folder("prompts") / PROMPT_LOCK
    return f"prompts/{PROMPT_LOCK}", _exact_text(file) if file.is_file() else ""


def _exact_text(file: Traversable) -> str:
    """Read a text byte by byte: a line end that is converted would change its hash."""
    return file.read_bytes().decode("utf-8")
