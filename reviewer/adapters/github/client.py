"""GitHub's REST and GraphQL for one token: what is asked, how long, and how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from reviewer.adapters.github.addresses import GitHubAddresses
from reviewer.ports.clock import Clock

NOTHING: Mapping[str, str | int] = MappingProxyType({})


class GitHubClient:
    """Speaks to one GitHub with one token; every method may raise `CodeHostError`.

    Args:
        token: The token; never shown.
        addresses: Where that GitHub is.
        clock: What waits are measured and passed with.
        secrets: What no message may show, besides the token.
    """

    def __init__(
        self,
        token: str,
        addresses: GitHubAddresses,
        *,
        clock: Clock,
        secrets: Sequence[str] = (),
    ) -> None:
        self.addresses = addresses
        self._clock = clock
        self._secrets = (token, *secrets)

    async def get(self, path: str, parameters: Mapping[str, str | int] = NOTHING) -> object:
        """Read one thing; for lists there is `pages`.

        Args:
            path: The path below the interface's address, quoted: `addresses.path_of`.
            parameters: What stands behind the question mark.
        """
        raise NotImplementedError

    async def pages(
        self, path: str, parameters: Mapping[str, str | int] = NOTHING, *, most: int = 3000
    ) -> list[object]:
        """Read a list, all pages of a hundred.

        Args:
            path: The path.
            parameters: What stands behind the question mark.
            most: How many items at most; GitHub itself shows 3,000 files of a pull request.
        """
        raise NotImplementedError

    async def send(self, method: str, path: str, body: Mapping[str, object]) -> object:
        """Write something, once.

        Args:
            method: POST, PATCH, PUT or DELETE.
            path: The path.
            body: What is written.
        """
        raise NotImplementedError

    async def query(self, document: str, variables: Mapping[str, object]) -> Mapping[str, object]:
        """Ask GraphQL; return the ``data``."""
        raise NotImplementedError

    async def mutate(self, document: str, variables: Mapping[str, object]) -> Mapping[str, object]:
        """Write through GraphQL, once; return the ``data``."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close every connection."""
