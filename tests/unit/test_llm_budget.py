"""Money: whatever happens, no ceiling is exceeded and nothing that may cost is forgotten."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.attempt import AttemptOutcome
from reviewer.domain.budget import Amount, Budget, Ceiling, Refusal, Scope
from reviewer.domain.completion import (
    CompletionRequest,
    Failure,
    FailureKind,
    ModelName,
    Parameters,
    Usage,
)
from reviewer.llm.cache import MemoryCompletionCache
from reviewer.llm.calibration import Calibration
from reviewer.llm.ceilings import Account, Limit, Limits, load_ceilings
from reviewer.llm.pricing import Pricing, StatedPrice
from reviewer.ports.model import CompletionError
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.memory_ledger import MemoryLedger
from reviewer.testing.scripted_model import Reply, ScriptedModel
from tests.unit.model_example import MODEL, UNPRICED, Setting, failure, request

PERSONAS = [f"persona-{number}" for number in range(8)]
CALLS_EACH = 3
FAILURES = [
    failure(FailureKind.TRANSIENT, status=500),
    failure(FailureKind.TRANSIENT, status=529, sent=False),
    failure(FailureKind.TRANSIENT),
    failure(FailureKind.RATE_LIMITED, status=429, retry_after_seconds=3.0, sent=False),
    failure(FailureKind.PROTOCOL, status=200),
    failure(FailureKind.PARAMETER, status=400, parameter="temperature", sent=False),
    failure(FailureKind.INVALID, status=400, sent=False),
]


class World:
    """A provider of random latency, failures and usage; the seed decides everything."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - a test's dice
        self._calibration = Calibration()

    def latency(self, _: CompletionRequest) -> float:
        return self._chance.choice([0.0, 0.1, 1.0, 30.0]) * self._chance.random()

    def reply(self, _: CompletionRequest) -> Reply:
        return self._chance.choice(FAILURES) if self._chance.random() < 0.4 else "{}"

    def usage(self, asked: CompletionRequest, _: str) -> Usage | None:
        """Return anything that a provider can count for the request, in any bucket."""
        if self._chance.random() < 0.2:
            return None
        most = self._calibration.estimator(asked.model).worst_usage(asked)
        counted = self._chance.randint(0, most.input)
        read = self._chance.randint(0, counted)
        written = self._chance.randint(0, counted - read)
        return Usage(
            fresh_input=counted - read - written,
            cache_read=read,
            cache_write=written,
            output=self._chance.randint(0, asked.parameters.max_output_tokens),
        )


@pytest.mark.holds("R42", "P13")
@given(
    seed=st.integers(0, 2**32),
    tokens=st.sampled_from([None, 3_000, 20_000, 60_000]),
    dollars=st.sampled_from([None, Decimal("0.03"), Decimal("0.20"), Decimal(1)]),
    already=st.sampled_from([Amount(), Amount(tokens=1_000, dollars=Decimal("0.01"))]),
    model=st.sampled_from([MODEL, UNPRICED]),
)
def test_no_ceiling_is_ever_exceeded(
    seed: int, tokens: int | None, dollars: Decimal | None, already: Amount, model: ModelName
) -> None:
    world = World(seed)
    clock = FakeClock()
    scripted = ScriptedModel(world.reply, clock=clock, latency=world.latency, usage=world.usage)
    ceilings = [
        Ceiling(scope=scope, tokens=tokens, dollars=dollars, already=already)
        for scope in (Scope.RUN, Scope.PULL_REQUEST)
    ]

    async def run() -> tuple[Setting, list[Failure]]:
        setting = Setting(scripted, clock, ceilings=ceilings, cache=MemoryCompletionCache())
        failures: list[Failure] = []

        async def persona(name: str) -> None:
            for number in range(CALLS_EACH):
                try:
                    await setting.client.complete(request(f"{number}", persona=name, model=model))
                except CompletionError as error:
                    failures.append(error.failure)

        await asyncio.gather(*(persona(name) for name in PERSONAS))
        return setting, failures

    setting, failures = asyncio.run(run())

    report = setting.client.budget_report()
    rows = [row for row in setting.ledger.rows if row.outcome is not AttemptOutcome.CACHED]
    assert len(rows) == len(scripted.calls) == report.total.attempts
    assert sum(row.usage.total for row in rows) == report.total.usage.total
    assert sum((row.cost or Decimal(0) for row in rows), Decimal(0)) == report.total.known_cost
    if tokens is not None:
        assert report.total.usage.total + already.tokens <= tokens
    if dollars is not None:
        assert report.total.known_cost + (already.dollars or 0) <= dollars
    for row in rows:
        if not row.usage_known:
            assert row.usage.output == row.parameters.max_output_tokens
            assert row.cost is not None or model is UNPRICED
    if tokens is None and dollars is None:
        assert not any(failure.kind is FailureKind.BUDGET for failure in failures)


