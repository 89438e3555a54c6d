"""How the engine stands what kills it, and how fast it writes deliveries down.

Workers with a tiny service (five calls that cost money, then one post) are killed with ``kill -9``
at random moments: one process on a SQLite file, and two on PostgreSQL of which one dies for good
each time. Printed is what was lost, posted twice, paid twice, and how long a take-over took.
Then bursts of deliveries are written down by the door alone.

    python tests/benchmarks/bench_service.py [--kills 60] [--only sqlite] [--check]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from reviewer.adapters.durable.engine import DbosEngine  # noqa: E402
from tests.integration.engine_fleet import Fleet, Outcome  # noqa: E402
from tests.integration.engine_scene import delivery, settings_for  # noqa: E402
from tests.integration.postgres import find_programs, running_cluster  # noqa: E402

#: Deliveries in a burst, and how long the slowest hundredth may take (issue 5).
BURST = 200
MOST_SECONDS = 0.25
RESTARTS = 3


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One series of kills.

    Args:
        name: On what.
        sent: How many deliveries were acknowledged.
        outcome: What came of them.
        recovery_seconds: From the last kill to the last review.
    """

    name: str
    sent: int
    outcome: Outcome
    recovery_seconds: float


async def killed(
    name: str, database: str, folder: Path, *, kills: int, workers: int, restart: object = None
) -> Trial:
    """Kill workers at random moments while deliveries come in."""
    chance = random.Random(20261120)  # noqa: S311 - moments, not secrets
    door = DbosEngine(settings_for(database))
    await door.open()
    # Killed about once a second, a run that did nothing wrong dies often: here it is not its fault.
    fleet = Fleet(database, folder, most_deaths=kills + 1)
    sent: list[str] = []
    began = time.monotonic()
    try:
        for _ in range(workers):
            await asyncio.to_thread(fleet.start)
        for kill in range(kills):
            for number in range(2):
                sent.append(f"{number + 1}-{kill}")
                assert await door.accept(delivery(sent[-1]))
            await asyncio.sleep(chance.uniform(0.0, 1.6))
            if callable(restart) and kill % (kills // RESTARTS) == kills // RESTARTS - 1:
                await asyncio.to_thread(restart)
            fleet.kill(chance.choice(fleet.workers))
            began = time.monotonic()
            await asyncio.to_thread(fleet.start)
        outcome = await asyncio.to_thread(fleet.finish, sent, 120)
        return Trial(
            name=name,
            sent=len(sent),
            outcome=outcome,
            recovery_seconds=time.monotonic() - began,
        )
    finally:
        fleet.end()
        await door.close()


async def burst(database: str) -> list[float]:
    """Return how long each delivery of a burst took to be written down."""
    door = DbosEngine(settings_for(database))
    await door.open()

    async def timed(number: int) -> float:
        began = time.perf_counter()
        assert await door.accept(delivery(f"burst-{number}"))
        return time.perf_counter() - began

    try:
        return await asyncio.gather(*(timed(number) for number in range(BURST)))
    finally:
        await door.close()


@contextmanager
def postgres_url(restarts: list[object]) -> Iterator[str | None]:
    """Yield the address of a new database; None where there is no PostgreSQL."""
    programs = find_programs()
    if programs is None:
        yield None
        return
    clusters = running_cluster(programs)
    cluster = next(clusters)

    def restart() -> None:
        cluster.stop(at_once=True)
        cluster.start()

    restarts.append(restart)
    try:
        yield cluster.url(cluster.create_database())
    finally:
        next(clusters, None)


def report(trial: Trial, kills: int) -> bool:
    """Print one trial; tell whether it is as promised."""
    outcome = trial.outcome
    print(f"\n{trial.name}: {kills} × kill -9")
    print(f"  acknowledged deliveries   {trial.sent}")
    print(f"  lost                      {len(outcome.lost)}")
    print(f"  posted twice              {len(outcome.twice)}")
    print(f"  told to have failed       {len(outcome.told)}")
    print(f"  answers in all            {outcome.answered}")
    gaps = ", ".join(f"{gap * 1000:.0f}" for gap in outcome.repaid)
    within = f"   (answered so many ms before the kill: {gaps})" if gaps else ""
    print(f"  paid twice                {len(outcome.repaid)}{within}")
    print(f"  begun again in flight     {outcome.restarted}")
    print(f"  last kill to last review  {trial.recovery_seconds:.1f} s")
    return not (outcome.lost or outcome.twice or outcome.told)


def report_burst(name: str, seconds: list[float]) -> bool:
    """Print one burst; tell whether it is fast enough."""
    cuts = statistics.quantiles(seconds, n=100)
    print(
        f"\n{name}: {BURST} deliveries at once, written down in"
        f" p50 {cuts[49] * 1000:.0f} ms, p95 {cuts[94] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms"
    )
    return cuts[98] <= MOST_SECONDS


def main() -> int:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    good = True
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if options.only != "postgres":
            name = "SQLite, one process"
            database = f"sqlite:///{folder}/engine.sqlite3"
            trial = asyncio.run(
                killed(name, database, folder / "one", kills=options.kills, workers=1)
            )
            good &= report(trial, options.kills)
            quick = asyncio.run(burst(f"sqlite:///{folder}/burst.sqlite3"))
            good &= report_burst("SQLite", quick)
        restarts: list[object] = []
        if options.only != "sqlite":
            with postgres_url(restarts) as database_url:
                if database_url is None:
                    print("\nPostgreSQL: its programs are not on this machine")
                else:
                    name = f"PostgreSQL, two workers, one dies for good, {RESTARTS} restarts"
                    trial = asyncio.run(
                        killed(
                            name,
                            database_url,
                            folder / "two",
                            kills=options.kills,
                            workers=2,
                            restart=restarts[0],
                        )
                    )
                    good &= report(trial, options.kills)
                    good &= report_burst("PostgreSQL", asyncio.run(burst(database_url)))
    return 0 if good or not options.check else 1


if __name__ == "__main__":
    sys.exit(main())
