"""What is kept of a review's verdicts."""

from __future__ import annotations

from dataclasses import replace

from reviewer.domain.checklist import Verdict
from reviewer.domain.persona import Severity
from reviewer.domain.run import RuleVerdict, verdicts_of
from reviewer.testing.builders import (
    build_answer,
    build_persona,
    build_review,
    build_rule,
    build_scorecard,
)


def test_every_answer_of_every_persona_is_kept_with_the_version_of_its_rules() -> None:
    rule, other = build_rule("SEC001", "Quote", Severity.CRITICAL), build_rule("ARC001", "Layer")
    sentinel = replace(build_persona("security-sentinel", rule), version=4)
    architect = build_persona("architect", other)
    asked = replace(
        build_answer(rule, sentinel.name, Verdict.FAIL, "1 hit"),
        asked=True,
        set_aside=("ruff S608 in a test",),
    )
    review = build_review(
        personas=(sentinel, architect),
        scorecards=(
            build_scorecard(sentinel, asked),
            build_scorecard(architect, build_answer(other, architect.name, Verdict.PASS, "fine")),
        ),
    )

    assert verdicts_of(review) == (
        RuleVerdict(
            persona="security-sentinel",
            persona_version=4,
            rule_id="SEC001",
            severity=Severity.CRITICAL,
            verdict=Verdict.FAIL,
            reason="1 hit; set aside: ruff S608 in a test",
            asked=True,
        ),
        RuleVerdict(
            persona="architect",
            persona_version=1,
            rule_id="ARC001",
            severity=Severity.MAJOR,
            verdict=Verdict.PASS,
            reason="fine",
        ),
    )
