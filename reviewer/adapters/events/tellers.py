"""What tells the bus from inside a run: its stages, who looks, what answers, what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reviewer.adapters.events.bus import EventBus
from reviewer.domain.attempt import Attempt
from reviewer.domain.run_news import (
    completion_chunk,
    completion_completed,
    context_compressed,
    persona_started,
    review_progress,
)
from reviewer.ports.clock import Clock
from reviewer.ports.ledger import Ledger, Spent


class ToldProgress:
    """Tells each stage of one run; implements `ports.progress.Progress`.

    Args:
        bus: Who is told.
        clock: Says when.
        run_id: The run.
    """

    def __init__(self, bus: EventBus, clock: Clock, run_id: str) -> None:
        self._bus = bus
        self._clock = clock
        self._run_id = run_id

    def stage(self, name: str) -> None:
        """Begin a stage."""
        self._bus.tell(review_progress(self._run_id, name, at=self._clock.now()))


class ToldOnlooker:
    """Tells what happens inside of one run; implements `ports.onlooker.Onlooker`.

    Args:
        bus: Who is told.
        clock: Says when.
        run_id: The run.
    """

    def __init__(self, bus: EventBus, clock: Clock, run_id: str) -> None:
        self._bus = bus
        self._clock = clock
        self._run_id = run_id

    def looking(self, persona: str) -> None:
        """Tell that a persona begins to look."""
        self._bus.tell(persona_started(self._run_id, persona, at=self._clock.now()))

    def left_out(self, *, shown: int, left_out: int, unlisted: int = 0) -> None:
        """Tell that not every file is shown to whoever looks."""
        now = self._clock.now()
        self._bus.tell(
            context_compressed(
                self._run_id, shown=shown, left_out=left_out, unlisted=unlisted, at=now
            )
        )

    def answering(self, persona: str, purpose: str, attempt: int) -> None:
        """Tell that an answer of a model begins to arrive."""
        now = self._clock.now()
        self._bus.tell(
            completion_chunk(
                self._run_id, persona=persona, purpose=purpose, attempt=attempt, at=now
            )
        )


class ToldLedger:
    """A ledger whose every new row is told; implements `ports.ledger.Ledger`.

    A row is told once it stands: what is counted was written down before.

    Args:
        ledger: Keeps the rows.
        bus: Who is told.
        clock: Says when.
    """

    def __init__(self, ledger: Ledger, bus: EventBus, clock: Clock) -> None:
        self._ledger = ledger
        self._bus = bus
        self._clock = clock

    async def begin(self, attempt: Attempt) -> None:
        """Write down what an attempt may cost, durably; there is nothing to tell yet."""
        await self._ledger.begin(attempt)

    async def record(self, attempt: Attempt) -> None:
        """Write the end of one attempt down, durably, and tell of it."""
        await self._ledger.record(attempt)
        self._bus.tell(completion_completed(attempt, at=self._clock.now()))

    async def spent(
        self,
        *,
        since: datetime,
        repository: str | None = None,
        pull_request: int | None = None,
        installation: int | None = None,
    ) -> Spent:
        """Sum the attempts since a time that match everything that is given."""
        return await self._ledger.spent(
            since=since,
            repository=repository,
            pull_request=pull_request,
            installation=installation,
        )

    async def attempts(
        self, *, since: datetime | None = None, run_id: str | None = None
    ) -> Sequence[Attempt]:
        """Return attempts in the order in which they began."""
        return await self._ledger.attempts(since=since, run_id=run_id)
