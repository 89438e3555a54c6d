"""Wires the replay of a recorded delivery: signs it as GitHub does and sends it to the service."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from reviewer.domain.recorded_delivery import RecordedDelivery
from reviewer.errors import CommunicationError, UserError

if TYPE_CHECKING:
    from reviewer.server_settings import ServerSettings

_SECONDS = 15.0
#: What the service answers is a line.
_ANSWER_BYTES = 64 * 1024
_ADDRESS = re.compile(r"https?://[^/\s]+")
_PATH = "/webhooks/github"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - is told apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came of sending a delivery.

    Args:
        delivery_id: What it was called.
        status: HTTP's status.
        answer: What the service answered.
    """

    delivery_id: str
    status: int
    answer: str


def send_delivery(
    recorded: RecordedDelivery, settings: ServerSettings, *, url: str = "", delivery_id: str = ""
) -> Sent:
    """Send a recorded delivery, signed with the configured secret.

    Args:
        recorded: What is sent.
        settings: Has the secret, and where the service listens.
        url: Another place where it listens; empty for this machine.
        delivery_id: What it is called: the same id again is the same delivery; empty for a new one.

    Raises:
        UserError: The other place is no address.
        CommunicationError: Nobody answered.
    """
    if url and not _ADDRESS.match(url):
        raise UserError(
            f"{url!r} is no address", hint="Write where it listens: --url http://127.0.0.1:8080"
        )
    return asyncio.run(
        _send(recorded, settings, url=url or _own_url(settings), delivery_id=delivery_id)
    )


def _own_url(settings: ServerSettings) -> str:
    host = _EVERYWHERE.get(settings.host, settings.host)
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{settings.port}"


async def _send(
    recorded: RecordedDelivery, settings: ServerSettings, *, url: str, delivery_id: str
) -> Sent:
    from reviewer.adapters.http import HttpError, HttpTrouble

    base = url.removesuffix(_PATH).rstrip("/")
    try:
        return await _deliver(recorded, settings, base, delivery_id or str(uuid4()))
    except HttpError as error:
        if error.trouble is not HttpTrouble.UNREACHABLE:
            raise
        message = f"nobody listens at {base}: start `reviewer serve`, or name the place: --url"
        raise CommunicationError(message) from error


async def _deliver(
    recorded: RecordedDelivery, settings: ServerSettings, base: str, delivery_id: str
) -> Sent:
    from reviewer.adapters.github.webhooks import SIGNATURE_HEADER, signature_of
    from reviewer.adapters.http import HttpClient

    async with (
        HttpClient(allowed=[base]) as client,
        client.post(
            f"{base}{_PATH}",
            headers={
                "Content-Type": "application/json",
                "User-Agent": "GitHub-Hookshot/replay",
                "X-GitHub-Delivery": delivery_id,
                "X-GitHub-Event": recorded.name,
                SIGNATURE_HEADER: signature_of(recorded.body, settings.webhook_secrets[0]),
            },
            content=recorded.body,
            idle_seconds=_SECONDS,
            limit_bytes=_ANSWER_BYTES,
        ) as reply,
    ):
        answer = b"".join([chunk async for chunk in reply.chunks])
        return Sent(
            delivery_id=delivery_id, status=reply.status, answer=answer.decode("utf-8", "replace")
        )
