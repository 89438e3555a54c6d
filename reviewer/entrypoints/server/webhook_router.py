"""``POST /webhooks/github``: takes a delivery when it is signed, and has it written down at once.

::

    address allowed? ─► not too often? ─► form of the headers ─► body, bounded ─► signature
        403                429               400, 401, 415          413, 408         401
    ─► not too much altogether? ─► read ─► the engine writes it down ─► 202, or 200 where it has it
             429                    400             503

Nothing of the body is parsed before its signature is right, nothing is acknowledged that is not
written down, and nothing else is done here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope
from typing_extensions import override

from reviewer.domain.delivery import Delivery
from reviewer.entrypoints.server.address import client_address, limited_as, within
from reviewer.entrypoints.server.body_bounds import is_json
from reviewer.entrypoints.server.problem import ProblemError, documented, unavailable
from reviewer.entrypoints.server.state import Door, OpenDoor, door_of
from reviewer.errors import CommunicationError, GitHubError, ResourceError
from reviewer.ports.door_watch import Level

PATH = "/webhooks/github"

_DELIVERY_ID = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
)
_EVENT_NAME = re.compile(r"[a-z][a-z_]{0,59}")
#: GitHub waits for ten seconds:
#: https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks
_ACCEPT_SECONDS = 8.0
#: What is larger is read beside the loop, and one at a time.
_LARGE_BYTES = 256 * 1024
#: Events that are counted by their name; a name is somebody's text until the signature is right.
_UNREAD_NAME = "unread"
_JSON = "application/json"


class Outcome(StrEnum):
    """What became of a delivery at the door, for those who count."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    FORBIDDEN = "forbidden"
    LIMITED = "limited"
    MALFORMED = "malformed"
    UNSIGNED = "unsigned"
    UNREADABLE = "unreadable"
    UNAVAILABLE = "unavailable"


class Receipt(BaseModel):
    """That a delivery is written down."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958", "state": "accepted"}]
        },
    )

    delivery: str = Field(description="`X-GitHub-Delivery`.")
    state: str = Field(description="`accepted`, or `known` where it came before.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Headers:
    delivery_id: str
    name: str
    signature: str


class _RefusedError(ProblemError):
    """A delivery that is not taken, how it is counted, and what the log says of it."""

    def __init__(
        self,
        outcome: Outcome,
        status: HTTPStatus,
        detail: str,
        *,
        reason: str = "",
        retry_seconds: float | None = None,
    ) -> None:
        super().__init__(status, detail, retry_seconds=retry_seconds, close=True)
        self.outcome = outcome
        self.reason = reason or detail


def _header(name: str, *, example: str) -> dict[str, object]:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "schema": {"type": "string"},
        "example": example,
    }


router = APIRouter()


@router.post(
    PATH,
    tags=["webhooks"],
    summary="Take a delivery of GitHub's",
    status_code=HTTPStatus.ACCEPTED,
    response_model=Receipt,
    responses={
        200: {"model": Receipt, "description": "It came before; nothing more happens."},
        **documented(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.TOO_MANY_REQUESTS,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    },
    openapi_extra={
        "parameters": [
            _header("X-GitHub-Delivery", example="72d3162e-cc78-11e3-81ab-4c9367dc0958"),
            _header("X-GitHub-Event", example="pull_request"),
            _header("X-Hub-Signature-256", example=f"sha256={'0' * 64}"),
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
    },
)
async def receive(request: Request, door: OpenDoor) -> Response:
    """Take a delivery when it is signed, and have it written down at once."""
    with _counted(door) as count:
        _admit(request, door)
        headers = _headers_of(request)
        count.claimed = {"delivery_id": headers.delivery_id, "name": headers.name}
        body = await request.body()
        delivery = await _read(door, headers, body)
        count.name = delivery.name
        watch = door.services.watch
        with watch.bound(delivery_id=delivery.id, **_installation(delivery)):
            fresh = await _accept(door, delivery)
            count.outcome = Outcome.ACCEPTED if fresh else Outcome.KNOWN
            watch.log(
                "info",
                f"delivery {count.outcome.value}",
                name=delivery.name,
                action=delivery.action,
            )
        receipt = Receipt(delivery=delivery.id, state=count.outcome.value)
        status = HTTPStatus.ACCEPTED if fresh else HTTPStatus.OK
        return Response(receipt.model_dump_json(), status, media_type=_JSON)


async def _receive(request: Request) -> Response:
    return await receive(request, door_of(request))


class DeliveryRoute(Route):
    """Answers deliveries, while `router` says in the document what they are.

    A route of FastAPI's takes longer than all that happens here, and two hundred deliveries that
    come at once wait for each other.
    """

    def __init__(self) -> None:
        super().__init__(PATH, _receive, methods=["POST"], include_in_schema=False)

    @override
    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is one, and name the route to whoever takes notes."""
        match, child = super().matches(scope)
        return match, {**child, "route": self}


