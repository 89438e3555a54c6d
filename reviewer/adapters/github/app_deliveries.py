"""What GitHub knows of its deliveries to the App; implements `ports.app_deliveries.AppDeliveries`.

https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from reviewer.adapters.github.addresses import path_of
from reviewer.adapters.github.client import GitHubClient
from reviewer.adapters.github.installation_tokens import InstallationTokens
from reviewer.adapters.github.json_value import mapping
from reviewer.ports.app_deliveries import DeliveryAttempt
from reviewer.ports.code_host import CodeHostError, Refusal

_DELIVERIES = path_of("app", "hook", "deliveries")
_SUCCESS = range(200, 300)


class GitHubAppDeliveries:
    """Lists and repeats deliveries, as the App itself.

    Args:
        tokens: Speaks as the App.
    """

    def __init__(self, tokens: InstallationTokens) -> None:
        self._tokens = tokens

    async def since(self, moment: datetime) -> Sequence[DeliveryAttempt]:
        """Return every attempt since a moment, newest first.

        Args:
            moment: With a time zone.
        """
        async with self._app() as client:
            items = await client.newest(
                _DELIVERIES, enough=lambda item: _attempt_of(item).at < moment
            )
        return tuple(_attempt_of(item) for item in items)

    async def send_again(self, attempt_id: int) -> None:
        """Have a delivery sent once more, with the id that it had."""
        async with self._app() as client:
            await client.send("POST", f"{_DELIVERIES}{path_of(attempt_id, 'attempts')}", {})

    @asynccontextmanager
    async def _app(self) -> AsyncIterator[GitHubClient]:
        client = await self._tokens.app()
        try:
            yield client
        finally:
            await client.close()


def _attempt_of(item: object) -> DeliveryAttempt:
    fields = mapping(item)
    number, delivery, at = fields.get("id"), fields.get("guid"), fields.get("delivered_at")
    status = fields.get("status_code")
    if not isinstance(number, int) or not isinstance(delivery, str) or not isinstance(at, str):
        raise CodeHostError(Refusal.UNAVAILABLE, "GitHub's list of deliveries cannot be read")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        message = "GitHub's list of deliveries has a time that is none"
        raise CodeHostError(Refusal.UNAVAILABLE, message) from error
    return DeliveryAttempt(
        id=number,
        delivery_id=delivery,
        event=str(fields.get("event") or ""),
        at=moment,
        arrived=isinstance(status, int) and status in _SUCCESS,
    )
