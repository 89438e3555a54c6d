"""Opens connections: how SQLite and PostgreSQL are set up."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from reviewer.adapters.database.trouble import BUSY_SECONDS

#: Execution options: of a transaction that only reads and so keeps nobody from writing, …
READING = {"begin": "BEGIN"}
#: … and of statements that cannot stand in a transaction.
OUTSIDE = {"begin": ""}

#: A statement of ours takes milliseconds; one that takes this long is given up by the server.
STATEMENT_SECONDS = 30
#: Then the server itself is taken for gone.
_SILENCE_SECONDS = 2 * STATEMENT_SECONDS
_CONNECT_SECONDS = 10
#: Load balancers and firewalls forget connections that nobody used for longer.
_RENEW_SECONDS = 1_800


def create_engine(url: URL, *, connections: int = 1) -> AsyncEngine:
    """Return an engine; nothing is opened before its first use.

    Args:
        url: Of SQLAlchemy, with an asynchronous driver.
        connections: How many may be open at once; whoever comes then waits for a turn.
    """
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(
            # An error's text may be shown or logged: what a model said has no place in it.
            url,
            hide_parameters=True,
            pool_size=connections,
            max_overflow=0,
        )
        event.listen(engine.sync_engine, "connect", _set_up)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine
    return create_async_engine(
        url,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        # A server that was restarted leaves dead connections in the pool.
        pool_pre_ping=True,
        pool_recycle=_RENEW_SECONDS,
        connect_args={
            "timeout": _CONNECT_SECONDS,
            "command_timeout": _SILENCE_SECONDS,
            # https://www.postgresql.org/docs/current/runtime-config-client.html, in milliseconds
            "server_settings": {
                "application_name": "persona-reviewer",
                "statement_timeout": str(STATEMENT_SECONDS * 1000),
                "lock_timeout": str(BUSY_SECONDS * 1000),
                "idle_in_transaction_session_timeout": str(_SILENCE_SECONDS * 1000),
            },
        },
    )


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
        # What is deleted is overwritten: forgetting is for good.
        "secure_delete = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Take the write lock at once: one that is asked for late fails instead of waiting."""
    statement = connection.get_execution_options().get("begin", "BEGIN IMMEDIATE")
    if statement:
        connection.exec_driver_sql(statement)
