"""Where a run tells what happens in it, and where others listen."""

from __future__ import annotations

from typing import Protocol, Self

from reviewer.domain.run_event import RunEvent


class Listener(Protocol):
    """Hears the events of one run: ``async for event in listener``.

    Waiting for the next event may be given up and taken up again. Whoever stops early closes it.
    """

    def __aiter__(self) -> Self:
        """Return itself."""
        ...

    async def __anext__(self) -> RunEvent:
        """Wait for the next event.

        Raises:
            StopAsyncIteration: The run has ended and its end was told, or the service stops.
            ResourceError: The listener did not keep up and is told no more.
        """
        ...

    def close(self) -> None:
        """Stop listening; closing again does nothing."""
        ...


class RunEvents(Protocol):
    """Passes events on to whoever listens; nobody who listens can hold a run up."""

    async def publish(self, event: RunEvent) -> None:
        """Give the event its place in its run and pass it on; returns at once."""
        ...

    def subscribe(self, run_id: str, *, after: int = 0) -> Listener:
        """Listen to a run: first what is remembered of it, then what happens.

        The end of a run is always told, and ends the listening.

        Args:
            run_id: The run.
            after: The last place that the listener has heard; 0 for none. A place that was
                never given here (another process gave it, or this one before it was started
                again) counts as none: hearing twice is better than never.

        Raises:
            ResourceError: Too many listen already.
        """
        ...


class EventHandler(Protocol):
    """Does something with every event of every run: writes it down, counts it."""

    def heard(self, event: RunEvent) -> None:
        """Take an event; returns at once and raises nothing."""
        ...
