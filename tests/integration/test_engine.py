"""One worker on each database: once, in order, one at a time, and nothing lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import pytest
import pytest_asyncio

from reviewer.adapters.durable.engine import DbosEngine
from reviewer.domain.review_order import Followup, ReviewOrder, RunEnd
from reviewer.domain.run_event import FailureCause
from reviewer.domain.status import RunState
from reviewer.errors import CommunicationError, GitHubError, UserError
from tests.integration.engine_scene import (
    COMPLETED,
    Notes,
    delivery,
    order,
    settings_for,
    until,
    worker,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _more_than(what: list[str], number: int) -> bool:
    return len(what) > number


@dataclass
class Shared:
    """A worker that all tests of a database share: it takes a second to start and one to stop."""

    engine: DbosEngine
    notes: Notes

    def engine_for(self, notes: Notes) -> DbosEngine:
        """Let the services of a test be called from now on."""
        self.notes.become(notes)
        return self.engine


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
async def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shared]:
    if request.param == "sqlite":
        database = f"sqlite:///{tmp_path_factory.mktemp('engine')}/engine.sqlite3"
    else:
        postgres = request.getfixturevalue("postgres")
        database = postgres.url(postgres.create_database())
    notes = Notes()
    settings = settings_for(database, runs_at_once=8, runs_at_once_each=8)
    async with worker(settings, notes) as engine:
        yield Shared(engine=engine, notes=notes)


@pytest.mark.holds("R21", "P22")
async def test_a_delivery_that_is_sent_a_hundred_times_is_handled_once(shared: Shared) -> None:
    notes = Notes()
    engine = shared.engine_for(notes)
    first = await asyncio.gather(*(engine.accept(delivery("d-1")) for _ in range(50)))
    await until(lambda: notes.handled)
    again = await asyncio.gather(*(engine.accept(delivery("d-1")) for _ in range(50)))
    await engine.accept(delivery("d-1-b"))
    await until(lambda: "d-1-b" in notes.handled)
    assert Counter(first) == {True: 1, False: 49}
    assert not any(again)
    assert sorted(notes.handled) == ["d-1", "d-1-b"]


@pytest.mark.holds("R42", "P10")
async def test_five_pushes_are_one_review_of_the_last(shared: Shared) -> None:
    heads = iter("abcde")

    def follow(_: object) -> Followup:
        head = next(heads)
        return Followup(outcome="ordered", orders=(order(head=head, cause=head),))

    notes = Notes(follow=follow)
    engine = shared.engine_for(notes)
    for number in range(5):
        await engine.accept(delivery(f"d-2-{number}"))
        await until(partial(_more_than, notes.handled, number))
    await until(lambda: notes.ended)
    await asyncio.sleep(0.8)
    assert notes.heads == ["e"]
    assert len(notes.queued) == 1


async def test_what_somebody_asks_for_does_not_wait_and_is_not_put_together(shared: Shared) -> None:
    notes = Notes()
    engine = shared.engine_for(notes)
    for cause in ("one", "two", "two"):
        await engine.review_soon(order(cause=cause, asked=True), delay_seconds=30)
    await until(lambda: len(notes.ended) == 2)
    await asyncio.sleep(0.3)
    assert sorted(wanted.delivery_id for wanted, _ in notes.ended) == ["one", "two"]


@pytest.mark.holds("P10")
async def test_runs_of_one_pull_request_go_one_after_the_other(shared: Shared) -> None:
    here: Counter[int] = Counter()
    most: Counter[int] = Counter()

    async def reviewing(wanted: ReviewOrder, _: str) -> RunEnd:
        number = wanted.pull_request.number
        here[number] += 1
        most[number] = max(most[number], here[number])
        await asyncio.sleep(0.15)
        here[number] -= 1
        return COMPLETED

    notes = Notes(reviewing=reviewing)
    engine = shared.engine_for(notes)
    for _ in range(3):
        for number in (1, 2, 3):
            wanted = order(number, asked=True)
            await engine.review_soon(wanted, delay_seconds=0)
    await until(lambda: len(notes.ended) == 9, 40)
    assert most == {1: 1, 2: 1, 3: 1}
    assert notes.most_at_once > 1


async def test_a_run_that_is_of_no_use_any_more_is_broken_off_and_that_is_told(
    shared: Shared,
) -> None:
    paid: list[str] = []

    async def reviewing(wanted: ReviewOrder, run_id: str) -> RunEnd:
        if wanted.head_sha[0] == "a":
            runs.append(run_id)
            await asyncio.sleep(20)
        paid.append(wanted.head_sha[0])
        return COMPLETED

    runs: list[str] = []

    def follow(given: object) -> Followup:
        return Followup(
            outcome="ordered",
            orders=(order(head="b"),),
            ended=tuple(runs),
            because="a newer head was pushed",
        )

    notes = Notes(reviewing=reviewing, follow=follow)
    engine = shared.engine_for(notes)
    await engine.review_soon(order(head="a"), delay_seconds=0.1)
    await until(lambda: runs)
    await engine.accept(delivery("push-5"))
    await until(lambda: notes.ended and notes.told)
    assert notes.heads == ["b"]
    assert paid == ["b"]
    end = RunEnd(state=RunState.SUPERSEDED, reason="a newer head was pushed")
    assert notes.told == [(runs[0], end)]


async def test_an_order_that_waits_is_replaced_by_a_newer_one_unless_somebody_asked(
    shared: Shared,
) -> None:
    first = asyncio.Event()

    async def reviewing(wanted: ReviewOrder, _: str) -> RunEnd:
        if wanted.head_sha[0] == "a":
            await first.wait()
        return COMPLETED

    notes = Notes(reviewing=reviewing)
    engine = shared.engine_for(notes)
    await engine.review_soon(order(head="a"), delay_seconds=0)
    await until(lambda: notes.begun)
    await engine.review_soon(order(head="b"), delay_seconds=0.1)
    await engine.review_soon(order(head="c", asked=True), delay_seconds=0)
    await until(lambda: len(notes.queued) == 1)
    await engine.review_soon(order(head="d"), delay_seconds=0.1)
    await until(lambda: notes.told)
    first.set()
    await until(lambda: len(notes.ended) == 3)
    assert sorted(notes.heads) == ["a", "c", "d"]
    assert [end.state for _, end in notes.told] == [RunState.SUPERSEDED]


async def test_what_does_not_answer_is_tried_again(shared: Shared) -> None:
    tries: list[str] = []

    async def reviewing(_: ReviewOrder, run_id: str) -> RunEnd:
        tries.append(run_id)
        if len(tries) < 3:
            raise CommunicationError("GitHub does not answer")
        return COMPLETED

    notes = Notes(reviewing=reviewing)
    engine = shared.engine_for(notes)
    await engine.review_soon(order(), delay_seconds=0)
    await until(lambda: notes.ended)
    assert len(set(tries)) == 1
    assert len(tries) == 3
    assert notes.told == []


@pytest.mark.parametrize(
    ("error", "words", "cause"),
    [
        (GitHubError("GitHub does not answer"), "GitHub does not answer", FailureCause.CODE_HOST),
        (CommunicationError("the database is away"), "the database is away", FailureCause.DATABASE),
        (UserError("no such persona"), "no such persona", FailureCause.CONFIGURATION),
        (KeyError("secret"), "a defect of this program (KeyError)", FailureCause.INTERNAL),
    ],
)
async def test_a_run_that_fails_for_good_is_told(
    shared: Shared,
    error: Exception,
    words: str,
    cause: FailureCause,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def reviewing(_: ReviewOrder, __: str) -> RunEnd:
        raise error

    notes = Notes(reviewing=reviewing)
    engine = shared.engine_for(notes)
    await engine.review_soon(order(), delay_seconds=0)
    await until(lambda: notes.told)
    failed = RunEnd(state=RunState.FAILED, reason=words, cause=cause)
    assert [end for _, end in notes.told] == [failed]


async def test_a_delivery_that_cannot_be_handled_is_told(shared: Shared) -> None:
    def follow(_: object) -> Followup:
        raise CommunicationError("the database does not answer")

    notes = Notes(follow=follow)
    engine = shared.engine_for(notes)
    await engine.accept(delivery("d-10"))
    await until(lambda: notes.undone)
    assert notes.handled == ["d-10"] * 4
    assert notes.undone == [("d-10", "the database does not answer")]


async def test_a_run_can_be_stopped(shared: Shared) -> None:
    async def reviewing(_: ReviewOrder, run_id: str) -> RunEnd:
        runs.append(run_id)
        await asyncio.sleep(30)
        return COMPLETED

    runs: list[str] = []
    notes = Notes(reviewing=reviewing)
    engine = shared.engine_for(notes)
    await engine.review_soon(order(), delay_seconds=0)
    await until(lambda: runs)
    assert (await engine.backlog()).running == 1
    assert await engine.cancel(runs[0])
    assert not await engine.cancel("nothing")
    await until(lambda: notes.told)
    assert notes.at_once == 0
    assert notes.ended == []
    assert notes.told[0][1].reason == "somebody stopped it"
