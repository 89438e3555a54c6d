"""Engines with settings of their own: limits, the door, forgetting, mending, handing over."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from reviewer.adapters.durable.engine import DbosEngine
from reviewer.adapters.durable.settings import RateLimit
from reviewer.adapters.durable.wire import Wire
from reviewer.domain.delivery import Delivery
from reviewer.domain.event import CommentEvent
from reviewer.domain.pull_request import Account
from reviewer.domain.review_order import Followup, ReviewOrder, RunEnd
from reviewer.errors import CommunicationError
from reviewer.ports.engine import EngineError
from tests.integration.engine_scene import (
    COMPLETED,
    Notes,
    delivery,
    order,
    settings_for,
    until,
    worker,
)

pytestmark = pytest.mark.exhaustive


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/engine.sqlite3"
    return str(request.getfixturevalue("postgres_url"))


def _files_with(folder: Path, words: bytes) -> list[str]:
    return [file.name for file in folder.iterdir() if words in file.read_bytes()]


def _stored(folder: Path, words: str) -> list[object]:
    with sqlite3.connect(folder / "engine.sqlite3") as connection:
        texts = connection.execute("SELECT inputs FROM workflow_input").fetchall()
        steps = connection.execute("SELECT output FROM operation_outputs").fetchall()
    connection.close()
    return [row for row in [*texts, *steps] if words in str(row)]


@pytest.fixture
def file(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/engine.sqlite3"


@pytest.mark.holds("S19", "S20")
async def test_installations_share_the_workers_and_none_waits_for_all_of_another(
    database: str,
) -> None:
    async def reviewing(wanted: ReviewOrder, _: str) -> RunEnd:
        by[wanted.installation_id] += 1
        most[wanted.installation_id] = max(most[wanted.installation_id], by[wanted.installation_id])
        await asyncio.sleep(0.2)
        by[wanted.installation_id] -= 1
        return COMPLETED

    by: Counter[int] = Counter()
    most: Counter[int] = Counter()
    notes = Notes(reviewing=reviewing)
    settings = settings_for(database, runs_at_once=3, runs_at_once_each=2)
    async with worker(settings, notes) as engine:
        for number in range(14):
            wanted = order(number + 1, installation=1, cause=f"many-{number}", asked=True)
            await engine.review_soon(wanted, delay_seconds=0)
        for installation in (2, 3):
            wanted = order(1, installation=installation, cause="one", asked=True)
            await engine.review_soon(wanted, delay_seconds=0)
        await until(lambda: len(notes.ended) == 16, 40)
    assert notes.most_at_once <= 3
    assert most[1] == 2
    turns = [wanted.installation_id for wanted, _ in notes.ended]
    assert max(turns.index(2), turns.index(3)) < 10


@pytest.mark.holds("S19", "R42")
async def test_starts_are_bounded_in_time(file: str) -> None:
    notes = Notes()
    rate = RateLimit(starts=2, seconds=1.5)
    async with worker(settings_for(file, runs_rate_each=rate), notes) as engine:
        for number in range(3):
            await engine.review_soon(
                order(number + 1, cause=str(number), asked=True), delay_seconds=0
            )
        await until(lambda: len(notes.ended) == 2)
        await asyncio.sleep(0.4)
        assert len(notes.begun) == 2
        await until(lambda: len(notes.ended) == 3)


async def test_a_long_answer_keeps_no_delivery_waiting(file: str) -> None:
    going_on = asyncio.Event()

    async def slow(given: object) -> Followup:
        await going_on.wait()
        return Followup(outcome="answered")

    comment = CommentEvent(
        action="created",
        comment_id=1,
        body="/ask why",
        author=None,
        sender=Account(id=1, login="bob"),
        pull_request=order().pull_request,
    )
    notes = Notes()
    settings = settings_for(file, deliveries_at_once=1, talks_at_once_each=1)
    engine = DbosEngine(settings)
    await engine.open()
    duties = notes.duties()
    quick = duties.handle

    async def handle(given: object) -> Followup:
        return await (slow(given) if given.event == comment else quick(given))  # type: ignore[attr-defined,arg-type]

    object.__setattr__(duties, "handle", handle)
    try:
        await engine.work(duties)
        for number in range(3):
            await engine.accept(delivery(f"talk-{number}", comment))
        await engine.accept(delivery("push"))
        await until(lambda: notes.handled)
        going_on.set()
    finally:
        await engine.close(grace_seconds=2)
    assert notes.handled == ["push"]


async def test_a_worker_that_ends_in_time_leaves_its_work_to_the_next(database: str) -> None:
    async def forever(_: ReviewOrder, __: str) -> RunEnd:
        await asyncio.sleep(60)
        return COMPLETED

    before, after = Notes(reviewing=forever), Notes()
    settings = settings_for(database)
    async with worker(settings, before) as engine:
        await engine.review_soon(order(), delay_seconds=0)
        await until(lambda: before.begun)
    assert before.ended == []
    async with worker(settings, after):
        await until(lambda: after.ended)
    assert after.told == []


async def test_the_door_waits_for_no_worker(file: str) -> None:
    settings = settings_for(file)
    door = DbosEngine(settings)
    await door.open()
    try:
        assert await door.accept(delivery("d-1"))
        await door.review_soon(order(), delay_seconds=0)
        await door.check()
        backlog = await door.backlog()
        assert (backlog.queued, backlog.running) == (2, 0)
        notes = Notes()
        async with worker(settings, notes):
            await until(lambda: notes.handled and notes.ended)
        assert not await door.accept(delivery("d-1"))
    finally:
        await door.close()


@pytest.mark.holds("P22")
async def test_what_is_not_written_down_is_not_acknowledged(file: str, tmp_path: Path) -> None:
    door = DbosEngine(settings_for(file))
    await door.open()
    try:
        with sqlite3.connect(tmp_path / "engine.sqlite3") as connection:
            connection.execute(
                "CREATE TRIGGER full BEFORE INSERT ON workflow_status"
                " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
        with pytest.raises(EngineError):
            await door.accept(delivery("d-1"))
        with sqlite3.connect(tmp_path / "engine.sqlite3") as connection:
            connection.execute("DROP TRIGGER full")
        assert await door.accept(delivery("d-1"))
    finally:
        await door.close()


async def test_a_database_that_is_locked_is_not_waited_for(file: str, tmp_path: Path) -> None:
    door = DbosEngine(settings_for(file, answer_seconds=0.6))
    await door.open()
    other = sqlite3.connect(tmp_path / "engine.sqlite3", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(EngineError):
            await door.check()
        with pytest.raises(EngineError):
            await door.accept(delivery("d-1"))
        other.execute("ROLLBACK")
    finally:
        other.close()
        await door.close()


@pytest.mark.holds("P31")
async def test_nobody_reads_peoples_words_in_the_file(file: str, tmp_path: Path) -> None:
    table = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
    wire = Wire(seal=lambda text: text.translate(table), unseal=lambda text: text.translate(table))
    notes = Notes(follow=lambda _: Followup(outcome="ordered", orders=(order(asked=True),)))
    async with worker(settings_for(file), notes, wire=wire) as engine:
        await engine.accept(delivery("d-1"))
        await until(lambda: notes.ended)
    assert notes.ended[0][0].title == "Add a shop"
    assert not _files_with(tmp_path, b"Add a shop")


async def test_what_has_ended_is_forgotten_after_its_time(file: str) -> None:
    notes = Notes()
    settings = settings_for(file, keep_days=0, forget_schedule="* * * * * *")
    async with worker(settings, notes) as engine:
        await engine.accept(delivery("d-1"))
        await until(lambda: notes.handled)
        await until(lambda: notes.swept > 1)
        await asyncio.sleep(0.5)
        # Only what is remembered keeps a delivery from being handled again.
        assert await engine.accept(delivery("d-1"))


async def test_what_failed_although_it_was_tried_for_long_is_mended(file: str) -> None:
    broken = True

    def follow(_: object) -> Followup:
        if broken:
            raise CommunicationError("the database does not answer")
        return Followup(outcome="done")

    notes = Notes(follow=follow)
    duties = notes.duties()

    async def undone(given: object, why: str) -> None:
        raise CommunicationError(why)

    object.__setattr__(duties, "undone", undone)
    engine = DbosEngine(settings_for(file, mend_schedule="* * * * * *"))
    await engine.open()
    try:
        await engine.work(duties)
        await engine.accept(delivery("d-1"))
        await until(lambda: len(notes.handled) >= 4)
        await asyncio.sleep(1.0)
        broken = False
        handled = len(notes.handled)
        await until(lambda: len(notes.handled) > handled)
    finally:
        await engine.close(grace_seconds=2)


@pytest.mark.holds("S20")
async def test_of_an_installation_that_is_gone_nothing_is_left(file: str, tmp_path: Path) -> None:
    async def forever(_: ReviewOrder, __: str) -> RunEnd:
        await asyncio.sleep(60)
        return COMPLETED

    def follow(given: Delivery) -> Followup:
        if given.id == "gone":
            return Followup(outcome="gone", ended=tuple(notes.queued), because="x", forgotten=7)
        return Followup(outcome="ordered", orders=(order(int(given.id)),))

    notes = Notes(follow=follow, reviewing=forever)
    settings = settings_for(file, oblivion_seconds=1.0, debounce_seconds=0.1)
    async with worker(settings, notes) as engine:
        await engine.accept(delivery("1"))
        await until(lambda: notes.begun)
        notes.reviewing = None
        await engine.accept(delivery("2"))
        await until(lambda: notes.ended)
        assert _files_with(tmp_path, b"Add a shop")
        await engine.accept(delivery("gone"))
        # The second one has done its work; whether its end is told as well is a matter of moments.
        await until(lambda: notes.queued[0] in dict(notes.told))
        await until(lambda: not _stored(tmp_path, "Add a shop"))
