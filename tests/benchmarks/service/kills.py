"""Workers with a tiny service are killed at random moments while deliveries come in."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path

from reviewer.adapters.durable.engine import DbosEngine
from tests.benchmarks.service.figures import Figure
from tests.integration.engine_fleet import Fleet, Outcome
from tests.integration.engine_scene import delivery, settings_for

RESTARTS = 3
_EACH = 2
_LONGEST_PAUSE_SECONDS = 1.6


async def killed(
    database: str,
    folder: Path,
    *,
    kills: int,
    workers: int,
    restart: Callable[[], object] | None = None,
) -> tuple[int, Outcome, float]:
    """Kill workers; every one is followed by a new one, and none comes back.

    Args:
        database: The engine's.
        folder: Where workers write down what they do.
        kills: How many.
        workers: How many work at once.
        restart: Restarts the database's server as a power failure would, a few times in between.

    Returns:
        How many deliveries were acknowledged, what came of them, and the seconds from the last
        kill to the last review.
    """
    chance = random.Random(20261120)  # noqa: S311 - moments, not secrets
    door = DbosEngine(settings_for(database))
    await door.open()
    # Killed about once a second, a run that did nothing wrong dies often: here it is not its fault.
    fleet = Fleet(database, folder, most_deaths=kills + 1)
    sent: list[str] = []
    began = time.monotonic()
    every = max(1, kills // RESTARTS)
    try:
        for _ in range(workers):
            await asyncio.to_thread(fleet.start)
        for kill in range(kills):
            for number in range(_EACH):
                sent.append(f"{number + 1}-{kill}")
                assert await door.accept(delivery(sent[-1]))
            await asyncio.sleep(chance.uniform(0.0, _LONGEST_PAUSE_SECONDS))
            if restart is not None and kill % every == every - 1:
                await asyncio.to_thread(restart)
            fleet.kill(chance.choice(fleet.workers))
            began = time.monotonic()
            await asyncio.to_thread(fleet.start)
        outcome = await asyncio.to_thread(fleet.finish, sent, 120)
        return len(sent), outcome, time.monotonic() - began
    finally:
        fleet.end()
        await door.close()


def figures_of(
    name: str, database: str, kills: int, found: tuple[int, Outcome, float]
) -> list[Figure]:
    """Return what came of the kills as figures.

    Args:
        name: What the scene is called.
        database: On which database.
        kills: How many there were.
        found: What `killed` returned.
    """
    sent, outcome, seconds = found
    gaps = sorted(gap * 1000 for gap in outcome.repaid)
    note = (
        f"answered {gaps[0]:.0f} to {gaps[-1]:.0f} ms before the kill ({_listed(gaps)})"
        if gaps
        else ""
    )

    def figure(
        what: str, value: float, unit: str = "", most: float | None = None, note: str = ""
    ) -> Figure:
        return Figure(
            scene=name, name=what, database=database, value=value, unit=unit, most=most, note=note
        )

    return [
        figure("kills", kills),
        figure("deliveries acknowledged", sent),
        figure("runs lost", len(outcome.lost), most=0),
        figure("reviews posted twice", len(outcome.twice), most=0),
        figure("runs told to have failed", len(outcome.told), most=0),
        figure("answers of models in all", outcome.answered),
        figure("answers paid twice", len(outcome.repaid), note=note),
        figure("paid twice: longest before the kill", gaps[-1] if gaps else 0.0, "ms"),
        figure("calls in flight at a kill, begun again", outcome.restarted),
        figure("last kill to last review", seconds, "s"),
    ]


def _listed(gaps: list[float]) -> str:
    return ", ".join(f"{gap:.0f}" for gap in gaps)
