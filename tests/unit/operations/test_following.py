"""Runs of other processes are told from what the store keeps; the audit trail is beside the way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from reviewer.adapters.events.audit import AuditHandler
from reviewer.adapters.events.bus import BusBounds, EventBus
from reviewer.adapters.events.following import FollowedRunEvents
from reviewer.domain.attempt import UNFINISHED, AttemptOutcome
from reviewer.domain.run import RunRecord, verdicts_of
from reviewer.domain.run_event import EventKind, EventStatus
from reviewer.domain.run_news import review_ended, review_progress, review_started, run_paused
from reviewer.domain.status import RunState
from reviewer.errors import CommunicationError, ResourceError
from reviewer.ports.run_events import Listener
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.memory_store import MemoryStore
from tests.unit.operations.run_example import (
    COMPLETED,
    ENDED,
    RUNNING,
    STARTED,
    WAITING,
    attempt,
    review_by_three,
    run_numbered,
    told,
)


async def kinds(listener: Listener) -> list[tuple[int, EventKind]]:
    return [(event.sequence, event.kind) async for event in listener]


async def turn_until(condition: Callable[[], bool]) -> None:
    """Let the others work until something holds."""
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("it never held")


async def keep(store: MemoryStore, run: RunRecord) -> None:
    async with store.begin() as work:
        if not await work.runs.add(run):
            await work.runs.advance(run)
        if run.state is RunState.COMPLETED:
            await work.runs.keep_verdicts(run.id, verdicts_of(review_by_three()))


def following(store: MemoryStore, most: int = 100) -> FollowedRunEvents:
    return FollowedRunEvents(EventBus(), store, store.ledger, FakeClock(), most_listeners=most)


async def test_a_run_of_another_process_is_told_from_its_rows() -> None:
    store = MemoryStore()
    await keep(store, WAITING)
    events = following(store)
    listener = events.subscribe("run-1", after=40)
    hearing = asyncio.create_task(kinds(listener))
    for change in (RUNNING, None, COMPLETED):
        await asyncio.sleep(0)
        if change is None:
            await store.ledger.record(attempt(1))
            await store.ledger.record(attempt(2))
        else:
            await keep(store, change)
        for _ in range(200):
            await asyncio.sleep(0)
    heard = await hearing
    assert [number for number, _ in heard] == list(range(1, 8))
    assert [kind for _, kind in heard] == [
        EventKind.REVIEW_STARTED,
        EventKind.COMPLETION_COMPLETED,
        EventKind.COMPLETION_COMPLETED,
        EventKind.PERSONA_COMPLETED,
        EventKind.PERSONA_COMPLETED,
        EventKind.PERSONA_COMPLETED,
        EventKind.REVIEW_COMPLETED,
    ]


async def test_a_call_of_another_process_is_told_once_it_has_ended() -> None:
    store = MemoryStore()
    await keep(store, RUNNING)
    listener = following(store).subscribe("run-1")
    under_way = attempt(1, AttemptOutcome.FAILED, failure=UNFINISHED)
    never_ended = attempt(2, AttemptOutcome.FAILED, failure=UNFINISHED)
    await store.ledger.begin(under_way)
    await store.ledger.begin(never_ended)
    assert (await anext(listener)).kind is EventKind.REVIEW_STARTED
    following_one = asyncio.ensure_future(anext(listener))
    for _ in range(200):
        await asyncio.sleep(0)
    assert not following_one.done()
    await store.ledger.record(attempt(1))
    assert (await following_one).status is EventStatus.ANSWERED
    # The process that made it ended before it did: what it may have cost is told in the end.
    await keep(store, COMPLETED)
    left = [event async for event in listener]
    assert left[0].kind is EventKind.COMPLETION_COMPLETED
    assert left[0].data["failure"] == UNFINISHED
    assert left[-1].kind is EventKind.REVIEW_COMPLETED


async def test_once_this_process_carries_the_run_it_is_heard_live() -> None:
    store = MemoryStore()
    await keep(store, WAITING)
    events = following(store)
    listener = events.subscribe("run-1")
    hearing = asyncio.create_task(kinds(listener))
    await asyncio.sleep(0)
    await events.publish(review_started(RUNNING, at=STARTED))
    await events.publish(review_progress("run-1", "reading the change", at=STARTED))
    for event in review_ended(COMPLETED, None, at=ENDED):
        await events.publish(event)
    assert [kind for _, kind in await hearing] == [
        EventKind.REVIEW_STARTED,
        EventKind.REVIEW_PROGRESS,
        EventKind.REVIEW_COMPLETED,
    ]
    assert [kind for _, kind in await kinds(events.subscribe("run-1", after=2))] == [
        EventKind.REVIEW_COMPLETED
    ]


async def test_a_run_that_is_no_longer_known_ends_the_listening() -> None:
    assert await kinds(following(MemoryStore()).subscribe("gone")) == []


async def test_a_database_that_does_not_answer_is_told_to_the_listener() -> None:
    store = MemoryStore()
    listener = following(store).subscribe("run-1")
    store.trouble = CommunicationError("the database is away")
    with pytest.raises(CommunicationError, match="away"):
        await anext(listener)


async def test_listening_to_rows_is_bounded_and_ends_with_the_service() -> None:
    store = MemoryStore()
    await keep(store, WAITING)
    events = following(store, most=1)
    listener = events.subscribe("run-1")
    with pytest.raises(ResourceError, match="1 listen already"):
        events.subscribe("run-1")
    hearing = asyncio.create_task(kinds(listener))
    await asyncio.sleep(0)
    events.close()
    assert await hearing == []
    assert await kinds(events.subscribe("run-1")) == []


async def test_closing_a_listener_that_hears_live_closes_its_queue() -> None:
    store = MemoryStore()
    events = following(store)
    listener = events.subscribe("run-1")
    await events.publish(told())
    assert (await anext(listener)).kind is EventKind.REVIEW_PROGRESS
    listener.close()
    assert events.bus.listening == 0
    assert await kinds(listener) == []


def test_a_bus_that_is_full_refuses_at_once() -> None:
    events = FollowedRunEvents(
        EventBus(bounds=BusBounds(listeners=0)), MemoryStore(), MemoryStore().ledger, FakeClock()
    )
    events.bus.tell(told())
    with pytest.raises(ResourceError):
        events.subscribe("run-1")


async def test_the_trail_keeps_how_runs_began_waited_and_ended() -> None:
    store = MemoryStore()
    audit = AuditHandler(store, FakeClock())
    bus = EventBus((audit,))
    bus.tell(review_started(RUNNING, at=STARTED))
    bus.tell(review_progress("run-1", "reading the change", at=STARTED))
    bus.tell(run_paused("run-1", "the rate of the installation", at=STARTED))
    failed = replace(COMPLETED, state=RunState.FAILED, reason="no answer")
    bus.tell(review_ended(failed, None, at=ENDED)[-1])
    audit.close()
    await audit.work()
    async with store.look() as work:
        entries = list(reversed(await work.audit.find()))
    assert [entry.action for entry in entries] == ["review started", "run paused", "review failed"]
    assert [entry.detail for entry in entries] == ["", "the rate of the installation", "no answer"]
    assert {entry.actor for entry in entries} == {"service"}
    last = entries[-1]
    assert (last.installation_id, last.repository_id, last.number) == (7, 70, 12)
    assert (last.delivery_id, last.run_id) == ("delivery-1", "run-1")


async def test_while_the_database_is_away_entries_wait_in_order() -> None:
    store, clock = MemoryStore(), FakeClock()
    audit = AuditHandler(store, clock)
    store.trouble = CommunicationError("away")
    working = asyncio.create_task(audit.work())
    for number in range(120):
        audit.heard(review_started(run_numbered(number), at=STARTED))
    await turn_until(lambda: len(clock.slept) >= 5)
    assert audit.waiting == 120
    assert clock.slept[:5] == [1.0, 5.0, 15.0, 30.0, 30.0]
    store.trouble = None
    await turn_until(lambda: audit.waiting == 0)
    audit.close()
    await working
    async with store.look() as work:
        entries = await work.audit.find(limit=200)
    assert [entry.run_id for entry in reversed(entries)] == [f"run-{n}" for n in range(120)]


async def test_what_cannot_be_kept_is_counted_and_stopping_takes_no_time() -> None:
    lost: list[int] = []
    store = MemoryStore()
    audit = AuditHandler(store, FakeClock(), lost=lost.append)
    store.trouble = ResourceError("full")
    for number in range(2_003):
        audit.heard(review_started(run_numbered(number), at=STARTED))
    assert audit.waiting == 2_000
    assert sum(lost) == 3
    audit.close()
    await audit.work()
    assert audit.waiting == 0
    assert sum(lost) == 2_003


def test_statuses_of_the_trail_are_never_of_the_way() -> None:
    audit = AuditHandler(MemoryStore(), FakeClock())
    audit.heard(told(EventKind.COMPLETION_CHUNK, EventStatus.RUNNING))
    assert audit.waiting == 0
