"""Mints the tokens that reviews use: for one repository, for what is needed, for at most an hour.

They live in this object alone: never in a file, a row, a log line or an argument. The private key
is used here and nowhere else (security.md S17).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from reviewer.adapters.github.addresses import GitHubAddresses, path_of
from reviewer.adapters.github.app_credentials import AppCredentials
from reviewer.adapters.github.client import GitHubClient
from reviewer.adapters.github.json_value import mapping
from reviewer.ports.clock import Clock
from reviewer.ports.code_host import CodeHostError, Refusal

#: What a review needs, and no more.
REVIEWING: Mapping[str, str] = MappingProxyType(
    {"checks": "write", "contents": "read", "metadata": "read", "pull_requests": "write"}
)
#: The same where the operator wants threads resolved: GitHub demands this for it.
RESOLVING: Mapping[str, str] = MappingProxyType({**REVIEWING, "contents": "write"})

#: A token that ends sooner is not begun with: a run takes minutes.
_SPARE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationToken:
    """A token of an installation.

    Args:
        text: The token, never shown.
        expires_at: When it ends.
    """

    text: str = field(repr=False)
    expires_at: datetime


class InstallationTokens:
    """Gives tokens of installations, each for one repository.

    Args:
        credentials: Who the App is.
        addresses: Where its GitHub is.
        clock: Tells when a token ends.
        permissions: What tokens may do.
        connect: Makes a client for the App's own token; for tests.
    """

    def __init__(
        self,
        credentials: AppCredentials,
        addresses: GitHubAddresses,
        *,
        clock: Clock,
        permissions: Mapping[str, str] = REVIEWING,
        connect: Callable[[str], GitHubClient] | None = None,
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._permissions = dict(permissions)
        self._connect = connect or (lambda token: GitHubClient(token, addresses, clock=clock))
        self._kept: dict[tuple[int, int], InstallationToken] = {}
        self._locks: dict[tuple[int, int], asyncio.Lock] = {}
        self._number = credentials.number

    async def token(self, installation_id: int, repository_id: int) -> str:
        """Return a token that lives long enough for a run.

        Args:
            installation_id: Whose.
            repository_id: The one repository that it reaches.

        Raises:
            CodeHostError: The host gives none.
        """
        key = (installation_id, repository_id)
        # Two runs that begin at once need one token, not two.
        async with self._locks.setdefault(key, asyncio.Lock()):
            kept = self._kept.get(key)
            if kept is None or kept.expires_at - _SPARE < self._clock.now():
                self._forget_old()
                kept = self._kept[key] = await self._mint(installation_id, repository_id)
            return kept.text

    async def renewed(self, installation_id: int, repository_id: int, refused: str) -> str:
        """Return another token in place of one that the host took back before its time.

        Args:
            installation_id: Whose.
            repository_id: The one repository that it reaches.
            refused: The token that is taken no more.

        Raises:
            CodeHostError: The host gives none.
        """
        kept = self._kept.get((installation_id, repository_id))
        if kept is not None and kept.text == refused:
            del self._kept[installation_id, repository_id]
        return await self.token(installation_id, repository_id)

    def forget(self, installation_id: int) -> None:
        """Drop every token of an installation that is gone, or whose token was refused."""
        for key in [key for key in self._kept if key[0] == installation_id]:
            del self._kept[key]

    async def app(self) -> GitHubClient:
        """Return a client that speaks as the App itself; close it after use."""
        return self._connect(self._credentials.token(self._clock.now()))

    async def app_id(self) -> int:
        """Return the App's number, by which checks name it; asked once where it is not set.

        https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app

        Raises:
            CodeHostError: The host does not tell.
        """
        if self._number is None:
            client = await self.app()
            try:
                number = mapping(await client.get(path_of("app"))).get("id")
            finally:
                await client.close()
            if not isinstance(number, int):
                raise CodeHostError(Refusal.UNAVAILABLE, "GitHub does not tell the App's number")
            self._number = number
        return self._number

    async def _mint(self, installation_id: int, repository_id: int) -> InstallationToken:
        client = await self.app()
        try:
            answer = await client.send(
                "POST",
                path_of("app", "installations", installation_id, "access_tokens"),
                {"repository_ids": [repository_id], "permissions": self._permissions},
            )
        finally:
            await client.close()
        fields = mapping(answer)
        text, expires = fields.get("token"), fields.get("expires_at")
        if not isinstance(text, str) or not isinstance(expires, str):
            raise CodeHostError(Refusal.UNAVAILABLE, "GitHub answered with no token")
        try:
            expires_at = datetime.fromisoformat(expires)
        except ValueError as error:
            raise CodeHostError(Refusal.UNAVAILABLE, "GitHub's token has no end") from error
        return InstallationToken(text=text, expires_at=expires_at)

    def _forget_old(self) -> None:
        now = self._clock.now()
        for key in [key for key, kept in self._kept.items() if kept.expires_at <= now]:
            del self._kept[key]
            self._locks.pop(key, None)
