"""Listening to runs of any process: the bus where it knows the run, else the rows of the store.

A web process does not hear what a worker process publishes. What all of them share is the
database: when a run began, each call that it paid, what its rules were answered, how it ended.
Those are told as events, a few seconds late, and numbered as they are found.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Self
from weakref import WeakSet

from reviewer.adapters.events.bus import EventBus, QueuedListener
from reviewer.domain.attempt import UNFINISHED, Attempt
from reviewer.domain.run import RuleVerdict, RunRecord
from reviewer.domain.run_event import ENDINGS, RunEvent
from reviewer.domain.run_news import completion_completed, kept_review_ended, review_started
from reviewer.errors import ResourceError
from reviewer.ports.clock import Clock
from reviewer.ports.ledger import Ledger
from reviewer.ports.run_events import Listener
from reviewer.ports.store import Store

#: How often the rows are looked at. https://html.spec.whatwg.org/multipage/server-sent-events.html
#: names no pace; people who watch a review of minutes do not notice two seconds.
EVERY_SECONDS = 2.0


class RowListener:
    """Hears what the rows of one run tell; implements `ports.run_events.Listener`.

    Once this process publishes something of the run, it listens to the bus.

    Args:
        events: Where it listens.
        run_id: The run.
    """

    def __init__(self, events: FollowedRunEvents, run_id: str) -> None:
        self._events = events
        self._run_id = run_id
        self._waiting: deque[RunEvent] = deque()
        self._live: QueuedListener | None = None
        self._last = 0
        self._started = False
        self._told: set[str] = set()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether it hears nothing more."""
        return self._closed

    def __aiter__(self) -> Self:
        """Return itself."""
        return self

    async def __anext__(self) -> RunEvent:
        """Wait for the next event.

        Raises:
            StopAsyncIteration: The run has ended and its end was told, it is no longer known, or
                the service stops.
            CommunicationError: The database did not answer.
            ResourceError: The listener did not keep up.
        """
        while self._live is None and not self._waiting and not self._closed:
            if self._events.bus.knows(self._run_id):
                self._live = self._events.bus.subscribe(self._run_id)
            elif not await self._look():
                await self._events.clock.sleep(EVERY_SECONDS)
        if self._live is not None:
            return await self._live.__anext__()
        if not self._waiting:
            raise StopAsyncIteration
        event = self._waiting.popleft()
        self._closed = self._closed or event.final
        return event

    def close(self) -> None:
        """Stop listening."""
        self._closed = True
        if self._live is not None:
            self._live.close()

    async def _look(self) -> bool:
        """Read the rows, and tell whether they tell something new."""
        events = self._events
        async with events.store.look() as work:
            run = await work.runs.get(self._run_id)
            ended = run is not None and run.state in ENDINGS
            verdicts = await work.runs.verdicts(self._run_id) if ended else ()
        if run is None:
            self._closed = True
            return True
        attempts = await events.ledger.attempts(run_id=self._run_id)
        for event in self._news(run, attempts, verdicts):
            self._last += 1
            self._waiting.append(replace(event, sequence=self._last))
        return bool(self._waiting)

    def _news(
        self, run: RunRecord, attempts: Sequence[Attempt], verdicts: Sequence[RuleVerdict]
    ) -> Iterator[RunEvent]:
        now = self._events.clock.now()
        if run.started_at is not None and not self._started:
            self._started = True
            yield review_started(run, at=run.started_at)
        ended = run.state in ENDINGS
        for attempt in attempts:
            # A row stands before its attempt has ended; of a run that has ended nothing more comes.
            under_way = attempt.failure == UNFINISHED and not ended
            if attempt.id not in self._told and not under_way:
                self._told.add(attempt.id)
                yield completion_completed(attempt, at=now)
        if ended:
            yield from kept_review_ended(run, verdicts, at=run.ended_at or now)


class FollowedRunEvents:
    """The bus, and runs of other processes; implements `ports.run_events.RunEvents`.

    Args:
        bus: Of this process.
        store: Has every run.
        ledger: Has every call.
        clock: Passes the time between two looks.
        most_listeners: To rows, at once.
    """

    def __init__(
        self,
        bus: EventBus,
        store: Store,
        ledger: Ledger,
        clock: Clock,
        *,
        most_listeners: int = 100,
    ) -> None:
        self.bus = bus
        self.store = store
        self.ledger = ledger
        self.clock = clock
        self._most = most_listeners
        self._listeners: WeakSet[RowListener] = WeakSet()
        self._closed = False

    async def publish(self, event: RunEvent) -> None:
        """Give the event its place in its run and pass it on; returns at once."""
        self.bus.tell(event)

    def subscribe(self, run_id: str, *, after: int = 0) -> Listener:
        """Listen to a run: first what is remembered of it, then what happens.

        Args:
            run_id: The run; whoever asks has seen that there is one.
            after: The last place that the listener has heard. What rows tell is told from the
                beginning.

        Raises:
            ResourceError: Too many listen already.
        """
        if self.bus.knows(run_id):
            return self.bus.subscribe(run_id, after=after)
        if sum(not listener.closed for listener in self._listeners) >= self._most:
            message = f"{self._most} listen already; try again later"
            raise ResourceError(message)
        listener = RowListener(self, run_id)
        if self._closed:
            listener.close()
        self._listeners.add(listener)
        return listener

    def close(self) -> None:
        """End every listening, so that the service can stop."""
        self._closed = True
        self.bus.close()
        for listener in tuple(self._listeners):
            listener.close()
