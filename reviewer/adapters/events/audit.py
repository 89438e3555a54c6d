"""The audit trail of runs: how each began, waited and ended; written beside it, not in its way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from reviewer.domain.audit import AuditEntry
from reviewer.domain.run_event import FINAL, Datum, EventKind, RunEvent
from reviewer.errors import ReviewerError
from reviewer.ports.clock import Clock
from reviewer.ports.store import Store

#: What is written down; the rest is in the rows of runs, verdicts and calls.
AUDITED = FINAL | {EventKind.REVIEW_STARTED, EventKind.RUN_PAUSED, EventKind.RUN_RESUMED}

#: Who did what nobody asked for.
_ACTOR = "service"

_MOST_WAITING = 2_000
_AT_ONCE = 50
_PAUSES_SECONDS = (1.0, 5.0, 15.0, 30.0)


class AuditHandler:
    """Writes events to the audit trail; implements `ports.run_events.EventHandler`.

    What comes is queued and written in small transactions by `work`. While the database does not
    answer, entries wait, as many as there is room for; of what is too much, the oldest is lost
    and said to be.

    Args:
        store: Keeps the entries.
        clock: Passes the time until the next try.
        lost: Is told how many entries were lost.
    """

    def __init__(
        self, store: Store, clock: Clock, *, lost: Callable[[int], None] | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._lost = lost
        self._waiting: deque[AuditEntry] = deque()
        self._something = asyncio.Event()
        self._closing = False

    @property
    def waiting(self) -> int:
        """How many entries are not written yet."""
        return len(self._waiting)

    def heard(self, event: RunEvent) -> None:
        """Queue an event that the trail keeps."""
        if event.kind not in AUDITED:
            return
        if len(self._waiting) >= _MOST_WAITING:
            self._waiting.popleft()
            self._tell_lost(1)
        self._waiting.append(_entry(event))
        self._something.set()

    async def work(self) -> None:
        """Write what comes until `close`; what waits then is tried once more."""
        failures = 0
        while not (self._closing and not self._waiting):
            if not self._waiting:
                self._something.clear()
                await self._something.wait()
                continue
            if await self._write():
                failures = 0
            elif self._closing:
                self._tell_lost(len(self._waiting))
                self._waiting.clear()
            else:
                await self._clock.sleep(_PAUSES_SECONDS[min(failures, len(_PAUSES_SECONDS) - 1)])
                failures += 1

    def close(self) -> None:
        """Let `work` end once everything is written, or cannot be."""
        self._closing = True
        self._something.set()

    async def _write(self) -> bool:
        """Write a few entries in one transaction; False where the store did not do it."""
        batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
        try:
            async with self._store.begin() as work:
                for entry in batch:
                    await work.audit.add(entry)
        except ReviewerError:
            self._waiting.extendleft(reversed(batch))
            return False
        return True

    def _tell_lost(self, number: int) -> None:
        if self._lost is not None:
            self._lost(number)


def _entry(event: RunEvent) -> AuditEntry:
    return AuditEntry(
        at=event.at,
        actor=_ACTOR,
        action=event.kind.value.replace(".", " "),
        detail=str(event.data.get("reason", "")),
        installation_id=_number(event.data.get("installation_id")),
        repository_id=_number(event.data.get("repository_id")),
        number=_number(event.data.get("number")),
        delivery_id=str(event.data.get("delivery_id", "")),
        run_id=event.run_id,
    )


def _number(value: Datum | None) -> int | None:
    return value if isinstance(value, int) else None
