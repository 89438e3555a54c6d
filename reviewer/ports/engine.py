"""The engine: takes what happened, loses none of it, calls the services when it is their turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reviewer.domain.delivery import Delivery
from reviewer.domain.review_order import ReviewOrder
from reviewer.errors import CommunicationError


class EngineError(CommunicationError):
    """The engine could not write down what it was asked; nothing may be acknowledged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits and what is under way.

    Args:
        queued: Runs and deliveries that wait for their turn, those that are debounced included.
        running: Those under way.
        oldest_seconds: How long the oldest of those that wait has waited; 0 where none does.
    """

    queued: int
    running: int
    oldest_seconds: float


class Engine(Protocol):
    """Durable queues and timers; every method may raise `EngineError`."""

    async def accept(self, delivery: Delivery) -> bool:
        """Write a delivery down, so that it is handled whatever happens from now on.

        Returns:
            False where it was written down before; nothing more happens then.
        """
        ...

    async def review_soon(self, wanted: ReviewOrder, *, delay_seconds: float) -> None:
        """Review a pull request when nobody has ordered anything else for a while.

        One run at a time on a pull request. A run on another head that is under way is given up.
        Orders of persons are not put together with others.

        Args:
            wanted: The last order of a pull request within the delay is the one that counts.
            delay_seconds: How long to wait for another one; 0 begins at once.
        """
        ...

    async def cancel(self, run_id: str) -> bool:
        """Give a run up that waits or is under way; False where there is no such run."""
        ...

    async def cancel_pull_request(self, place: str) -> int:
        """Give up every run of a pull request that waits or is under way; return how many.

        Args:
            place: `ReviewOrder.place`.
        """
        ...

    async def backlog(self) -> Backlog:
        """Count what waits and what is under way."""
        ...

    async def check(self) -> None:
        """Ask the engine for a sign of life that includes being able to write.

        Raises:
            EngineError: It gives none.
        """
        ...
