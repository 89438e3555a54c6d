"""The stores that the contract of `ports.store` is held to; each new one is added to `STORES`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from reviewer.adapters.database.service_store import open_service_store
from reviewer.ports.ledger import Ledger
from reviewer.ports.store import Store
from reviewer.testing.memory_store import MemoryStore

STORES = ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


class OrdinaryError(Exception):
    """Something that goes wrong inside a block."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A store, and the ledger that it sums."""

    store: Store
    ledger: Ledger


@asynccontextmanager
async def staged(name: str, request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[Stage]:
    """Open a new store.

    Args:
        name: One of `STORES`.
        request: Gives it a PostgreSQL.
        folder: Where files may stand.
    """
    if name == "memory":
        store = MemoryStore()
        yield Stage(store=store, ledger=store.ledger)
        return
    url = f"sqlite:///{folder / 'service.sqlite3'}"
    if name == "postgres":
        url = request.getfixturevalue("postgres_store_url")
    async with open_service_store(url) as opened:
        yield Stage(store=opened, ledger=opened.ledger)
