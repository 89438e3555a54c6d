"""What a call may use and cost at most: counted, reserved, settled and held under ceilings."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from reviewer.domain.budget import Amount, Budget, Ceiling, Refusal, Scope
from reviewer.domain.completion import (
    CompletionRequest,
    FailureKind,
    ModelName,
    Parameters,
    Usage,
)
from reviewer.llm.calibration import OVERHEAD_TOKENS, Calibration, TokenEstimator
from reviewer.llm.ceilings import Account, Limit, Limits, load_ceilings
from reviewer.llm.meter import Charge, Meter, Reservation, Unbilled
from reviewer.llm.profiles import ModelProfile
from reviewer.ports.model import CompletionError
from reviewer.testing.memory_ledger import MemoryLedger
from tests.ledger_example import an_attempt
from tests.unit.model_example import MODEL, UNPRICED, request


# --- counting tokens -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "ratio", "tokens", "worst"),
    [
        ("", 4.0, 0, 0),
        ("abcd" * 10, 4.0, 10, 21),  # small letters: 1.9 of them a token
        ("ABCD" * 10, 4.0, 10, 40),  # capitals: a token each
        ("1 2 3 4 ", 4.0, 2, 6),
        ("é" * 10, 4.0, 5, 20),  # by the byte
        ("abcd" * 10, 1.5, 27, 40),  # a model with short tokens
        ("abcd" * 10, 2.4, 17, 25),
        ("\ud800", 1.0, 3, 3),
    ],
)
def test_a_text_has_so_many_tokens_and_at_most_so_many(
    text: str, ratio: float, tokens: int, worst: int
) -> None:
    estimator = TokenEstimator(bytes_per_token=ratio)
    assert estimator.tokens(text) == tokens
    assert estimator.worst(text) == worst


def test_a_request_counts_every_part_and_its_schema() -> None:
    estimator = TokenEstimator(bytes_per_token=1.0)
    asked = replace(
        request(parameters=Parameters(max_output_tokens=77)),
        system="AB",
        prefix="CDE",
        question="FGHI",
        schema={"A": 1},
    )
    size = 2 + 3 + 4 + len(json.dumps({"A": 1}))
    assert estimator.input_tokens(asked) == size
    assert estimator.input_tokens(replace(asked, schema=None)) == 9
    assert estimator.worst_usage(replace(asked, schema=None)) == Usage(
        fresh_input=OVERHEAD_TOKENS + 9, output=77
    )


def sized(size: int, model: ModelName = MODEL) -> CompletionRequest:
    asked = replace(request(model=model), system="", prefix="", schema=None)
    return replace(asked, question="x" * size)


def calibration() -> Calibration:
    return Calibration(lambda _: ModelProfile(max_output_tokens=1, characters_per_token=4.0))


@pytest.mark.parametrize(
    ("size", "counted", "ratio"),
    [
        (2_000 - 4, 500, 4.0),  # with the four letters of "null" it would be long enough
        (1_999, 500, 4.0),
        (2_000, 1_000, 3.4),
        (2_000, 0, 4.0),
        (2_000, 1, 4.0 + 0.3 * 4),
        (2_000, 2_000, 4.0 - 0.3 * 3),
        (2_000, 20_000, 4.0 - 0.3 * 3),
    ],
)
def test_the_average_moves_by_what_long_requests_show(
    size: int, counted: int, ratio: float
) -> None:
    learnt = calibration()
    learnt.learn(sized(size), Usage(fresh_input=counted))
    assert learnt.estimator(MODEL).bytes_per_token == pytest.approx(ratio)
    assert learnt.estimator(UNPRICED).bytes_per_token == 4.0


@pytest.mark.parametrize(
    ("size", "counted", "cut"),
    [(4_000, 500, False), (4_000, 499, True), (2_000, 249, True), (1_999, 1, False)],
)
def test_less_than_half_of_what_was_expected_is_a_request_read_in_part(
    size: int, counted: int, *, cut: bool
) -> None:
    learnt = calibration()
    usage = Usage(fresh_input=counted)
    assert learnt.is_cut(sized(size, UNPRICED), usage) is cut
    assert not learnt.is_cut(sized(size), usage)
    spread = replace(sized(0, UNPRICED), system="x" * size, schema={"a": "x" * 9_000})
    assert learnt.is_cut(spread, usage) is cut
    assert learnt.is_cut(replace(spread, system="", prefix="x" * size), usage) is cut


# --- budgets and ceilings ------------------------------------------------------------------------
@pytest.mark.holds("R42", "P13")
@pytest.mark.parametrize(
    ("ceiling", "worst", "limit"),
    [
        (Ceiling(scope=Scope.RUN, tokens=100), Amount(tokens=100), ""),
        (Ceiling(scope=Scope.RUN, tokens=1_000), Amount(tokens=1_001), "1,000 tokens"),
        (Ceiling(scope=Scope.RUN, dollars=Decimal(1)), Amount(dollars=Decimal(1)), ""),
        (Ceiling(scope=Scope.RUN, dollars=Decimal(1)), Amount(dollars=Decimal("1.01")), "$1.00"),
    ],
)
def test_a_ceiling_may_be_reached_and_not_passed(
    ceiling: Ceiling, worst: Amount, limit: str
) -> None:
    answer = Budget(ceilings=(ceiling,)).reserve("a", worst)
    if limit:
        assert answer == Refusal(scope=Scope.RUN, limit=limit)
    else:
        assert isinstance(answer, Budget)
        assert answer.reserved == (("a", worst),)


async def test_ceilings_are_those_whose_scope_exists_with_what_was_spent_in_it() -> None:
    ledger = MemoryLedger()
    now = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
    for when, run, pull, tokens, cost in (
        (now, "mine", 7, 100, "1"),
        (now.replace(hour=0, minute=0), "other", 8, 20, "2"),
        (now.replace(day=20, hour=23), "other", 7, 3, None),
        (now.replace(month=10), "other", 7, 4_000, "3"),
    ):
        row = replace(
            an_attempt(f"{run}-{when}"),
            run_id=run,
            repository="octo/shop",
            pull_request=pull,
            installation=5,
            usage=Usage(fresh_input=tokens),
            cost=None if cost is None else Decimal(cost),
            started_at=when,
        )
        await ledger.record(row)
    limit = Limit(tokens=9, dollars=Decimal(8))
    limits = Limits(
        call=limit, run=limit, pull_request=limit, repository_day=limit, installation_month=limit
    )
    account = Account(run_id="mine", repository="octo/shop", pull_request=7, installation=5)

    found = await load_ceilings(limits, account, ledger, now)

    assert {ceiling.scope: ceiling.already for ceiling in found} == {
        Scope.CALL: Amount(),
        Scope.RUN: Amount(tokens=100, dollars=Decimal(1)),
        Scope.PULL_REQUEST: Amount(tokens=4_103, dollars=Decimal(4)),
        Scope.REPOSITORY_DAY: Amount(tokens=120, dollars=Decimal(3)),
        Scope.INSTALLATION_MONTH: Amount(tokens=123, dollars=Decimal(3)),
    }
    assert {(ceiling.tokens, ceiling.dollars) for ceiling in found} == {(9, Decimal(8))}

    before = replace(account, before=Amount(tokens=5_000, dollars=Decimal("0.5")))
    [of_pull] = await load_ceilings(Limits(pull_request=limit), before, ledger, now)
    assert of_pull.already == Amount(tokens=5_000, dollars=Decimal(4))


@pytest.mark.parametrize(("installation", "scope"), [(None, "-/octo/shop"), (5, "5/octo/shop")])
def test_kept_answers_belong_to_an_installation_and_a_repository(
    installation: int | None, scope: str
) -> None:
    account = Account(run_id="r", repository="octo/shop", installation=installation)
    assert account.scope == scope


async def test_the_meter_adds_up_what_is_spent_by_purpose() -> None:
    meter = Meter(ceilings=[Ceiling(scope=Scope.RUN, tokens=50)])
    reservation = Reservation(attempt="a", usage=Usage(fresh_input=40), cost=Decimal(4))
    await meter.reserve(reservation)
    charge = meter.settle(reservation, Unbilled.UNKNOWN, lambda _: Decimal(9))
    assert charge == Charge(usage=reservation.usage, cost=Decimal(4), known=False)
    meter.count("review", charge, failed=True)
    meter.count("review", Charge(usage=Usage(output=1), cost=None, known=True), failed=False)
    meter.count("verify", Charge(usage=Usage(), cost=None, known=True), failed=False)
    meter.count_kept("review")

    with pytest.raises(CompletionError) as raised:
        await meter.reserve(Reservation(attempt="b", usage=Usage(output=11), cost=None))
    assert raised.value.failure.kind is FailureKind.BUDGET
    assert raised.value.failure.sent is False

    report = meter.report()
    assert report.total.cost is None
    assert report.total.known_cost == Decimal(4)
    assert (report.total.attempts, report.total.failed, report.total.uncertain) == (3, 1, 1)
    assert (report.total.unpriced, report.total.cached) == (1, 1)
    assert report.total.usage == Usage(fresh_input=40, output=1)
    [(review, spent), (verify, other)] = report.by_purpose
    assert (review, spent.attempts, spent.cached) == ("review", 2, 1)
    assert (verify, other.attempts, other.cost) == ("verify", 1, Decimal(0))
    assert report.refusals == (Refusal(scope=Scope.RUN, limit="50 tokens"),)


async def test_what_was_free_or_given_back_leaves_the_budget_as_it_was() -> None:
    meter = Meter(ceilings=[Ceiling(scope=Scope.RUN, tokens=50)])
    reservation = Reservation(attempt="a", usage=Usage(fresh_input=50), cost=None)
    for _ in range(2):
        await meter.reserve(reservation)
        charge = meter.settle(reservation, Unbilled.FREE, lambda _: Decimal(9))
        assert charge == Charge(usage=Usage(), cost=Decimal(0), known=True)
        await meter.reserve(reservation)
        meter.release(reservation)
    await meter.reserve(reservation)
    charge = meter.settle(reservation, Usage(output=30), lambda usage: Decimal(usage.output))
    assert charge == Charge(usage=Usage(output=30), cost=Decimal(30), known=True)
    assert meter.budget.settled == Amount(tokens=30, dollars=Decimal(30))
