"""Opens the database and offers what stands in it as ports."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from reviewer.adapters.database.engine import BUSY_SECONDS, OUTSIDE, READING, create_engine, told
from reviewer.adapters.database.ledger_file import make_ledger_file
from reviewer.adapters.database.migration import HEAD, NewerRevisionError, migrate, revision_of
from reviewer.adapters.database.unit_of_work import UnitOfWork, to_the_end
from reviewer.domain.attempt import Attempt
from reviewer.domain.completion import Completion
from reviewer.errors import UserError
from reviewer.ports.ledger import Spent

_RETRY_SECONDS = 0.02
#: Alembic's ``op`` is one for the whole process, whatever loop or thread it is used in.
_MIGRATING = threading.Lock()


class DatabaseLedger:
    """Keeps every attempt in the database; implements `ports.ledger.Ledger`.

    Args:
        unit_of_work: Begins its transactions.
    """

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    async def record(self, attempt: Attempt) -> None:
        """Write one attempt down; it is committed when this returns.

        Raises:
            UserError: The database cannot be used.
        """

        async def write() -> None:
            async with self._unit_of_work.writing() as work:
                await work.calls.add(attempt)

        await to_the_end(write())

    async def spent(
        self,
        *,
        since: datetime,
        repository: str | None = None,
        pull_request: int | None = None,
        installation: int | None = None,
    ) -> Spent:
        """Sum the attempts since a time that match everything that is given.

        Raises:
            UserError: The database cannot be used.
        """

        async def read() -> Spent:
            async with self._unit_of_work.reading() as work:
                return await work.calls.spent(
                    since=since,
                    repository=repository,
                    pull_request=pull_request,
                    installation=installation,
                )

        return await to_the_end(read())

    async def attempts(
        self, *, since: datetime | None = None, run_id: str | None = None
    ) -> Sequence[Attempt]:
        """Return attempts in the order in which they began.

        Raises:
            UserError: The database cannot be used.
        """

        async def read() -> Sequence[Attempt]:
            async with self._unit_of_work.reading() as work:
                return await work.calls.all(since=since, run_id=run_id)

        return await to_the_end(read())


class DatabaseCompletionCache:
    """Keeps completions in the database; implements `ports.completion_cache.CompletionCache`.

    Args:
        unit_of_work: Begins its transactions.
        now: Tells the time, with a zone.
    """

    def __init__(self, unit_of_work: UnitOfWork, now: Callable[[], datetime]) -> None:
        self._unit_of_work = unit_of_work
        self._now = now

    async def get(self, key: str) -> Completion | None:
        """Return what was kept under the key, as it was kept.

        Raises:
            UserError: The database cannot be used.
        """

        async def read() -> Completion | None:
            async with self._unit_of_work.reading() as work:
                return await work.completions.get(key)

        return await to_the_end(read())

    async def put(self, key: str, completion: Completion) -> None:
        """Keep a completion; the first one under a key stays.

        Raises:
            UserError: The database cannot be used.
        """

        async def write() -> None:
            async with self._unit_of_work.writing() as work:
                await work.completions.add(key, completion, self._now())

        await to_the_end(write())


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open database."""

    ledger: DatabaseLedger
    completions: DatabaseCompletionCache


@asynccontextmanager
async def open_store(state_folder: Path) -> AsyncIterator[Store]:
    """Open the ledger of a folder; folder, file and tables are made where they are missing.

    Args:
        state_folder: Where ``ledger.sqlite3`` stands.

    Raises:
        UserError: It cannot be written, is damaged, or was written by a newer program.
    """
    file = make_ledger_file(state_folder)
    async with _opened(URL.create("sqlite+aiosqlite", database=str(file)), str(file)) as store:
        yield store


@asynccontextmanager
async def open_store_url(url: str) -> AsyncIterator[Store]:
    """Open the database of an address; its tables are made where they are missing.

    Args:
        url: Of SQLAlchemy, with an asynchronous driver.

    Raises:
        UserError: It cannot be used, or was written by a newer program.
    """
    address = make_url(url)
    async with _opened(address, address.render_as_string(hide_password=True)) as store:
        yield store


@asynccontextmanager
async def _opened(url: URL, place: str) -> AsyncIterator[Store]:
    engine = create_engine(url)
    try:
        await _prepare(engine, place)
        unit_of_work = UnitOfWork(engine=engine, place=place)
        yield Store(
            ledger=DatabaseLedger(unit_of_work),
            completions=DatabaseCompletionCache(unit_of_work, lambda: datetime.now(UTC)),
        )
    finally:
        await engine.dispose()


async def _prepare(engine: AsyncEngine, place: str) -> None:
    """Bring the database to the newest revision."""
    try:
        if engine.dialect.name == "sqlite":
            await _use_write_ahead_log(engine)
        async with engine.execution_options(**READING).connect() as connection:
            if await connection.run_sync(revision_of) == HEAD:
                return
        async with _one_at_a_time(), engine.begin() as connection:
            await connection.run_sync(migrate)
    except DBAPIError as error:
        raise told(error, place) from error
    except NewerRevisionError as error:
        raise UserError(
            f"the ledger was written by a newer version of this program (revision {error})",
            path=place,
            hint="Update this program, or set REVIEWER_STATE to another folder.",
        ) from error


@asynccontextmanager
async def _one_at_a_time() -> AsyncIterator[None]:
    # Asked for again and again: a lock of asyncio would belong to one loop.
    while not _MIGRATING.acquire(blocking=False):  # noqa: ASYNC110 - an Event would too
        await asyncio.sleep(_RETRY_SECONDS)
    try:
        yield
    finally:
        _MIGRATING.release()


async def _use_write_ahead_log(engine: AsyncEngine) -> None:
    """Let readers and a writer work at once; the file remembers it.

    The change itself does not wait for other processes (https://www.sqlite.org/wal.html), so it
    is tried again. A file system that cannot share memory keeps the old journal, which works.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + BUSY_SECONDS
    async with engine.execution_options(**OUTSIDE).connect() as connection:
        while True:
            try:
                await connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            except OperationalError as error:
                if "locked" not in str(error.orig) or loop.time() > deadline:
                    raise
            else:
                return
            await asyncio.sleep(_RETRY_SECONDS)
