"""A slice of the chaos: what holds whatever goes wrong; `make chaos` runs many more seeds.

A seed that fails tells how to see it again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("github")
pytest.importorskip("fastapi")

from tests.chaos import action_chaos, app_chaos, process_chaos
from tests.chaos.outcome import Outcome
from tests.guards import Guard
from tests.integration.postgres import PostgresCluster

pytestmark = [
    pytest.mark.loopback,
    pytest.mark.holds("P02", "P03", "P05", "P10", "P13", "P14", "P17", "P22", "P23"),
]


@pytest.mark.parametrize("seed", range(6))
def test_everything_holds_whatever_goes_wrong_in_a_job(tmp_path: Path, seed: int) -> None:
    outcome = action_chaos.run_seed(seed, tmp_path)
    assert not outcome.broken, outcome.words


def test_a_seed_is_the_same_each_time(tmp_path: Path) -> None:
    def course(name: str) -> tuple[object, ...]:
        outcome: Outcome = action_chaos.run_seed(3, tmp_path / name)
        return outcome.story, outcome.faults, outcome.runs

    assert course("first") == course("second")


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(2))
def test_everything_holds_whatever_goes_wrong_in_the_service(tmp_path: Path, seed: int) -> None:
    outcome = app_chaos.run_seed(seed, tmp_path)
    assert not outcome.broken, outcome.words


@pytest.mark.exhaustive
def test_everything_holds_whoever_kills_the_service(
    tmp_path: Path, guard: Guard, allowed_program: Callable[[Path | str], None]
) -> None:
    allowed_program(sys.executable)
    outcome = process_chaos.run_seed(0, process_chaos.Place(folder=tmp_path, guard=guard))
    assert not outcome.broken, outcome.words


@pytest.mark.exhaustive
@pytest.mark.postgres
def test_everything_holds_whoever_restarts_the_database(
    tmp_path: Path,
    guard: Guard,
    allowed_program: Callable[[Path | str], None],
    postgres: PostgresCluster,
) -> None:
    allowed_program(sys.executable)
    place = process_chaos.Place(folder=tmp_path, guard=guard, postgres=postgres)
    outcome = process_chaos.run_seed(1, place)
    assert not outcome.broken, outcome.words
