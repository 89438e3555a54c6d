"""A clock that runs faster than the machine's: long waits are short, and things happen in them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

#: So many seconds of this clock pass in one of the machine's.
SPEED = 200.0
_LONG_WAIT_SECONDS = 45.0


class SwiftClock:
    """Time that runs; implements `ports.clock.Clock`."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._start = datetime.now(UTC)
        self.waited: Callable[[], object] | None = None

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        return (time.monotonic() - self._began) * SPEED

    def now(self) -> datetime:
        """Return the date and time in UTC."""
        return self._start + timedelta(seconds=self.monotonic())

    async def sleep(self, seconds: float) -> None:
        """Wait; something may happen meanwhile."""
        await asyncio.sleep(seconds / SPEED)
        if seconds >= _LONG_WAIT_SECONDS and self.waited is not None:
            self.waited()
