"""What goes wrong with the service's database is told in words, without addresses, and mended."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from reviewer.adapters.database.service_store import DatabaseStore, open_service_store
from reviewer.adapters.database.trouble import ConflictError, LostDatabaseError
from reviewer.domain.run import RunQuery
from reviewer.errors import CommunicationError, ResourceError, ReviewerError, UserError
from tests.ledger_example import an_attempt
from tests.store_example import a_delivery, a_run, an_entry

if TYPE_CHECKING:
    from tests.integration.postgres import PostgresCluster


async def add_run(store: DatabaseStore, name: str = "run-1") -> None:
    async with store.begin() as work:
        await work.runs.add(a_run(name))


async def look(store: DatabaseStore) -> int:
    async with store.look() as work:
        return len(await work.runs.find(RunQuery(limit=1_000)))


async def opening(url: str) -> None:
    async with open_service_store(url):
        pass


# --- addresses -------------------------------------------------------------------------------
@pytest.mark.holds("S17")
@pytest.mark.parametrize(
    "url", ["", "nothing", "mysql://user:hidden@host/x", "sqlite://", "sqlite:///:memory:", "://"]
)
async def test_an_address_that_is_none_is_told_without_showing_it(url: str) -> None:
    with pytest.raises(UserError) as raised:
        await opening(url)

    assert "sqlite:///FOLDER/FILE or postgresql://" in str(raised.value)
    assert "hidden" not in str(raised.value)


@pytest.mark.loopback
async def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(CommunicationError) as raised:
        await opening("postgresql://user:hidden@127.0.0.1:1/name")

    assert str(raised.value) == (
        "the database does not answer: is it running, and are host and port in database_url"
        " its own?"
    )


# --- SQLite ----------------------------------------------------------------------------------
@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "service.sqlite3"


@pytest.fixture
async def embedded(file: Path) -> AsyncIterator[DatabaseStore]:
    async with open_service_store(f"sqlite:///{file}") as store:
        yield store


async def test_nobody_else_can_read_the_file(embedded: DatabaseStore, file: Path) -> None:
    await add_run(embedded)

    modes = {path.name: path.stat().st_mode & 0o777 for path in file.parent.iterdir()}

    assert set(modes.values()) == {0o600}
    assert len(modes) == 3
    assert file.parent.stat().st_mode & 0o777 == 0o700


async def test_a_file_that_cannot_grow_is_told_and_nothing_is_half_written(
    embedded: DatabaseStore,
) -> None:
    engine = embedded._transactions.engine  # noqa: SLF001 - the only door to the limit
    async with engine.connect() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar()
        await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    async def add_many() -> None:
        for number in range(200):
            async with embedded.begin() as work:
                await work.runs.add(a_run(f"run-{number}", reason="x" * 500))
                await work.deliveries.add(a_delivery(f"delivery-{number}"))

    with pytest.raises(ResourceError, match="its disk is full"):
        await add_many()

    async with embedded.look() as work:
        runs = {run.id.removeprefix("run-") for run in await work.runs.find(RunQuery(limit=500))}
        names = [f"delivery-{number}" for number in range(200)]
        deliveries = {name.removeprefix("delivery-") for name in await work.deliveries.known(names)}
    assert runs == deliveries


async def test_a_database_that_others_hold_is_told(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviewer.adapters.database.engine.BUSY_SECONDS", 0)
    async with open_service_store(f"sqlite:///{file}") as store:
        with closing(sqlite3.connect(file)) as other:
            other.execute("BEGIN IMMEDIATE")

            with pytest.raises(ResourceError, match="held by others for too long"):
                await add_run(store)
            assert await look(store) == 0
        await add_run(store)


async def test_a_database_that_cannot_be_written_gives_no_sign_of_life(
    embedded: DatabaseStore,
) -> None:
    engine = embedded._transactions.engine  # noqa: SLF001 - root may write any file
    async with engine.connect() as connection:
        await connection.exec_driver_sql("PRAGMA query_only = ON")

    with pytest.raises(CommunicationError, match="cannot be written"):
        await embedded.check()
    with pytest.raises(CommunicationError, match="cannot be written"):
        await add_run(embedded)
    assert await look(embedded) == 0


def test_a_damaged_database_is_told(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"\x5a" * 8192)

    with pytest.raises(CommunicationError, match="the database is damaged"):
        asyncio.run(opening(f"sqlite:///{file}"))


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is refused to root")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UserError, match="cannot be written"):
            asyncio.run(opening(f"sqlite:///{tmp_path / 'state' / 'service.sqlite3'}"))
    finally:
        tmp_path.chmod(0o700)


async def test_a_database_of_a_newer_program_is_left_alone(file: Path) -> None:
    await opening(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    with pytest.raises(UserError, match=r"newer version of this program \(revision 9999\)"):
        await opening(f"sqlite:///{file}")


# --- PostgreSQL ------------------------------------------------------------------------------
@pytest.fixture
async def served(postgres_store_url: str) -> AsyncIterator[DatabaseStore]:
    async with open_service_store(postgres_store_url, connections=2) as store:
        yield store


@pytest.mark.postgres
async def test_every_form_of_an_address_opens_the_same(postgres_url: str) -> None:
    for scheme in ("postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg"):
        url = postgres_url.replace("postgresql", scheme, 1)
        async with open_service_store(f"{url}?sslmode=disable") as store:
            await add_run(store, scheme)

    async with open_service_store(postgres_url) as store:
        assert await look(store) == 4


@pytest.mark.postgres
async def test_who_is_not_let_in_is_told_what_to_check(
    postgres_url: str, postgres: PostgresCluster
) -> None:
    password = postgres_url.split(":")[2].split("@", maxsplit=1)[0]
    for wrong in (postgres_url.replace(password, "wrong"), postgres.url("nowhere")):
        with pytest.raises(UserError, match="does not let us in") as raised:
            await opening(wrong)
        assert password not in str(raised.value)


@pytest.mark.postgres
async def test_a_restart_of_the_server_is_waited_for_where_money_was_spent(
    postgres: PostgresCluster, served: DatabaseStore
) -> None:
    await add_run(served)
    paid = 0
    gone = asyncio.Event()

    async def pay() -> str:
        nonlocal paid
        paid += 1
        await asyncio.to_thread(postgres.stop, at_once=True)
        gone.set()
        return "an answer"

    kept = asyncio.ensure_future(served.journal("run-1", 11).once("call", pay))
    await gone.wait()
    recorded = asyncio.ensure_future(served.ledger.record(an_attempt()))
    with pytest.raises(LostDatabaseError, match="the database does not answer"):
        await add_run(served, "run-2")
    with pytest.raises(CommunicationError):
        await served.check()
    await asyncio.to_thread(postgres.start)

    assert await kept == "an answer"
    assert await served.journal("run-1", 11).once("call", pay) == "an answer"
    assert paid == 1
    await recorded
    assert len(await served.ledger.attempts()) == 1
    await served.check()
    assert await look(served) == 1


@pytest.mark.postgres
async def test_connections_that_the_server_ended_are_replaced(
    postgres: PostgresCluster, served: DatabaseStore
) -> None:
    await asyncio.gather(add_run(served), look(served))
    await asyncio.to_thread(
        postgres.execute,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'persona-reviewer'",
    )

    await add_run(served, "run-2")
    assert await look(served) == 2


@pytest.mark.postgres
async def test_a_connection_that_breaks_inside_a_block_undoes_it(
    postgres: PostgresCluster, served: DatabaseStore
) -> None:
    async def work_on() -> None:
        async with served.begin() as work:
            await work.runs.add(a_run())
            await asyncio.to_thread(
                postgres.execute,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'persona-reviewer'",
            )
            await work.audit.add(an_entry())

    with pytest.raises(LostDatabaseError):
        await work_on()

    assert await look(served) == 0


@pytest.mark.postgres
async def test_a_standby_is_told(postgres: PostgresCluster, postgres_url: str) -> None:
    name = postgres_url.rsplit("/", 1)[1]
    await opening(postgres_url)
    postgres.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    async with open_service_store(postgres_url) as store:
        with pytest.raises(CommunicationError, match="cannot be written"):
            await store.check()
        with pytest.raises(CommunicationError, match="cannot be written"):
            await add_run(store)
        assert await look(store) == 0


@pytest.mark.postgres
async def test_of_two_that_block_each_other_one_is_undone_and_told(served: DatabaseStore) -> None:
    for name in ("run-1", "run-2"):
        await add_run(served, name)
    both_hold = asyncio.Barrier(2)

    async def advance(first: str, second: str) -> None:
        async with served.begin() as work:
            await work.runs.advance(a_run(first, reason=f"{first} {second}"))
            await both_hold.wait()
            await work.runs.advance(a_run(second, reason=f"{first} {second}"))

    results = await asyncio.gather(
        advance("run-1", "run-2"), advance("run-2", "run-1"), return_exceptions=True
    )

    assert [type(result) for result in results if result] == [ConflictError]
    async with served.look() as work:
        assert len({run.reason for run in await work.runs.find(RunQuery())}) == 1


@pytest.mark.postgres
async def test_work_that_may_be_repeated_is_repeated_once_after_a_conflict(
    served: DatabaseStore,
) -> None:
    transactions = served._transactions  # noqa: SLF001 - what ledger and journal go through
    tries = 0

    async def work(session: object) -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ConflictError("in the way")
        return tries

    async def never(session: object) -> int:
        nonlocal tries
        tries += 1
        raise ConflictError("in the way")

    assert await transactions.run(work) == 2
    with pytest.raises(ConflictError):
        await transactions.run(never)
    assert tries == 4


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ("53100", ResourceError, "its disk is full"),
        ("53200", ResourceError, "takes no more connections"),
        ("53300", ResourceError, "takes no more connections"),
        ("55P03", ResourceError, "held by others"),
        ("57014", ResourceError, "held by others"),
        ("40001", ConflictError, "undid a transaction"),
        ("57P01", LostDatabaseError, "does not answer"),
        ("08006", LostDatabaseError, "does not answer"),
        ("42501", CommunicationError, "cannot be written"),
        ("58030", CommunicationError, "cannot be written"),
        ("XX001", CommunicationError, "is damaged"),
    ],
)
async def test_what_the_server_says_is_told_in_words(
    served: DatabaseStore, state: str, kind: type[ReviewerError], words: str
) -> None:
    transactions = served._transactions  # noqa: SLF001 - to let the server say it
    statement = text(f"DO $$ BEGIN RAISE EXCEPTION 'inner words' USING ERRCODE = '{state}'; END $$")

    async with transactions.writing() as session:
        with pytest.raises(kind, match=words) as raised:
            await session.execute(statement)

    assert "inner words" not in str(raised.value)
    assert "inner words" in str(raised.value.__cause__)


@pytest.mark.holds("S19")
@pytest.mark.postgres
async def test_a_statement_that_takes_too_long_is_given_up(
    postgres: PostgresCluster, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviewer.adapters.database.engine.STATEMENT_SECONDS", 0.2)
    async with open_service_store(postgres_url) as store:
        transactions = store._transactions  # noqa: SLF001 - to let the server be slow
        with pytest.raises(ResourceError, match="held by others"):
            async with transactions.writing() as session:
                await session.execute(text("SELECT pg_sleep(5)"))


@pytest.mark.postgres
async def test_who_finds_no_free_connection_is_told(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviewer.adapters.database.engine.BUSY_SECONDS", 0.1)
    async with open_service_store(postgres_url, connections=1) as store, store.begin():
        with pytest.raises(ResourceError, match="held by others"):
            await add_run(store)
