"""How often GitHub is asked again, after how long, and how fast we write.

A read is asked again. A write is sent once: only a refusal that says that nothing was done (a rate
limit, no connection) lets it be sent again. Nobody waits longer in all than was agreed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from reviewer.ports.clock import Clock
from reviewer.ports.code_host import CodeHostError, Refusal

T = TypeVar("T")

#: Pauses before a read is asked again.
PAUSES_SECONDS = (1.0, 3.0, 9.0)
#: How often a rate limit is waited out before it counts as the answer.
MOST_WAITS = 5


class RateLimitError(CodeHostError):
    """GitHub named a rate limit; the request was not carried out.

    Args:
        error: What GitHub said.
        wait: Tells the seconds to wait, from how often the limit was named before.
    """

    def __init__(self, error: CodeHostError, wait: Callable[[int], float]) -> None:
        super().__init__(error.refusal, error.message, status=error.status)
        self.wait = wait


class Patience:
    """What all calls of one client may wait, in all.

    Args:
        clock: What waits are passed with.
        seconds: How long.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._left = seconds

    async def wait(self, seconds: float) -> bool:
        """Wait, and tell that it was done; or tell at once that it would take too long."""
        if seconds > self._left:
            return False
        self._left -= seconds
        await self._clock.sleep(seconds)
        return True


async def patiently(
    attempt: Callable[[], Awaitable[T]],
    patience: Patience,
    *,
    writing: bool,
    still: Callable[[], Awaitable[None]] | None = None,
) -> T:
    """Carry out a call, again where that is allowed.

    Args:
        attempt: Sends the request once.
        patience: What may be waited.
        writing: Whether the request writes.
        still: Is asked after every wait, and raises where the call is wanted no more.

    Returns:
        What the attempt returns.

    Raises:
        CodeHostError: It failed for good, or it would take too long.
    """
    breaks = 0
    limits = 0
    while True:
        if still is not None and (limits or breaks):
            await still()
        try:
            return await attempt()
        except RateLimitError as error:
            if limits == MOST_WAITS or not await patience.wait(error.wait(limits)):
                raise
            limits += 1
        except CodeHostError as error:
            again = error.refusal is Refusal.UNAVAILABLE and not (writing and error.uncertain)
            if not again or breaks == len(PAUSES_SECONDS):
                raise
            if not await patience.wait(PAUSES_SECONDS[breaks]):
                raise
            breaks += 1


@dataclass(slots=True, kw_only=True)
class _Window:
    """At most so many events in so many seconds."""

    most: int
    seconds: float


class WritePace:
    """How fast content may be created; what writes with one identity shares one.

    GitHub blocks whoever creates content more than 80 times in a minute or 500 times in an hour:
    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api. We stay below:
    a few at once, then one a second.

    Args:
        clock: What time is measured with.
    """

    #: A review, a summary and a check, and something to spare.
    BURST = 6
    _WINDOWS = (
        _Window(most=BURST, seconds=6.5),
        _Window(most=60, seconds=60.0),
        _Window(most=400, seconds=3600.0),
    )

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._written: deque[float] = deque(maxlen=max(w.most for w in self._WINDOWS))

    def delay(self) -> float:
        """Return the seconds until the next write is allowed."""
        now = self._clock.monotonic()
        free = [
            self._written[-window.most] + window.seconds - now
            for window in self._WINDOWS
            if len(self._written) >= window.most
        ]
        return max(0.0, *free) if free else 0.0

    def note(self) -> None:
        """Remember that something is written now."""
        self._written.append(self._clock.monotonic())
