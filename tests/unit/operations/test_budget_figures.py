"""What may be spent and what is spent of it, as figures; of whoever is nearest to a ceiling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from reviewer.adapters.metrics.counting import BUDGET_EVERY_SECONDS
from reviewer.adapters.metrics.figures import Figures
from reviewer.bootstrap.operations import budget_watched, watching
from reviewer.domain.operator_configuration import (
    OperatorConfiguration,
    parse_operator_configuration,
)
from reviewer.domain.spending import DayCost, most_spent
from reviewer.errors import CommunicationError, ConfigurationError
from reviewer.server_settings import ServerSettings
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.memory_store import MemoryStore
from tests.unit.operations.run_example import attempt

TODAY = date(2026, 11, 21)


def cost(dollars: str, *, day: date = TODAY, whose: int | None = 7, where: str = "a/b") -> DayCost:
    return DayCost(
        day=day,
        installation_id=whose,
        repository=where,
        calls=1,
        tokens=1,
        dollars=Decimal(dollars),
    )


def test_a_day_counts_by_repository_and_a_month_by_installation() -> None:
    spent = most_spent(
        [
            cost("1"),
            cost("2", where="a/c"),
            cost("2.50", whose=8, where="x/y"),
            cost("4", day=TODAY - timedelta(days=1)),
            cost("100", day=date(2026, 10, 31)),
            cost("9", whose=None),
        ],
        today=TODAY,
    )
    # Calls of no installation have a day and no month of anybody's.
    assert spent == {"repository_day": Decimal(9), "installation_month": Decimal(7)}


def test_where_nothing_was_spent_it_is_nothing() -> None:
    assert set(most_spent([], today=TODAY).values()) == {Decimal(0)}


def value(figures: Figures, name: str, scope: str) -> float | None:
    return figures.registry.get_sample_value(f"reviewer_budget_{name}_dollars", {"scope": scope})


async def passing(clock: FakeClock, looks: int) -> None:
    """Wait until it was looked so many times."""
    for _ in range(1_000):
        if len(clock.slept) >= looks:
            return
        await asyncio.sleep(0)
    pytest.fail(f"it was looked {len(clock.slept)} times")


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    return ServerSettings.model_validate(
        {
            "app_id": "1",
            "private_key": "k" * 40,
            "webhook_secret": "w" * 20,
            "data_folder": tmp_path,
        }
    )


def reading(*texts: str) -> Callable[[], OperatorConfiguration]:
    """Return what reads the operator's file, which changes; the last text stays."""
    left = list(texts)
    return lambda: parse_operator_configuration(left.pop(0) if left[1:] else left[0], "file")


async def test_ceilings_and_spending_are_told_again_and_again(settings: ServerSettings) -> None:
    clock, store = FakeClock(), MemoryStore()
    for number, dollars in enumerate(("0.25", "0.50")):
        await store.ledger.record(attempt(number, cost=Decimal(dollars)))
    first = "schema = 1\n[budget.installation_month]\ndollars = 200\n"
    second = first.replace("200", "300")
    with watching(settings, clock) as watch:
        async with budget_watched(watch, store, clock, reading(first, first, second)):
            await passing(clock, 1)
            assert value(watch.figures, "limit", "installation_month") == 200
            # Nobody set one: whatever is spent is below it.
            assert value(watch.figures, "limit", "repository_day") == float("inf")
            assert value(watch.figures, "limit", "run") == 0.5
            assert value(watch.figures, "spent", "installation_month") == 0.75
            assert value(watch.figures, "spent", "repository_day") == 0.75
            await passing(clock, 3)
            assert value(watch.figures, "limit", "installation_month") == 300
    assert set(clock.slept) == {BUDGET_EVERY_SECONDS}


async def test_a_database_that_is_away_leaves_what_was_known(settings: ServerSettings) -> None:
    clock, store = FakeClock(), MemoryStore()
    with watching(settings, clock) as watch:
        async with budget_watched(watch, store, clock, reading("schema = 1\n")):
            await passing(clock, 1)
            store.trouble = CommunicationError("away")
            await passing(clock, 3)
        assert value(watch.figures, "spent", "installation_month") == 0


async def test_a_file_that_is_wrong_is_told_before_anything_begins(
    settings: ServerSettings,
) -> None:
    clock = FakeClock()
    with watching(settings, clock) as watch, pytest.raises(ConfigurationError):
        async with budget_watched(watch, MemoryStore(), clock, reading("schema = 2\n")):
            pytest.fail("it began")
