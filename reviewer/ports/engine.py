"""The engine: takes what happened, loses none of it, calls the services when it is their turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from reviewer.domain.delivery import Delivery
from reviewer.domain.review_order import Followup, ReviewOrder, RunEnd
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


@dataclass(frozen=True, kw_only=True)
class Duties:
    """What the engine calls when it is its turn; it knows no service by name.

    Each may be called again with the same arguments, by this process or another, until it has
    returned: what it does has to be known again. A `CommunicationError` or a `ResourceError` is
    tried again later; any other error ends what it was for.

    Args:
        handle: Writes a delivery down and tells what follows from it.
        undone: Is told that a delivery could not be handled for good, and why.
        queued: Is told that an order waits as the run with this id.
        review: Carries an order out as the run with this id.
        end: Is told how a run ended that `review` did not end, and tells people.
        sweep: Looks for what the host told us in vain.
        forget: Deletes what is old.
    """

    handle: Callable[[Delivery], Awaitable[Followup]]
    undone: Callable[[Delivery, str], Awaitable[None]]
    queued: Callable[[ReviewOrder, str], Awaitable[None]]
    review: Callable[[ReviewOrder, str], Awaitable[RunEnd]]
    end: Callable[[ReviewOrder, str, RunEnd], Awaitable[None]]
    sweep: Callable[[], Awaitable[None]]
    forget: Callable[[], Awaitable[None]]


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

        One run at a time on a pull request. Orders of persons are not put together with others.
        The same order, with the same delivery, is taken once where it does not wait.

        Args:
            wanted: The last order of a pull request within the delay is the one that counts.
            delay_seconds: How long to wait for another one; 0 begins at once.
        """
        ...

    async def cancel(self, run_id: str) -> bool:
        """Give a run up that waits or is under way, and say so; False where there is none."""
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
