"""What other services prove with who they are."""

from __future__ import annotations

from typing import Protocol

from reviewer.domain.access import Caller
from reviewer.errors import CommunicationError


class RefusedTokenError(CommunicationError):
    """A token that proves nothing; the words are for the log, not for whoever showed it."""


class ServiceTokens(Protocol):
    """Reads tokens of other services."""

    def read(self, token: str) -> Caller:
        """Return who shows the token.

        Args:
            token: What stood in the request.

        Raises:
            RefusedTokenError: It proves nothing.
        """
        ...
