"""What the door knows while it is open: limits in use, listeners, whether it is about to close."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from reviewer.bootstrap.door import Services
from reviewer.entrypoints.server.rate_limit import RateLimit
from reviewer.errors import ReviewerError
from reviewer.ports.engine import Backlog
from reviewer.service.carry_out_request import CarryOutRequest

#: Whoever asks in between gets the last answer: these checks write, and anybody may ask for them.
_HEALTH_SECONDS = 2.0
_CHECK_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How everything behind the door is.

    Args:
        up: Each dependency by name, and whether it gave a sign of life.
        backlog: What waits; None where the engine does not tell.
    """

    up: Mapping[str, bool]
    backlog: Backlog | None

    @property
    def well(self) -> bool:
        """Whether everything gave a sign of life."""
        return all(self.up.values())


class Door:
    """The state of one application.

    Args:
        services: What stands behind it.
    """

    def __init__(self, services: Services) -> None:
        settings = services.settings
        self.services = services
        self.requests = CarryOutRequest(services.store, services.engine, services.clock)
        self.draining = asyncio.Event()
        self.listeners = 0
        #: Reading a large delivery takes many times its size in memory: one at a time.
        self.reading = asyncio.Lock()
        self.webhooks = RateLimit(
            services.clock,
            per_second=settings.webhooks_per_second,
            burst=settings.webhook_burst,
        )
        self.webhooks_by_address = RateLimit(
            services.clock,
            per_second=settings.webhooks_per_second_by_address,
            burst=settings.webhook_burst_by_address,
        )
        self.requests_by_address = RateLimit(
            services.clock,
            per_second=settings.requests_per_second_by_address,
            burst=settings.request_burst_by_address,
        )
        self._checks: Mapping[str, Callable[[], Awaitable[None]]] = {
            "database": services.store.check,
            "engine": services.engine.check,
        }
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")
        self._health = Health(up={}, backlog=None)

    def drain(self) -> None:
        """Tell everybody who asks that this process is about to go; live streams end."""
        self.draining.set()

    async def health(self) -> Health:
        """Ask everything behind the door for a sign of life, at most every two seconds."""
        async with self._looking:
            now = self.services.clock.monotonic()
            if now - self._looked_at >= _HEALTH_SECONDS:
                alive = await asyncio.gather(*map(_gives_sign, self._checks.values()))
                up = dict(zip(self._checks, alive, strict=True))
                backlog = await self._backlog() if up["engine"] else None
                self._health = Health(up=up, backlog=backlog)
                self._looked_at = self.services.clock.monotonic()
            return self._health

    async def _backlog(self) -> Backlog | None:
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                return await self.services.engine.backlog()
        except (ReviewerError, TimeoutError):
            return None


async def _gives_sign(check: Callable[[], Awaitable[None]]) -> bool:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await check()
    except (ReviewerError, TimeoutError):
        return False
    return True


def door_of(request: Request) -> Door:
    """Return the state of the application that answers a request."""
    door = request.app.state.door
    assert isinstance(door, Door)  # noqa: S101 - `create_application` puts it there
    return door


async def _open_door(request: Request) -> Door:
    # A function that is not async would be called in a thread, which takes longer than all it does.
    return door_of(request)


OpenDoor = Annotated[Door, Depends(_open_door)]
