"""What reviews of one pull request remember, where there is more than its comments to hold it."""

from __future__ import annotations

from typing import Protocol

from reviewer.domain.history import History


class Memory(Protocol):
    """Holds one history. Nobody but us writes there, so what it gives is believed."""

    async def recall(self) -> History | None:
        """Return what is remembered; None for nothing.

        Raises:
            CommunicationError: It does not answer.
        """
        ...

    async def keep(self, history: History, *, before: History) -> None:
        """Keep what somebody changed; what others changed meanwhile stays.

        Args:
            history: What is known now.
            before: The same before it was changed.

        Raises:
            CommunicationError: It does not answer.
            ResourceError: There is no room.
        """
        ...
