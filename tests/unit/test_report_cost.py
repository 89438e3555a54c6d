"""What models cost, summed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.attempt import Attempt, AttemptOutcome
from reviewer.domain.completion import ModelName, PromptIdentity, Usage
from reviewer.entrypoints.cli.cost import COST_KEYS
from reviewer.service.report_cost import CostKey, report_cost
from tests.ledger_example import an_attempt


@pytest.mark.parametrize(
    ("by", "name"),
    [
        (CostKey.PERSONA, "bug-hunter"),
        (CostKey.RULE, "BUG001"),
        (CostKey.MODEL, "compatible:http://127.0.0.1:8080/v1#small"),
        (CostKey.PROMPT, "hunt/v2@efefefefefef"),
        (CostKey.REPOSITORY, "bank"),
        (CostKey.DAY, "2026-11-02"),
    ],
    ids=str,
)
def test_attempts_are_summed_by_what_is_asked(by: CostKey, name: str) -> None:
    other = an_attempt(
        "b",
        persona="bug-hunter",
        rules=("BUG001",),
        model=ModelName(provider="compatible", model="small", base_url="http://127.0.0.1:8080/v1"),
        prompt=PromptIdentity(name="hunt", version=2, sha256="ef" * 32),
        repository="bank",
        started_at=datetime(2026, 11, 2, tzinfo=UTC),
        cost=Decimal("0.03"),
    )

    report = report_cost([an_attempt(), other, other], by)

    line = next(line for line in report.lines if line.name == name)
    assert len(report.lines) == 2
    assert (line.attempts, line.dollars, line.usage.total) == (2, Decimal("0.06"), 24)
    assert (report.total.attempts, report.total.dollars) == (3, Decimal("0.07"))


def test_a_day_is_one_of_utc() -> None:
    evening = datetime(2026, 11, 2, 23, tzinfo=timezone(timedelta(hours=-5)))

    (line,) = report_cost([an_attempt(started_at=evening)], CostKey.DAY).lines

    assert line.name == "2026-11-03"


def test_the_dearest_comes_first_and_days_come_in_their_order() -> None:
    attempts = [
        an_attempt(persona=name, cost=cost, started_at=datetime(2026, 11, day, tzinfo=UTC))
        for name, cost, day in (
            ("cheap", Decimal("0.1"), 1),
            ("dear", Decimal(1), 3),
            ("unknown", None, 2),
        )
    ]

    personas = report_cost(attempts, CostKey.PERSONA).lines
    days = report_cost(attempts, CostKey.DAY).lines

    assert [line.name for line in personas] == ["dear", "cheap", "unknown"]
    assert [line.name[-2:] for line in days] == ["01", "02", "03"]


@pytest.mark.holds("P13")
def test_an_unknown_price_is_counted_apart_and_never_as_nothing() -> None:
    report = report_cost([an_attempt(cost=None), an_attempt()], CostKey.PERSONA)

    assert report.total.unpriced == 1
    assert report.total.dollars == Decimal("0.01")


def test_an_attempt_that_used_nothing_has_no_unknown_price() -> None:
    report = report_cost([an_attempt(cost=None, usage=Usage())], CostKey.PERSONA)

    assert report.total.unpriced == 0


def test_failures_kept_answers_and_reservations_are_counted() -> None:
    attempts = [
        an_attempt(outcome=AttemptOutcome.FAILED, usage_known=False),
        an_attempt(outcome=AttemptOutcome.CACHED, usage=Usage(), cost=Decimal(0)),
        an_attempt(),
    ]

    total = report_cost(attempts, CostKey.MODEL).total

    assert (total.attempts, total.failed, total.kept, total.reserved) == (3, 1, 1, 1)


def test_rules_of_one_call_share_it_evenly_and_it_is_said() -> None:
    asked = an_attempt(rules=("A", "B", "C"), usage=Usage(output=10), cost=Decimal("0.3"))

    report = report_cost([asked, an_attempt(rules=("A",), cost=Decimal(1))], CostKey.RULE)

    dollars = {line.name: line.dollars for line in report.lines}
    assert dollars == {"A": Decimal("1.1"), "B": Decimal("0.1"), "C": Decimal("0.1")}
    assert report.shared == 1
    assert report_cost([asked], CostKey.PERSONA).shared == 0


def test_a_call_of_no_rule_has_a_line_of_its_own() -> None:
    (line,) = report_cost([an_attempt(rules=())], CostKey.RULE).lines

    assert (line.name, line.attempts) == ("", 1)


def test_a_rule_that_is_named_twice_is_asked_once() -> None:
    report = report_cost([an_attempt(rules=("A", "A"), cost=Decimal(1))], CostKey.RULE)

    (line,) = report.lines
    assert (line.name, line.attempts, line.dollars) == ("A", 1, Decimal(1))


def test_without_attempts_there_is_nothing_to_say() -> None:
    report = report_cost([], CostKey.RULE)

    assert report.lines == ()
    assert report.total.attempts == 0


attempts = st.builds(
    an_attempt,
    st.just("a"),
    rules=st.lists(st.sampled_from(["A", "B", "C", "D", "E"]), max_size=4).map(tuple),
    persona=st.sampled_from(["", "one", "two"]),
    cost=st.none() | st.decimals(min_value=0, max_value=9, places=7),
    usage=st.builds(Usage, fresh_input=st.integers(0, 99), output=st.integers(0, 99)),
)


@pytest.mark.holds("P13")
@given(rows=st.lists(attempts, max_size=8), by=st.sampled_from(CostKey))
def test_the_lines_add_up_to_all(rows: list[Attempt], by: CostKey) -> None:
    report = report_cost(rows, by)

    tokens = sum((line.usage for line in report.lines), Usage())
    assert tokens == report.total.usage == sum((row.usage for row in rows), Usage())
    dollars = sum((line.dollars for line in report.lines), Decimal(0))
    assert abs(dollars - report.total.dollars) < Decimal("1e-20")
    assert report.total.dollars == sum((row.cost or Decimal(0) for row in rows), Decimal(0))


def test_the_command_knows_every_key() -> None:
    assert tuple(CostKey) == COST_KEYS
