"""What goes wrong with a database, and what that means to a person or to whoever tries again.

SQLite tells by result codes (https://www.sqlite.org/rescode.html), PostgreSQL by SQLSTATE
(https://www.postgresql.org/docs/current/errcodes-appendix.html); a server that cannot be reached
is an error of the operating system.
"""

from __future__ import annotations

import sqlite3
from enum import Enum, auto

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from reviewer.errors import CommunicationError, ResourceError, ReviewerError, UserError

#: How long one process waits for another's transaction, which takes milliseconds.
BUSY_SECONDS = 10

#: The way out where a file or folder cannot be written.
WAY_OUT = "Make it writable for you, or set REVIEWER_STATE to another folder."


class LostDatabaseError(CommunicationError):
    """The database does not answer, or the connection broke: another attempt may find it."""


class ConflictError(CommunicationError):
    """Two transactions were in each other's way, and this one was undone: it may be repeated."""


class Trouble(Enum):
    """Kinds of trouble; everything else is a defect of ours."""

    LOST = auto()
    CONFLICT = auto()
    HELD = auto()
    CROWDED = auto()
    FULL = auto()
    CLOSED = auto()
    REFUSED = auto()
    DAMAGED = auto()


#: By the low byte of the result code: the rest is its detail.
_SQLITE = {
    sqlite3.SQLITE_BUSY: Trouble.HELD,
    sqlite3.SQLITE_LOCKED: Trouble.HELD,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_CANTOPEN: Trouble.CLOSED,
    sqlite3.SQLITE_IOERR: Trouble.CLOSED,
    sqlite3.SQLITE_PERM: Trouble.CLOSED,
    sqlite3.SQLITE_READONLY: Trouble.CLOSED,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
}

#: By the whole SQLSTATE, else by its class, the first two characters.
_POSTGRESQL = {
    "08": Trouble.LOST,  # connection exceptions
    "25P03": Trouble.LOST,  # idle in a transaction for too long
    "57P": Trouble.LOST,  # the server goes down, comes up, or an operator ended the connection
    "40001": Trouble.CONFLICT,  # serialization failure
    "40P01": Trouble.CONFLICT,  # deadlock
    "55P03": Trouble.HELD,  # lock_timeout
    "57014": Trouble.HELD,  # statement_timeout
    "53": Trouble.CROWDED,  # out of memory or connections
    "53100": Trouble.FULL,
    "25006": Trouble.CLOSED,  # a read-only transaction: a standby, or an operator's setting
    "42501": Trouble.CLOSED,  # the role may not
    "28": Trouble.REFUSED,  # user or password
    "3D000": Trouble.REFUSED,  # no such database
    "58": Trouble.CLOSED,  # the server's own disk
    "XX001": Trouble.DAMAGED,
    "XX002": Trouble.DAMAGED,
}

#: What driver and pool may raise; an `OSError` comes from a connection that is being made.
DATABASE_ERRORS = (DBAPIError, PoolTimeoutError, OSError)


def trouble_of(error: BaseException) -> Trouble | None:
    """Return what kind of trouble an error of the driver or the pool is; None for a defect of ours.

    Args:
        error: One of `DATABASE_ERRORS`.
    """
    if isinstance(error, PoolTimeoutError):
        # Others of this process wait in front, for the lock of another one.
        return Trouble.HELD
    if isinstance(error, OSError):
        return Trouble.LOST
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error, IntegrityError):
        # What a row belongs to was deleted meanwhile; every other breach is a defect.
        return Trouble.CONFLICT if _misses_its_parent(error) else None
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str):
        known = (_POSTGRESQL.get(state[:length]) for length in (5, 3, 2))
        return next((trouble for trouble in known if trouble is not None), None)
    if error.connection_invalidated:
        return Trouble.LOST
    return _SQLITE.get(getattr(error.orig, "sqlite_errorcode", 0) & 0xFF)


def _misses_its_parent(error: IntegrityError) -> bool:
    return (
        getattr(error.orig, "sqlstate", None) == "23503"
        or getattr(error.orig, "sqlite_errorcode", 0) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
    )


def told(error: DBAPIError | PoolTimeoutError | OSError, place: str) -> ReviewerError | Exception:
    """Return what trouble with the ledger's file means to its owner; a defect stays as it is.

    Args:
        error: What was raised.
        place: The file or address.
    """
    match trouble_of(error):
        case Trouble.DAMAGED:
            return UserError(
                "the ledger is damaged",
                path=place,
                hint="Move the file away: a new one is begun, without what was spent before.",
            )
        case Trouble.HELD | Trouble.CONFLICT | Trouble.CROWDED:
            return UserError(
                f"another process has held the ledger for more than {BUSY_SECONDS} seconds",
                path=place,
                hint="Wait for it to end, or end it, and try again.",
            )
        case Trouble.FULL:
            return UserError(
                "the ledger cannot grow: the disk is full", path=place, hint="Make room on it."
            )
        case Trouble.CLOSED:
            cause = getattr(error, "orig", error)
            return UserError(f"the ledger cannot be used: {cause}", path=place, hint=WAY_OUT)
        case Trouble.LOST | Trouble.REFUSED:
            return UserError(
                "the ledger's database cannot be reached", path=place, hint="See that it runs."
            )
        case None:
            return error


#: An address or a driver's words have no place here: these texts may stand in a review.
_SERVICE_WORDS: dict[Trouble, tuple[type[ReviewerError], str]] = {
    Trouble.LOST: (LostDatabaseError, "the database does not answer"),
    Trouble.CONFLICT: (ConflictError, "the database undid a transaction for another one's sake"),
    Trouble.HELD: (ResourceError, "the database was held by others for too long"),
    Trouble.CROWDED: (ResourceError, "the database takes no more connections"),
    Trouble.FULL: (ResourceError, "the database cannot grow: its disk is full"),
    Trouble.CLOSED: (CommunicationError, "the database cannot be written"),
    Trouble.REFUSED: (CommunicationError, "the database refuses who asks"),
    Trouble.DAMAGED: (CommunicationError, "the database is damaged"),
}


def told_at_opening(
    error: DBAPIError | PoolTimeoutError | OSError,
) -> ReviewerError | Exception:
    """Return what trouble with the service's database is called where nothing has begun yet.

    Args:
        error: What was raised.
    """
    if trouble_of(error) is Trouble.LOST:
        return LostDatabaseError(
            "the database does not answer: is it running, and are host and port in database_url"
            " its own?"
        )
    return told_service(error)


def told_service(error: DBAPIError | PoolTimeoutError | OSError) -> ReviewerError | Exception:
    """Return what trouble with the service's database is called; a defect stays as it is.

    Args:
        error: What was raised; whoever logs it finds the driver's words as the cause.
    """
    trouble = trouble_of(error)
    if trouble is None:
        return error
    kind, words = _SERVICE_WORDS[trouble]
    return kind(words)
