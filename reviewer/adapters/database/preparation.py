"""Makes a database ready: the newest tables, and how SQLite keeps its file."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from reviewer.adapters.database.engine import OUTSIDE, READING
from reviewer.adapters.database.migration import HEAD, migrate, revision_of
from reviewer.adapters.database.trouble import BUSY_SECONDS

_RETRY_SECONDS = 0.02
#: Alembic's ``op`` is one for the whole process, whatever loop or thread it is used in.
_MIGRATING = threading.Lock()

#: Names our lock among all that use this server: "pers" in ASCII.
_LOCK_NUMBER = 0x70657273
_MIGRATION_SECONDS = 600


async def prepare(engine: AsyncEngine, *, to: str = HEAD) -> None:
    """Bring a database to the newest revision, or to another one.

    Args:
        engine: Where.
        to: The revision; ``base`` for none.

    Raises:
        DBAPIError: The database cannot be used.
        OSError: It cannot be reached.
        NewerRevisionError: It was written by a newer program.
    """
    if engine.dialect.name == "sqlite":
        await _use_write_ahead_log(engine)
    async with engine.execution_options(**READING).connect() as connection:
        if await connection.run_sync(revision_of) == to:
            return
    async with _one_at_a_time(), engine.begin() as connection:
        await connection.run_sync(_migrate, to)


def _migrate(connection: Connection, to: str) -> None:
    """Migrate; of two programs that come at once, the second waits and finds nothing to do."""
    if connection.dialect.name == "postgresql":
        for setting in ("lock_timeout", "statement_timeout"):
            connection.execute(text(f"SET LOCAL {setting} = '{_MIGRATION_SECONDS}s'"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})"))
    migrate(connection, to=to)


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
