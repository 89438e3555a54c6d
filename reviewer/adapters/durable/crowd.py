"""Notices when many deliveries come in at once, and lets everything else wait until they are gone.

A delivery has to be acknowledged at once and a review has not; both are done in one process, and
only one of its threads computes at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

#: So many that wait to be written down together are a crowd.
ENOUGH = 5

_GONE_SECONDS = 0.15
_LOOK_SECONDS = 0.05
#: A workflow waits so long before it begins.
_LONGEST_CALM_SECONDS = 2.0
#: A thread waits so long at each turn: however long a flood lasts, work goes on beside it.
_LONGEST_TURN_SECONDS = 0.25
_TURN_LOOK_SECONDS = 0.02


class Crowd:
    """Whether a crowd comes in.

    Args:
        now: Tells seconds that only ever grow.
        pause: Lets a thread wait.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now = now
        self._pause = pause
        self._seen_at = float("-inf")

    def count(self, waiting: int) -> bool:
        """Take notice of how many wait to be written down, and tell whether that is a crowd."""
        if waiting < ENOUGH:
            return False
        self._seen_at = self._now()
        return True

    def is_there(self) -> bool:
        """Tell whether one came in a moment ago."""
        return self._now() < self._seen_at + _GONE_SECONDS

    async def calm(self) -> None:
        """Wait until it is gone, and never for long."""
        until = self._now() + _LONGEST_CALM_SECONDS
        while self.is_there() and self._now() < until:  # noqa: ASYNC110 - it moves
            await asyncio.sleep(_LOOK_SECONDS)

    def give_way(self) -> None:
        """Let a thread wait a little while it is there; not the one on which a loop runs."""
        if not self.is_there() or _on_loop():
            return
        until = self._now() + _LONGEST_TURN_SECONDS
        while self.is_there() and self._now() < until:
            self._pause(_TURN_LOOK_SECONDS)


def _on_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
