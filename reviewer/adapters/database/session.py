"""One transaction of the database: each step of it is finished, and what went wrong is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Executable, Result
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from reviewer.adapters.database.engine import READING
from reviewer.adapters.database.trouble import (
    DATABASE_ERRORS,
    ConflictError,
    LostDatabaseError,
    told,
    told_service,
)
from reviewer.errors import ReviewerError

Value = TypeVar("Value")

#: A row that was read before is read again, and what is written is not looked for among those.
_READ = {"populate_existing": True}
_WRITE = {"synchronize_session": False}

_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 2.0


async def to_the_end(work: Coroutine[Any, Any, Value]) -> Value:
    """Finish a piece of work even where its caller gives up, and only then give up.

    A transaction takes milliseconds; one that is torn down in its middle leaves its connection
    open behind it, and nobody knows whether it was committed.

    Args:
        work: The piece.
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


class Session:
    """The statements of one transaction.

    Args:
        session: Of SQLAlchemy.
        tell: Says what an error of the database means.
    """

    def __init__(
        self, session: AsyncSession, tell: Callable[[Any], ReviewerError | Exception]
    ) -> None:
        self._session = session
        self._tell = tell

    @property
    def dialect(self) -> str:
        """The database's name: ``sqlite`` or ``postgresql``."""
        return self._session.get_bind().dialect.name

    async def execute(
        self, statement: Executable, rows: Sequence[Mapping[str, object]] | None = None
    ) -> int:
        """Execute a statement and return how many rows it touched.

        Args:
            statement: What.
            rows: Values, once for each time that it is executed.
        """
        parameters = None if rows is None else [dict(row) for row in rows]
        result = await self._finished(
            self._session.execute(statement, parameters, execution_options=_WRITE)
        )
        return int(getattr(result, "rowcount", -1))

    async def rows(self, statement: Executable) -> Sequence[Any]:
        """Return every row that a statement finds."""
        return (await self._result(statement)).all()

    async def scalars(self, statement: Executable) -> Sequence[Any]:
        """Return the first column of every row that a statement finds."""
        return (await self._result(statement)).scalars().all()

    async def scalar(self, statement: Executable) -> Any:  # noqa: ANN401 - of any column
        """Return the first column of the first row; None where there is none."""
        return (await self._result(statement)).scalars().first()

    async def add(self, row: object) -> None:
        """Insert a row of a mapped class."""
        self._session.add(row)
        await self._finished(self._session.flush())

    # --- for `Transactions` ------------------------------------------------------------------
    async def begin(self) -> None:
        """Begin: get a connection and, to write on SQLite, the lock."""
        _ = await self._finished(self._session.connection())

    async def commit(self) -> None:
        """Commit."""
        await self._finished(self._session.commit())

    async def close(self) -> None:
        """Undo what was not committed, and give the connection back."""
        # A connection that broke is gone by itself; what broke it is told already.
        with suppress(*DATABASE_ERRORS):
            await to_the_end(self._session.close())

    async def _result(self, statement: Executable) -> Result[Any]:
        return await self._finished(self._session.execute(statement, execution_options=_READ))

    async def _finished(self, work: Coroutine[Any, Any, Value]) -> Value:
        try:
            return await to_the_end(work)
        except DATABASE_ERRORS as error:
            meaning = self._tell(error)
            if meaning is error:
                raise
            raise meaning from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Transactions:
    """Begins transactions and ends them.

    Args:
        engine: Where they write.
        readers: Where they only read; None for the same.
        place: The file or address, for messages.
        service: Whether it is the service's database, whose trouble is no user's.
        patience_seconds: For how long `run` tries again where the database does not answer.
    """

    engine: AsyncEngine
    readers: AsyncEngine | None = None
    place: str
    service: bool = False
    patience_seconds: float = 0.0

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Session]:
        """Begin a transaction that is committed at the end of the block, or undone by an error.

        Raises:
            UserError: The command line's database cannot be used.
            CommunicationError: The service's did not do it.
            ResourceError: The service's has no room or turn for it.
        """
        session = self._session(self.engine)
        try:
            await session.begin()
            yield session
            await session.commit()
        finally:
            await session.close()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Session]:
        """Begin a transaction that keeps nobody from writing.

        Raises:
            UserError: The command line's database cannot be used.
            CommunicationError: The service's did not do it.
            ResourceError: The service's has no room or turn for it.
        """
        session = self._session((self.readers or self.engine).execution_options(**READING))
        try:
            await session.begin()
            yield session
        finally:
            await session.close()

    async def run(
        self, work: Callable[[Session], Awaitable[Value]], *, reads: bool = False
    ) -> Value:
        """Do a piece of work in a transaction of its own, to the end; again where that helps.

        Args:
            work: What to do; it may be done twice, where nobody knows whether it was committed.
            reads: Whether it only reads.

        Returns:
            What it returns.
        """

        async def once() -> Value:
            async with self.reading() if reads else self.writing() as session:
                return await work(session)

        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.patience_seconds
        wait_seconds, repeated = _FIRST_WAIT_SECONDS, False
        while True:
            try:
                return await to_the_end(once())
            except ConflictError:
                if repeated:
                    raise
                repeated = True
            except LostDatabaseError:
                if loop.time() + wait_seconds > deadline:
                    raise
                await asyncio.sleep(wait_seconds)
                wait_seconds = min(2 * wait_seconds, _LONGEST_WAIT_SECONDS)

    def _session(self, engine: AsyncEngine) -> Session:
        session = AsyncSession(engine, expire_on_commit=False)
        return Session(session, told_service if self.service else self._told)

    def _told(self, error: Any) -> ReviewerError | Exception:  # noqa: ANN401 - of `DATABASE_ERRORS`
        return told(error, self.place)
