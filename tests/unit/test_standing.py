"""What stands as a comment keeps its place, fills the cap first and is never told anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.finding import Confidence, Finding, OutcomeKind
from reviewer.domain.persona import Severity
from reviewer.domain.review import Thresholds, merge, place
from reviewer.testing.builders import build_change, build_file, build_finding, build_persona

FILE = build_file("app.py", after="".join(f"step({number})\n" for number in range(30)))
CHANGE = build_change(FILE)


def finding(line: int | None, rule: str, severity: Severity = Severity.MAJOR) -> Finding:
    return build_finding(FILE, line, rule_id=rule, severity=severity, sources=(f"ruff {rule}",))


def outcomes(
    findings: list[Finding], standing: list[Finding], cap: int = 2
) -> dict[str, OutcomeKind]:
    names = {entry.fingerprint for entry in standing}
    placed = place(
        merge(findings, (), standing=names),
        CHANGE,
        thresholds=Thresholds(inline_cap=cap),
        standing=names,
    )
    return {entry.finding.rule_id: entry.outcome.kind for entry in placed}


@pytest.mark.holds("P02")
def test_what_stands_fills_the_cap_before_what_is_worse() -> None:
    old, other, worse = finding(2, "A1"), finding(5, "A2"), finding(9, "A3", Severity.CRITICAL)
    assert outcomes([worse, old, other], [old, other]) == {
        "A1": OutcomeKind.INLINE,
        "A2": OutcomeKind.INLINE,
        "A3": OutcomeKind.SUMMARY,
    }
    assert outcomes([worse, old, other], [])["A3"] is OutcomeKind.INLINE


def test_what_stands_keeps_its_place_whatever_the_thresholds_are_now() -> None:
    old = replace(finding(2, "A1", Severity.NOTE), confidence=Confidence.LOW, habit_kept=False)
    assert outcomes([old], [old], cap=0) == {"A1": OutcomeKind.INLINE}


def test_two_that_stand_are_not_folded_into_one_another() -> None:
    first, second, third = finding(2, "A1"), finding(5, "A1"), finding(9, "A1")
    placed = place(
        merge([first, second, third], ()),
        CHANGE,
        standing={first.fingerprint, second.fingerprint},
    )
    kinds = [entry.outcome.kind for entry in placed]
    assert kinds == [OutcomeKind.INLINE, OutcomeKind.INLINE, OutcomeKind.SUMMARY]


def test_comments_on_files_count_too() -> None:
    many = [finding(None, f"A{number}") for number in range(4)]
    kinds = list(outcomes(many, []).values())
    assert kinds.count(OutcomeKind.FILE_LEVEL) == 2
    assert outcomes(many, many[2:])["A3"] is OutcomeKind.FILE_LEVEL


def test_of_equals_the_one_that_people_see_stays() -> None:
    people = (build_persona("first"), build_persona("second"))
    one = replace(finding(2, "A1"), persona="first", family="x")
    other = replace(finding(2, "B1"), persona="second", family="x")
    (kept, _) = merge([one, other], people, standing={other.fingerprint})
    assert kept.finding.rule_id == "B1"
    (kept, _) = merge([one, other], people)
    assert kept.finding.rule_id == "A1"
