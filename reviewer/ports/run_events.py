"""Where a run tells what happens in it, and where others listen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from reviewer.domain.run_event import RunEvent


class RunEvents(Protocol):
    """Passes events on to whoever listens; nobody who listens can hold a run up."""

    async def publish(self, event: RunEvent) -> None:
        """Give the event its place in its run and pass it on; returns at once."""
        ...

    def subscribe(self, run_id: str, *, after: int = 0) -> AsyncIterator[RunEvent]:
        """Listen to a run: first what is remembered of it, then what happens.

        The end of a run is always told, and ends the listening. A listener that does not keep
        up is told no more: its iterator raises.

        Args:
            run_id: The run.
            after: The last place that the listener has heard; 0 for none. A place that was
                never given here (another process gave it, or this one before it was started
                again) counts as none: hearing twice is better than never.

        Raises:
            ResourceError: The listener did not keep up, or too many listen already.
        """
        ...
