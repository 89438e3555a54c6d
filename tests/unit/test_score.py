"""The score: weighted passes over weighted assessed rules, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.checklist import Answer, Verdict, score
from reviewer.domain.persona import Severity


def answer(verdict: Verdict, severity: Severity = Severity.MAJOR) -> Answer:
    return Answer(
        persona="type-guardian", rule_id="PY001", severity=severity, verdict=verdict, reason="-"
    )


answers = st.lists(
    st.builds(answer, st.sampled_from(list(Verdict)), st.sampled_from(list(Severity))), max_size=30
)
severities = st.sampled_from(list(Severity))


@pytest.mark.holds("S4")
def test_severity_weighs_eight_four_two_one() -> None:
    weights = [severity.weight for severity in Severity]
    assert weights == [8, 4, 2, 1]


def test_a_critical_fail_costs_more_than_two_minor_passes_bring() -> None:
    mixed = [
        answer(Verdict.FAIL, Severity.CRITICAL),
        answer(Verdict.PASS, Severity.MINOR),
        answer(Verdict.PASS, Severity.MINOR),
    ]
    assert score(mixed).percent == 100 * 4 / 12


@pytest.mark.holds("P32")
def test_no_assessed_rule_has_no_score() -> None:
    result = score([answer(Verdict.NOT_ASSESSED), answer(Verdict.NOT_APPLICABLE)])
    assert result.percent is None
    assert str(result) == "n/a"


def test_almost_everything_passed_does_not_read_as_everything() -> None:
    many = [answer(Verdict.PASS, Severity.CRITICAL)] * 200 + [answer(Verdict.FAIL, Severity.NOTE)]
    assert str(score(many)) == "99 %"


def test_what_was_left_out_of_the_sums_is_counted_beside_the_score() -> None:
    result = score([answer(verdict) for verdict in Verdict])
    assert [result.count(verdict) for verdict in Verdict] == [1, 1, 1, 1]


@pytest.mark.holds("S4")
@given(answers, severities)
def test_adding_a_fail_never_raises_a_score(given: list[Answer], severity: Severity) -> None:
    before = score(given).percent
    after = score([*given, answer(Verdict.FAIL, severity)]).percent
    assert after is not None
    assert before is None or after <= before


@given(answers, severities)
def test_adding_a_pass_never_lowers_a_score(given: list[Answer], severity: Severity) -> None:
    before = score(given).percent
    after = score([*given, answer(Verdict.PASS, severity)]).percent
    assert after is not None
    assert before is None or after >= before


@given(answers, st.randoms(use_true_random=False))
def test_order_never_matters(given: list[Answer], random: object) -> None:
    shuffled = list(given)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert score(shuffled) == score(given)


@pytest.mark.holds("S4", "P32")
@given(answers, severities)
def test_unassessed_and_inapplicable_rules_never_count(
    given: list[Answer], severity: Severity
) -> None:
    padded = [
        *given,
        answer(Verdict.NOT_ASSESSED, severity),
        answer(Verdict.NOT_APPLICABLE, severity),
    ]
    assert score(padded).percent == score(given).percent
