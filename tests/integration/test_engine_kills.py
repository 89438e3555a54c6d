"""Workers that are killed at any moment lose nothing, post once and pay once."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from reviewer.adapters.durable.engine import DbosEngine
from reviewer.ports.engine import EngineError
from tests.guards import Guard
from tests.integration.engine_child import CALLS, POISON
from tests.integration.engine_fleet import Fleet
from tests.integration.engine_scene import delivery, settings_for
from tests.integration.postgres import PostgresCluster

pytestmark = pytest.mark.exhaustive


@pytest.fixture
def child(
    allowed_program: Callable[[Path | str], None], guard: Guard, tmp_path: Path
) -> Iterator[dict[str, str]]:
    """What a child is started with; what its guards refuse fails the test."""
    allowed_program(sys.executable)
    log = tmp_path / "refused"
    yield guard.child_environment(log)
    assert not log.exists() or not log.read_text()


@asynccontextmanager
async def fleet_and_door(
    database: str, folder: Path, child: dict[str, str], *, most_deaths: int = 5
) -> AsyncIterator[tuple[Fleet, DbosEngine]]:
    door = DbosEngine(settings_for(database))
    await door.open()
    fleet = Fleet(database, folder, child, most_deaths=most_deaths)
    try:
        yield fleet, door
    finally:
        fleet.end()
        await door.close()


@pytest.mark.holds("P03", "P22")
@pytest.mark.parametrize("seed", [1, 2])
async def test_one_process_is_killed_again_and_again(
    tmp_path: Path, child: dict[str, str], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    database = f"sqlite:///{tmp_path}/engine.sqlite3"
    sent: list[str] = []
    async with fleet_and_door(database, tmp_path / "fleet", child) as (fleet, door):
        for kill in range(3):
            worker = await asyncio.to_thread(fleet.start)
            for number in range(2):
                sent.append(f"{number + 1}-{kill}")
                assert await door.accept(delivery(sent[-1]))
            await asyncio.sleep(chance.uniform(0.0, 1.5))
            fleet.kill(worker)
        await asyncio.to_thread(fleet.start)
        outcome = await asyncio.to_thread(fleet.finish, sent)
    assert (outcome.lost, outcome.twice, outcome.told) == ((), (), ())
    # An answer that arrived within one commit of a kill is paid for again; there is no more.
    assert len(outcome.repaid) <= CALLS
    assert outcome.answered == len(sent) * CALLS + len(outcome.repaid)


@pytest.mark.postgres
async def test_a_worker_takes_over_what_one_that_died_for_good_has_left(
    tmp_path: Path, child: dict[str, str], postgres_url: str
) -> None:
    sent = [f"{number}-x" for number in range(1, 5)]
    async with fleet_and_door(postgres_url, tmp_path / "fleet", child) as (fleet, door):
        doomed = await asyncio.to_thread(fleet.start)
        for delivery_id in sent:
            await door.accept(delivery(delivery_id))
        await asyncio.to_thread(fleet.wait, lambda: fleet.count("asked") >= 3, 20)
        await asyncio.to_thread(fleet.start)
        fleet.kill(doomed)
        began = time.monotonic()
        outcome = await asyncio.to_thread(fleet.finish, sent)
    assert (outcome.lost, outcome.twice, outcome.told) == ((), (), ())
    # Silence of 1.5 s here, 15 s by default: the rest is what is left to do.
    assert time.monotonic() - began < 15


async def test_a_worker_that_hangs_and_wakes_up_again_does_nothing_twice(
    tmp_path: Path, child: dict[str, str]
) -> None:
    database = f"sqlite:///{tmp_path}/engine.sqlite3"
    sent = ["1-x", "2-x"]
    async with fleet_and_door(database, tmp_path / "fleet", child) as (fleet, door):
        hung = await asyncio.to_thread(fleet.start)
        for delivery_id in sent:
            await door.accept(delivery(delivery_id))
        await asyncio.to_thread(fleet.wait, lambda: fleet.count("asked") >= 2, 20)
        hung.send_signal(signal.SIGSTOP)
        await asyncio.to_thread(fleet.start)
        outcome = await asyncio.to_thread(fleet.finish, sent)
        hung.send_signal(signal.SIGCONT)
        await asyncio.sleep(1.5)
        outcome = fleet.outcome(sent)
    assert (outcome.lost, outcome.twice, outcome.told) == ((), (), ())


@pytest.mark.holds("P03", "P22")
async def test_what_takes_workers_down_is_given_up_and_the_others_are_done(
    tmp_path: Path, child: dict[str, str]
) -> None:
    database = f"sqlite:///{tmp_path}/engine.sqlite3"
    poison, good = f"{POISON}-x", "1-x"
    scene = fleet_and_door(database, tmp_path / "fleet", child, most_deaths=3)
    async with scene as (fleet, door):
        await door.accept(delivery(poison))
        for death in range(3):
            worker = await asyncio.to_thread(fleet.start)
            if death == 0:
                await door.accept(delivery(good))
            await asyncio.to_thread(worker.wait, 20)
        await asyncio.to_thread(fleet.start)
        outcome = await asyncio.to_thread(fleet.finish, [poison, good])
        told = [line for line in fleet.effects if line["what"] == "told"]
    assert (outcome.lost, outcome.twice, outcome.told) == ((), (), (poison,))
    assert told[0]["reason"] == "the program ended 3 times while it did this"


@pytest.mark.postgres
async def test_a_database_that_is_restarted_costs_nothing(
    tmp_path: Path, child: dict[str, str], postgres: PostgresCluster, postgres_url: str
) -> None:
    sent = [f"{number}-x" for number in range(1, 4)]
    async with fleet_and_door(postgres_url, tmp_path / "fleet", child) as (fleet, door):
        await asyncio.to_thread(fleet.start)
        for delivery_id in sent:
            await door.accept(delivery(delivery_id))
        await asyncio.to_thread(fleet.wait, lambda: fleet.count("asked") >= 2, 20)
        await asyncio.to_thread(postgres.stop, at_once=True)
        with pytest.raises(EngineError):
            await door.accept(delivery("9-x"))
        await asyncio.to_thread(postgres.start)
        assert await door.accept(delivery("9-x"))
        outcome = await asyncio.to_thread(fleet.finish, [*sent, "9-x"])
    assert (outcome.lost, outcome.twice, outcome.told) == ((), (), ())
