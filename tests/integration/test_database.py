"""The database on a real disk: opened by several at once, migrated, private, damaged, refused."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from reviewer.adapters.database.migration import FOLDER, HEAD, migrate, revision_of
from reviewer.adapters.database.service_tables import RunRow
from reviewer.adapters.database.store import open_store, open_store_url
from reviewer.adapters.database.trouble import told
from reviewer.errors import UserError
from tests.guards import ROOT
from tests.ledger_example import NOON, an_attempt


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def execute(folder: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "ledger.sqlite3")) as connection:
        rows = connection.execute(statement).fetchall()
        connection.commit()
    return rows


@contextmanager
def database(folder: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{folder / 'example.sqlite3'}")
    with engine.begin() as connection:
        yield connection
    engine.dispose()


# --- files -----------------------------------------------------------------------------------
@pytest.mark.holds("S17", "P31")
async def test_nobody_else_can_read_the_ledger(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "reviewer"
    before = os.umask(0)
    try:
        async with open_store(folder) as store:
            await store.ledger.record(an_attempt())
            modes = {path.name: mode_of(path) for path in folder.iterdir()}
    finally:
        os.umask(before)

    assert mode_of(folder) == 0o700
    assert "ledger.sqlite3-wal" in modes
    assert set(modes.values()) == {0o600}


async def test_a_ledger_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").touch(0o644)
    folder_mode = mode_of(tmp_path)

    async with open_store(tmp_path):
        pass

    assert mode_of(tmp_path / "ledger.sqlite3") == 0o600
    assert mode_of(tmp_path) == folder_mode


async def test_what_was_written_is_there_the_next_time(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.ledger.record(an_attempt())

    async with open_store(tmp_path) as store:
        assert list(await store.ledger.attempts()) == [an_attempt()]


async def test_what_was_recorded_can_be_seen_from_outside_at_once(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.ledger.record(an_attempt())

        assert execute(tmp_path, "SELECT attempt_id FROM llm_call") == [("a",)]


async def test_a_prompt_and_a_model_stand_in_the_database_once(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        for name in "abc":
            await store.ledger.record(an_attempt(name))
        await store.ledger.record(an_attempt("d", model_answered="example-1-2026"))

    assert execute(tmp_path, "SELECT count(*) FROM prompt_version") == [(1,)]
    assert execute(tmp_path, "SELECT count(*) FROM model_version") == [(2,)]


async def test_sqlite_is_set_up_for_many_readers_and_a_writer(tmp_path: Path) -> None:
    async with open_store(tmp_path):
        pass

    assert execute(tmp_path, "PRAGMA journal_mode") == [("wal",)]


async def test_names_that_are_no_text_are_kept_as_numbers(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")

    async with open_store(tmp_path) as store:
        await store.ledger.record(an_attempt(repository=name, model_answered="\ud83d\0"))

        spent = await store.ledger.spent(since=NOON, repository=name)
        (kept,) = await store.ledger.attempts()

    assert spent.tokens == 12
    assert kept.repository == "caf\\udce9"
    assert kept.model_answered == "\\ud83d\\x00"


async def test_an_address_opens_the_same_store(tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite3"

    async with open_store_url(f"sqlite+aiosqlite:///{file}") as store:
        await store.ledger.record(an_attempt())

        assert len(await store.ledger.attempts()) == 1


# --- several at once -------------------------------------------------------------------------
OPEN_AND_RECORD = f"""
import asyncio, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from reviewer.adapters.database.store import open_store
from tests.ledger_example import an_attempt

async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    async with open_store(Path(sys.argv[1])) as store:
        for number in range(20):
            await store.ledger.record(an_attempt(f"{{sys.argv[2]}}-{{number}}"))

