"""Orders in PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from app.models import Order, OrderIn


class Store:
    """Reads and writes orders."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool

    async def ping(self) -> None:
        await self.pool.execute("SELECT 1")

    async def add(self, order: OrderIn) -> Order:
        number = await self.pool.fetchval(
            "INSERT INTO orders (customer, total) VALUES ($1, $2) RETURNING id",
            order.customer,
            order.total,
        )
        return Order(id=number, **order.model_dump())


@asynccontextmanager
async def open_store(url: str) -> AsyncIterator[Store]:
    async with asyncpg.create_pool(url) as pool:
        yield Store(pool)


async def get_store() -> Store:
    raise NotImplementedError("wired at start-up")
