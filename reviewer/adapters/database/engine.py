"""Opens connections: how SQLite is set up, and what its errors mean to a person."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from reviewer.errors import ReviewerError, UserError

#: Execution options: of a transaction that only reads and so keeps nobody from writing, …
READING = {"begin": "BEGIN"}
#: … and of statements that cannot stand in a transaction.
OUTSIDE = {"begin": ""}

#: How long one process waits for another's transaction, which takes milliseconds.
BUSY_SECONDS = 10


def create_engine(url: URL) -> AsyncEngine:
    """Return an engine; nothing is opened before its first use.

    Args:
        url: Of SQLAlchemy, with an asynchronous driver.
    """
    # An error's text may be shown or logged: what a model said has no place in it.
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, hide_parameters=True)
    # One connection: a second one of this process would only wait for the first one's lock.
    engine = create_async_engine(url, hide_parameters=True, pool_size=1, max_overflow=0)
    event.listen(engine.sync_engine, "connect", _set_up)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _set_up(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's connection
    """Set up a connection (https://www.sqlite.org/pragma.html).

    With a write-ahead log, ``synchronous = NORMAL`` keeps every commit through the death of the
    process; when the power fails, the last commits may be missing and the file is still whole.
    """
    # Python would begin transactions late and end them before DDL; `_begin` does it instead:
    # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#pysqlite-serializable
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "synchronous = NORMAL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Take the write lock at once: one that is asked for late fails instead of waiting."""
    statement = connection.get_execution_options().get("begin", "BEGIN IMMEDIATE")
    if statement:
        connection.exec_driver_sql(statement)


def told(error: DBAPIError | PoolTimeoutError, place: str) -> ReviewerError | DBAPIError:
    """Return what an error of the database means to a person; a defect of ours stays as it is.

    Args:
        error: What was raised.
        place: The file or address.
    """
    if isinstance(error, PoolTimeoutError):
        # Others of this process wait in front, for the lock of another one.
        return _held(place)
    if isinstance(error, IntegrityError):
        return error
    cause = error.orig
    # The low byte is the kind of error, the rest its detail: https://www.sqlite.org/rescode.html
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return UserError(
            "the ledger is damaged",
            path=place,
            hint="Move the file away: a new one is begun, without what was spent before.",
        )
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return _held(place)
    if code == sqlite3.SQLITE_FULL:
        return UserError(
            "the ledger cannot grow: the disk is full", path=place, hint="Make room on it."
        )
    if code in {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }:
        return UserError(f"the ledger cannot be used: {cause}", path=place, hint=WAY_OUT)
    return error


def _held(place: str) -> UserError:
    return UserError(
        f"another process has held the ledger for more than {BUSY_SECONDS} seconds",
        path=place,
        hint="Wait for it to end, or end it, and try again.",
    )


#: The way out where a file or folder cannot be written.
WAY_OUT = "Make it writable for you, or set REVIEWER_STATE to another folder."
