"""One transaction: everything in it is written, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from reviewer.adapters.database.call_repository import CallRepository
from reviewer.adapters.database.completion_repository import CompletionRepository
from reviewer.adapters.database.engine import READING, told

Result = TypeVar("Result")


async def to_the_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Finish a transaction even where its caller gives up, and only then give up.

    A transaction takes milliseconds; one that is torn down in its middle leaves its connection
    open behind it, and nobody knows whether it was committed.

    Args:
        work: The transaction.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # told to nobody: the caller has gone
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The repositories of one transaction."""

    calls: CallRepository
    completions: CompletionRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOfWork:
    """Begins transactions and ends them.

    Args:
        engine: Where.
        place: The file or address, for messages.
    """

    engine: AsyncEngine
    place: str

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Work]:
        """Begin a transaction that is committed at the end of the block, or undone by an error.

        Raises:
            UserError: The database cannot be used.
        """
        async with self._session(self.engine) as session, session.begin():
            yield _work(session)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Work]:
        """Begin a transaction that keeps nobody from writing.

        Raises:
            UserError: The database cannot be used.
        """
        engine = self.engine.execution_options(**READING)
        async with self._session(engine) as session:
            yield _work(session)

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        try:
            async with AsyncSession(engine, expire_on_commit=False) as session:
                yield session
        except (DBAPIError, PoolTimeoutError) as error:
            raise told(error, self.place) from error


def _work(session: AsyncSession) -> Work:
    return Work(calls=CallRepository(session), completions=CompletionRepository(session))
