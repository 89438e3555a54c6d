"""What every cache of answers promises; each new one is added to `CACHES`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reviewer.domain.completion import Completion, Finish, Usage
from reviewer.llm.cache import MemoryCompletionCache
from reviewer.ports.completion_cache import CompletionCache

CACHES: dict[str, Callable[[], CompletionCache]] = {"memory": MemoryCompletionCache}
every_cache = pytest.mark.parametrize("name", list(CACHES))

FULL = Completion(
    text='{"answers": []} – 🙂',
    finish=Finish.LENGTH,
    usage=Usage(fresh_input=1, cache_read=2, cache_write=3, output=5, reasoning=4),
    model_answered="example-1-2026-11-01",
    provider_request_id="req-1",
    latency_seconds=1.25,
)


@every_cache
async def test_what_was_kept_comes_back_as_it_was(name: str) -> None:
    cache = CACHES[name]()

    await cache.put("key", FULL)

    assert await cache.get("key") == FULL


@every_cache
async def test_nothing_comes_back_under_another_key(name: str) -> None:
    cache = CACHES[name]()
    await cache.put("key", FULL)

    assert await cache.get("other") is None


@every_cache
async def test_the_first_answer_under_a_key_stays(name: str) -> None:
    cache = CACHES[name]()
    await cache.put("key", FULL)
    await cache.put("key", Completion(text="", finish=Finish.STOP, usage=None, model_answered=""))

    assert await cache.get("key") == FULL


async def test_a_cache_in_memory_forgets_what_was_not_used_for_longest() -> None:
    cache = MemoryCompletionCache()
    for number in range(2_000):
        await cache.put(f"{number}", FULL)
    await cache.get("0")

    await cache.put("one more", FULL)

    assert await cache.get("0") is not None
    assert await cache.get("1") is None
