"""Reads `dependencies.toml`: what we install by name, why, and who may use it; and shows it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).resolve().parent / "dependencies.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A distribution that `pyproject.toml` asks for.

    Args:
        name: Its normalised name.
        parts: `core`, or the extras that ask for it.
        licence: As an SPDX expression.
        why: What it is for, in a few words.
        imports: The names under which it is imported; none where it is a program or a driver.
        doors: Globs of our modules that may import it.
        named_in: Where a program or a driver is named.
        comes_with: What brings it along for a part that does not ask for it by name.
    """

    name: str
    parts: tuple[str, ...]
    licence: str
    why: str
    imports: tuple[str, ...] = ()
    doors: tuple[str, ...] = ()
    named_in: str = ""
    comes_with: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A distribution that one of them brings along, and that we import by name.

    Args:
        name: Its normalised name.
        by: What brings it along.
        licence: As an SPDX expression.
        why: What it is for, in a few words.
        imports: The names under which it is imported.
        doors: Globs of our modules that may import it.
    """

    name: str
    by: str
    licence: str
    why: str
    imports: tuple[str, ...]
    doors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The whole file.

    Args:
        locks: How many distributions each lock may hold.
        dependencies: Those that `pyproject.toml` asks for.
        brought_along: Those that come with them and are imported by name.
    """

    locks: Mapping[str, int]
    dependencies: tuple[Dependency, ...]
    brought_along: tuple[Brought, ...]


def read_dependencies() -> Dependencies:
    """Read the file; an unknown or missing key is an error."""
    document = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return Dependencies(
        locks=document["locks"],
        dependencies=tuple(Dependency(**_frozen(row)) for row in document["dependency"]),
        brought_along=tuple(Brought(**_frozen(row)) for row in document["brought_along"]),
    )


def _frozen(row: Mapping[str, object]) -> dict[str, object]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def dependency_table() -> str:
    """Return the table of everything that is installed by name."""
    table = read_dependencies()
    rows = [
        f"| `{each.name}` | {', '.join(each.parts)} | {each.licence} | {each.why} |\n"
        for each in table.dependencies
    ]
    rows += [
        f"| `{each.name}` | with `{each.by}` | {each.licence} | {each.why} |\n"
        for each in table.brought_along
    ]
    return "| package | part | licence | why |\n|---|---|---|---|\n" + "".join(rows)
