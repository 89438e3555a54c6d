"""The second look takes away or lowers, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import Confidence, Finding
from reviewer.domain.persona import Severity
from reviewer.prompting.answer import CheckedAnswers, DroppedClaim
from reviewer.prompting.verification import (
    ClaimedVerdict,
    after_verification,
    apply_verdicts,
    handles,
)
from reviewer.testing.builders import build_file, build_finding

FILE = build_file("a.py", after="one()\ntwo()\nthree()\n")


def found(line: int, **changed: object) -> Finding:
    finding = build_finding(FILE, line, severity=Severity.MAJOR, confidence=Confidence.LOW)
    return replace(finding, **changed)  # type: ignore[arg-type]


def said(
    finding: Finding,
    *,
    holds: bool = True,
    severity: Severity = Severity.MAJOR,
    reason: str = "Line 1 shows it.",
) -> ClaimedVerdict:
    return ClaimedVerdict(handle=finding.handle, holds=holds, severity=severity, reason=reason)


def test_a_confirmed_finding_gets_medium_confidence() -> None:
    verified = apply_verdicts([found(1)], [said(found(1))])

    assert verified.findings == (found(1, confidence=Confidence.MEDIUM),)
    assert not verified.dropped


@pytest.mark.holds("P04")
def test_a_refuted_finding_is_dropped_with_the_reason() -> None:
    reason = "A guard\u202e stands above it. " + "word " * 60
    verified = apply_verdicts([found(1)], [said(found(1), holds=False, reason=reason)])
    [dropped] = verified.dropped

    assert not verified.findings
    assert dropped.reason.startswith("refuted on a second look: A guard[U+202E] stands above it.")
    assert len(dropped.reason.split()) < 40


@pytest.mark.holds("S4", "P04")
def test_a_severity_is_lowered_and_never_raised() -> None:
    lowered = apply_verdicts([found(1)], [said(found(1), severity=Severity.NOTE)])
    raised = apply_verdicts([found(1)], [said(found(1), severity=Severity.CRITICAL)])

    assert lowered.findings[0].severity is Severity.NOTE
    assert raised.findings[0].severity is Severity.MAJOR


def test_a_finding_without_a_verdict_stays_with_low_confidence() -> None:
    verified = apply_verdicts([found(1), found(2)], [said(found(2))])

    assert [finding.confidence for finding in verified.findings] == [
        Confidence.LOW,
        Confidence.MEDIUM,
    ]
    assert verified.unanswered == (found(1).handle,)


@pytest.mark.holds("S4", "R47")
def test_a_mechanical_finding_stands_whatever_is_said() -> None:
    mechanical = found(1, confidence=Confidence.HIGH)
    verified = apply_verdicts([mechanical], [said(mechanical, holds=False, severity=Severity.NOTE)])

    assert verified.findings == (mechanical,)
    assert not verified.dropped


def test_of_two_verdicts_the_refusing_one_counts() -> None:
    verdicts = [said(found(1)), said(found(1), holds=False), said(found(1))]

    assert not apply_verdicts([found(1)], verdicts).findings


def test_verdicts_on_unknown_handles_count_nothing() -> None:
    stranger = replace(said(found(1), holds=False), handle="0000000")

    assert apply_verdicts([found(1)], [stranger]).findings == (found(1),)


def test_handles_are_long_enough_to_tell_findings_apart() -> None:
    one = found(1, fingerprint="abcdef0" + "1" * 33)
    other = found(2, fingerprint="abcdef0" + "2" * 33)

    assert set(handles([one, other])) == {"abcdef01", "abcdef02"}
    assert set(handles([found(1)])) == {found(1).handle}


def checked(*findings: Finding) -> CheckedAnswers:
    return CheckedAnswers(
        verdicts=(("SEC007", Verdict.FAIL, "Two places."), ("SEC008", Verdict.PASS, "Fine.")),
        findings=findings,
        dropped=(DroppedClaim(rule_id="X", path="", headline="", reason="before"),),
    )


def test_a_rule_whose_findings_are_all_refuted_is_not_assessed() -> None:
    verified = apply_verdicts([found(1)], [said(found(1), holds=False)])
    after = after_verification(checked(found(1)), verified)

    assert after.verdicts[0][1] is Verdict.NOT_ASSESSED
    assert after.verdicts[0][2].startswith("refuted on a second look")
    assert after.verdicts[1] == ("SEC008", Verdict.PASS, "Fine.")
    assert after.dropped[0].reason == "before"
    assert len(after.dropped) == 2


def test_a_rule_that_keeps_one_finding_still_fails() -> None:
    verdicts = [said(found(1), holds=False), said(found(2))]
    one = replace(found(1), headline="The first")
    after = after_verification(checked(one, found(2)), apply_verdicts([one, found(2)], verdicts))

    assert after.verdicts[0][1] is Verdict.FAIL
    assert after.findings == (found(2, confidence=Confidence.MEDIUM),)


def test_findings_that_were_not_asked_about_stay_as_they_are() -> None:
    after = after_verification(checked(found(1), found(2)), apply_verdicts([found(1)], []))

    assert after.findings == (found(1), found(2))


@pytest.mark.holds("S4", "P04")
@given(
    st.lists(
        st.builds(
            ClaimedVerdict,
            handle=st.sampled_from([found(1).handle, found(2).handle, "nobody"]),
            holds=st.booleans(),
            severity=st.sampled_from(Severity),
            reason=st.text(max_size=20),
        ),
        max_size=6,
    )
)
def test_nothing_is_added_moved_or_made_worse(verdicts: list[ClaimedVerdict]) -> None:
    asked = [found(1), found(2)]
    verified = apply_verdicts(asked, verdicts)
    before = {finding.fingerprint: finding for finding in asked}

    assert len(verified.findings) + len(verified.dropped) == len(asked)
    for finding in verified.findings:
        first = before[finding.fingerprint]
        assert finding.severity.weight <= first.severity.weight
        assert replace(finding, severity=first.severity, confidence=first.confidence) == first
