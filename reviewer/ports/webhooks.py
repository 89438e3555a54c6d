"""Messages of the code host: whether they are its own, and what they say."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from reviewer.domain.delivery import Delivery


class Webhooks(Protocol):
    """Judges and reads messages; in this order."""

    def is_signed(self, body: bytes, signature: str) -> bool:
        """Tell whether the host signed exactly these bytes.

        Args:
            body: As it came; nothing of it was read.
            signature: What the message shows as its signature; untrusted.
        """
        ...

    def read(self, *, delivery_id: str, name: str, body: bytes, received_at: datetime) -> Delivery:
        """Read a message whose signature was right.

        Args:
            delivery_id: ``X-GitHub-Delivery``.
            name: ``X-GitHub-Event``.
            body: As it came.
            received_at: When it came.

        Raises:
            GitHubError: It is no message that the host would send.
            ResourceError: It is larger than any message of the host.
        """
        ...