@pytest.mark.holds("P13")
def test_a_call_of_unknown_price_is_bound_by_tokens() -> None:
    budget = Budget(ceilings=(Ceiling(scope=Scope.RUN, tokens=100, dollars=Decimal(1)),))

    refused = budget.reserve("a", Amount(tokens=101, dollars=None))

    assert refused == Refusal(scope=Scope.RUN, limit="100 tokens")


def test_a_ceiling_in_dollars_alone_binds_a_call_of_unknown_price_too() -> None:
    budget = Budget(ceilings=(Ceiling(scope=Scope.RUN, dollars=Decimal("0.10")),))

    assert isinstance(budget.reserve("a", Amount(tokens=2_000, dollars=None)), Budget)
    assert budget.reserve("a", Amount(tokens=2_001, dollars=None)) == Refusal(
        scope=Scope.RUN, limit="2,000 tokens"
    )


def test_a_ceiling_per_call_does_not_add_calls_up() -> None:
    budget = Budget(ceilings=(Ceiling(scope=Scope.CALL, tokens=100),))
    for name in "abc":
        answer = budget.reserve(name, Amount(tokens=100))
        assert isinstance(answer, Budget)
        budget = answer

    assert isinstance(budget.reserve("d", Amount(tokens=101)), Refusal)


def test_room_may_come_only_where_a_reservation_can_shrink() -> None:
    ceiling = Ceiling(scope=Scope.RUN, tokens=100, already=Amount(tokens=50))
    empty = Budget(ceilings=(ceiling,))
    busy = empty.reserve("a", Amount(tokens=40))
    assert isinstance(busy, Budget)

    assert busy.may_fit_later(Amount(tokens=50))
    assert not busy.may_fit_later(Amount(tokens=51))
    assert not empty.may_fit_later(Amount(tokens=51))


NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ALL = Limits(
    call=Limit(tokens=5),
    run=Limit(tokens=10),
    pull_request=Limit(tokens=20),
    repository_day=Limit(dollars=Decimal(1)),
    installation_month=Limit(dollars=Decimal(9)),
)


@pytest.mark.holds("P13")
async def test_ceilings_know_what_their_scopes_spent_before() -> None:
    ledger = await _ledger(
        # run, repository, pull request, installation, age in hours
        ("run-1", "octo/shop", 7, 1, 0),
        ("run-0", "octo/shop", 7, 1, 30),
        ("run-0", "octo/shop", 8, 1, 1),
        ("run-0", "octo/other", 7, 1, 24 * 15),
        ("run-0", "octo/shop", 7, 2, 1),
        ("run-0", "octo/shop", 8, 1, 24 * 25),
    )
    account = Account(run_id="run-1", repository="octo/shop", pull_request=7, installation=1)

    ceilings = await load_ceilings(ALL, account, ledger, NOW)

    assert {ceiling.scope: ceiling.already.tokens for ceiling in ceilings} == {
        Scope.CALL: 0,
        Scope.RUN: 1,
        Scope.PULL_REQUEST: 2,
        Scope.REPOSITORY_DAY: 2,
        Scope.INSTALLATION_MONTH: 4,
    }
    assert ceilings[3].already.dollars == Decimal("0.02")


async def test_a_scope_that_the_command_line_has_not_gives_no_ceiling() -> None:
    account = Account(run_id="run-1", repository="shop")

    ceilings = await load_ceilings(ALL, account, MemoryLedger(), NOW)

    assert [ceiling.scope for ceiling in ceilings] == [
        Scope.CALL,
        Scope.RUN,
        Scope.REPOSITORY_DAY,
    ]


async def test_nothing_is_asked_of_the_ledger_for_limits_that_nobody_set() -> None:
    account = Account(run_id="run-1", repository="shop")

    assert await load_ceilings(Limits(), account, MemoryLedger(), NOW) == ()


async def _ledger(*rows: tuple[str, str, int, int, float]) -> MemoryLedger:
    ledger = MemoryLedger()
    setting = Setting(
        ScriptedModel(["x"], usage=lambda *_: Usage(fresh_input=1)),
        pricing=_cent_a_token(),
        ledger=ledger,
    )
    for run, repository, pull_request, installation, hours in rows:
        setting.clock = FakeClock(NOW - timedelta(hours=hours))
        setting.client.clock = setting.clock
        setting.client.account = Account(
            run_id=run,
            repository=repository,
            pull_request=pull_request,
            installation=installation,
        )
        await setting.client.complete(_of_run(run))
    return ledger


def _of_run(run: str) -> CompletionRequest:
    asked = request(parameters=Parameters(max_output_tokens=1))
    return CompletionRequest(
        model=asked.model,
        prompt=asked.prompt,
        system="",
        prefix="",
        question="",
        parameters=asked.parameters,
        run_id=run,
    )


def _cent_a_token() -> Pricing:
    price = StatedPrice(input=Decimal(10_000), output=Decimal(10_000))
    return Pricing(stated={str(MODEL): price})


def test_settling_what_was_never_reserved_is_a_defect() -> None:
    with pytest.raises(KeyError):
        Budget().settle("nobody", None)