asyncio.run(main())
"""


def test_processes_that_open_a_new_ledger_at_once_all_write_to_it(
    tmp_path: Path, allowed_program: Callable[[Path | str], None]
) -> None:
    allowed_program(sys.executable)
    folder = tmp_path / "state"
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", OPEN_AND_RECORD, str(folder), name],
            env={},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two", "three")
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    assert [process.communicate(timeout=60)[1] for process in processes] == ["", "", ""]
    assert execute(folder, "SELECT count(*) FROM llm_call") == [(60,)]
    assert execute(folder, "SELECT version_num FROM alembic_version") == [(HEAD,)]


async def test_one_process_can_open_a_new_ledger_twice_at_once(tmp_path: Path) -> None:
    async def write(name: str) -> None:
        async with open_store(tmp_path) as store:
            await store.ledger.record(an_attempt(name))

    await asyncio.gather(write("a"), write("b"))

    assert execute(tmp_path, "SELECT count(*) FROM llm_call") == [(2,)]


async def test_one_process_can_open_several_new_ledgers_at_once(tmp_path: Path) -> None:
    async def write(name: str) -> int:
        async with open_store(tmp_path / name) as store:
            await store.ledger.record(an_attempt(name))
            return len(await store.ledger.attempts())

    assert await asyncio.gather(*map(write, "abcd")) == [1, 1, 1, 1]


async def test_a_call_that_is_given_up_leaves_the_ledger_usable(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        for delay in range(8):
            writing = asyncio.ensure_future(store.ledger.record(an_attempt(f"{delay}")))
            await asyncio.sleep(delay / 4000)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

        await store.ledger.record(an_attempt("last"))

        assert "last" in {row.id for row in await store.ledger.attempts()}


async def test_an_attempt_is_written_down_once(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.ledger.record(an_attempt())
        with pytest.raises(IntegrityError):
            await store.ledger.record(an_attempt(persona="another"))

        assert [row.persona for row in await store.ledger.attempts()] == ["type-guardian"]


# --- what cannot be used ---------------------------------------------------------------------
@pytest.fixture
def closed_folder(tmp_path: Path) -> Iterator[Path]:
    tmp_path.chmod(0o500)
    yield tmp_path
    tmp_path.chmod(0o700)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is refused to root")
async def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(
    closed_folder: Path,
) -> None:
    with pytest.raises(UserError) as raised:
        async with open_store(closed_folder / "state"):
            pass

    assert raised.value.path == str(closed_folder / "state" / "ledger.sqlite3")
    assert "REVIEWER_STATE" in str(raised.value)


async def test_a_file_where_the_folder_should_be_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "state").touch()

    with pytest.raises(UserError, match="cannot be written") as raised:
        async with open_store(tmp_path / "state"):
            pass

    assert raised.value.path == str(tmp_path / "state" / "ledger.sqlite3")
    assert "REVIEWER_STATE" in str(raised.value)


@pytest.mark.parametrize("head", [b"", b"SQLite format 3\0"], ids=["no database", "torn database"])
async def test_a_damaged_file_is_named_with_the_way_out(tmp_path: Path, head: bytes) -> None:
    file = tmp_path / "ledger.sqlite3"
    file.write_bytes(head + b"\x5a" * 8192)
    before = file.read_bytes()

    with pytest.raises(UserError, match="damaged") as raised:
        async with open_store(tmp_path):
            pass

    assert raised.value.path == str(file)
    assert "Move the file away" in str(raised.value)
    assert file.read_bytes() == before


async def test_a_page_that_is_damaged_later_is_told_too(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        for number in range(50):
            await store.ledger.record(an_attempt(f"{number}"))
    file = tmp_path / "ledger.sqlite3"
    content = bytearray(file.read_bytes())
    # The first page holds the tables' names; after it everything is torn.
    content[4096:] = b"\x5a" * (len(content) - 4096)
    file.write_bytes(content)

    with pytest.raises(UserError, match="damaged"):
        async with open_store(tmp_path) as store:
            await store.ledger.attempts()


async def test_a_ledger_that_another_process_holds_is_named_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviewer.adapters.database.engine.BUSY_SECONDS", 0)
    async with open_store(tmp_path) as store:
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as other:
            other.execute("BEGIN IMMEDIATE")

            with pytest.raises(UserError, match="another process has held") as raised:
                await store.ledger.record(an_attempt())
            assert await store.ledger.attempts() == []  # who reads waits for nobody
        await store.ledger.record(an_attempt())

    assert raised.value.path == str(tmp_path / "ledger.sqlite3")


@pytest.mark.holds("S17", "P31")
async def test_an_error_shows_nothing_of_what_was_to_be_written(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.ledger.record(an_attempt())
        with pytest.raises(IntegrityError) as raised:
            await store.ledger.record(an_attempt(persona="do not show me"))

    assert "do not show me" not in str(raised.value)


def test_who_waits_in_line_too_long_is_told_the_same() -> None:
    error = told(PoolTimeoutError("the pool's words"), "ledger.sqlite3")

    assert isinstance(error, UserError)
    assert "another process has held the ledger" in str(error)


async def test_a_ledger_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    async with open_store(tmp_path):
        pass
    execute(tmp_path, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(UserError, match="newer version of this program"):
        async with open_store(tmp_path):
            pass

    assert execute(tmp_path, "SELECT version_num FROM alembic_version") == [("9999",)]


async def test_a_file_that_cannot_grow_is_told(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        pages = execute(tmp_path, "PRAGMA page_count")[0][0]
        engine = store.ledger._transactions.engine  # noqa: SLF001 - the only door to the limit
        async with engine.connect() as connection:
            await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        async def record_many() -> None:
            for number in range(400):
                await store.ledger.record(an_attempt(f"{number}"))

        with pytest.raises(UserError, match="disk is full"):
            await record_many()


# --- migrations ------------------------------------------------------------------------------
def test_the_newest_revision_is_the_one_that_the_program_expects() -> None:
    script = ScriptDirectory(str(FOLDER), version_locations=[str(FOLDER)])

    assert script.get_current_head() == HEAD


def test_the_migrations_make_exactly_what_the_models_say(tmp_path: Path) -> None:
    with database(tmp_path) as connection:
        migrate(connection)
        differences = compare_metadata(MigrationContext.configure(connection), RunRow.metadata)
        migrated = schema_of(connection)
    (tmp_path / "example.sqlite3").unlink()
    with database(tmp_path) as connection:
        RunRow.metadata.create_all(connection)
        made = schema_of(connection)

    assert differences == []
    assert migrated == made


def schema_of(connection: Connection) -> dict[str, object]:
    """Return everything of the schema that has a name, and every column with its type."""
    found = inspect(connection)
    return {
        table: (
            [
                (each["name"], str(each["type"]), each["nullable"])
                for each in found.get_columns(table)
            ],
            found.get_pk_constraint(table),
            sorted(found.get_unique_constraints(table), key=str),
            sorted(found.get_foreign_keys(table), key=str),
            sorted(found.get_indexes(table), key=str),
        )
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def test_every_constraint_has_a_name(tmp_path: Path) -> None:
    with database(tmp_path) as connection:
        migrate(connection)
        found = inspect(connection)
        for table in RunRow.metadata.tables:
            constraints = [
                found.get_pk_constraint(table),
                *found.get_unique_constraints(table),
                *found.get_foreign_keys(table),
            ]
            assert all(constraint["name"] for constraint in constraints)


async def test_a_migration_can_be_taken_back_and_made_again(tmp_path: Path) -> None:
    async with open_store_url(f"sqlite+aiosqlite:///{tmp_path / 'example.sqlite3'}") as store:
        await store.ledger.record(an_attempt())

    with database(tmp_path) as connection:
        migrate(connection, to="base")
        left = set(inspect(connection).get_table_names())
        assert revision_of(connection) is None
    with database(tmp_path) as connection:
        migrate(connection)
        again = set(inspect(connection).get_table_names())

    assert left == {"alembic_version"}
    assert again == {"alembic_version", *RunRow.metadata.tables}
    async with open_store_url(f"sqlite+aiosqlite:///{tmp_path / 'example.sqlite3'}") as store:
        assert await store.ledger.attempts() == []


# --- time ------------------------------------------------------------------------------------
async def test_opening_takes_no_time_that_anybody_notices(tmp_path: Path) -> None:
    seconds = []
    for _ in range(4):
        began = time.perf_counter()
        async with open_store(tmp_path):
            seconds.append(time.perf_counter() - began)

    assert seconds[0] < 1.0  # 0.25 on an idle machine
    assert min(seconds[1:]) < 0.1


def test_an_existing_ledger_is_opened_without_alembic(
    tmp_path: Path, allowed_program: Callable[[Path | str], None]
) -> None:
    allowed_program(sys.executable)
    code = (
        f"import asyncio, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from pathlib import Path\n"
        "from reviewer.adapters.database.store import open_store\n"
        "async def main():\n"
        "    async with open_store(Path(sys.argv[1])):\n"
        "        print('alembic' in sys.modules)\n"
        "asyncio.run(main())\n"
    )

    def run() -> str:
        command = [sys.executable, "-c", code, str(tmp_path)]
        return subprocess.run(command, env={}, check=True, capture_output=True, text=True).stdout

    assert run() == "True\n"
    assert run() == "False\n"
