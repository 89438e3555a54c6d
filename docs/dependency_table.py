"""Reads `dependencies.toml`: what we install by name, why, and who may use it; and shows it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_FILE = Path(__file__).resolve().parent / "dependencies.toml"


class Dependency(BaseModel):
    """A distribution that we ask for by name, or that one of those brings along.

    Args:
        name: Its normalised name.
        parts: `core`, or the extras that ask for it; none where it is brought along.
        by: What brings it along.
        licence: As an SPDX expression.
        why: What it is for, in a few words.
        imports: The names under which it is imported; none where it is a program or a driver.
        doors: Globs of our modules that may import it.
        named_in: Where a program or a driver is named.
        comes_with: What brings it along for a part that does not ask for it by name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    parts: tuple[str, ...] = ()
    by: str = ""
    licence: str
    why: str
    imports: tuple[str, ...] = ()
    doors: tuple[str, ...] = ()
    named_in: str = ""
    comes_with: str = ""


class Dependencies(BaseModel):
    """The whole file.

    Args:
        locks: How many distributions each lock may hold.
        dependency: Those that `pyproject.toml` asks for.
        brought_along: Those that come with them and are imported by name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    locks: dict[str, int]
    dependency: tuple[Dependency, ...]
    brought_along: tuple[Dependency, ...]


def read_dependencies() -> Dependencies:
    """Read the file; an unknown or missing key is an error."""
    return Dependencies.model_validate(tomllib.loads(_FILE.read_text(encoding="utf-8")))


def dependency_table() -> str:
    """Return the table of everything that is installed by name."""
    table = read_dependencies()
    rows = [
        f"| `{each.name}` | {', '.join(each.parts) or f'with `{each.by}`'} | {each.licence} |"
        f" {each.why} |\n"
        for each in (*table.dependency, *table.brought_along)
    ]
    return "| package | part | licence | why |\n|---|---|---|---|\n" + "".join(rows)
