"""What every cache of answers promises; each new one is added to `CACHES`."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL

from reviewer.adapters.database.completion_cache import DatabaseCompletionCache
from reviewer.adapters.database.engine import create_engine
from reviewer.adapters.database.preparation import prepare
from reviewer.adapters.database.service_store import open_service_store
from reviewer.adapters.database.session import Transactions
from reviewer.adapters.database.store import open_store
from reviewer.domain.completion import Completion, Finish, Usage
from reviewer.llm.cache import MemoryCompletionCache
from reviewer.ports.completion_cache import CompletionCache


@asynccontextmanager
async def _memory(_: Path) -> AsyncIterator[CompletionCache]:
    yield MemoryCompletionCache()


@asynccontextmanager
async def _database(folder: Path) -> AsyncIterator[CompletionCache]:
    async with open_store(folder) as store:
        yield store.completions


CACHES: dict[str, Callable[[Path], AbstractAsyncContextManager[CompletionCache]]] = {
    "memory": _memory,
    "database": _database,
}


POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


@pytest.fixture(params=[*CACHES, POSTGRES])
async def cache(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CompletionCache]:
    if request.param == "postgres":
        async with open_service_store(request.getfixturevalue("postgres_store_url")) as store:
            yield store.completions(11)
        return
    async with CACHES[request.param](tmp_path) as opened:
        yield opened


FULL = Completion(
    text='{"answers": []} – 🙂',
    finish=Finish.LENGTH,
    usage=Usage(fresh_input=1, cache_read=2, cache_write=3, output=5, reasoning=4),
    model_answered="example-1-2026-11-01",
    provider_request_id="req-1",
    latency_seconds=1.25,
)


async def test_what_was_kept_comes_back_as_it_was(cache: CompletionCache) -> None:
    await cache.put("key", FULL)

    assert await cache.get("key") == FULL


@pytest.mark.parametrize(
    "completion",
    [
        Completion(text="", finish=Finish.STOP, usage=None, model_answered=""),
        replace(FULL, text="half \ud83d, nothing \0, both \r\n", model_answered="\udcff\0"),
        replace(FULL, from_cache=True, latency_seconds=0.1 + 0.2),
    ],
    ids=["bare", "hostile", "from a cache"],
)
async def test_every_answer_can_be_kept(cache: CompletionCache, completion: Completion) -> None:
    await cache.put("key", completion)

    assert await cache.get("key") == completion


@pytest.mark.holds("S16")
async def test_nothing_comes_back_under_another_key(cache: CompletionCache) -> None:
    await cache.put("key", FULL)

    assert await cache.get("other") is None


@pytest.mark.holds("S16", "P08")
async def test_the_first_answer_under_a_key_stays(cache: CompletionCache) -> None:
    await cache.put("key", FULL)
    await cache.put("key", Completion(text="", finish=Finish.STOP, usage=None, model_answered=""))

    assert await cache.get("key") == FULL


async def test_a_cache_on_disk_forgets_what_is_old_little_by_little(tmp_path: Path) -> None:
    day = datetime(2026, 11, 20, tzinfo=UTC)
    engine = create_engine(URL.create("sqlite+aiosqlite", database=str(tmp_path / "x.sqlite3")))
    await prepare(engine)
    today = day
    cache = DatabaseCompletionCache(
        Transactions(engine=engine, place="x"), lambda: today, keep_for=timedelta(days=90)
    )
    for number in range(30):
        await cache.put(f"{number}", FULL)

    today = day + timedelta(days=90)
    await cache.put("in time", FULL)
    assert await cache.get("29") == FULL
    today += timedelta(seconds=1)
    await cache.put("late", FULL)
    left = [await cache.get(f"{number}") for number in range(30)]
    assert left.count(FULL) == 10
    await cache.put("later", FULL)
    await engine.dispose()

    with closing(sqlite3.connect(tmp_path / "x.sqlite3")) as connection:
        keys = connection.execute("SELECT key FROM completion_cache ORDER BY key").fetchall()
    assert keys == [("in time",), ("late",), ("later",)]


async def test_a_cache_in_memory_forgets_what_was_not_used_for_longest() -> None:
    cache = MemoryCompletionCache()
    for number in range(2_000):
        await cache.put(f"{number}", FULL)
    await cache.get("0")

    await cache.put("one more", FULL)

    assert await cache.get("0") is not None
    assert await cache.get("1") is None
