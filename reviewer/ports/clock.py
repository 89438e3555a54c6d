"""Time as an outside thing: what a review measures, dates and waits with."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow; for durations and deadlines."""
        ...

    def now(self) -> datetime:
        """Return the date and time, with a time zone; for what is written down."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
