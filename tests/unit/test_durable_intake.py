"""What comes at the same time is written down in one transaction, and nobody is told too early."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

# Before `dbos`: it has croniter imported without starting a program.
pytest.importorskip("reviewer.adapters.durable")

from dbos import EnqueueOptions

from reviewer.adapters.durable.crowd import Crowd
from reviewer.adapters.durable.enqueuing import Wanted
from reviewer.adapters.durable.intake import Intake
from reviewer.ports.engine import EngineError

#: A thread that never gets on is a defect, and not a reason to wait for ever.
_PATIENCE_SECONDS = 10


class Table:
    """Enqueues into memory, in whichever thread it is asked."""

    def __init__(self) -> None:
        self.transactions: list[list[str]] = []
        self.refuses: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()
        self._known: set[str] = set()

    def write(self, wanted: Sequence[Wanted]) -> list[bool]:
        names = [one.workflow_id for one in wanted]
        assert len(set(names)) == len(names)
        self.transactions.append(names)
        self.begun.set()
        assert self.gate.wait(_PATIENCE_SECONDS)
        if self.refuses is not None:
            raise self.refuses
        fresh = [name not in self._known for name in names]
        self._known.update(names)
        return fresh

    async def is_busy(self) -> None:
        """Wait until something is being written."""
        assert await asyncio.to_thread(self.begun.wait, _PATIENCE_SECONDS)


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


@pytest.fixture
def intake(table: Table, threads: ThreadPoolExecutor, crowd: Crowd) -> Intake:
    return Intake(table.write, threads, crowd, answer_seconds=_PATIENCE_SECONDS)


def _wanted(name: str) -> Wanted:
    options: dict[str, Any] = {"workflow_name": "delivery", "workflow_id": name}
    return Wanted(options=cast("EnqueueOptions", options), texts=("text",))


async def test_whoever_comes_while_one_is_written_waits_for_the_next_together(
    intake: Intake, table: Table
) -> None:
    table.gate.clear()
    first = asyncio.create_task(intake.add(_wanted("a")))
    await table.is_busy()
    others = [asyncio.create_task(intake.add(_wanted(name))) for name in "dcb"]
    await asyncio.sleep(0)
    assert not first.done()
    table.gate.set()
    assert await asyncio.gather(first, *others) == [True] * 4
    assert table.transactions == [["a"], ["b", "c", "d"]]


async def test_a_batch_is_written_while_the_loop_is_busy(intake: Intake, table: Table) -> None:
    adding = asyncio.create_task(intake.add(_wanted("a")))
    await asyncio.sleep(0)
    assert table.begun.wait(_PATIENCE_SECONDS)  # on the loop: nothing else goes on there
    assert await adding


async def test_of_the_same_at_once_one_is_new(intake: Intake) -> None:
    fresh = await asyncio.gather(*(intake.add(_wanted("a")) for _ in range(20)))
    assert sorted(fresh) == [False] * 19 + [True]


async def test_where_it_is_not_written_down_everybody_is_told(intake: Intake, table: Table) -> None:
    table.refuses = EngineError("the engine's database refuses: full")
    told = await asyncio.gather(
        *(intake.add(_wanted(name)) for name in "abc"), return_exceptions=True
    )
    assert [str(error) for error in told if isinstance(error, EngineError)] == [
        "the engine's database refuses: full"
    ] * 3
    assert len({id(error) for error in told}) == 3
    table.refuses = None
    assert await intake.add(_wanted("a"))


async def test_a_defect_is_raised_where_somebody_waits_and_the_next_is_written(
    intake: Intake, table: Table
) -> None:
    table.refuses = KeyError("a defect")
    with pytest.raises(KeyError):
        await intake.add(_wanted("a"))
    table.refuses = None
    assert await intake.add(_wanted("a"))


async def test_what_nobody_waits_for_any_more_is_not_written_down(
    intake: Intake, table: Table
) -> None:
    table.gate.clear()
    first = asyncio.create_task(intake.add(_wanted("a")))
    await table.is_busy()
    gone = asyncio.create_task(intake.add(_wanted("b")))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    table.gate.set()
    assert await first
    assert await intake.add(_wanted("c"))
    assert [name for names in table.transactions for name in names] == ["a", "c"]


async def test_many_are_written_down_in_several_transactions(intake: Intake, table: Table) -> None:
    names = [f"{number:03}" for number in range(250)]
    fresh = await asyncio.gather(*(intake.add(_wanted(name)) for name in names))
    assert all(fresh)
    assert max(len(each) for each in table.transactions) <= 100


async def test_where_one_thread_hangs_another_one_goes_on(
    table: Table, threads: ThreadPoolExecutor, crowd: Crowd
) -> None:
    intake = Intake(table.write, threads, crowd, answer_seconds=0.1)
    table.gate.clear()
    with pytest.raises(EngineError, match="does not answer"):
        await intake.add(_wanted("a"))
    hanging, table.gate = table.gate, threading.Event()
    table.gate.set()
    await asyncio.sleep(0.05)
    assert await intake.add(_wanted("b"))
    hanging.set()
    assert await intake.add(_wanted("c"))
    assert table.transactions == [["a"], ["b"], ["c"]]


async def test_after_the_end_whoever_comes_is_told(
    intake: Intake, table: Table, threads: ThreadPoolExecutor
) -> None:
    threads.shutdown()
    with pytest.raises(EngineError, match="closed"):
        await intake.add(_wanted("a"))
    assert table.transactions == []


async def test_many_that_wait_are_a_crowd(intake: Intake, table: Table, crowd: Crowd) -> None:
    assert await intake.add(_wanted("a"))
    assert not crowd.is_there()
    table.gate.clear()
    waiting = [asyncio.create_task(intake.add(_wanted(f"{n}"))) for n in range(20)]
    await asyncio.sleep(0)
    assert crowd.is_there()
    table.gate.set()
    assert all(await asyncio.gather(*waiting))
