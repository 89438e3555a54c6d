"""A worker of the engine with services that only take notes, and orders to give it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from time import monotonic

from reviewer.adapters.durable.engine import DbosEngine
from reviewer.adapters.durable.settings import EngineSettings, Retries
from reviewer.adapters.durable.wire import Wire
from reviewer.domain.delivery import Delivery
from reviewer.domain.event import Event, OtherEvent
from reviewer.domain.pull_request import PullRequestName, Repository
from reviewer.domain.review_order import Followup, ReviewOrder, RunEnd
from reviewer.domain.status import RunState
from reviewer.ports.engine import Duties

_CAUSES = count()

COMPLETED = RunEnd(state=RunState.COMPLETED)


def settings_for(database: str, **more: object) -> EngineSettings:
    """Return settings with short waits."""
    quick: dict[str, object] = {
        "database": database,
        "debounce_seconds": 0.6,
        "poll_seconds": 0.05,
        "look_seconds": 0.1,
        "beat_seconds": 0.2,
        "silence_seconds": 1.5,
        "retries": Retries(attempts=4, first_wait_seconds=0.05),
        **more,
    }
    return EngineSettings(**quick)  # type: ignore[arg-type]  # checked by the dataclass' readers


def order(
    number: int = 1,
    head: str = "a",
    *,
    installation: int = 7,
    cause: str = "",
    asked: bool = False,
) -> ReviewOrder:
    """Return an order for a pull request, with a cause of its own where none is given."""
    name = PullRequestName(repository=Repository(owner="octo", name="shop"), number=number)
    return ReviewOrder(
        installation_id=installation,
        repository_id=installation * 10,
        pull_request=name,
        head_sha=head * 40,
        trigger="synchronize",
        delivery_id=cause or f"cause-{next(_CAUSES)}",
        asked=asked,
        title="Add a shop",
    )


def delivery(delivery_id: str, event: Event | None = None, *, installation: int = 7) -> Delivery:
    """Return a delivery; what follows from it is the scene's to say."""
    return Delivery(
        id=delivery_id,
        name="pull_request",
        action="synchronize",
        received_at=datetime.now(UTC),
        installation_id=installation,
        repository_id=installation * 10,
        event=event or OtherEvent(name="pull_request", action="synchronize"),
    )


@dataclass(kw_only=True)
class Notes:
    """Services that take notes; what a test sets decides what they do.

    Args:
        follow: What follows from a delivery.
        reviewing: What a review does.
    """

    follow: Callable[[Delivery], Followup] = lambda _: Followup(outcome="nothing")
    reviewing: Callable[[ReviewOrder, str], Awaitable[RunEnd]] | None = None
    handled: list[str] = field(default_factory=list)
    undone: list[tuple[str, str]] = field(default_factory=list)
    queued: list[str] = field(default_factory=list)
    begun: list[ReviewOrder] = field(default_factory=list)
    ended: list[tuple[ReviewOrder, RunEnd]] = field(default_factory=list)
    told: list[tuple[str, RunEnd]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    swept: int = 0

    @property
    def heads(self) -> list[str]:
        """The first letter of the heads that were reviewed to their end."""
        return [each.head_sha[0] for each, _ in self.ended]

    def become(self, other: Notes) -> None:
        """Share everything with another one, which is asked from now on."""
        self.__dict__ = other.__dict__

    def duties(self) -> Duties:
        """Return them as the engine knows them."""
        return Duties(
            handle=self._handle,
            undone=self._undone,
            queued=self._queued,
            review=self._review,
            end=self._end,
            sweep=self._sweep,
            forget=self._sweep,
        )

    async def _handle(self, given: Delivery) -> Followup:
        self.handled.append(given.id)
        return self.follow(given)

    async def _undone(self, given: Delivery, why: str) -> None:
        self.undone.append((given.id, why))

    async def _queued(self, _: ReviewOrder, run_id: str) -> None:
        self.queued.append(run_id)

    async def _review(self, wanted: ReviewOrder, run_id: str) -> RunEnd:
        self.begun.append(wanted)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            end = await self.reviewing(wanted, run_id) if self.reviewing else COMPLETED
        finally:
            self.at_once -= 1
        self.ended.append((wanted, end))
        return end

    async def _end(self, _: ReviewOrder, run_id: str, end: RunEnd) -> None:
        self.told.append((run_id, end))

    async def _sweep(self) -> None:
        self.swept += 1


@asynccontextmanager
async def worker(
    settings: EngineSettings, notes: Notes, *, wire: Wire | None = None, grace_seconds: float = 2.0
) -> AsyncIterator[DbosEngine]:
    """Let an engine work while the block runs."""
    engine = DbosEngine(settings, wire)
    await engine.open()
    try:
        await engine.work(notes.duties())
        yield engine
    finally:
        await engine.close(grace_seconds=grace_seconds)


async def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something is so."""
    deadline = monotonic() + seconds
    while not true():
        assert monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.02)
