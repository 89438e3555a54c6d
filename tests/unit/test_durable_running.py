"""What a worker lets go of when it ends: what only waits, and not what it is in the middle of."""

from __future__ import annotations

import asyncio

import pytest

from reviewer.adapters.durable.running import Running


async def _act(running: Running, name: str, ended: list[str]) -> None:
    with running.hold(name):
        with running.acting(name):
            await asyncio.sleep(0.02)
        ended.append(name)


async def _wait(running: Running, name: str) -> None:
    with running.hold(name):
        await asyncio.Event().wait()


async def test_what_only_waits_is_let_go_of_and_what_is_done_goes_on() -> None:
    running, ended = Running(), list[str]()
    acting = asyncio.create_task(_act(running, "acts", ended))
    waiting = asyncio.create_task(_wait(running, "waits"))
    await asyncio.sleep(0)
    running.begin_closing()
    running.let_go_of_waiting()
    await asyncio.gather(acting, waiting, return_exceptions=True)
    assert waiting.cancelled()
    assert ended == ["acts"]
    assert running.ids == frozenset()


async def test_nothing_is_begun_once_it_ends() -> None:
    running, ended = Running(), list[str]()
    running.begin_closing()
    with pytest.raises(asyncio.CancelledError):
        await _act(running, "comes late", ended)
    assert ended == []
