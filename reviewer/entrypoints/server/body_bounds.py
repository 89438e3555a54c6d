"""Bounds of what requests may send: how much each, how slowly, and how much all together."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reviewer.entrypoints.server.problem import ProblemError

#: What any other route may be sent; the largest body of ours has some hundred bytes.
_SMALL_BYTES = 64 * 1024
#: So many bodies of the largest kind may stand in memory at once.
_LARGEST_AT_ONCE = 3


_JSON = re.compile(r"application/json(?:\s*;.*)?", re.IGNORECASE)


def is_json(content_type: str) -> bool:
    """Tell whether a ``Content-Type`` is JSON's, whatever it says of characters."""
    return _JSON.fullmatch(content_type) is not None


class BodyBounds:
    """Ends requests whose bodies are too large, too slow, or too many.

    Args:
        application: What reads the bodies.
        path: Where large ones may come.
        large_bytes: The most that may come there.
        seconds: How long a body may take.
    """

    def __init__(
        self, application: ASGIApp, *, path: str, large_bytes: int, seconds: float
    ) -> None:
        self._application = application
        self._path = path
        self._large_bytes = large_bytes
        self._seconds = seconds
        self._room = _LARGEST_AT_ONCE * large_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request whose body is bounded."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        limit = self._large_bytes if scope["path"] == self._path else _SMALL_BYTES
        said = Headers(scope=scope).get("content-length", "")
        loop = asyncio.get_running_loop()
        until = loop.time() + self._seconds
        count = 0
        whole = False

        async def bounded() -> Message:
            nonlocal count, whole
            if whole:  # what is waited for now is the end of the connection
                return await receive()
            if said.isdecimal() and int(said[:20]) > limit:
                raise _too_large(limit)
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise ProblemError(
                    HTTPStatus.REQUEST_TIMEOUT,
                    f"the body did not come within {self._seconds:g} seconds",
                    close=True,
                ) from None
            if message["type"] != "http.request":
                return message
            size = len(message.get("body", b""))
            count += size
            self._room -= size
            if count > limit:
                raise _too_large(limit)
            if self._room < 0:
                raise ProblemError(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    "too much is being sent at the moment; try again",
                    retry_seconds=1,
                    close=True,
                )
            whole = not message.get("more_body", False)
            return message

        try:
            await self._application(scope, bounded, send)
        finally:
            self._room += count


def _too_large(limit: int) -> ProblemError:
    return ProblemError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"the body has more than {limit:,} bytes",
        close=True,
    )
