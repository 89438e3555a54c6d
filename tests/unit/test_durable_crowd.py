"""While a crowd comes in, everything else waits, and never for long."""

from __future__ import annotations

import asyncio

import pytest
from typing_extensions import override

pytest.importorskip("reviewer.adapters.durable")

from reviewer.adapters.durable.crowd import ENOUGH, Crowd


class Watchmaker:
    """A clock that only goes on while a thread waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waited = 0.0

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.waited += seconds


@pytest.fixture
def clock() -> Watchmaker:
    return Watchmaker()


@pytest.fixture
def crowd(clock: Watchmaker) -> Crowd:
    return Crowd(now=lambda: clock.now, pause=clock.pause)


def test_a_few_are_no_crowd(crowd: Crowd, clock: Watchmaker) -> None:
    crowd.count(ENOUGH - 1)
    crowd.give_way()
    assert not crowd.is_there()
    assert clock.waited == 0


def test_a_thread_gives_way_until_the_crowd_is_gone(crowd: Crowd, clock: Watchmaker) -> None:
    crowd.count(ENOUGH)
    crowd.give_way()
    assert not crowd.is_there()
    assert 0.1 < clock.waited < 0.2


def test_a_thread_gets_its_turn_however_long_a_flood_lasts(crowd: Crowd, clock: Watchmaker) -> None:
    class Flood(Watchmaker):
        @override
        def pause(self, seconds: float) -> None:
            super().pause(seconds)
            flooded.count(200)

    clock = Flood()
    flooded = Crowd(now=lambda: clock.now, pause=clock.pause)
    flooded.count(200)
    flooded.give_way()
    assert flooded.is_there()
    assert 0.2 < clock.waited < 0.3


async def test_the_loop_itself_never_gives_way(crowd: Crowd, clock: Watchmaker) -> None:
    crowd.count(ENOUGH)
    crowd.give_way()
    assert clock.waited == 0


async def test_a_workflow_waits_until_the_crowd_is_gone(crowd: Crowd, clock: Watchmaker) -> None:
    crowd.count(ENOUGH)
    waiting = asyncio.create_task(crowd.calm())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    clock.now += 1
    await asyncio.wait_for(waiting, 1)


async def test_a_workflow_begins_however_long_a_flood_lasts(
    crowd: Crowd, clock: Watchmaker
) -> None:
    crowd.count(200)
    waiting = asyncio.create_task(crowd.calm())
    for _ in range(25):
        await asyncio.sleep(0)
        clock.now += 0.1
        crowd.count(200)
    await asyncio.wait_for(waiting, 1)
    assert crowd.is_there()