@dataclass(slots=True)
class _Count:
    """How a delivery ends at the door.

    Args:
        name: The kind of event, once the signature is right.
        outcome: How it ends.
        claimed: Its id and its kind as the sender says them, of a form that can be logged.
    """

    name: str = _UNREAD_NAME
    outcome: Outcome = Outcome.MALFORMED
    claimed: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def _counted(door: Door) -> Iterator[_Count]:
    """Count how a delivery ended, and how long it took until then."""
    services = door.services
    begun = services.clock.monotonic()
    count = _Count()
    try:
        yield count
    except ProblemError as error:
        reason = error.detail
        if isinstance(error, _RefusedError):
            count.outcome, reason = error.outcome, error.reason
        elif error.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            # Whoever bounds bodies has no room for another one.
            count.outcome = Outcome.LIMITED
        level: Level = "error" if count.outcome is Outcome.UNAVAILABLE else "warning"
        services.watch.log(level, f"delivery {count.outcome.value}", **count.claimed, reason=reason)
        raise
    finally:
        seconds = services.clock.monotonic() - begun
        services.watch.received(count.name, count.outcome.value, seconds)


def _admit(request: Request, door: Door) -> None:
    """Let an address come, so often."""
    settings = door.services.settings
    address = client_address(request, settings.trusted_proxies)
    allowed = settings.allowed_networks
    if allowed and (address is None or not within(address, allowed)):
        detail = "deliveries are not taken from this address"
        raise _RefusedError(Outcome.FORBIDDEN, HTTPStatus.FORBIDDEN, detail)
    _wait(door.webhooks_by_address.wait_seconds(limited_as(address)))


def _wait(seconds: float) -> None:
    if seconds:
        raise _RefusedError(
            Outcome.LIMITED,
            HTTPStatus.TOO_MANY_REQUESTS,
            "too many deliveries; come back later",
            retry_seconds=seconds,
        )


def _headers_of(request: Request) -> _Headers:
    """Read the headers, each of which has to be there once."""

    def only(name: str) -> str:
        values = request.headers.getlist(name)
        return values[0] if len(values) == 1 else ""

    signature = only("x-hub-signature-256")
    if not signature:
        detail = "there is no signature with SHA-256"
        raise _RefusedError(Outcome.UNSIGNED, HTTPStatus.UNAUTHORIZED, detail)
    if not is_json(only("content-type")):
        detail = "a delivery is application/json: the App's page has it as the content type"
        raise _RefusedError(Outcome.MALFORMED, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
    delivery_id, name = only("x-github-delivery"), only("x-github-event")
    if _DELIVERY_ID.fullmatch(delivery_id) is None:
        detail = "X-GitHub-Delivery is no id"
        raise _RefusedError(Outcome.MALFORMED, HTTPStatus.BAD_REQUEST, detail)
    if _EVENT_NAME.fullmatch(name) is None:
        detail = "X-GitHub-Event is no name of an event"
        raise _RefusedError(Outcome.MALFORMED, HTTPStatus.BAD_REQUEST, detail)
    return _Headers(delivery_id=delivery_id.lower(), name=name, signature=signature)


async def _read(door: Door, headers: _Headers, body: bytes) -> Delivery:
    if len(body) <= _LARGE_BYTES:
        return _judged(door, headers, body)
    async with door.reading:
        return await asyncio.to_thread(_judged, door, headers, body)


def _judged(door: Door, headers: _Headers, body: bytes) -> Delivery:
    """Read a delivery whose signature is right."""
    services = door.services
    if not services.webhooks.is_signed(body, headers.signature):
        detail = "the signature is not of this body"
        raise _RefusedError(Outcome.UNSIGNED, HTTPStatus.UNAUTHORIZED, detail)
    # Counted only now: else anybody could use up what GitHub may send.
    _wait(door.webhooks.wait_seconds(None))
    try:
        return services.webhooks.read(
            delivery_id=headers.delivery_id,
            name=headers.name,
            body=body,
            received_at=services.clock.now(),
        )
    except (GitHubError, ResourceError) as error:
        raise _RefusedError(
            Outcome.UNREADABLE,
            HTTPStatus.BAD_REQUEST,
            "the delivery cannot be read",
            reason=str(error)[:300],
        ) from error


async def _accept(door: Door, delivery: Delivery) -> bool:
    """Have a delivery written down; False where it came before."""
    try:
        async with asyncio.timeout(_ACCEPT_SECONDS):
            return await door.services.engine.accept(delivery)
    except (CommunicationError, ResourceError, TimeoutError) as error:
        raise _RefusedError(
            Outcome.UNAVAILABLE,
            HTTPStatus.SERVICE_UNAVAILABLE,
            unavailable().detail,
            reason=f"it was not written down: {type(error).__name__}",
            retry_seconds=5,
        ) from error


def _installation(delivery: Delivery) -> dict[str, int]:
    number = delivery.installation_id
    return {} if number is None else {"installation_id": number}
