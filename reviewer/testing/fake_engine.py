"""FakeEngine: takes deliveries and orders and does nothing with them."""

from __future__ import annotations

import asyncio

from reviewer.domain.delivery import Delivery
from reviewer.domain.review_order import ReviewOrder
from reviewer.errors import ReviewerError
from reviewer.ports.engine import Backlog


class FakeEngine:
    """Remembers what it was asked; implements `ports.engine.Engine`.

    Attributes:
        deliveries: What was accepted, by id.
        orders: Reviews that were ordered, each with its delay.
        cancelled: Runs that were given up.
        running: Runs that can be given up; None for any.
        waiting: What `backlog` tells.
        trouble: What every method meets instead of a database that works; None for none.
        stalled: Whether nothing is ever answered.
    """

    def __init__(self) -> None:
        self.deliveries: dict[str, Delivery] = {}
        self.orders: list[tuple[ReviewOrder, float]] = []
        self.cancelled: list[str] = []
        self.running: set[str] | None = None
        self.waiting = Backlog(queued=0, running=0, oldest_seconds=0)
        self.trouble: ReviewerError | None = None
        self.stalled = False

    async def accept(self, delivery: Delivery) -> bool:
        """Keep a delivery; False where it is kept already."""
        await self._meet_trouble()
        fresh = delivery.id not in self.deliveries
        self.deliveries.setdefault(delivery.id, delivery)
        return fresh

    async def review_soon(self, wanted: ReviewOrder, *, delay_seconds: float) -> None:
        """Keep an order."""
        await self._meet_trouble()
        self.orders.append((wanted, delay_seconds))

    async def cancel(self, run_id: str) -> bool:
        """Keep that a run was given up."""
        await self._meet_trouble()
        if self.running is not None and run_id not in self.running:
            return False
        self.cancelled.append(run_id)
        return True

    async def backlog(self) -> Backlog:
        """Tell what waits."""
        await self._meet_trouble()
        return self.waiting

    async def check(self) -> None:
        """Give a sign of life."""
        await self._meet_trouble()

    async def _meet_trouble(self) -> None:
        if self.stalled:
            await asyncio.Event().wait()
        if self.trouble is not None:
            raise self.trouble
