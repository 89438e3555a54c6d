"""Workflows are enqueued on each database in its own way, and DBOS reads the same from both."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import pytest

# Before `dbos`: it has croniter imported without starting a program.
pytest.importorskip("reviewer.adapters.durable")

import sqlalchemy as sa
from dbos import DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions, WorkflowStatus

from reviewer.adapters.durable.connection import create_engine
from reviewer.adapters.durable.desk import APPLICATION
from reviewer.adapters.durable.engine import make_database
from reviewer.adapters.durable.enqueuing import (
    HELD_AGAINST,
    Enqueuing,
    OneByOne,
    Wanted,
    enqueuing_on,
)

_RELEASE = version("dbos")
#: What differs between any two rows.
_OWN_COLUMNS = {"workflow_uuid", "created_at", "updated_at", "retention_timestamp"}
#: Tokens of whoever began or holds a workflow; DBOS compares them with its own alone.
_TOKENS = {"creator_xid", "owner_xid"}


class Scene:
    """A database of the engine's, and DBOS's client to look at it."""

    def __init__(self, url: str, *, release: str = _RELEASE) -> None:
        make_database(url)
        self.database = create_engine(url, connections=2, busy_seconds=5)
        self.client = DBOSClient(
            system_database_engine=self.database,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )
        self.one_by_one = OneByOne(self.database, self.client)
        self.ours: Enqueuing = enqueuing_on(
            self.database, self.client, APPLICATION, release=release
        )

    def close(self) -> None:
        self.client.destroy()
        self.database.dispose()

    def found(self, workflow_id: str) -> WorkflowStatus:
        (one,) = self.client.list_workflows(workflow_ids=[workflow_id], load_input=True)
        return one

    def row(self, table: str, workflow_id: str) -> dict[str, Any]:
        with self.database.connect() as connection:
            schema = "" if self.database.dialect.name == "sqlite" else "dbos."
            asked = sa.text(f"SELECT * FROM {schema}{table} WHERE workflow_uuid = :id")  # noqa: S608
            row = dict(connection.execute(asked, {"id": workflow_id}).mappings().one())
        return {name: value for name, value in row.items() if name not in _OWN_COLUMNS | _TOKENS}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/engine.sqlite3"
    else:
        url = request.getfixturevalue("postgres_url")
    scene = Scene(url)
    yield scene
    scene.close()


@pytest.fixture
def on_postgres(postgres_url: str) -> Iterator[Scene]:
    scene = Scene(postgres_url)
    yield scene
    scene.close()


def wanted(workflow_id: str, *texts: str, **options: object) -> Wanted:
    """Return a workflow with everything that ours have."""
    usual = {
        "workflow_name": "delivery",
        "queue_name": "deliveries",
        "workflow_id": workflow_id,
        "workflow_id_reuse_policy": "reject",
        "app_version": "1",
        "authenticated_user": "7",
    }
    return Wanted(options=cast("EnqueueOptions", {**usual, **options}), texts=texts)


def test_what_is_enqueued_is_read_by_dbos(scene: Scene) -> None:
    many = [wanted(f"d-{number:03}", "first", f"of {number}") for number in range(60)]
    assert scene.ours.enqueue(many) == [True] * 60
    one = scene.found("d-042")
    assert one.status == "ENQUEUED"
    assert (one.name, one.queue_name, one.app_version) == ("delivery", "deliveries", "1")
    assert (one.authenticated_user, one.application_name) == ("7", APPLICATION)
    assert one.input == {"args": ("first", "of 42"), "kwargs": {}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"title":"a \\u0000 and \\ud800","n":[1,2]}',
        "a \x00 in the middle",
        "ünïcödé 🙈 'quoted' \"twice\" \\ and :colon %s %(x)s",
        "x" * 100_000,
    ],
    ids=["nothing", "JSON", "NUL", "signs", "long"],
)
def test_a_text_comes_out_as_it_went_in(scene: Scene, text: str) -> None:
    scene.ours.enqueue([wanted("d-1", text, "second")])
    found = scene.found("d-1").input
    assert found is not None
    assert list(found["args"]) == [text, "second"]


def test_what_is_known_stays_as_it_is(scene: Scene) -> None:
    assert scene.ours.enqueue([wanted("b", "first")]) == [True]
    told = scene.ours.enqueue([wanted(name, "second") for name in "abc"])
    assert told == [True, False, True]
    found = scene.found("b").input
    assert found is not None
    assert list(found["args"]) == ["first"]


def test_a_delay_and_a_turn_are_kept(scene: Scene) -> None:
    before = time.time() * 1000
    scene.ours.enqueue(
        [
            wanted("later", "text", delay_seconds=60.0),
            wanted("talk", "text", queue_name="talks", queue_partition_key="7"),
        ]
    )
    later, talk = scene.found("later"), scene.found("talk")
    assert later.status == "DELAYED"
    assert later.delay_until_epoch_ms is not None
    assert 59_000 < later.delay_until_epoch_ms - before < 62_000
    assert (talk.status, talk.queue_partition_key) == ("ENQUEUED", "7")


def test_the_tables_are_those_of_a_release_that_was_looked_at() -> None:
    assert _RELEASE in HELD_AGAINST


def test_another_release_is_asked_one_by_one(tmp_path: Path) -> None:
    scene = Scene(f"sqlite:///{tmp_path}/engine.sqlite3", release="3.4.99")
    assert isinstance(scene.ours, OneByOne)
    assert scene.ours.enqueue([wanted("a", "text"), wanted("b", "text")]) == [True, True]
    assert scene.ours.enqueue([wanted("b", "text"), wanted("c", "text")]) == [False, True]
    scene.close()


@pytest.mark.parametrize("options", [{}, {"queue_partition_key": "7"}, {"delay_seconds": 60.0}])
def test_both_ways_write_the_same_rows(scene: Scene, options: dict[str, Any]) -> None:
    scene.one_by_one.enqueue([wanted("one", "a text", 'and "another"', **options)])
    scene.ours.enqueue([wanted("all", "a text", 'and "another"', **options)])
    one, every = (scene.row("workflow_status", name) for name in ("one", "all"))
    begins = [row.pop("delay_until_epoch_ms") or 0 for row in (one, every)]
    assert one == every
    assert abs(begins[0] - begins[1]) < 5_000
    assert scene.found("one").input == scene.found("all").input


@pytest.mark.postgres
def test_on_postgres_all_are_written_or_none(on_postgres: Scene) -> None:
    with pytest.raises(sa.exc.SQLAlchemyError):
        on_postgres.ours.enqueue([wanted("a"), wanted("b", workflow_name="")])
    assert on_postgres.client.list_workflows(workflow_ids=["a", "b"]) == []


def test_on_sqlite_all_are_written_or_none(tmp_path: Path) -> None:
    scene = Scene(f"sqlite:///{tmp_path}/engine.sqlite3")
    with scene.database.begin() as connection:
        connection.execute(sa.text("DROP TABLE workflow_input"))
    with pytest.raises(sa.exc.SQLAlchemyError):
        scene.ours.enqueue([wanted("a"), wanted("b")])
    assert scene.client.list_workflows(workflow_ids=["a", "b"], load_input=False) == []
    scene.close()
