"""What the code host knows of its deliveries to the App: which arrived, and sending one again.

GitHub sends nothing again by itself, and keeps what it sent for three days:
https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """One attempt to deliver something.

    Args:
        id: The host's number of the attempt; what is sent again is named by it.
        delivery_id: ``X-GitHub-Delivery``, the same for every attempt of one delivery.
        event: The kind of event.
        at: When.
        arrived: Whether we answered that it did.
    """

    id: int
    delivery_id: str
    event: str
    at: datetime
    arrived: bool


class AppDeliveries(Protocol):
    """Lists and repeats deliveries; every method may raise `CodeHostError`."""

    async def since(self, moment: datetime) -> Sequence[DeliveryAttempt]:
        """Return every attempt since a moment, newest first."""
        ...

    async def send_again(self, attempt_id: int) -> None:
        """Have a delivery sent once more, with the id that it had."""
        ...
