"""What every store of the service promises of what reviews remember."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from reviewer.domain.history import History, SeenFile
from reviewer.domain.history_text import TEXT_LIMIT, text_size
from reviewer.ports.store import Store
from tests.contract.store_stages import STORES, staged
from tests.store_example import a_history


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with staged(request.param, request, tmp_path) as ready:
        yield ready.store


async def test_what_is_remembered_comes_back_as_it_was_and_trusted(store: Store) -> None:
    record = a_history()
    async with store.begin() as work:
        await work.histories.put(a_history(history=History(generation=3, paused=True)))
        await work.histories.put(replace(record, history=replace(record.history, trusted=False)))
    async with store.look() as work:
        assert await work.histories.of(101, 7) == record.history
        assert await work.histories.of(101, 8) is None
    async with store.begin() as work:
        assert await work.histories.held(11, 101, 7) == record.history
        assert await work.histories.held(11, 101, 8) is None


async def test_a_history_that_no_marker_could_hold_is_kept_whole(store: Store) -> None:
    seen = tuple(
        SeenFile(
            path=f"src/{number}.py",
            patch=f"{number:064x}",
            lines=frozenset(
                sha256(b"%d %d" % (number, line)).hexdigest()[:40] for line in range(20)
            ),
        )
        for number in range(300)
    )
    history = History(generation=1, files=seen, trusted=True)
    assert text_size(history) > TEXT_LIMIT
    async with store.begin() as work:
        await work.histories.put(a_history(history=history))
    async with store.look() as work:
        assert await work.histories.of(101, 7) == history


async def test_two_that_change_what_is_remembered_take_turns(store: Store) -> None:
    async with store.begin() as work:
        await work.histories.put(a_history(history=History()))

    async def count_one() -> None:
        async with store.begin() as work:
            now = await work.histories.held(11, 101, 7)
            assert now is not None
            counted = replace(now, generation=now.generation + 1)
            await work.histories.put(a_history(history=counted))

    await asyncio.gather(*(count_one() for _ in range(10)))

    async with store.look() as work:
        history = await work.histories.of(101, 7)
    assert history is not None
    assert history.generation == 10
