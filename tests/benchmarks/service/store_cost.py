"""What the service's store costs: a delivery, a run with ten findings, an answer that is kept."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from reviewer.adapters.database.service_store import DatabaseStore, open_service_store
from reviewer.domain.status import RunState
from tests.benchmarks.service.figures import Figure, percentile
from tests.store_example import INSTALLATION, a_delivery, a_finding, a_run, a_verdict

_TIMES = 200
_FINDINGS = 10
_VERDICTS = 60


async def store_cost(name: str, url: str) -> list[Figure]:
    """Measure, one thing after another.

    Args:
        name: Of the database.
        url: Its address.
    """
    async with open_service_store(url) as store:
        async with store.begin() as work:
            await work.installations.put(INSTALLATION)

        async def delivery(number: int) -> None:
            async with store.begin() as work:
                await work.deliveries.add(a_delivery(f"delivery-{number}"))

        async def run(number: int) -> None:
            await _run(store, f"run-{number}")

        async def answer(number: int) -> None:
            async def paid() -> str:
                return "x" * 2000

            await store.journal("run-0", INSTALLATION.id).once(f"ask:{number}", paid)

        return [
            *await _timed(name, "a delivery is written down", delivery),
            *await _timed(name, f"a run, {_VERDICTS} verdicts, {_FINDINGS} findings", run),
            *await _timed(name, "an answer is kept", answer),
        ]


async def _run(store: DatabaseStore, identity: str) -> None:
    """Write everything that one run writes down: that it waits, runs, and has ended."""
    queued = a_run(identity)
    async with store.begin() as work:
        await work.runs.add(queued)
    running = replace(queued, state=RunState.RUNNING, started_at=queued.queued_at)
    async with store.begin() as work:
        await work.runs.get(identity)
        await work.runs.advance(running)
    async with store.begin() as work:
        await work.runs.advance(running)
    ended = replace(running, state=RunState.COMPLETED, ended_at=queued.queued_at)
    verdicts = [a_verdict(f"SEC{number:03}") for number in range(_VERDICTS)]
    findings = [a_finding(f"Query {number} is built from text") for number in range(_FINDINGS)]
    async with store.begin() as work:
        await work.runs.advance(ended)
        await work.runs.keep_verdicts(identity, verdicts)
        await work.findings.keep(identity, findings)


async def _timed(
    database: str, what: str, action: Callable[[int], Awaitable[None]]
) -> list[Figure]:
    await action(_TIMES)
    seconds: list[float] = []
    for number in range(_TIMES):
        began = time.perf_counter()
        await action(number)
        seconds.append(time.perf_counter() - began)
    return [
        Figure(
            scene="the service's store, one after another",
            name=f"{what}, p{percent}",
            database=database,
            value=percentile(seconds, percent) * 1000,
            unit="ms",
            timed=True,
        )
        for percent in (50, 95)
    ]
