"""What a model finds now, held against what was said before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import Finding
from reviewer.domain.hindsight import LATE, MISSED_EARLIER, Hindsight
from reviewer.domain.history import HeardAnswer, History, KnownFinding, KnownState, SeenFile
from reviewer.domain.patch_name import line_names, patch_name, text_name
from reviewer.domain.persona import Severity
from reviewer.domain.rounds import compare
from reviewer.testing.builders import build_change, build_file, build_finding

BEFORE = build_file("app.py", after="a = 1\nb = 2\nc = 3\nd = 4\ne = 5\n")
NOW = build_file("app.py", after="a = 1\nb = 2\nc = 3\nd = 4\ne = 5\nf = 6\n")
ANSWER = HeardAnswer(
    persona="security-sentinel", rule_id="SEC007", verdict=Verdict.PASS, reason="read"
)
HISTORY = History(
    generation=1,
    head_sha="3f9c2ab",
    files=(SeenFile(path="app.py", patch=patch_name(BEFORE), lines=line_names(BEFORE)),),
    answers=(ANSWER,),
    whole=True,
    trusted=True,
)


def finding(line: int | None, severity: Severity = Severity.MAJOR, **more: object) -> Finding:
    made = build_finding(NOW, line, severity=severity, sources=("model",))
    return replace(made, **more)  # type: ignore[arg-type]


def known(quote: str, suggestion: str = "", state: KnownState = KnownState.FIXED) -> KnownFinding:
    return KnownFinding(
        fingerprint="0" * 40,
        rule_id="SEC001",
        persona="security-sentinel",
        severity=Severity.MAJOR,
        path="app.py",
        headline="Told before",
        state=state,
        quote=text_name(quote),
        suggestion=text_name(suggestion),
    )


def looking_back(
    history: History = HISTORY, *, full: bool = False, present: tuple[str, ...] = ()
) -> Hindsight:
    change = build_change(NOW)
    return Hindsight(compare(history, change, "", full=full), change, present)


@pytest.mark.holds("P08")
@pytest.mark.parametrize(
    ("late", "made"),
    [
        (True, finding(2)),
        (False, finding(6)),
        # The line after it is new: it is beside what changed.
        (False, finding(5)),
        (False, finding(None)),
        (False, finding(2, rule_id="SEC008")),
        (False, finding(2, path="other.py")),
    ],
    ids=["old line", "new line", "beside it", "whole file", "rule not asked then", "new file"],
)
def test_a_finding_is_late_where_its_rule_saw_the_same_lines_before(
    late: bool,  # noqa: FBT001 - a column of the table
    made: Finding,
) -> None:
    assert looking_back().is_late(made) is late
    assert looking_back().objection(made) == (LATE if late else None)


def test_a_late_finding_that_is_critical_says_so_once() -> None:
    made = finding(2, Severity.CRITICAL)
    back = looking_back()
    assert back.objection(made) is None
    labelled = back.labelled(made)
    assert labelled.explanation == f"{MISSED_EARLIER}{made.explanation}"
    assert back.labelled(labelled) == labelled
    assert back.labelled(finding(6)) == finding(6)


def test_what_people_were_told_is_never_late() -> None:
    made = finding(2)
    told = replace(known("b = 2", state=KnownState.OPEN), fingerprint=made.fingerprint)
    assert looking_back(replace(HISTORY, known=(told,))).objection(made) is None


def test_nothing_is_late_where_everything_is_looked_at_again() -> None:
    assert looking_back(full=True).objection(finding(2)) is None
    unseen = replace(HISTORY, files=(SeenFile(path="app.py", patch=""),))
    assert looking_back(unseen).objection(finding(2)) is None


@pytest.mark.holds("P08")
def test_nobody_is_sent_back() -> None:
    history = replace(HISTORY, known=(known("old = call()", suggestion="f = 6"),))
    back = looking_back(history)
    reason = back.objection(finding(6))
    assert reason == "it speaks against what SEC001 had proposed: Told before"
    history = replace(HISTORY, known=(known("old = call()"),))
    reason = looking_back(history).objection(finding(6), "  old = call()")
    assert reason == "it would bring back what SEC001 had changed: Told before"
    suggested = finding(6, suggestion="old = call()")
    assert looking_back(history).objection(suggested) == reason


@pytest.mark.holds("P08")
def test_a_proposal_that_another_finding_quotes_still_brings_nothing_back() -> None:
    there = known("old = call()", state=KnownState.OPEN)
    back = looking_back(replace(HISTORY, known=(there,)), present=(there.fingerprint,))
    assert back.objection(finding(6), "old = call()") is None


def test_what_is_critical_is_told_even_where_it_sends_people_back() -> None:
    history = replace(HISTORY, known=(known("old = call()", suggestion="f = 6"),))
    assert looking_back(history).objection(finding(6, Severity.CRITICAL)) is None
