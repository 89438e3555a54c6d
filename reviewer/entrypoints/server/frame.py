"""The outermost layer of every request: its id, its notes, its headers, and its bad end.

Pure ASGI (https://asgi.readthedocs.io/en/latest/specs/www.html), so that a stream streams.
"""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Iterable
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import PurePath
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reviewer.entrypoints.server.problem import answer
from reviewer.entrypoints.server.webhook_router import PATH as WEBHOOKS
from reviewer.ports.door_watch import DoorWatch

#: Others' ids are taken over where they cannot be anything else; they stand in the log.
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")

#: https://owasp.org/www-project-secure-headers/: nothing here is a page, and no browser may make
#: one of it, frame it, keep it, or ask for it without TLS once it came with it.
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

#: The same as they go over the wire, and names that nobody else sets.
_LINES = tuple((name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items())
_OURS = frozenset({b"x-request-id", *(name for name, _ in _LINES)})

#: Probes and scrapers come every few seconds, for ever; of a delivery that is taken there is a line
#: already, and where two hundred come at once each of them waits for the lines of the others.
_QUIET = frozenset({"/health", "/ready", "/live", "/metrics", WEBHOOKS})
#: What no route has answered; the path itself is somebody's text.
NO_ROUTE = "none"
_OTHER_METHOD = "other"
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class Frame:
    """Puts every request into its frame.

    Args:
        application: What answers.
        watch: Takes notes.
    """

    def __init__(self, application: ASGIApp, *, watch: DoorWatch) -> None:
        self._application = application
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope).getlist("x-request-id"))
        scope["request_id"] = request_id
        begun = time.monotonic()
        status = 0

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *(line for line in message["headers"] if line[0] not in _OURS),
                    (b"x-request-id", request_id.encode()),
                    *_LINES,
                ]
                self._note(scope, status, time.monotonic() - begun)
            await send(message)

        with ExitStack() as stack:
            stack.enter_context(self._watch.bound(request_id=request_id))
            try:
                await self._application(scope, receive, framed)
            except Exception as error:  # noqa: BLE001 - the outermost loop: nobody above tells it
                self._watch.log("error", "request failed", **_place(error))
                if not status:
                    status_code = HTTPStatus.INTERNAL_SERVER_ERROR
                    detail = "something is wrong in the service; its log knows more"
                    await answer(request_id, status_code, detail)(scope, receive, framed)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", NO_ROUTE)
        method = scope["method"] if scope["method"] in _METHODS else _OTHER_METHOD
        self._watch.answered(route, method, status, seconds)
        self._watch.log(
            "debug" if route in _QUIET and status < HTTPStatus.BAD_REQUEST else "info",
            "request answered",
            route=route,
            method=method,
            status=status,
            milliseconds=round(seconds * 1000, 1),
        )


def _request_id(named: Iterable[str]) -> str:
    ids = [name for name in named if _REQUEST_ID.fullmatch(name)]
    return ids[0] if len(ids) == 1 else uuid4().hex


def _place(error: Exception) -> dict[str, str]:
    """Say what failed and where; an error's own words may quote anything."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = (f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    return {"error": type(error).__name__, "at": " < ".join(places)}
