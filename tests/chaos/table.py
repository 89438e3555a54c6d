"""``python -m tests.chaos.table``: many seeds at every door, and one table of what held.

Exit code 1 where anything did not hold; then the seed, the door and what happened are told.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.chaos import action_chaos, app_chaos, process_chaos
from tests.chaos.fault_kind import FaultKind
from tests.chaos.outcome import Outcome
from tests.guards import Guard
from tests.integration.postgres import PostgresCluster, find_programs, running_cluster

#: How many seeds each door gets where nobody says: together less than five minutes on two cores.
SEEDS: Mapping[str, int] = {action_chaos.DOOR: 60, app_chaos.DOOR: 6, process_chaos.DOOR: 3}
#: What a door cannot meet: its clock is the machine's, or nothing of it can be killed.
NEVER: Mapping[str, frozenset[FaultKind]] = {
    action_chaos.DOOR: frozenset(
        {
            FaultKind.STOPPED,
            FaultKind.KILLED,
            FaultKind.DATABASE_LOCKED,
            FaultKind.DATABASE_RESTARTED,
        }
    ),
    app_chaos.DOOR: app_chaos.WITHOUT
    | {FaultKind.CANCELLED, FaultKind.KILLED, FaultKind.DATABASE_RESTARTED},
    process_chaos.DOOR: process_chaos.WITHOUT
    | {FaultKind.BUDGET, FaultKind.CANCELLED, FaultKind.MOVED_IN_WAIT, FaultKind.STOPPED},
}

_WIDTH = 52


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for, print the table, and return the exit code.

    Args:
        arguments: Instead of the command line's.
    """
    asked = _parser().parse_args(arguments)
    doors = [asked.door] if asked.door else list(SEEDS)
    logging.disable(logging.CRITICAL)
    outcomes: dict[str, list[Outcome]] = {}
    with _clean_environment(), _cluster(process_chaos.DOOR in doors) as postgres:
        for door in doors:
            first = asked.seed if asked.seed is not None else 0
            number = 1 if asked.seed is not None else asked.seeds or SEEDS[door]
            run = _seed_of(door, postgres)
            outcomes[door] = []
            for seed in range(first, first + number):
                outcome = _one(run, seed)
                outcomes[door].append(outcome)
                if outcome.broken or asked.seed is not None:
                    sys.stdout.write(f"{outcome.words}\n\n")
    sys.stdout.write("\n".join([*table(outcomes), ""]))
    return int(any(outcome.broken for found in outcomes.values() for outcome in found))


def table(outcomes: Mapping[str, Sequence[Outcome]]) -> Iterator[str]:
    """Write the table.

    Args:
        outcomes: What came of every seed, by door.

    Yields:
        Its lines.
    """
    yield "fault".ljust(_WIDTH) + "".join(door.rjust(20) for door in outcomes)
    for kind in FaultKind:
        cells = "".join(_cell(door, kind, found).rjust(20) for door, found in outcomes.items())
        yield f"{kind.value:{_WIDTH}}{cells}"
    yield ""
    for name, count in (
        ("seeds", lambda found: f"{len(found):,}"),
        ("runs", lambda found: f"{sum(outcome.runs for outcome in found):,}"),
        ("faults", lambda found: f"{sum(outcome.faults.total() for outcome in found):,}"),
        ("seconds", lambda found: f"{sum(outcome.seconds for outcome in found):,.0f}"),
        ("held", _held),
    ):
        yield name.ljust(_WIDTH) + "".join(count(found).rjust(20) for found in outcomes.values())


def _cell(door: str, kind: FaultKind, found: Sequence[Outcome]) -> str:
    """Say how often a fault was put in, in how many seeds, and whether all held."""
    if kind in NEVER[door]:
        return "–"
    times: Counter[FaultKind] = Counter()
    for outcome in found:
        times += outcome.faults
    met = [outcome for outcome in found if outcome.faults[kind]]
    if not met:
        return "0"
    broken = sum(bool(outcome.broken) for outcome in met)
    return f"{times[kind]:,} in {len(met)} {'held' if not broken else f'{broken} NOT'}"


def _held(found: Sequence[Outcome]) -> str:
    broken = [str(outcome.seed) for outcome in found if outcome.broken]
    return "all" if not broken else f"not: {', '.join(broken)}"


def _seed_of(door: str, postgres: PostgresCluster | None) -> Callable[[int, Path], Outcome]:
    if door == action_chaos.DOOR:
        return action_chaos.run_seed
    if door == app_chaos.DOOR:
        return app_chaos.run_seed

    def run(seed: int, folder: Path) -> Outcome:
        guard = Guard()
        guard.roots = (str(folder),)
        # Every other seed on PostgreSQL, where there is one.
        cluster = postgres if seed % 2 else None
        place = process_chaos.Place(folder=folder, guard=guard, postgres=cluster)
        return process_chaos.run_seed(seed, place)

    return run


def _one(run: Callable[[int, Path], Outcome], seed: int) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="reviewer-chaos-") as folder:
        began = time.perf_counter()
        outcome = run(seed, Path(folder).resolve())
    shown = "held" if not outcome.broken else "NOT HELD"
    seconds = time.perf_counter() - began
    sys.stderr.write(f"{outcome.door} {seed}: {shown} ({seconds:.1f} s)\n")
    return outcome


@contextmanager
def _cluster(wanted: bool) -> Iterator[PostgresCluster | None]:  # noqa: FBT001 - of one caller
    programs = find_programs() if wanted else None
    if programs is None:
        yield None
        return
    running = running_cluster(programs)
    try:
        yield next(running)
    finally:
        running.close()  # type: ignore[attr-defined]  # a generator


@contextmanager
def _clean_environment() -> Iterator[None]:
    """Leave out what would say something to the product or to git."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("GIT_", "REVIEWER_", "GITHUB_")):
            del os.environ[name]
    os.environ.update(
        GIT_AUTHOR_NAME="Test Author",
        GIT_AUTHOR_EMAIL="author@example.com",
        GIT_COMMITTER_NAME="Test Author",
        GIT_COMMITTER_EMAIL="author@example.com",
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.table", description=__doc__)
    parser.add_argument("--door", choices=list(SEEDS), help="one door alone")
    parser.add_argument("--seeds", type=int, help="so many seeds at every door")
    parser.add_argument("--seed", type=int, help="this seed alone; what happens in it is told")
    return parser


if __name__ == "__main__":
    sys.exit(main())
