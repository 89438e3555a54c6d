"""Which input comes in by which door and meets which model; what cannot, with the reason."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol
from zlib import crc32

from tests.redteam.hostile_delivery import (
    hostile_deliveries,
    hostile_providers,
    hostile_repetitions,
    hostile_rounds,
    hostile_wishes,
)
from tests.redteam.hostile_input import (
    INPUTS,
    HostilePull,
    hostile_changes,
    hostile_comments,
    hostile_configurations,
    hostile_descriptions,
    hostile_forgeries,
    hostile_pulls,
    hostile_replies,
    hostile_suggestions,
    hostile_words,
)
from tests.redteam.speaking import MODELS

DOORS = ("command", "action", "app")


class Input(Protocol):
    """Every input has a name and says what it tries."""

    @property
    def id(self) -> str:
        """Its name; begins with the item of the threat model, or with X."""

    @property
    def says(self) -> str:
        """What it tries."""


def _described() -> list[HostilePull]:
    return [
        HostilePull(id=given.id, says=given.says, title=given.title or "Tidy up", body=given.body)
        for given in hostile_descriptions()
    ]


def _called() -> list[HostilePull]:
    described = {given.id for given in hostile_descriptions()}
    return [given for given in hostile_pulls() if given.id not in described]


FILES: Mapping[str, Callable[[], Sequence[Any]]] = {
    "changes": hostile_changes,
    "descriptions": _described,
    "pull_requests": _called,
    "configurations": hostile_configurations,
    "words": hostile_words,
    "replies": hostile_replies,
    "suggestions": hostile_suggestions,
    "wishes": hostile_wishes,
    "comments": hostile_comments,
    "deliveries": hostile_deliveries,
    "rounds": hostile_rounds,
    "repetitions": hostile_repetitions,
    "forgeries": hostile_forgeries,
    "providers": hostile_providers,
}


@dataclass(frozen=True, slots=True)
class Case:
    """One input at one door with one model.

    Args:
        file: The file that the input stands in, without its ending.
        door: ``command``, ``action`` or ``app``.
        model: ``evil``, ``honest`` or ``nobody``.
        given: The input.
        because: Why it cannot be tried; empty where it is.
    """

    file: str
    door: str
    model: str
    given: Any = field(compare=False)
    because: str = ""

    @property
    def name(self) -> str:
        """Name the case, for people and reports."""
        return f"{self.file}/{self.given.id}-{self.door}-{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """An entry of ``doors.toml``."""

    file: str
    inputs: tuple[str, ...]
    doors: tuple[str, ...] = DOORS
    models: tuple[str, ...] = MODELS
    because: str

    def covers(self, file: str, name: str, door: str, model: str) -> bool:
        """Tell whether a case is one of these."""
        return (
            file == self.file
            and (self.inputs == ("*",) or name in self.inputs)
            and door in self.doors
            and model in self.models
        )


@cache
def unreachable() -> tuple[Unreachable, ...]:
    """Read what cannot be reached."""
    read = tomllib.loads((INPUTS / "doors.toml").read_text("utf-8"))
    tupled: list[dict[str, Any]] = [
        {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
        for entry in read["unreachable"]
    ]
    return tuple(Unreachable(**entry) for entry in tupled)


@cache
def items() -> tuple[str, ...]:
    """Read which items of the threat model need an input."""
    return tuple(tomllib.loads((INPUTS / "doors.toml").read_text("utf-8"))["items"])


@cache
def heavy() -> frozenset[str]:
    """Read which inputs only ``make redteam`` tries, as ``file/id``."""
    return frozenset(tomllib.loads((INPUTS / "doors.toml").read_text("utf-8"))["heavy"])


@cache
def all_cases() -> tuple[Case, ...]:
    """Return every input at every door with every model, those that cannot be tried included."""
    return tuple(
        Case(file, door, model, given, _reason(file, given.id, door, model))
        for file, read in FILES.items()
        for given in read()
        for door in DOORS
        for model in MODELS
    )


def _reason(file: str, name: str, door: str, model: str) -> str:
    for entry in unreachable():
        if entry.covers(file, name, door, model):
            return entry.because
    return ""


def cases() -> tuple[Case, ...]:
    """Return the cases that are tried."""
    return tuple(case for case in all_cases() if not case.because)


@cache
def slice_of_cases() -> frozenset[str]:
    """Return the names of those that every run of the suite tries.

    One input an item of the threat model, and one input a file and door, with the model that
    obeys wherever it can be met. Which ones is drawn by name, so that a new input moves no other.
    """
    by_item: dict[str, list[Case]] = {}
    by_door: dict[tuple[str, str], list[Case]] = {}
    for case in cases():
        if f"{case.file}/{case.given.id}" not in heavy():
            by_item.setdefault(_item(case), []).append(case)
            by_door.setdefault((case.file, case.door), []).append(case)
    chosen = {_drawn(some).name for some in by_item.values()}
    for some in by_door.values():
        if chosen.isdisjoint(case.name for case in some):
            chosen.add(_drawn(some).name)
    return frozenset(chosen)


def _item(case: Case) -> str:
    """Return which item an input belongs to: ``R13``, ``X05``, or its file's name where none is."""
    first = str(case.given.id).split()[0]
    return first if first[0] in "RSX" and first[1:].isdigit() else case.file


def _drawn(some: Sequence[Case]) -> Case:
    evil = [case for case in some if case.model == "evil"] or some
    return min(evil, key=lambda case: crc32(case.name.encode()))
