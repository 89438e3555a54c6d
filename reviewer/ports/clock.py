"""Time, as a value that comes in."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Tells how much time has passed."""

    def seconds(self) -> float:
        """Return a monotonic time in seconds."""
        ...
