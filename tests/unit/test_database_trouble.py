"""What an error of a database is, for the owner of a ledger and for the service."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from reviewer.adapters.database.trouble import (
    ConflictError,
    LostDatabaseError,
    told,
    told_service,
)
from reviewer.errors import CommunicationError, ResourceError, UserError


class FakeDriverError(Exception):
    """An error of a driver.

    Args:
        sqlite_errorcode: SQLite's result code; None on PostgreSQL.
        sqlstate: PostgreSQL's; None on SQLite.
    """

    def __init__(self, sqlite_errorcode: int | None = None, sqlstate: str | None = None) -> None:
        super().__init__("the driver's words")
        if sqlite_errorcode is not None:
            self.sqlite_errorcode = sqlite_errorcode
        self.sqlstate = sqlstate


def raised(cause: Exception, *, broken: bool = False) -> DBAPIError:
    return OperationalError("SELECT 1", {}, cause, connection_invalidated=broken)


def integrity(cause: Exception) -> IntegrityError:
    return IntegrityError("INSERT", {}, cause)


@pytest.mark.holds("S17")
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (raised(FakeDriverError(sqlstate="08003")), LostDatabaseError),
        (raised(FakeDriverError(sqlstate="57P03")), LostDatabaseError),
        (raised(FakeDriverError(), broken=True), LostDatabaseError),
        (ConnectionRefusedError(), LostDatabaseError),
        (TimeoutError(), LostDatabaseError),
        (raised(FakeDriverError(sqlstate="40P01")), ConflictError),
        (integrity(FakeDriverError(sqlstate="23503")), ConflictError),
        (integrity(FakeDriverError(sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY)), ConflictError),
        (PoolTimeoutError(), ResourceError),
        (raised(FakeDriverError(sqlite3.SQLITE_FULL)), ResourceError),
        (raised(FakeDriverError(sqlite3.SQLITE_BUSY_SNAPSHOT)), ResourceError),
        (raised(FakeDriverError(sqlstate="53100")), ResourceError),
        (raised(FakeDriverError(sqlstate="28P01")), CommunicationError),
        (raised(FakeDriverError(sqlite3.SQLITE_IOERR)), CommunicationError),
        (raised(FakeDriverError(sqlite3.SQLITE_CORRUPT)), CommunicationError),
    ],
)
def test_trouble_of_the_service_is_no_user_s_and_shows_no_words_of_the_driver(
    error: DBAPIError, kind: type[Exception]
) -> None:
    meaning = told_service(error)

    assert type(meaning) is kind
    assert "driver" not in str(meaning)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PoolTimeoutError(), "another process has held the ledger"),
        (raised(FakeDriverError(sqlstate="53300")), "another process has held the ledger"),
        (raised(FakeDriverError(sqlstate="53100")), "the disk is full"),
        (raised(FakeDriverError(sqlstate="25006")), "cannot be used: the driver's words"),
        (ConnectionRefusedError(), "cannot be reached"),
        (raised(FakeDriverError(sqlstate="3D000")), "cannot be reached"),
        (raised(FakeDriverError(sqlstate="XX002")), "damaged"),
    ],
)
def test_trouble_of_the_ledger_is_its_owner_s_and_names_the_place(
    error: DBAPIError, words: str
) -> None:
    meaning = told(error, "the place")

    assert isinstance(meaning, UserError)
    assert words in str(meaning)
    assert meaning.path == "the place"


@pytest.mark.parametrize(
    "error",
    [
        raised(FakeDriverError(sqlstate="42P01")),
        raised(FakeDriverError(sqlite3.SQLITE_ERROR)),
        integrity(FakeDriverError(sqlstate="23505")),
        integrity(FakeDriverError(sqlite3.SQLITE_CONSTRAINT_UNIQUE)),
    ],
)
def test_a_defect_of_ours_stays_as_it_is(error: DBAPIError) -> None:
    assert told_service(error) is error
    assert told(error, "the place") is error
