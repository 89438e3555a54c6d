"""The service against what it is held to: kills, load, start and end, on both databases.

- kills: workers with a tiny service (five calls that cost money, then one post) are killed with
  ``kill -9`` at random moments, one process on SQLite, two on PostgreSQL of which one dies for good
  each time while the server is restarted now and then;
- load: deliveries through the whole door of ``reviewer serve``, with real mechanical reviews;
- the store: what it costs to write things down.

    python tests/benchmarks/bench_service.py [--quick] [--check] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.service.figures import Figure, Report, machine  # noqa: E402
from tests.benchmarks.service.kills import RESTARTS, figures_of, killed  # noqa: E402
from tests.benchmarks.service.load import QUICK, Load, Size  # noqa: E402
from tests.benchmarks.service.store_cost import store_cost  # noqa: E402
from tests.integration.postgres import (  # noqa: E402
    PostgresCluster,
    find_programs,
    running_cluster,
)

SCENES = ("load", "kills", "store")
_KILLS = 60
_QUICK_KILLS = 3


def measure_sqlite(folder: Path, options: argparse.Namespace) -> Iterator[list[Figure]]:
    """Play the scenes on files."""
    if "load" in options.scenes:
        yield Load("SQLite", folder, "", _size(options)).measure()
    if "store" in options.scenes:
        yield asyncio.run(store_cost("SQLite", f"sqlite:///{folder}/store.sqlite3"))
    if "kills" in options.scenes:
        database = f"sqlite:///{folder}/engine.sqlite3"
        found = asyncio.run(killed(database, folder / "killed", kills=options.kills, workers=1))
        yield figures_of("kill -9 of a worker", "SQLite", options.kills, found)


def measure_postgres(
    folder: Path, options: argparse.Namespace, cluster: PostgresCluster
) -> Iterator[list[Figure]]:
    """Play the scenes on a server of our own, which waits for the disk as one should."""

    def restart() -> None:
        cluster.stop(at_once=True)
        cluster.start()

    def database() -> str:
        return cluster.url(cluster.create_database())

    if "load" in options.scenes:
        yield Load("PostgreSQL", folder, database(), _size(options)).measure()
    if "store" in options.scenes:
        yield asyncio.run(store_cost("PostgreSQL", database()))
    if "kills" in options.scenes:
        found = asyncio.run(
            killed(database(), folder / "killed", kills=options.kills, workers=2, restart=restart)
        )
        yield [
            *figures_of("kill -9 of a worker", "PostgreSQL", options.kills, found),
            Figure(
                scene="kill -9 of a worker",
                name="restarts of the database in between",
                database="PostgreSQL",
                value=min(RESTARTS, options.kills),
            ),
        ]


@contextmanager
def postgres() -> Iterator[PostgresCluster | None]:
    """Let a server run for the time of the block; None where its programs are not there."""
    programs = find_programs()
    if programs is None:
        yield None
        return
    clusters = running_cluster(programs, lasting=True)
    try:
        yield next(clusters)
    finally:
        next(clusters, None)


def measure(options: argparse.Namespace, report: Report, tell: Callable[[str], None]) -> None:
    """Play everything that is asked for."""
    if options.only != "postgres":
        with tempfile.TemporaryDirectory() as place:
            for figures in measure_sqlite(Path(place), options):
                report.add(figures)
                tell(f"SQLite: {figures[0].scene}, …")
    if options.only != "sqlite":
        with tempfile.TemporaryDirectory() as place, postgres() as cluster:
            if cluster is None:
                tell("PostgreSQL: its programs are not on this machine")
                return
            for figures in measure_postgres(Path(place), options, cluster):
                report.add(figures)
                tell(f"PostgreSQL: {figures[0].scene}, …")


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller scenes, fewer kills")
    parser.add_argument("--kills", type=int, help=f"how many on each database ({_KILLS})")
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    parser.add_argument("--scenes", nargs="+", choices=SCENES, default=SCENES)
    parser.add_argument("--check", action="store_true", help="fail where a bar is missed")
    parser.add_argument(
        "--slack",
        type=float,
        default=1.0,
        help="times may be so many times as long: a busy machine",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures down as well")
    options = parser.parse_args()
    options.kills = options.kills or (_QUICK_KILLS if options.quick else _KILLS)
    report = Report(slack=options.slack)
    for name, value in machine().items():
        print(f"{name:<10}{value}")
    measure(options, report, lambda text: print(text, file=sys.stderr, flush=True))
    print(f"\n{report.table()}")
    if options.json is not None:
        options.json.write_text(report.document(), encoding="utf-8")
    for figure in report.missed:
        print(f"MISSED: {figure.database}, {figure.scene}, {figure.name}: {figure.shown}")
    return 1 if options.check and report.missed else 0


def _size(options: argparse.Namespace) -> Size:
    return QUICK if options.quick else Size()


if __name__ == "__main__":
    sys.exit(main())
