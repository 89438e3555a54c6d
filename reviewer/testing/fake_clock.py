"""FakeClock: time that passes only when everybody waits for it."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

#: How often the loop turns before time moves: work that is ready is done first.
_TURNS = 25


class FakeClock:
    """Passes time as soon as nobody has anything to do but wait for it.

    Sleepers wake in the order of their times, so that what happens under random latencies is the
    same on every machine.

    Args:
        start: The date and time at which it begins.
    """

    def __init__(self, start: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)) -> None:
        self.slept: list[float] = []
        self._start = start
        self._seconds = 0.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._passing: asyncio.Task[None] | None = None

    def monotonic(self) -> float:
        """Return the seconds since the start."""
        return self._seconds

    def now(self) -> datetime:
        """Return the start and what has passed since."""
        return self._start + timedelta(seconds=self._seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass while nobody sleeps."""
        self._seconds += seconds

    async def sleep(self, seconds: float) -> None:
        """Wait until time has come; it comes when all others wait as well."""
        self.slept.append(seconds)
        woken = asyncio.get_running_loop().create_future()
        until = self._seconds + max(seconds, 0.0)
        heapq.heappush(self._sleepers, (until, next(self._order), woken))
        if self._passing is None or self._passing.done():
            self._passing = asyncio.create_task(self._pass())
        await woken

    async def _pass(self) -> None:
        while self._sleepers:
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            if not self._sleepers:
                return
            until, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():  # who was cancelled holds nobody up
                self._seconds = max(self._seconds, until)
                woken.set_result(None)
