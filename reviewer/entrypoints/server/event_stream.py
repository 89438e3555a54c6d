"""``/runs/{id}/events``: what happens in a run, as it happens, until the run ends.

Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)::

    id: 12
    event: persona.completed
    data: {"run_id": "…", "sequence": 12, "kind": "persona.completed", "status": "completed", …}

A comment comes while nothing happens. Who comes again says in ``Last-Event-ID`` what they heard.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from reviewer.domain.access import Request as Asked
from reviewer.domain.run_event import RunEvent
from reviewer.entrypoints.server.authentication import GUARDED_PROBLEMS, asking
from reviewer.entrypoints.server.problem import ProblemError, documented
from reviewer.entrypoints.server.run_router import RunIdInPath
from reviewer.entrypoints.server.state import Door, OpenDoor
from reviewer.errors import ReviewerError
from reviewer.ports.run_events import Listener
from reviewer.service.tell_runs import account_for_run

_MEDIA_TYPE = "text/event-stream"
_COME_AGAIN_MILLISECONDS = 3_000
#: A token that was right once is not right for ever.
_LONGEST_SECONDS = 3_600.0
_BUSY_SECONDS = 10

router = APIRouter(tags=["api"], responses=GUARDED_PROBLEMS)


@router.get(
    "/runs/{run_id}/events",
    summary="What happens in a run",
    response_class=StreamingResponse,
    dependencies=[Depends(asking(Asked.READ_RUNS))],
    responses={
        200: {
            "description": "Server-sent events until the run ends.",
            "content": {_MEDIA_TYPE: {"schema": {"type": "string"}}},
        },
        **documented(HTTPStatus.NOT_FOUND),
    },
)
async def follow(
    door: OpenDoor,
    run_id: RunIdInPath,
    last_event_id: Annotated[
        int, Header(ge=0, le=2**31 - 1, description="The last event that was heard.")
    ] = 0,
) -> StreamingResponse:
    """Tell what happened in a run so far and what happens from now on, until it ends."""
    services = door.services
    if await account_for_run(services.store, run_id) is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no such run")
    if door.listeners >= services.settings.listeners:
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "too many listen already; come back later",
            retry_seconds=_BUSY_SECONDS,
        )
    return _EventStream(door, services.events.subscribe(run_id, after=last_event_id))


class _EventStream(StreamingResponse):
    """An answer that lasts as long as a run; whoever leaves early makes room for others."""

    def __init__(self, door: Door, listener: Listener) -> None:
        super().__init__(_told(door, listener), media_type=_MEDIA_TYPE)
        # https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
        self.headers["X-Accel-Buffering"] = "no"
        self._door = door
        self._listener = listener

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._door.listeners += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._door.listeners -= 1
            self._listener.close()


async def _told(door: Door, listener: Listener) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    until = loop.time() + _LONGEST_SECONDS
    heartbeat_seconds = door.services.settings.heartbeat_seconds
    draining = asyncio.ensure_future(door.draining.wait())
    following = asyncio.ensure_future(_next(listener))
    try:
        yield f"retry: {_COME_AGAIN_MILLISECONDS}\n\n"
        while loop.time() < until:
            done, _ = await asyncio.wait(
                {draining, following},
                timeout=heartbeat_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if following in done:
                event = following.result()
                if event is None:
                    return
                yield _written(event)
                if event.final:
                    return
                following = asyncio.ensure_future(_next(listener))
            elif draining in done:
                yield ": this process is about to go; listen again\n\n"
                return
            else:
                yield ": nothing new\n\n"
    finally:
        draining.cancel()
        following.cancel()


async def _next(listener: Listener) -> RunEvent | None:
    """Return the next event; None where there is none, or whoever comes again finds it."""
    try:
        return await anext(listener)
    except (StopAsyncIteration, ReviewerError):
        return None


def _written(event: RunEvent) -> str:
    data = {
        "run_id": event.run_id,
        "sequence": event.sequence,
        "kind": event.kind.value,
        "status": event.status.value,
        "at": event.at.isoformat(),
        "data": dict(event.data),
    }
    # JSON in ASCII has no line end in it, so that no text can begin an event of its own.
    return f"id: {event.sequence}\nevent: {event.kind.value}\ndata: {json.dumps(data)}\n\n"
