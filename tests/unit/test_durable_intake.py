"""What comes at the same time is written down in one transaction, and nobody is told too early."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

# Before `dbos`: it has croniter imported without starting a program.
pytest.importorskip("reviewer.adapters.durable")

import sqlalchemy as sa
from dbos import DBOSClient, EnqueueOptions
from dbos import error as dbos_error

from reviewer.adapters.durable.intake import Intake
from reviewer.ports.engine import EngineError


class Table:
    """Enqueues into memory, as the client of the engine does."""

    def __init__(self) -> None:
        self.transactions: list[list[str]] = []
        self.refuses = ""
        self.gate = asyncio.Event()
        self.gate.set()
        self._known: set[str] = set()

    def enqueue_in_transaction(self, _: object, options: EnqueueOptions, *texts: str) -> None:
        assert texts == ("text",)
        name = options["workflow_id"]
        if name in self._known:
            raise dbos_error.DBOSWorkflowIDInUseError(name, "ENQUEUED", "delivery")
        self._known.add(name)
        self.transactions[-1].append(name)

    async def ask(self, action: Callable[[], list[bool]]) -> list[bool]:
        self.transactions.append([])
        await self.gate.wait()
        if self.refuses:
            raise EngineError(self.refuses)
        return action()


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def intake(table: Table) -> Intake:
    database = sa.create_engine("sqlite://")
    return Intake(table.ask, database, cast("DBOSClient", table), answer_seconds=5)


def _options(name: str) -> EnqueueOptions:
    options: dict[str, Any] = {"workflow_name": "delivery", "workflow_id": name}
    return cast("EnqueueOptions", options)


async def test_whoever_comes_while_one_is_written_waits_for_the_next_together(
    intake: Intake, table: Table
) -> None:
    table.gate.clear()
    first = asyncio.create_task(intake.add(_options("a"), "text"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(intake.add(_options(name), "text")) for name in "dcb"]
    await asyncio.sleep(0)
    assert not first.done()
    table.gate.set()
    assert await asyncio.gather(first, *others) == [True] * 4
    assert table.transactions == [["a"], ["b", "c", "d"]]


async def test_of_the_same_at_once_one_is_new(intake: Intake) -> None:
    fresh = await asyncio.gather(*(intake.add(_options("a"), "text") for _ in range(20)))
    assert sorted(fresh) == [False] * 19 + [True]


async def test_where_it_is_not_written_down_everybody_is_told(intake: Intake, table: Table) -> None:
    table.refuses = "the engine's database refuses: full"
    told = await asyncio.gather(
        *(intake.add(_options(name), "text") for name in "abc"), return_exceptions=True
    )
    assert [str(error) for error in told if isinstance(error, EngineError)] == [table.refuses] * 3
    table.refuses = ""
    assert await intake.add(_options("a"), "text")


async def test_what_nobody_waits_for_any_more_is_not_written_down(
    intake: Intake, table: Table
) -> None:
    table.gate.clear()
    first = asyncio.create_task(intake.add(_options("a"), "text"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gone = asyncio.create_task(intake.add(_options("b"), "text"))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    table.gate.set()
    assert await first
    assert await intake.add(_options("c"), "text")
    assert [name for names in table.transactions for name in names] == ["a", "c"]


async def test_many_are_written_down_in_several_transactions(intake: Intake, table: Table) -> None:
    names = [f"{number:03}" for number in range(250)]
    fresh = await asyncio.gather(*(intake.add(_options(name), "text") for name in names))
    assert all(fresh)
    assert max(len(each) for each in table.transactions) <= 100


async def test_while_a_crowd_comes_in_others_wait_and_not_for_long(
    intake: Intake, table: Table
) -> None:
    await asyncio.wait_for(intake.calm(), 0.01)
    table.gate.clear()
    crowd = [asyncio.create_task(intake.add(_options(f"{n}"), "text")) for n in range(20)]
    await asyncio.sleep(0.01)
    waiting = asyncio.create_task(intake.calm())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    table.gate.set()
    await asyncio.gather(*crowd)
    await asyncio.wait_for(waiting, 2)
