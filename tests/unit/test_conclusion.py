"""The conclusion: what a check says, from the review and the policy alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.change import Change
from reviewer.domain.checklist import Answer, Scorecard, Verdict, score
from reviewer.domain.conclusion import ConclusionKind, conclude
from reviewer.domain.finding import Confidence, Finding, Outcome, OutcomeKind, PlacedFinding
from reviewer.domain.history import KnownFinding, KnownState
from reviewer.domain.persona import Severity
from reviewer.domain.policy import FailOn, Policy
from reviewer.domain.review import Review
from reviewer.domain.selection import Selection
from reviewer.domain.status import RunState

SURE = Finding(
    rule_id="SEC007",
    persona="security-sentinel",
    severity=Severity.MAJOR,
    confidence=Confidence.HIGH,
    path="a.py",
    location=None,
    headline="h",
    explanation="e",
    remedy="r",
    quote="",
    sources=(),
    family="SEC007",
    fingerprint="0" * 40,
)


def review(
    *findings: Finding,
    verdicts: tuple[Verdict, ...] = (),
    outcome: OutcomeKind = OutcomeKind.SUMMARY,
    state: RunState = RunState.COMPLETED,
    reason: str = "",
) -> Review:
    answers = tuple(
        Answer(persona="p", rule_id=f"XX{n:03}", severity=Severity.NOTE, verdict=v, reason="r")
        for n, v in enumerate(verdicts)
    )
    return Review(
        state=state,
        reason=reason,
        change=Change(base="b", head="h", files=()),
        personas=(),
        selection=Selection(choices=()),
        scorecards=(Scorecard(persona="p", answers=answers, score=score(answers)),),
        findings=tuple(
            PlacedFinding(finding=finding, outcome=Outcome(kind=outcome)) for finding in findings
        ),
    )


def test_without_a_criterion_a_review_is_advisory_whatever_it_found() -> None:
    conclusion = conclude(review(SURE, verdicts=(Verdict.FAIL,)), Policy())

    assert conclusion.kind is ConclusionKind.NEUTRAL
    assert "advisory" in conclusion.reason


@pytest.mark.parametrize(
    ("fail_on", "kind"),
    [
        (FailOn.CRITICAL, ConclusionKind.SUCCESS),
        (FailOn.MAJOR, ConclusionKind.FAILURE),
        (FailOn.NOTE, ConclusionKind.FAILURE),
        (FailOn.NEVER, ConclusionKind.NEUTRAL),
    ],
)
def test_a_severity_fails_from_itself_upwards(fail_on: FailOn, kind: ConclusionKind) -> None:
    assert conclude(review(SURE), Policy(fail_on=fail_on)).kind is kind


def test_the_reason_counts_what_fails() -> None:
    policy = Policy(fail_on=FailOn.MINOR)

    assert conclude(review(SURE), policy).reason == "1 finding is minor or worse"
    assert conclude(review(SURE, SURE), policy).reason == "2 findings are minor or worse"


def test_what_we_are_not_sure_of_never_fails() -> None:
    guess = replace(SURE, confidence=Confidence.LOW)

    policy = Policy(fail_on=FailOn.NOTE, fail_on_rules=("SEC007",))

    assert conclude(review(guess), policy).kind is ConclusionKind.SUCCESS


@pytest.mark.parametrize("outcome", [OutcomeKind.DROPPED, OutcomeKind.DUPLICATE])
def test_what_nobody_is_shown_never_fails(outcome: OutcomeKind) -> None:
    conclusion = conclude(review(SURE, outcome=outcome), Policy(fail_on=FailOn.NOTE))

    assert conclusion.kind is ConclusionKind.SUCCESS


def test_a_rule_fails_by_its_name() -> None:
    conclusion = conclude(review(SURE), Policy(fail_on_rules=("PY001", "SEC007")))

    assert (conclusion.kind, conclusion.reason) == (ConclusionKind.FAILURE, "broken: SEC007")


@pytest.mark.holds("P03")
@pytest.mark.parametrize(
    ("verdicts", "kind"),
    [
        ((Verdict.PASS, Verdict.FAIL), ConclusionKind.FAILURE),
        ((Verdict.PASS, Verdict.PASS, Verdict.FAIL), ConclusionKind.SUCCESS),
        ((Verdict.NOT_ASSESSED,), ConclusionKind.NEUTRAL),
    ],
)
def test_a_score_below_the_threshold_fails_and_no_score_is_no_success(
    verdicts: tuple[Verdict, ...], kind: ConclusionKind
) -> None:
    assert conclude(review(verdicts=verdicts), Policy(min_score=60)).kind is kind


def test_every_broken_criterion_is_told() -> None:
    policy = Policy(fail_on=FailOn.MAJOR, fail_on_rules=("SEC007",), min_score=50)

    reason = conclude(review(SURE, verdicts=(Verdict.FAIL,)), policy).reason

    assert reason == "1 finding is major or worse; broken: SEC007; the score 0 % is below 50 %"


@pytest.mark.holds("S4", "P03")
@pytest.mark.parametrize("state", [state for state in RunState if state != RunState.COMPLETED])
def test_a_run_that_did_not_complete_is_never_a_success(state: RunState) -> None:
    conclusion = conclude(review(state=state, reason="why"), Policy(fail_on=FailOn.NOTE))

    assert conclusion.kind is ConclusionKind.NEUTRAL
    assert "why" in conclusion.reason


def test_a_partial_run_fails_by_what_it_saw() -> None:
    partial = review(SURE, state=RunState.PARTIAL, reason="time")

    assert conclude(partial, Policy(fail_on=FailOn.MAJOR)).kind is ConclusionKind.FAILURE


@pytest.mark.holds("S4")
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(fail_on=FailOn.MAJOR), ConclusionKind.FAILURE),
        (Policy(fail_on_rules=("SEC007",)), ConclusionKind.FAILURE),
        (Policy(min_score=50.0), ConclusionKind.NEUTRAL),
        (Policy(), ConclusionKind.NEUTRAL),
    ],
)
def test_a_dismissal_by_somebody_who_may_not_takes_nothing_off(
    policy: Policy, expected: ConclusionKind
) -> None:
    dismissed = review(SURE, verdicts=(Verdict.PASS,), outcome=OutcomeKind.DISMISSED)
    entry = KnownFinding(
        fingerprint=SURE.fingerprint,
        rule_id=SURE.rule_id,
        persona=SURE.persona,
        severity=SURE.severity,
        path=SURE.path,
        headline="h",
        state=KnownState.DISMISSED,
    )
    assert conclude(dismissed, policy, [entry]).kind is expected
    allowed = conclude(dismissed, policy, [replace(entry, authorised=True)])
    assert allowed == conclude(dismissed, policy)
