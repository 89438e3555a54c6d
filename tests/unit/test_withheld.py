"""Dismissed findings are told nobody, count nowhere, and hide nothing worse."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from reviewer.domain.checklist import Scorecard, Verdict
from reviewer.domain.finding import Finding, OutcomeKind
from reviewer.domain.history import KnownFinding, KnownState
from reviewer.domain.persona import Severity
from reviewer.domain.review import merge, place
from reviewer.domain.withheld import Withheld, withhold
from reviewer.rendering.document import ReviewDocument
from reviewer.rendering.json_document import render_json
from reviewer.rendering.sarif import render_sarif
from reviewer.testing.builders import (
    build_answer,
    build_change,
    build_file,
    build_finding,
    build_persona,
    build_review,
    build_rule,
    build_scorecard,
)

FILE = build_file("app.py", after="import os\nos.system(q)\nprint(q)\n")
RULE = build_rule("SEC007", "Keep input from the shell", Severity.CRITICAL)
SENTINEL = build_persona("security-sentinel", RULE)
OTHER_RULE = build_rule("BUG001", "Keep it right")
HUNTER = build_persona("bug-hunter", OTHER_RULE)
FIRST = build_finding(FILE, 2)
SECOND = build_finding(FILE, 3)
# Of the same source on the same line, so that they are one.
TWIN = build_finding(FILE, 2, rule_id="BUG001", persona="bug-hunter")


def dismissed(finding: Finding, reason: str = "") -> KnownFinding:
    return KnownFinding(
        fingerprint=finding.fingerprint,
        rule_id=finding.rule_id,
        persona=finding.persona,
        severity=finding.severity,
        path=finding.path,
        headline=finding.headline,
        state=KnownState.DISMISSED,
        by="alice",
        reason=reason,
    )


def card(*findings: Finding) -> Scorecard:
    return build_scorecard(
        SENTINEL, build_answer(RULE, SENTINEL.name, Verdict.FAIL, findings=findings)
    )


def without(known: KnownFinding, *findings: Finding) -> Withheld:
    cards = [card(*(f for f in findings if f.persona == SENTINEL.name))]
    return withhold(merge(findings, (SENTINEL, HUNTER)), cards, [known])


def kinds(found: Withheld) -> dict[str, OutcomeKind]:
    return {p.finding.fingerprint: p.outcome.kind for p in found.findings}


def test_a_rule_whose_findings_were_all_dismissed_counts_neither_way() -> None:
    found = without(dismissed(FIRST, "a test server"), FIRST)
    (answer,) = found.cards[0].answers
    assert answer.verdict is Verdict.NOT_APPLICABLE
    assert answer.reason == "dismissed by alice: a test server"
    assert found.cards[0].score.percent is None
    assert kinds(found) == {FIRST.fingerprint: OutcomeKind.DISMISSED}


def test_of_two_findings_the_other_one_still_fails_the_rule() -> None:
    found = without(dismissed(FIRST), FIRST, SECOND)
    (answer,) = found.cards[0].answers
    assert (answer.verdict, answer.findings) == (Verdict.FAIL, (SECOND,))


@pytest.mark.holds("P07")
def test_the_same_told_by_another_persona_is_dismissed_with_it() -> None:
    found = without(dismissed(FIRST), FIRST, TWIN)
    assert set(kinds(found).values()) == {OutcomeKind.DISMISSED}
    found = without(dismissed(TWIN), FIRST, TWIN)
    assert set(kinds(found).values()) == {OutcomeKind.DISMISSED}


@pytest.mark.holds("S4")
def test_what_is_worse_than_what_was_dismissed_is_told() -> None:
    mild = replace(TWIN, severity=Severity.MINOR)
    found = without(dismissed(mild), FIRST, mild)
    assert kinds(found)[FIRST.fingerprint] is OutcomeKind.SUMMARY
    assert kinds(found)[mild.fingerprint] is OutcomeKind.DUPLICATE


def test_an_open_finding_is_not_withheld() -> None:
    known = replace(dismissed(FIRST), state=KnownState.OPEN)
    assert kinds(without(known, FIRST)) == {FIRST.fingerprint: OutcomeKind.SUMMARY}


def test_it_is_in_the_record_and_suppressed_in_sarif() -> None:
    found = without(dismissed(FIRST, "a test server"), FIRST)
    change = build_change(FILE)
    review = build_review(
        change,
        personas=(SENTINEL,),
        scorecards=found.cards,
        findings=place(found.findings, change),
    )
    assert (review.shown, review.to_fix) == ((), ())
    assert review.headline == "Nothing else found in 1 file; people dismissed 1 finding"
    document = ReviewDocument(review=review)
    (listed,) = json.loads(render_json(document))["findings"]
    assert listed["outcome"]["kind"] == "dismissed"
    (result,) = json.loads(render_sarif(document))["runs"][0]["results"]
    assert result["suppressions"][0]["justification"] == "dismissed by alice: a test server"
