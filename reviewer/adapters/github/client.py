"""GitHub's REST and GraphQL for one token: what is asked, how long, and how often.

Everything goes through threads, because PyGithub waits where it stands. Writes go one after the
other, as GitHub asks; reads a few at a time. Nobody above sees an exception of a library.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from urllib.parse import unquote

from typing_extensions import override

from reviewer.adapters.github.addresses import GitHubAddresses
from reviewer.adapters.github.json_value import mapping
from reviewer.adapters.github.refusal import (
    refused,
    refused_document,
    unanswered,
    unreadable,
    wait_seconds,
)
from reviewer.adapters.github.retrying import Patience, RateLimitError, WritePace, patiently
from reviewer.adapters.github.transport import (
    MOST_AT_ONCE,
    PER_PAGE,
    Answer,
    ExchangeError,
    GitHubTransport,
    read_json,
)
from reviewer.ports.clock import Clock
from reviewer.ports.code_host import CodeHostError, Refusal

NOTHING: Mapping[str, str | int] = MappingProxyType({})
#: Raises where what was to be written is out of date.
Still = Callable[[], Awaitable[None]]
#: Of a list that is parted by cursors; each has a hundred items.
_MOST_PARTS = 50
_NEXT_CURSOR = re.compile(r'<[^>]*[?&]cursor=(?P<cursor>[^&>]{1,200})[^>]*>;\s*rel="next"')
#: A token is taken back early now and then; whoever takes back every one means it.
_MOST_RENEWALS = 3
#: What a run may spend on waiting for GitHub, rate limits included.
PATIENCE_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """An answer that says that all is well.

    Args:
        headers: Names in lower case.
        document: The body, read.
    """

    headers: Mapping[str, str]
    document: object


class GitHubClient:
    """Speaks to one GitHub with one token; every method may raise `CodeHostError`.

    Args:
        token: The token; never shown.
        addresses: Where that GitHub is.
        clock: What waits are measured and passed with.
        secrets: What no message may show, besides the token.
        pace: How fast may be written; several clients of one identity share one.
        patience_seconds: How long may be waited for GitHub, in all.
        renew: Returns another token in place of one that is refused; None where there is none.
    """

    def __init__(
        self,
        token: str,
        addresses: GitHubAddresses,
        *,
        clock: Clock,
        secrets: Sequence[str] = (),
        pace: WritePace | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
        renew: Callable[[str], Awaitable[str]] | None = None,
    ) -> None:
        self.addresses = addresses
        self._secrets = (token, *secrets)
        self._clock = clock
        self._transport = GitHubTransport(token, addresses)
        self._pace = pace or WritePace(clock)
        self._patience = Patience(clock, patience_seconds)
        self._reading = asyncio.Semaphore(MOST_AT_ONCE)
        self._writing = asyncio.Lock()
        self._renew = renew
        self._renewing = asyncio.Lock()
        self._renewals_left = _MOST_RENEWALS

    @override
    def __repr__(self) -> str:
        """Name the address alone."""
        return f"GitHubClient({self.addresses.api_url})"

    async def get(self, path: str, parameters: Mapping[str, str | int] = NOTHING) -> object:
        """Read one thing; for lists there is `pages`.

        Args:
            path: The path below the interface's address, quoted: `addresses.path_of`.
            parameters: What stands behind the question mark.

        Returns:
            The body, read.
        """
        reply = await self._read(partial(self._transport.rest, "GET", path, parameters))
        if isinstance(reply.document, list):
            message = "GitHub answered with a list where one thing was asked for"
            raise CodeHostError(Refusal.UNAVAILABLE, message)
        return reply.document

    async def pages(
        self, path: str, parameters: Mapping[str, str | int] = NOTHING, *, most: int = 3000
    ) -> list[object]:
        """Read a list, all pages of a hundred.

        Addresses that GitHub names for further pages are not followed: pages are counted.

        Args:
            path: The path.
            parameters: What stands behind the question mark.
            most: How many items at most; GitHub itself shows 3,000 files of a pull request.

        Returns:
            The items.
        """
        found: list[object] = []
        page = 1
        while len(found) < most:
            asked = {**parameters, "per_page": PER_PAGE, "page": page}
            reply = await self._read(partial(self._transport.rest, "GET", path, asked))
            if not isinstance(reply.document, list):
                message = "GitHub answered with one thing where a list was asked for"
                raise CodeHostError(Refusal.UNAVAILABLE, message)
            found += reply.document
            # A page may be short with more behind it; a list without links is one that fits.
            if not reply.document or 'rel="next"' not in reply.headers.get("link", ""):
                break
            page += 1
        return found[:most]

    async def newest(self, path: str, *, enough: Callable[[object], bool]) -> list[object]:
        """Read a list that GitHub parts by cursors, newest first.

        Of the address of the next part the cursor alone is taken.

        Args:
            path: The path.
            enough: Tells of an item that it and what comes after it is not wanted.

        Returns:
            The items before the first that is enough.
        """
        found: list[object] = []
        asked: dict[str, str | int] = {"per_page": PER_PAGE}
        for _ in range(_MOST_PARTS):
            reply = await self._read(partial(self._transport.rest, "GET", path, asked))
            if not isinstance(reply.document, list):
                message = "GitHub answered with one thing where a list was asked for"
                raise CodeHostError(Refusal.UNAVAILABLE, message)
            for item in reply.document:
                if enough(item):
                    return found
                found.append(item)
            cursor = _NEXT_CURSOR.search(reply.headers.get("link", ""))
            if cursor is None:
                return found
            asked = {**asked, "cursor": unquote(cursor["cursor"])}
        return found

    async def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        still: Still | None = None,
    ) -> object:
        """Write something, once.

        Args:
            method: POST, PATCH, PUT or DELETE.
            path: The path.
            body: What is written.
            still: Is asked after every wait, and raises where this is not to be written any more.

        Returns:
            The body of the answer, read.

        Raises:
            CodeHostError: It was refused; or ``uncertain``, and it may have been done.
        """
        write = partial(self._transport.rest, method, path, NOTHING, body)
        return (await self._write(write, still=still)).document

    async def query(self, document: str, variables: Mapping[str, object]) -> Mapping[str, object]:
        """Ask GraphQL; an answer with errors is refused also where it has data.

        Args:
            document: The query.
            variables: Its variables.

        Returns:
            The ``data``.
        """
        ask = partial(self._transport.graphql, document, variables)
        reply = await self._read(ask, graphql=True)
        return mapping(reply.document, "data")

    async def mutate(
        self, document: str, variables: Mapping[str, object], *, still: Still | None = None
    ) -> Mapping[str, object]:
        """Write through GraphQL, once.

        Args:
            document: The mutation.
            variables: Its variables.
            still: Is asked after every wait, and raises where this is not to be written any more.

        Returns:
            The ``data``.

        Raises:
            CodeHostError: It was refused; or ``uncertain``, and it may have been done.
        """
        write = partial(self._transport.graphql, document, variables)
        reply = await self._write(write, graphql=True, still=still)
        return mapping(reply.document, "data")

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.to_thread(self._transport.close)

    async def _read(self, exchange: Callable[[], Answer], *, graphql: bool = False) -> _Reply:
        async with self._reading:
            once = partial(self._welcome, exchange, writing=False, graphql=graphql)
            return await patiently(once, self._patience, writing=False)

    async def _write(
        self,
        exchange: Callable[[], Answer],
        *,
        graphql: bool = False,
        still: Still | None = None,
    ) -> _Reply:
        async with self._writing:
            delay = self._pace.delay()
            if delay > 0:
                if not await self._patience.wait(delay):
                    message = f"so much was written that the next may come in {delay:,.0f} s"
                    raise CodeHostError(Refusal.RATE_LIMITED, message)
                if still is not None:
                    await still()
            self._pace.note()
            once = partial(self._welcome, exchange, writing=True, graphql=graphql)
            return await patiently(once, self._patience, writing=True, still=still)

    async def _welcome(
        self, exchange: Callable[[], Answer], *, writing: bool, graphql: bool
    ) -> _Reply:
        """Send a request, and again with another token where this one is refused.

        Whoever is not let in has done nothing, so that a write may be sent again, too.
        """
        token = self._transport.token
        try:
            return await self._once(exchange, writing=writing, graphql=graphql)
        except CodeHostError as error:
            if error.refusal is not Refusal.UNAUTHORIZED or not await self._renewed(token):
                raise
        return await self._once(exchange, writing=writing, graphql=graphql)

    async def _renewed(self, refused_token: str) -> bool:
        """Show another token than the one that was refused; False where there is none."""
        async with self._renewing:
            if self._transport.token != refused_token:
                return True  # a neighbour was refused before
            if self._renew is None or self._renewals_left == 0:
                return False
            self._renewals_left -= 1
            token = await self._renew(refused_token)
            self._secrets = (token, *self._secrets)
            self._transport.show(token)
            return True

    async def _once(
        self, exchange: Callable[[], Answer], *, writing: bool, graphql: bool
    ) -> _Reply:
        """Send a request once, read the answer and judge it."""
        try:
            answer = await asyncio.to_thread(exchange)
        except ExchangeError as error:
            raise unanswered(error, writing=writing) from None
        failure = refused(answer, writing=writing, secrets=self._secrets)
        document = None
        if failure is None:
            try:
                document = read_json(answer.text)
            except ValueError:
                failure = unreadable(answer, writing=writing)
        if failure is None and graphql:
            failure = refused_document(answer, document, writing=writing, secrets=self._secrets)
        if failure is None:
            return _Reply(headers=answer.headers, document=document)
        if failure.refusal is Refusal.RATE_LIMITED:
            raise RateLimitError(failure, partial(wait_seconds, answer, self._clock.now()))
        raise failure
