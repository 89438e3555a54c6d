"""Hostile inputs of the wire and of time as data: deliveries, rounds, repetitions, wishes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reviewer.testing.evil_model import Wish
from tests.redteam.hostile_input import entries_of
from tests.redteam.hostile_provider import HostileProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileDelivery:
    """A delivery; what its fields mean stands at the head of ``deliveries.toml``."""

    id: str
    says: str
    event: str = "pull_request"
    action: str = "opened"
    comment: str = ""
    author: str = "alice"
    set: tuple[dict[str, Any], ...] = ()
    set_again: tuple[dict[str, Any], ...] = ()
    drop: tuple[str, ...] = ()
    raw: str = ""
    sign: str = "right"
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    status: int | str = 202
    runs: int | str = 0
    wire: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileRepetition:
    """What is done to a pull request again and again.

    Args:
        id: The R-input.
        says: What it tries.
        steps: What is done each time.
        times: How often.
        same: Whether what people see stays, and nobody is asked again.
        reviews: Else the most that is reviewed, in reviews of the first kind.
    """

    id: str
    says: str
    steps: tuple[str, ...]
    times: int
    same: bool = False
    reviews: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileRound:
    """What happens while a pull request is reviewed, or between two reviews.

    Args:
        id: The R-input.
        says: What it tries.
        kind: What is done; the other fields are for one kind each.
        title: What the title becomes.
        body: What the description becomes, or what is asked.
        method: At which request the head moves; empty for before all.
        path: Its path, a pattern.
        login: Who pretends.
    """

    id: str
    says: str
    kind: str
    title: str = ""
    body: str = ""
    method: str = ""
    path: str = ""
    login: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileWish:
    """What a model does of its own accord; `wish` is the name of a `Wish`."""

    id: str
    says: str
    wish: str

    @property
    def granted(self) -> Wish:
        """The wish."""
        return Wish[self.wish]


def hostile_deliveries() -> list[HostileDelivery]:
    """Read the deliveries."""
    return [HostileDelivery(**_tuples(e)) for e in entries_of("deliveries.toml", "delivery")]


def hostile_repetitions() -> list[HostileRepetition]:
    """Read the repetitions."""
    return [HostileRepetition(**_tuples(e)) for e in entries_of("repetitions.toml", "repetition")]


def hostile_rounds() -> list[HostileRound]:
    """Read the rounds."""
    return [HostileRound(**entry) for entry in entries_of("rounds.toml", "round")]


def hostile_wishes() -> list[HostileWish]:
    """Read the wishes."""
    return [HostileWish(**entry) for entry in entries_of("wishes.toml", "wish")]


def hostile_providers() -> list[HostileProvider]:
    """Read the providers."""
    return [HostileProvider(**entry) for entry in entries_of("providers.toml", "provider")]


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
