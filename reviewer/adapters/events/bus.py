"""The bus: passes the events of this process's runs on, within bounds, and waits for nobody.

::

    publish ──► number it ──► remember it ──► handlers (log, figures, audit), in order
                                         └──► queue of each listener ──► live stream
                                                full: the listener is dropped, and told so

What is remembered is bounded a run and in all; what lasts are the rows of the store. For use on
one event loop: everything between two awaits is one step, so that events keep their order.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Self
from weakref import WeakSet

from reviewer.domain.run_event import EventKind, RunEvent
from reviewer.errors import ResourceError
from reviewer.ports.run_events import EventHandler


@dataclass(frozen=True, slots=True, kw_only=True)
class BusBounds:
    """What the bus may hold. An event takes about 2 kB at most.

    Args:
        events_of_run: Events that are remembered of one run; the oldest go first.
        events: Events that are remembered of all runs together.
        runs: Runs that are known; the longest silent go first.
        listeners: Listeners of all runs together.
        queue: Events that may wait for one listener, besides what was remembered before it came.
    """

    events_of_run: int = 200
    events: int = 5_000
    runs: int = 1_000
    listeners: int = 100
    queue: int = 256


@dataclass(slots=True, kw_only=True)
class _Remembered:
    """What is known of one run."""

    events: deque[RunEvent]
    last: int = 0
    listeners: WeakSet[QueuedListener] = field(default_factory=WeakSet)


class QueuedListener:
    """A queue of events that one listener empties; implements `ports.run_events.Listener`.

    Args:
        remembered: What it hears first.
        room: How many events may wait besides.
    """

    def __init__(self, remembered: Sequence[RunEvent], room: int) -> None:
        self._waiting = deque(remembered)
        self._room = len(remembered) + room
        self._something = asyncio.Event()
        self._lost = False
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether it takes nothing more."""
        return self._closed or self._lost

    def __aiter__(self) -> Self:
        """Return itself."""
        return self

    async def __anext__(self) -> RunEvent:
        """Wait for the next event.

        Raises:
            StopAsyncIteration: The run has ended and its end was told, or the service stops.
            ResourceError: The listener did not keep up and is told no more.
        """
        while not self._waiting:
            if self._lost:
                message = "this listener did not keep up and is told no more; listen again"
                raise ResourceError(message)
            if self._closed:
                raise StopAsyncIteration
            self._something.clear()
            await self._something.wait()
        event = self._waiting.popleft()
        if event.final:
            self._closed = True
            self._waiting.clear()
        return event

    def close(self) -> None:
        """Stop listening; what waits is still handed out."""
        self._closed = True
        self._something.set()

    def take(self, event: RunEvent) -> bool:
        """Queue an event; False where there is no room, after which it is told no more."""
        if len(self._waiting) >= self._room:
            self._lost = True
        else:
            self._waiting.append(event)
        self._something.set()
        return not self._lost


class EventBus:
    """Passes events on; implements `ports.run_events.RunEvents`.

    Args:
        handlers: Hear every event, in this order.
        bounds: What may be held.
        dropped: Is told the run whose listener was dropped because it did not keep up.
    """

    def __init__(
        self,
        handlers: Sequence[EventHandler] = (),
        *,
        bounds: BusBounds | None = None,
        dropped: Callable[[str], None] | None = None,
    ) -> None:
        self._handlers = tuple(handlers)
        self._bounds = bounds or BusBounds()
        self._dropped = dropped
        self._runs: OrderedDict[str, _Remembered] = OrderedDict()
        self._events = 0
        self._closed = False

    @property
    def remembered(self) -> int:
        """How many events are remembered."""
        return self._events

    @property
    def listening(self) -> int:
        """How many listen."""
        return sum(1 for _ in self._listeners())

    def knows(self, run_id: str) -> bool:
        """Tell whether something of a run is remembered here."""
        run = self._runs.get(run_id)
        return run is not None and bool(run.events)

    async def publish(self, event: RunEvent) -> None:
        """Give the event its place in its run and pass it on; returns at once."""
        self.tell(event)

    def tell(self, event: RunEvent) -> RunEvent:
        """Do what `publish` does, for callers that cannot wait.

        Returns:
            The event with its place.
        """
        run = self._run(event.run_id)
        run.last += 1
        event = replace(event, sequence=run.last)
        self._remember(run, event)
        for handler in self._handlers:
            handler.heard(event)
        for listener in tuple(run.listeners):
            if not listener.closed and not listener.take(event) and self._dropped is not None:
                self._dropped(event.run_id)
        return event

    def subscribe(self, run_id: str, *, after: int = 0) -> QueuedListener:
        """Listen to a run: first what is remembered of it, then what happens.

        Args:
            run_id: The run.
            after: The last place that the listener has heard; a place that was never given here
                counts as none.

        Raises:
            ResourceError: Too many listen already.
        """
        if self.listening >= self._bounds.listeners:
            message = f"{self._bounds.listeners} listen already; try again later"
            raise ResourceError(message)
        run = self._run(run_id)
        known = after if 0 <= after <= run.last else 0
        ended = bool(run.events) and run.events[-1].final
        # The end is told even to whoever has heard it: there is nothing else to wait for.
        missed = [e for e in run.events if e.sequence > known or (ended and e.final)]
        listener = QueuedListener(missed, self._bounds.queue)
        if self._closed:
            listener.close()
        run.listeners.add(listener)
        self._forget_runs()
        return listener

    def close(self) -> None:
        """End every listening, so that the service can stop."""
        self._closed = True
        for listener in tuple(self._listeners()):
            listener.close()

    def _listeners(self) -> Iterator[QueuedListener]:
        for run in self._runs.values():
            yield from (listener for listener in run.listeners if not listener.closed)

    def _run(self, run_id: str) -> _Remembered:
        if run_id not in self._runs:
            self._runs[run_id] = _Remembered(events=deque())
        self._runs.move_to_end(run_id)
        return self._runs[run_id]

    def _remember(self, run: _Remembered, event: RunEvent) -> None:
        if event.kind is EventKind.REVIEW_STARTED:
            # The run began again after its process was lost; what was told before is void.
            self._forget(run, len(run.events))
        run.events.append(event)
        self._events += 1
        self._forget(run, len(run.events) - self._bounds.events_of_run)
        for other in self._runs.values():
            if self._events <= self._bounds.events:
                break
            if other is not run:
                self._forget(other, len(other.events))
        self._forget_runs()

    def _forget(self, run: _Remembered, number: int) -> None:
        """Forget the oldest events of a run."""
        for _ in range(max(0, number)):
            run.events.popleft()
            self._events -= 1

    def _forget_runs(self) -> None:
        """Forget the longest silent runs that nobody listens to."""
        over = len(self._runs) - self._bounds.runs
        silent = (name for name, run in self._runs.items() if not _heard(run))
        for name in [name for name, _ in zip(silent, range(over), strict=False)]:
            self._forget(self._runs[name], len(self._runs[name].events))
            del self._runs[name]


def _heard(run: _Remembered) -> bool:
    return any(not listener.closed for listener in run.listeners)
