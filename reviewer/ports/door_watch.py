"""What the service's door tells whoever watches it: log lines with their ids, and figures."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal, Protocol

#: The one line of a delivery that was taken, which says what became of it; none is left out.
HANDLED, GIVEN_UP = "delivery handled", "delivery given up"
OUTCOMES = frozenset({HANDLED, GIVEN_UP})
#: The one line of a delivery that was not. Whoever reaches the door decides how many there are.
REFUSED = frozenset(
    f"delivery {outcome}"
    for outcome in ("forbidden", "limited", "malformed", "unsigned", "unreadable")
)

Level = Literal["debug", "info", "warning", "error"]
Field = str | int | float | bool


class DoorWatch(Protocol):
    """Takes notes; never fails and never waits."""

    def bound(self, **ids: str | int) -> AbstractContextManager[None]:
        """Let every line of the block carry ids, like ``request_id`` and ``delivery_id``."""
        ...

    def log(self, level: Level, event: str, **fields: Field) -> None:
        """Write a line.

        Args:
            level: How much it matters.
            event: What happened, in words of ours that never change.
            fields: What else is known; may be somebody's text.
        """
        ...

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answer.

        Args:
            route: The template of the path (``/api/runs/{run_id}``), so that there are few.
            method: HTTP's word.
            status: HTTP's status.
            seconds: From the request to the beginning of the answer.
        """
        ...

    def received(self, name: str, outcome: str, seconds: float) -> None:
        """Count a delivery.

        Args:
            name: The kind of event; ``other`` for what the host has no name for.
            outcome: What was answered, in a word: ``accepted``, ``known``, ``unsigned``, …
            seconds: From the request to the decision.
        """
        ...


class NoDoorWatch:
    """What is used where nobody watches."""

    def bound(self, **ids: str | int) -> AbstractContextManager[None]:
        """Bind nothing."""
        del ids
        return nullcontext()

    def log(self, level: Level, event: str, **fields: Field) -> None:
        """Forget it."""
        del level, event, fields

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Forget it."""
        del route, method, status, seconds

    def received(self, name: str, outcome: str, seconds: float) -> None:
        """Forget it."""
        del name, outcome, seconds
