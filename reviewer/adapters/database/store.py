"""Opens the command line's database and offers what stands in it as ports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from reviewer.adapters.database.completion_cache import DatabaseCompletionCache
from reviewer.adapters.database.engine import create_engine
from reviewer.adapters.database.ledger import DatabaseLedger
from reviewer.adapters.database.ledger_file import make_ledger_file
from reviewer.adapters.database.migration import NewerRevisionError
from reviewer.adapters.database.preparation import prepare
from reviewer.adapters.database.session import Transactions
from reviewer.adapters.database.trouble import told
from reviewer.errors import UserError

#: An answer that nobody asked for again in a season is asked for anew.
_KEEP_ANSWERS_FOR = timedelta(days=90)


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
    # One connection: a second one of this process would only wait for the first one's lock.
    engine = create_engine(url, connections=1)
    try:
        await _prepare(engine, place)
        transactions = Transactions(engine=engine, place=place)
        yield Store(
            ledger=DatabaseLedger(transactions),
            completions=DatabaseCompletionCache(
                transactions, lambda: datetime.now(UTC), keep_for=_KEEP_ANSWERS_FOR
            ),
        )
    finally:
        await engine.dispose()


async def _prepare(engine: AsyncEngine, place: str) -> None:
    """Bring the database to the newest revision."""
    try:
        await prepare(engine)
    except (DBAPIError, OSError) as error:
        raise told(error, place) from error
    except NewerRevisionError as error:
        raise UserError(
            f"the ledger was written by a newer version of this program (revision {error})",
            path=place,
            hint="Update this program, or set REVIEWER_STATE to another folder.",
        ) from error
