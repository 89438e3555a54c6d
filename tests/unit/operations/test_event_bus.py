"""The bus: events keep their order, memory has a bound, and who is slow holds nobody up."""

from __future__ import annotations

import asyncio
import gc
import sys

import pytest

from reviewer.adapters.events.bus import BusBounds, EventBus, QueuedListener
from reviewer.adapters.events.tellers import ToldLedger, ToldProgress
from reviewer.domain.run_event import EventKind, EventStatus, RunEvent
from reviewer.domain.run_news import review_started
from reviewer.errors import ResourceError
from reviewer.ports.run_events import Listener
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.memory_ledger import MemoryLedger
from tests.unit.operations.run_example import ENDED, RUNNING, STARTED, attempt, ended, told


class Kept:
    """A handler that keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[RunEvent] = []

    def heard(self, event: RunEvent) -> None:
        self.events.append(event)


async def numbers(listener: Listener) -> list[int]:
    """Listen to the end."""
    return [event.sequence async for event in listener]


async def test_events_are_numbered_by_run_and_told_to_every_handler_in_order() -> None:
    first, second = Kept(), Kept()
    bus = EventBus((first, second))
    for run_id in ("a", "b", "a"):
        await bus.publish(told(run_id=run_id))
    assert [(event.run_id, event.sequence) for event in first.events] == [
        ("a", 1),
        ("b", 1),
        ("a", 2),
    ]
    assert first.events == second.events


async def test_a_listener_hears_what_was_and_what_comes_until_the_end() -> None:
    bus = EventBus()
    await bus.publish(review_started(RUNNING, at=STARTED))
    listener = bus.subscribe("run-1")
    hearing = asyncio.create_task(numbers(listener))
    await asyncio.sleep(0)
    await bus.publish(told())
    await bus.publish(told(run_id="another"))
    await bus.publish(ended())
    assert await hearing == [1, 2, 3]
    assert bus.listening == 0


@pytest.mark.parametrize(
    ("after", "heard"),
    [(0, [1, 2, 3]), (2, [3]), (3, [3]), (4, [1, 2, 3]), (-1, [1, 2, 3])],
)
async def test_who_comes_again_hears_what_it_missed_and_always_the_end(
    after: int, heard: list[int]
) -> None:
    bus = EventBus()
    for event in (told(), told(), ended()):
        await bus.publish(event)
    assert await numbers(bus.subscribe("run-1", after=after)) == heard


async def test_who_comes_again_before_the_end_hears_only_what_it_missed() -> None:
    bus = EventBus()
    await bus.publish(told())
    listener = bus.subscribe("run-1", after=1)
    await bus.publish(ended())
    assert await numbers(listener) == [2]


async def test_who_listens_before_the_run_begins_misses_nothing() -> None:
    bus = EventBus()
    listener = bus.subscribe("run-1")
    assert not bus.knows("run-1")
    await bus.publish(told())
    await bus.publish(ended())
    assert await numbers(listener) == [1, 2]


async def test_waiting_for_the_next_event_may_be_given_up_and_taken_up_again() -> None:
    bus = EventBus()
    listener = bus.subscribe("run-1")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(listener), 0.01)
    await bus.publish(told())
    assert (await anext(listener)).sequence == 1


@pytest.mark.holds("S19")
async def test_a_slow_listener_is_dropped_with_a_word_and_nobody_waits_for_it() -> None:
    dropped: list[str] = []
    kept = Kept()
    bus = EventBus((kept,), bounds=BusBounds(queue=5), dropped=dropped.append)
    slow, quick = bus.subscribe("run-1"), bus.subscribe("run-1")
    heard = []
    for _ in range(8):
        await bus.publish(told())
        heard.append((await anext(quick)).sequence)
    assert heard == list(range(1, 9))
    assert dropped == ["run-1"]
    assert bus.listening == 1
    told_before = [(await anext(slow)).sequence for _ in range(5)]
    assert told_before == [1, 2, 3, 4, 5]
    with pytest.raises(ResourceError, match="did not keep up"):
        await anext(slow)
    assert len(kept.events) == 8


@pytest.mark.holds("S19")
async def test_a_burst_of_ten_thousand_events_stays_within_its_bounds() -> None:
    dropped: list[str] = []
    bounds = BusBounds(events_of_run=50, events=400, runs=30, queue=20)
    bus = EventBus(bounds=bounds, dropped=dropped.append)
    sleepers = [bus.subscribe(f"run-{number}") for number in range(10)]
    before = len(gc.get_objects())
    most = 0
    for number in range(10_000):
        await bus.publish(told(run_id=f"run-{number % 100}", reason="r" * 2_000))
        most = max(most, bus.remembered)
    assert most <= 400
    assert len(dropped) == len(sleepers) == 10
    assert len(gc.get_objects()) - before < 400 * 20
    held = sum(sys.getsizeof(event.data["reason"]) for event in _remembered(bus))
    assert held < 400 * 2_000


def _remembered(bus: EventBus) -> list[RunEvent]:
    found = []
    for number in range(100):
        if bus.knows(f"run-{number}"):
            listener = bus.subscribe(f"run-{number}")
            listener.close()
            found += list(listener._waiting)  # noqa: SLF001 - without waiting for an end
    return found


async def test_of_a_long_run_the_newest_events_are_remembered() -> None:
    bus = EventBus(bounds=BusBounds(events_of_run=3))
    for _ in range(10):
        await bus.publish(told())
    await bus.publish(ended())
    assert await numbers(bus.subscribe("run-1")) == [9, 10, 11]


async def test_a_run_that_begins_again_goes_on_in_number_and_forgets_its_first_life() -> None:
    bus = EventBus()
    await bus.publish(review_started(RUNNING, at=STARTED))
    await bus.publish(ended())
    await bus.publish(review_started(RUNNING, at=ENDED))
    listener = bus.subscribe("run-1")
    await bus.publish(ended())
    assert await numbers(listener) == [3, 4]


async def test_only_so_many_may_listen_and_who_leaves_makes_room() -> None:
    bus = EventBus(bounds=BusBounds(listeners=2))
    first, second = bus.subscribe("a"), bus.subscribe("b")
    with pytest.raises(ResourceError, match="2 listen already"):
        bus.subscribe("c")
    first.close()
    first.close()
    bus.subscribe("c").close()
    del second
    gc.collect()
    assert bus.listening == 0


async def test_the_longest_silent_runs_are_forgotten_first() -> None:
    bus = EventBus(bounds=BusBounds(runs=2))
    for run_id in ("a", "b", "a", "c"):
        await bus.publish(told(run_id=run_id))
    assert [bus.knows(run_id) for run_id in ("a", "b", "c")] == [True, False, True]
    assert bus.remembered == 3


async def test_memory_is_made_by_whole_runs_and_never_of_the_one_that_speaks() -> None:
    bus = EventBus(bounds=BusBounds(events=4))
    for run_id in ("a", "a", "b", "c", "c", "c", "c", "c", "c"):
        await bus.publish(told(run_id=run_id))
    assert not bus.knows("a")
    assert not bus.knows("b")
    assert bus.remembered == 6


async def test_runs_that_somebody_listens_to_are_not_forgotten() -> None:
    bus = EventBus(bounds=BusBounds(runs=2))
    listener = bus.subscribe("heard")
    for number in range(5):
        await bus.publish(told(run_id=f"run-{number}"))
    await bus.publish(ended(run_id="heard"))
    assert await numbers(listener) == [1]


async def test_closing_the_bus_ends_every_listening() -> None:
    bus = EventBus()
    listener: QueuedListener = bus.subscribe("run-1")
    hearing = asyncio.create_task(numbers(listener))
    await asyncio.sleep(0)
    await bus.publish(told())
    bus.close()
    assert await hearing == [1]
    assert await numbers(bus.subscribe("run-1")) == [1]


async def test_stages_and_calls_are_told_as_they_happen() -> None:
    kept, clock, rows = Kept(), FakeClock(), MemoryLedger()
    bus = EventBus((kept,))
    ToldProgress(bus, clock, "run-1").stage("reading the change")
    ledger = ToldLedger(rows, bus, clock)
    await ledger.record(attempt())
    assert [event.kind for event in kept.events] == [
        EventKind.REVIEW_PROGRESS,
        EventKind.COMPLETION_COMPLETED,
    ]
    assert kept.events[1].status is EventStatus.ANSWERED
    assert await ledger.attempts(run_id="run-1") == rows.rows
    assert (await ledger.spent(since=STARTED)).tokens == 100
