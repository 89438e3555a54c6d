"""A client that asks a FakeGitHub inside this process what nobody else would ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from reviewer.testing.fake_github import FakeGitHub

_HEADERS = {
    "accept": "application/vnd.github+json",
    "user-agent": "tests",
    "x-github-api-version": "2022-11-28",
}


class Caller:
    """Asks with one token.

    Args:
        client: What carries the requests.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def get(self, path: str, *, accept: str = "", **parameters: str | int) -> httpx.Response:
        """Read."""
        headers = {"accept": accept} if accept else {}
        return await self._client.get(path, params=parameters, headers=headers)

    async def send(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> httpx.Response:
        """Write."""
        return await self._client.request(method, path, json=body)

    async def review(self, pull: str, **body: object) -> httpx.Response:
        """Post a review."""
        return await self.send("POST", f"{pull}/reviews", {"event": "COMMENT", **body})

    async def graphql(self, document: str, **variables: object) -> dict[str, Any]:
        """Ask GraphQL; return the whole answer."""
        body = {"query": document, "variables": variables}
        answer = await self._client.post("/graphql", json=body)
        assert answer.status_code == 200, answer.text
        value: dict[str, Any] = answer.json()
        return value


@asynccontextmanager
async def calling(hub: FakeGitHub, token: str | None = None) -> AsyncIterator[Caller]:
    """Ask a hub without a socket, with a token of its own unless one is given."""
    headers = {**_HEADERS, "authorization": f"Bearer {token or hub.token()}"}
    transport = httpx.ASGITransport(app=hub.app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://github.test", headers=headers
    ) as client:
        yield Caller(client)
