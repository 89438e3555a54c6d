"""A worker that is told to end: it waits for what it does, and for nothing that only waits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic

import pytest

from reviewer.adapters.durable.engine import DbosEngine
from reviewer.adapters.durable.settings import Retries
from reviewer.domain.delivery import Delivery
from reviewer.domain.review_order import Followup, ReviewOrder, RunEnd
from reviewer.errors import CommunicationError
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

_GRACE_SECONDS = 20.0


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/engine.sqlite3"
    return str(request.getfixturevalue("postgres_url"))


async def test_a_worker_that_ends_waits_for_no_turn_and_no_other_try(database: str) -> None:
    begun: list[int] = []

    async def reviewing(wanted: ReviewOrder, _: str) -> RunEnd:
        begun.append(wanted.pull_request.number)
        await asyncio.sleep(2)
        return COMPLETED

    def follow(given: Delivery) -> Followup:
        if given.id == "away":
            raise CommunicationError("the host does not answer")
        orders = tuple(order(number, cause=f"{number}", asked=True) for number in range(1, 6))
        return Followup(outcome="ordered", orders=orders)

    notes = Notes(follow=follow, reviewing=reviewing)
    patient = Retries(attempts=9, first_wait_seconds=30.0)
    engine = DbosEngine(settings_for(database, runs_at_once=1, retries=patient))
    await engine.open()
    await engine.work(notes.duties())
    await engine.accept(delivery("away"))
    await engine.accept(delivery("d-1"))
    await until(lambda: len(notes.queued) == 5 and begun)
    before = monotonic()
    await engine.close(grace_seconds=_GRACE_SECONDS)
    assert monotonic() - before < _GRACE_SECONDS / 2
    assert len(notes.ended) == len(begun)

    others = Notes(reviewing=notes.reviewing)
    async with worker(settings_for(database, runs_at_once=8, runs_at_once_each=8), others):
        await until(lambda: len(notes.ended) + len(others.ended) == 5)
        await until(lambda: "away" in others.handled)
