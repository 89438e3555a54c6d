"""The journal of a run: done once, whatever ends in between, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviewer.adapters.database.service_store import DatabaseStore, open_service_store
from reviewer.domain.completion import Completion, Finish, Usage

ANSWER = Completion(
    text='half \ud83d, nothing \0, {"answers": []} – 🙂',
    finish=Finish.LENGTH,
    usage=Usage(fresh_input=1, cache_read=2, cache_write=3, output=5, reasoning=4),
    model_answered="example-1",
    provider_request_id="request-1",
    latency_seconds=0.1 + 0.2,
)


class Action:
    """Returns a value, and counts how often it was asked to."""

    def __init__(self, value: object = ANSWER, seconds: float = 0.0) -> None:
        self.value = value
        self.seconds = seconds
        self.calls = 0

    async def __call__(self) -> object:
        self.calls += 1
        await asyncio.sleep(self.seconds)
        return self.value


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DatabaseStore]:
    url = f"sqlite:///{tmp_path / 'service.sqlite3'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_store_url")
    async with open_service_store(
        url, now=lambda: datetime(2026, 11, 20, 12, tzinfo=UTC)
    ) as opened:
        yield opened


@pytest.mark.parametrize(
    "value",
    [ANSWER, None, True, 7, 0.1 + 0.2, "text \ud83d\0", [1, "two"], {"a": [None]}],
    ids=["completion", "none", "bool", "int", "float", "text", "list", "object"],
)
async def test_what_an_action_returned_is_returned_again(
    store: DatabaseStore, value: object
) -> None:
    action = Action(value)

    first = await store.journal("run").once("call", action)
    again = await store.journal("run").once("call", action)

    assert first == again == value
    assert type(first) is type(again) is type(value)
    assert action.calls == 1


async def test_runs_and_names_are_told_apart(store: DatabaseStore) -> None:
    journal = store.journal("run")

    assert await journal.once("one", Action(1)) == 1
    assert await journal.once("two", Action(2)) == 2
    assert await store.journal("other").once("one", Action(3)) == 3


async def test_actions_of_a_run_go_on_side_by_side(store: DatabaseStore) -> None:
    journal = store.journal("run")
    actions = [Action(number, seconds=0.05) for number in range(8)]

    results = await asyncio.gather(
        *(journal.once(f"call-{action.value}", action) for action in actions)
    )

    assert results == list(range(8))


@pytest.mark.holds("S16", "P13")
async def test_the_same_action_at_once_is_done_once(store: DatabaseStore) -> None:
    journal, action = store.journal("run"), Action(seconds=0.02)

    results = await asyncio.gather(*(journal.once("call", action) for _ in range(5)))

    assert results == [ANSWER] * 5
    assert action.calls == 1


@pytest.mark.holds("S16", "P13")
async def test_two_workers_at_once_return_the_same(store: DatabaseStore) -> None:
    results = await asyncio.gather(
        store.journal("run").once("call", Action("first", seconds=0.02)),
        store.journal("run").once("call", Action("second", seconds=0.2)),
    )

    assert list(results) == ["first", "first"]


async def test_an_action_that_fails_is_done_again(store: DatabaseStore) -> None:
    journal = store.journal("run")

    async def fail() -> object:
        raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        await journal.once("call", fail)
    assert await journal.once("call", Action()) == ANSWER


async def test_a_result_is_kept_although_its_caller_has_gone(store: DatabaseStore) -> None:
    loop = asyncio.get_running_loop()

    async def end() -> Completion:
        loop.call_soon(task.cancel)  # whoever waits is cancelled at its next wait
        return ANSWER

    task = asyncio.ensure_future(store.journal("run").once("call", end))
    with pytest.raises(asyncio.CancelledError):
        await task

    again = Action("again")
    assert await store.journal("run").once("call", again) == ANSWER
    assert again.calls == 0


@pytest.mark.parametrize("value", [(1, 2), {1: 2}, b"bytes", object(), {"a": (1,)}])
async def test_what_would_not_come_back_as_it_is_is_refused(
    store: DatabaseStore, value: object
) -> None:
    with pytest.raises(TypeError):
        await store.journal("run").once("call", Action(value))
