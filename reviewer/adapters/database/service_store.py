"""DatabaseStore: the service's database, a SQLite file or a PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from reviewer.adapters.database.address import ServiceAddress, read_address
from reviewer.adapters.database.completion_cache import DatabaseCompletionCache
from reviewer.adapters.database.engine import OUTSIDE, create_engine
from reviewer.adapters.database.journal import DatabaseJournal
from reviewer.adapters.database.ledger import DatabaseLedger
from reviewer.adapters.database.ledger_file import make_private_file
from reviewer.adapters.database.migration import NewerRevisionError
from reviewer.adapters.database.preparation import prepare
from reviewer.adapters.database.resealing import reseal
from reviewer.adapters.database.sealing import Sealer, use_sealer
from reviewer.adapters.database.service_tables import PullRequestRow
from reviewer.adapters.database.session import Session, Transactions
from reviewer.adapters.database.trouble import (
    DATABASE_ERRORS,
    Trouble,
    told_at_opening,
    trouble_of,
)
from reviewer.adapters.database.unit_of_work import DatabaseUnitOfWork
from reviewer.errors import UserError

#: For how long an answer that was paid for waits for a database that is restarted.
_PATIENCE_SECONDS = 20.0

#: Of a process on PostgreSQL; the server's own limit is shared by all of them.
DEFAULT_CONNECTIONS = 10
#: SQLite has one writer; these may read beside it.
_SQLITE_READERS = 4


class DatabaseStore:
    """The service's database; implements `ports.store.Store`.

    Args:
        transactions: Begins its transactions.
        now: Tells the time, with a zone.
    """

    def __init__(self, transactions: Transactions, now: Callable[[], datetime]) -> None:
        self._transactions = transactions
        self._now = now

    @property
    def ledger(self) -> DatabaseLedger:
        """Every attempt of a call."""
        return DatabaseLedger(self._transactions)

    def completions(self, installation_id: int | None = None) -> DatabaseCompletionCache:
        """Return the kept answers, for writing as an installation's."""
        return DatabaseCompletionCache(self._transactions, self._now, installation=installation_id)

    def journal(self, run_id: str, installation_id: int | None = None) -> DatabaseJournal:
        """Return the journal of a run."""
        return DatabaseJournal(
            self._transactions, self._now, run_id=run_id, installation_id=installation_id
        )

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[DatabaseUnitOfWork]:
        """Begin a transaction that is committed at the end of its block, or undone by an error."""
        async with self._transactions.writing() as session:
            work = DatabaseUnitOfWork.on(session)
            yield work
        if work.retention.used:
            await self._overwrite_log()

    @asynccontextmanager
    async def look(self) -> AsyncIterator[DatabaseUnitOfWork]:
        """Begin a transaction that only reads, and keeps nobody from writing."""
        async with self._transactions.reading() as session:
            yield DatabaseUnitOfWork.on(session)

    async def check(self) -> None:
        """Write a row as it is: a disk that is full and a standby can still be read."""
        async with self._transactions.writing() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = version_num"))

    async def reseal(self) -> int:
        """Seal every text with the first key, and return in how many rows; then others may go."""
        return await reseal(self._transactions)

    async def _overwrite_log(self) -> None:
        """Take what was forgotten out of SQLite's log, too; PostgreSQL vacuums by itself."""
        engine = self._transactions.engine
        if engine.dialect.name == "sqlite":
            # Somebody who reads just now keeps the log; the next time does it then.
            with suppress(*DATABASE_ERRORS):
                async with engine.execution_options(**OUTSIDE).connect() as connection:
                    await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


@asynccontextmanager
async def open_service_store(
    url: str,
    *,
    keys: Sequence[str] = (),
    connections: int = DEFAULT_CONNECTIONS,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[DatabaseStore]:
    """Open the service's database; its tables are made or brought up to date.

    Args:
        url: ``sqlite:///FOLDER/FILE`` or ``postgresql://USER:PASSWORD@HOST:PORT/NAME``.
        keys: Encrypt texts at rest, see `sealing.Sealer`; the first one writes, all of them read.
        connections: How many connections this process may have open on PostgreSQL.
        now: Tells the time, with a zone.

    Raises:
        UserError: Address or keys are wrong, the database refuses us, or was written by a newer
            program.
        CommunicationError: It does not answer.
        ResourceError: It has no room.
    """
    address, sealer = read_address(url), Sealer(keys)
    if address.file is not None:
        make_private_file(address.file)
    async with _engines(address, connections) as (engine, readers):
        for each in {engine, readers}:
            use_sealer(each.dialect, sealer)
        await _prepare(engine)
        transactions = Transactions(
            engine=engine,
            readers=readers,
            place=address.shown,
            service=True,
            patience_seconds=_PATIENCE_SECONDS,
        )
        async with transactions.reading() as session:
            await _try_keys(session)
        yield DatabaseStore(transactions, now)


@asynccontextmanager
async def _engines(
    address: ServiceAddress, connections: int
) -> AsyncIterator[tuple[AsyncEngine, AsyncEngine]]:
    """Make the engine that writes and the one that reads; on PostgreSQL they are one.

    On SQLite writers of one process wait in line for one connection, which is fair; for the
    file's lock each would try again and again.
    """
    sqlite = address.file is not None
    engine = create_engine(address.url, connections=1 if sqlite else connections)
    readers = create_engine(address.url, connections=_SQLITE_READERS) if sqlite else engine
    try:
        yield engine, readers
    finally:
        for each in {engine, readers}:
            await each.dispose()


async def _prepare(engine: AsyncEngine) -> None:
    try:
        await prepare(engine)
    except (DBAPIError, OSError) as error:
        if trouble_of(error) is Trouble.REFUSED:
            raise UserError(
                "the database does not let us in",
                hint="Check user, password and name in the address of the database.",
            ) from error
        raise told_at_opening(error) from error
    except NewerRevisionError as error:
        raise UserError(
            f"the database was written by a newer version of this program (revision {error})",
            hint="Update this program, or migrate the database back with the newer one.",
        ) from error


async def _try_keys(session: Session) -> None:
    """Find out before anything is begun that a key is missing: the oldest and the newest text."""
    for order in (PullRequestRow.id.asc(), PullRequestRow.id.desc()):
        await session.scalar(select(PullRequestRow.title).order_by(order).limit(1))
