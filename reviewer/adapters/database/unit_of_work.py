"""One transaction: everything in it is written, or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from reviewer.adapters.database.call_repository import CallRepository
from reviewer.adapters.database.completion_repository import CompletionRepository
from reviewer.adapters.database.engine import READING, told


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
