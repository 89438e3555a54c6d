"""Finds the personas and prompts: the checkout's folders first, else the copy in the wheel."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from reviewer.errors import ResourceError

#: Where hatchling's force-include puts them (pyproject.toml).
_IN_WHEEL = "_data"


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
