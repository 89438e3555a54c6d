"""A store whose every transaction is a span; statements and values are nobody's business."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from reviewer.ports.store import Store, UnitOfWork
from reviewer.ports.telemetry import Telemetry


class WatchedStore:
    """Opens a span a transaction; implements `ports.store.Store`.

    Args:
        store: Does the work.
        telemetry: Opens spans.
        system: ``sqlite`` or ``postgresql``.
            https://opentelemetry.io/docs/specs/semconv/database/
    """

    def __init__(self, store: Store, telemetry: Telemetry, *, system: str) -> None:
        self._store = store
        self._telemetry = telemetry
        self._system = system

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """Begin a transaction that is committed at the end of its block."""
        attributes = {"db.system.name": self._system, "db.operation.name": "write"}
        with self._telemetry.span("database write", attributes):
            async with self._store.begin() as work:
                yield work

    @asynccontextmanager
    async def look(self) -> AsyncIterator[UnitOfWork]:
        """Begin a transaction that only reads."""
        attributes = {"db.system.name": self._system, "db.operation.name": "read"}
        with self._telemetry.span("database read", attributes):
            async with self._store.look() as work:
                yield work

    async def check(self) -> None:
        """Ask the database for a sign of life; probes are no spans, they come every second."""
        await self._store.check()
