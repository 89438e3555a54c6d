"""The revisions of the database, up and down with data in them, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from reviewer.adapters.database.address import read_address
from reviewer.adapters.database.engine import create_engine
from reviewer.adapters.database.migration import migrate, revision_of
from reviewer.adapters.database.service_store import open_service_store
from reviewer.adapters.database.service_tables import RunRow
from reviewer.domain.completion import Completion, Finish
from reviewer.domain.run import RunQuery
from tests.ledger_example import NOON, an_attempt
from tests.store_example import fill

Result = TypeVar("Result")

LEDGER = {"alembic_version", "model_version", "prompt_version", "llm_call", "completion_cache"}
PLAIN = Completion(text="plain", finish=Finish.STOP, usage=None, model_answered="m")
KEY = "A" * 43 + "="


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'service.sqlite3'}"


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(read_address(url).url)
    yield engine
    await engine.dispose()


async def on(engine: AsyncEngine, work: Callable[[Connection], Result]) -> Result:
    async with engine.begin() as connection:
        return await connection.run_sync(work)


def names_of(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def schema_of(connection: Connection) -> dict[str, object]:
    found = inspect(connection)
    return {
        table: (
            sorted(
                (each["name"], str(each["type"]), each["nullable"])
                for each in found.get_columns(table)
            ),
            found.get_pk_constraint(table),
            sorted(found.get_unique_constraints(table), key=str),
            sorted(found.get_foreign_keys(table), key=str),
            sorted(found.get_indexes(table), key=str),
        )
        for table in found.get_table_names()
        if table != "alembic_version"
    }


async def test_the_revisions_make_exactly_what_the_models_say(engine: AsyncEngine) -> None:
    metadata: MetaData = RunRow.metadata
    await on(engine, migrate)
    differences = await on(
        engine,
        lambda connection: compare_metadata(MigrationContext.configure(connection), metadata),
    )
    migrated = await on(engine, schema_of)
    await on(engine, lambda connection: migrate(connection, to="base"))
    await on(engine, metadata.create_all)

    assert differences == []
    assert migrated == await on(engine, schema_of)


async def test_the_ledger_s_rows_outlive_the_way_up_and_down(url: str, engine: AsyncEngine) -> None:
    await on(engine, lambda connection: migrate(connection, to="0001"))
    assert await on(engine, names_of) == LEDGER
    await on(engine, _add_kept_answer)

    async with open_service_store(url, keys=[KEY]) as store:
        assert await store.completions().get("of revision 1") == PLAIN
        await store.ledger.record(an_attempt(installation=11))
        await store.completions(11).put("sealed", PLAIN)
        await fill(store, 11, text="gone")

    await on(engine, lambda connection: migrate(connection, to="0001"))
    assert await on(engine, names_of) == LEDGER
    assert await on(engine, revision_of) == "0001"
    keys = await on(engine, lambda connection: connection.execute(text(_KEYS)).scalars().all())
    # What revision 1 could not read is gone; the rest is as it was.
    assert keys == ["of revision 1"]

    async with open_service_store(url) as store:
        assert list(await store.ledger.attempts()) == [an_attempt(installation=11)]
        assert await store.completions().get("of revision 1") == PLAIN
        async with store.look() as work:
            assert await work.installations.all() == []


async def test_what_is_remembered_comes_and_goes_with_its_revision_and_the_rest_stays(
    url: str, engine: AsyncEngine
) -> None:
    async with open_service_store(url, keys=[KEY]) as store:
        await fill(store, 11, text="stays")
        async with store.begin() as work:
            await work.retention.forget_installation(12, uninstalled_at=NOON)

    await on(engine, lambda connection: migrate(connection, to="0002"))
    left = await on(engine, names_of)
    assert left.isdisjoint({"history", "uninstallation"})
    assert "pull_request" in left

    async with open_service_store(url, keys=[KEY]) as store:
        async with store.look() as work:
            (run,) = await work.runs.find(RunQuery())
            assert (run.id, run.title) == ("run-stays", "stays")
            assert len(await work.dismissals.of(110, 11)) == 1
            # What the older program could not keep stands on the pull request alone.
            assert await work.histories.of(110, 11) is None
        await fill(store, 11, text="again")
        async with store.look() as work:
            history = await work.histories.of(110, 11)
        assert history is not None
        assert history.known[0].reason == "again"


async def test_everything_can_be_taken_back(url: str, engine: AsyncEngine) -> None:
    async with open_service_store(url) as store:
        await fill(store, 11, text="gone")
        await store.ledger.record(an_attempt())

    await on(engine, lambda connection: migrate(connection, to="base"))
    left = await on(engine, names_of)
    revision = await on(engine, revision_of)

    assert left == {"alembic_version"}
    assert revision is None
    async with open_service_store(url) as store:
        await fill(store, 11, text="back")


async def test_every_constraint_has_a_name_that_both_databases_take(engine: AsyncEngine) -> None:
    await on(engine, migrate)

    def names(connection: Connection) -> list[str | None]:
        found = inspect(connection)
        return [
            constraint["name"]
            for table in RunRow.metadata.tables
            for constraint in (
                found.get_pk_constraint(table),
                *found.get_unique_constraints(table),
                *found.get_foreign_keys(table),
                *found.get_indexes(table),
            )
        ]

    for name in await on(engine, names):
        assert name is not None
        assert name.startswith(("pk_", "uq_", "fk_", "ix_"))
        assert len(name) <= 63


_KEYS = "SELECT key FROM completion_cache ORDER BY key"


def _add_kept_answer(connection: Connection) -> None:
    connection.exec_driver_sql(
        "INSERT INTO completion_cache (key, completion, created_at) VALUES ('of revision 1',"
        ' \'{"text": "plain", "finish": "stop", "usage": null, "model_answered": "m",'
        ' "provider_request_id": "", "latency_seconds": 0.0, "from_cache": false}\','
        " '2026-11-20 12:00:00.000000+00:00')"
    )
