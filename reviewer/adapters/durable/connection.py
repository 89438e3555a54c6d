"""Connections to the engine's database: SQLite as a file of its own, or PostgreSQL.

DBOS sets up no write-ahead log for SQLite. With one, ``synchronous = NORMAL`` keeps every commit
through the death of the process (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from reviewer.adapters.private_file import make_database_file
from reviewer.errors import UserError

_OWNER_ONLY = 0o600
_BUSY_SECONDS = 30
_CONNECT_SECONDS = 5
_STATEMENT_SECONDS = 30


def is_sqlite(database: str) -> bool:
    """Tell whether a database is a file on this machine."""
    return database.startswith("sqlite:")


def database_file(database: str) -> Path:
    """Return the file of a SQLite database, made with its folder where it is missing.

    Raises:
        UserError: The address names no file, or the system refuses.
    """
    name = sa.make_url(database).database
    if not name:
        raise UserError(
            "the engine's database has no file", hint="Write sqlite:///FOLDER/engine.sqlite3."
        )
    file = Path(name)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its own files beside this one the same mode.
        make_database_file(file)
    except OSError as error:
        message = f"the engine's database cannot be written: {error.strerror}"
        raise UserError(message, path=str(file)) from error
    return file


def driver_url(database: str) -> sa.URL:
    """Return the address with the synchronous driver that DBOS uses.

    Raises:
        UserError: It is neither SQLite nor PostgreSQL.
    """
    url = sa.make_url(database)
    if url.get_backend_name() == "sqlite":
        return url.set(drivername="sqlite")
    if url.get_backend_name() in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    raise UserError(
        "the engine's database is neither SQLite nor PostgreSQL",
        hint="Write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.",
    )


def create_engine(database: str, *, connections: int, busy_seconds: float) -> sa.Engine:
    """Return an engine; nothing is opened before its first use.

    Args:
        database: The address.
        connections: How many may be open at once.
        busy_seconds: How long a statement waits for somebody else's lock.
    """
    url = driver_url(database)
    if url.get_backend_name() == "sqlite":
        # What stands in a statement may be somebody's words: no error shows it.
        engine = sa.create_engine(
            url, hide_parameters=True, pool_size=connections, max_overflow=0, pool_timeout=30
        )
        busy = int(busy_seconds * 1000)

        @sa.event.listens_for(engine, "connect")
        def set_up(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's connection
            # As DBOS does it itself: a lock that is asked for late fails instead of waiting.
            connection.isolation_level = "IMMEDIATE"
            cursor = connection.cursor()
            for pragma in (
                f"busy_timeout = {busy}",
                "journal_mode = WAL",
                "synchronous = NORMAL",
                "foreign_keys = ON",
                "secure_delete = ON",  # forgetting is for good
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        return engine
    return sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=busy_seconds,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "persona-reviewer-engine",
            "options": f"-c statement_timeout={_STATEMENT_SECONDS * 1000}"
            f" -c lock_timeout={int(busy_seconds * 1000)}",
        },
    )


class SharedFile:
    """Tells whether another process uses the same SQLite database, by a lock that dies with it.

    A worker that starts alone knows that every worker before it is dead, and need not wait.

    Args:
        file: The database; the lock is a file beside it.
    """

    def __init__(self, file: Path) -> None:
        self._path = file.with_name(f"{file.name}.lock")
        self._descriptor = -1

    def join(self) -> bool:
        """Begin to use it, and tell whether nobody else does; then nobody comes before `share`."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, _OWNER_ONLY)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Whoever is alone at the moment lets us in within milliseconds.
            self.share()
            return False
        return True

    def share(self) -> None:
        """Let others in: whoever comes next is not alone any more."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def leave(self) -> None:
        """Use it no more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
