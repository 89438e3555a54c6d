"""What every ledger promises; each new one is added to `LEDGERS`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviewer.adapters.database.service_store import open_service_store
from reviewer.adapters.database.store import open_store
from reviewer.domain.attempt import UNFINISHED, Attempt, AttemptOutcome
from reviewer.domain.completion import ModelName, Parameters, PromptIdentity, Usage
from reviewer.ports.ledger import Ledger, Spent
from reviewer.testing.memory_ledger import MemoryLedger
from tests.ledger_example import NOON, an_attempt


@asynccontextmanager
async def _memory(_: Path) -> AsyncIterator[Ledger]:
    yield MemoryLedger()


@asynccontextmanager
async def _database(folder: Path) -> AsyncIterator[Ledger]:
    async with open_store(folder) as store:
        yield store.ledger


LEDGERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Ledger]]] = {
    "memory": _memory,
    "database": _database,
}
POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


@pytest.fixture(params=[*LEDGERS, POSTGRES])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    if request.param == "postgres":
        async with open_service_store(request.getfixturevalue("postgres_store_url")) as store:
            yield store.ledger
        return
    async with LEDGERS[request.param](tmp_path) as opened:
        yield opened


FULL = Attempt(
    id="a-1",
    run_id="run-1",
    repository="example/shop",
    pull_request=7,
    installation=11,
    persona="type-guardian",
    purpose="review",
    rules=("PY001", "PY002"),
    prompt=PromptIdentity(name="review", version=3, sha256="ab" * 32),
    model=ModelName(provider="compatible", model="small", base_url="http://127.0.0.1:8080/v1"),
    model_answered="small-2026-11-01",
    parameters=Parameters(max_output_tokens=900, temperature=0.25, top_p=0.5, effort="low"),
    number=2,
    outcome=AttemptOutcome.ANSWERED,
    finish="stop",
    usage=Usage(fresh_input=1, cache_read=2, cache_write=3, output=5, reasoning=4),
    usage_known=False,
    cost=Decimal("0.000001230"),
    latency_seconds=1.25,
    started_at=datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC),
)


async def test_an_attempt_comes_back_as_it_was(ledger: Ledger) -> None:
    await ledger.record(FULL)

    (kept,) = await ledger.attempts()
    assert kept == FULL
    assert str(kept.cost) == "0.000001230"
    assert kept.started_at.utcoffset() == timedelta(0)


async def test_what_is_not_known_comes_back_as_not_known(ledger: Ledger) -> None:
    bare = an_attempt(cost=None, outcome=AttemptOutcome.FAILED, failure="transient")
    await ledger.record(bare)

    assert list(await ledger.attempts()) == [bare]


async def test_attempts_come_in_the_order_in_which_they_began(ledger: Ledger) -> None:
    for name, minutes in (("late", 5), ("early", 1), ("middle", 3), ("middle too", 3)):
        await ledger.record(an_attempt(name, started_at=NOON + timedelta(minutes=minutes)))

    kept = [row.id for row in await ledger.attempts()]
    assert kept == ["early", "middle", "middle too", "late"]


@pytest.mark.holds("P13")
async def test_the_end_of_an_attempt_takes_the_place_of_what_it_may_cost(ledger: Ledger) -> None:
    worst = replace(
        FULL, outcome=AttemptOutcome.FAILED, failure=UNFINISHED, usage_known=False, cost=Decimal(9)
    )
    await ledger.begin(worst)
    assert list(await ledger.attempts()) == [worst]
    assert (await ledger.spent(since=NOON - timedelta(days=9))).dollars == Decimal(9)

    await ledger.record(FULL)

    assert list(await ledger.attempts()) == [FULL]


async def test_a_time_of_another_zone_is_the_same_time(ledger: Ledger) -> None:
    eastern = timezone(timedelta(hours=-5))
    await ledger.record(an_attempt("before", started_at=NOON - timedelta(seconds=1)))
    await ledger.record(an_attempt("at", started_at=NOON.astimezone(eastern)))

    since = await ledger.attempts(since=NOON.astimezone(eastern))
    assert [row.id for row in since] == ["at"]
    assert since[0].started_at == NOON


async def test_one_run_is_told_from_another(ledger: Ledger) -> None:
    await ledger.record(an_attempt("a", run_id="one"))
    await ledger.record(an_attempt("b", run_id="two"))

    assert [row.id for row in await ledger.attempts(run_id="two")] == ["b"]
    assert await ledger.attempts(run_id="three") == []


async def test_nothing_was_spent_at_first(ledger: Ledger) -> None:
    assert await ledger.spent(since=NOON) == Spent(tokens=0, dollars=Decimal(0))


async def test_spending_is_summed_by_everything_that_is_given(ledger: Ledger) -> None:
    usage = Usage(fresh_input=1, cache_read=10, cache_write=100, output=1000, reasoning=500)
    for name, repository, pull_request, installation in (
        ("a", "shop", 1, 5),
        ("b", "shop", 2, 5),
        ("c", "bank", 1, 5),
        ("d", "shop", None, None),
    ):
        row = an_attempt(
            name,
            repository=repository,
            pull_request=pull_request,
            installation=installation,
            usage=usage,
            cost=Decimal("0.1"),
        )
        await ledger.record(row)

    async def spent(**scope: int | str) -> Spent:
        return await ledger.spent(since=NOON, **scope)  # type: ignore[arg-type]

    assert await spent() == Spent(tokens=4 * 1111, dollars=Decimal("0.4"))
    assert (await spent(repository="shop")).dollars == Decimal("0.3")
    assert (await spent(repository="shop", pull_request=1)).dollars == Decimal("0.1")
    assert (await spent(installation=5)).dollars == Decimal("0.3")
    assert (await spent(repository="Shop")).dollars == 0
    later = await ledger.spent(since=NOON + timedelta(microseconds=1))
    assert later == Spent(tokens=0, dollars=Decimal(0))


async def test_tokens_of_an_unknown_price_count_as_tokens(ledger: Ledger) -> None:
    await ledger.record(an_attempt("a", usage=Usage(output=7), cost=None))
    await ledger.record(an_attempt("b", usage=Usage(output=5), cost=Decimal("0.25")))

    assert await ledger.spent(since=NOON) == Spent(tokens=12, dollars=Decimal("0.25"))


@pytest.mark.holds("P13")
async def test_many_calls_at_once_are_all_written_down(ledger: Ledger) -> None:
    names = [f"a-{number}" for number in range(24)]

    await asyncio.gather(*(ledger.record(an_attempt(name, persona=name)) for name in names))

    assert sorted(row.id for row in await ledger.attempts()) == sorted(names)


prices = st.decimals(min_value=0, max_value=100, places=9)


@pytest.mark.holds("P13")
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(costs=st.lists(st.none() | prices, max_size=12))
@pytest.mark.parametrize("name", list(LEDGERS))
async def test_prices_are_summed_exactly(
    costs: list[Decimal | None], name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with LEDGERS[name](tmp_path_factory.mktemp("ledger")) as ledger:
        for number, cost in enumerate(costs):
            await ledger.record(an_attempt(f"{number}", cost=cost))

        spent = await ledger.spent(since=NOON)

    assert spent.dollars == sum((cost for cost in costs if cost is not None), Decimal(0))
