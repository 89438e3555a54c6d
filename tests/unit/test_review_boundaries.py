"""What becomes of each finding, and why, in the words that stand in the summary."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import Confidence, Finding, Outcome, OutcomeKind, PlacedFinding
from reviewer.domain.history import KnownFinding
from reviewer.domain.persona import Severity
from reviewer.domain.review import (
    DEFAULT_INLINE_CAP,
    OwnLinter,
    Review,
    Thresholds,
    merge,
    place,
)
from reviewer.domain.status import RunState
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

FILE = build_file("app.py", after="".join(f"line {number}\n" for number in range(1, 61)))
OTHER = build_file("other.py", after="first\nsecond\n")
CHANGE = build_change(FILE, OTHER)
PERSONAS = [build_persona("alpha"), build_persona("beta")]
SUMMARY, INLINE = OutcomeKind.SUMMARY, Outcome(kind=OutcomeKind.INLINE)


def finding(line: int | None, rule_id: str = "PY001", **fields: object) -> Finding:
    made = build_finding(
        FILE,
        line,
        rule_id=rule_id,
        persona="alpha",
        severity=Severity.MAJOR,
        sources=(f"ruff {rule_id}",),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # a test's own fields


def outcome(found: Finding, *before: Finding, **options: object) -> Outcome:
    placed = place(
        [PlacedFinding(finding=f, outcome=Outcome(kind=SUMMARY)) for f in (*before, found)],
        CHANGE,
        **options,  # type: ignore[arg-type]  # a test's own options
    )
    return next(p.outcome for p in placed if p.finding == found)


def test_severity_and_confidence_at_the_limit_stand_inline_and_below_it_in_the_summary() -> None:
    limits = Thresholds(inline_severity=Severity.MAJOR, inline_confidence=Confidence.MEDIUM)
    assert outcome(finding(3, confidence=Confidence.MEDIUM), thresholds=limits) == INLINE
    assert outcome(finding(3, severity=Severity.MINOR), thresholds=limits) == Outcome(
        kind=SUMMARY, reason="severity below major"
    )
    assert outcome(finding(3, confidence=Confidence.LOW), thresholds=limits) == Outcome(
        kind=SUMMARY, reason="confidence below medium"
    )
    assert outcome(finding(3, severity=Severity.MINOR)) == INLINE
    assert outcome(finding(3, severity=Severity.NOTE)).reason == "severity below minor"


def test_what_stands_elsewhere_says_where_and_why() -> None:
    own = OwnLinter(source="ruff PY001", name="ruff", path="pyproject.toml")
    assert outcome(finding(3), own_linters=[own]) == Outcome(
        kind=SUMMARY, reason="your own ruff reports this (pyproject.toml)"
    )
    assert outcome(finding(3, habit_kept=False)) == Outcome(
        kind=SUMMARY, reason="the code around it does not keep this rule either"
    )
    first = finding(3)
    assert outcome(finding(9), first) == Outcome(
        kind=SUMMARY, reason="same rule as at line 3", of=first.fingerprint, held=True
    )
    whole = finding(None, severity=Severity.CRITICAL, remedy="same")
    assert outcome(finding(9, severity=Severity.CRITICAL, remedy="other"), whole) == INLINE
    assert outcome(whole) == Outcome(
        kind=OutcomeKind.FILE_LEVEL, reason="about the file as a whole"
    )
    assert outcome(finding(9, fingerprint="known"), held={"known"}) == Outcome(
        kind=SUMMARY, reason="told in the summary before", held=True
    )


def test_a_file_level_finding_keeps_others_of_its_rule_in_the_summary() -> None:
    whole = finding(None, confidence=Confidence.HIGH)
    later = finding(9, confidence=Confidence.MEDIUM)
    assert outcome(later, whole) == Outcome(
        kind=SUMMARY, reason="same rule as", of=whole.fingerprint, held=True
    )


@pytest.mark.parametrize("cap", [0, 1, 2, DEFAULT_INLINE_CAP])
def test_as_many_stand_inline_as_there_is_room_for(cap: int) -> None:
    found = [finding(line, f"PY{line:03}") for line in range(1, 8)]
    merged = [PlacedFinding(finding=f, outcome=Outcome(kind=SUMMARY)) for f in found]
    placed = place(merged, CHANGE, thresholds=Thresholds(inline_cap=cap))
    assert [p.outcome for p in placed[:cap]] == [INLINE] * cap
    left = Outcome(kind=SUMMARY, reason=f"more than {cap} inline", held=True)
    assert [p.outcome for p in placed[cap:]] == [left] * (7 - cap)
    assert DEFAULT_INLINE_CAP == 5


def test_a_comment_that_stands_keeps_its_place_and_takes_room() -> None:
    stays = finding(50, "PY050", severity=Severity.NOTE, fingerprint="stays")
    new = finding(3)
    options = {"thresholds": Thresholds(inline_cap=1), "standing": {"stays"}}
    assert outcome(stays, new, **options) == INLINE
    assert outcome(new, stays, **options).reason == "more than 1 inline"
    twin = finding(20, "PY050")
    wide = {"thresholds": Thresholds(inline_cap=9), "standing": {"stays"}}
    assert outcome(twin, stays, **wide).of == "stays"


def test_a_path_s_thresholds_hold_there_and_the_cap_everywhere() -> None:
    strict = Thresholds(inline_cap=9, inline_severity=Severity.CRITICAL)
    options = {"thresholds_of": lambda _: strict, "thresholds": Thresholds(inline_cap=0)}
    assert outcome(finding(3), **options).reason == "severity below critical"
    critical = finding(3, severity=Severity.CRITICAL)
    assert outcome(critical, **options).reason == "more than 0 inline"


def test_the_order_is_severity_then_confidence_then_agreement_then_place() -> None:
    expected = [
        finding(50, "A1", severity=Severity.CRITICAL),
        finding(40, "A2", co_signers=("beta",)),
        finding(5, "B9"),
        finding(30, "A3"),
        finding(30, "A4"),
        replace(finding(2, "A5"), path="other.py"),
        finding(1, "A6", confidence=Confidence.MEDIUM),
        finding(1, "A7", severity=Severity.MINOR),
    ]
    merged = [PlacedFinding(finding=f, outcome=Outcome(kind=SUMMARY)) for f in reversed(expected)]
    placed = place(merged, CHANGE, thresholds=Thresholds(inline_cap=99))
    assert [p.finding.rule_id for p in placed] == [f.rule_id for f in expected]


def test_joined_findings_say_of_what_and_share_signers_and_sources() -> None:
    worse = finding(3, "SEC001", severity=Severity.CRITICAL, family="one", co_signers=("gamma",))
    other = finding(3, "PY009", family="one", persona="beta", co_signers=("alpha", "delta"))
    kept, joined = merge([other, worse], PERSONAS)
    assert kept.finding == replace(
        worse, co_signers=("gamma", "beta", "delta"), sources=("ruff SEC001", "ruff PY009")
    )
    assert joined == PlacedFinding(
        finding=other,
        outcome=Outcome(
            kind=OutcomeKind.DUPLICATE,
            reason="says the same as SEC001 of alpha",
            of=worse.fingerprint,
        ),
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"family": "f"}, {"family": "f"}, True),
        ({}, {}, False),
        ({"sources": ("ruff S1",)}, {"sources": ("ruff S1", "x")}, True),
        ({"sources": ("model",)}, {"sources": ("model",), "headline": "else entirely"}, False),
        ({"sources": ("model",)}, {}, True),
        ({"family": "f", "location": None}, {"family": "f"}, False),
        ({"family": "f", "location": None}, {"family": "f", "location": None}, True),
    ],
)
def test_two_findings_are_one_by_family_source_or_a_model_s_words(
    one: dict[str, object], other: dict[str, object], *, same: bool
) -> None:
    if other.get("headline"):
        other["explanation"] = "nothing alike here"
    merged = merge([finding(3, "A1", **one), finding(3, "B2", **other)], PERSONAS)
    assert len([p for p in merged if p.outcome.kind is OutcomeKind.DUPLICATE]) == same


@pytest.mark.parametrize(("first", "last", "same"), [(3, 5, True), (5, 9, True), (6, 9, False)])
def test_only_findings_that_share_a_line_are_one(first: int, last: int, *, same: bool) -> None:
    here = build_finding(FILE, 1, end_line=5, rule_id="A1")
    there = replace(build_finding(FILE, first, end_line=last, rule_id="B1"), family=here.family)
    assert len(merge([here, there], PERSONAS)) == 2
    assert (merge([here, there], PERSONAS)[1].outcome.kind is OutcomeKind.DUPLICATE) is same


def test_of_equals_the_one_that_stands_stays_and_else_the_persona_that_came_first() -> None:
    ours = finding(3, "A1", family="f", persona="beta")
    theirs = finding(3, "B1", family="f", persona="alpha")
    stranger = finding(3, "C1", family="f", persona="unknown")
    assert merge([ours, theirs, stranger], PERSONAS)[0].finding.rule_id == "B1"
    standing = {stranger.fingerprint}
    assert merge([ours, theirs, stranger], PERSONAS, standing=standing)[0].finding.rule_id == "C1"


# --- headlines -----------------------------------------------------------------------------------
RULES = [build_rule(f"PY00{number}", "Do it") for number in range(3)]


def a_review(*verdicts: Verdict, files: int = 1, **fields: object) -> Review:
    who = build_persona("alpha", *RULES)
    answers = [build_answer(r, "alpha", v) for r, v in zip(RULES, verdicts, strict=False)]
    change = build_change(*(build_file(f"{n}.py", after="x\n") for n in range(files)))
    made = build_review(change, scorecards=(build_scorecard(who, *answers),))
    return replace(made, **fields)  # type: ignore[arg-type]  # a test's own fields


def told(number: int) -> tuple[KnownFinding, ...]:
    one = KnownFinding(
        fingerprint="f",
        rule_id="r",
        persona="p",
        severity=Severity.MAJOR,
        path="a.py",
        headline="h",
    )
    return (one,) * number


def shown(*kinds: tuple[Severity, OutcomeKind]) -> tuple[PlacedFinding, ...]:
    return tuple(
        PlacedFinding(finding=finding(3, severity=severity), outcome=Outcome(kind=kind))
        for severity, kind in kinds
    )


MAJOR, MINOR = (Severity.MAJOR, OutcomeKind.INLINE), (Severity.MINOR, SUMMARY)
GONE = (Severity.MAJOR, OutcomeKind.DISMISSED)
TWICE = (Severity.MAJOR, OutcomeKind.DUPLICATE)
PASS, ASK, NONE = Verdict.PASS, Verdict.NOT_ASSESSED, Verdict.NOT_APPLICABLE


@pytest.mark.holds("P03")
@pytest.mark.parametrize(
    ("made", "headline"),
    [
        (a_review(PASS), "Nothing found in 1 file"),
        (a_review(PASS, files=2), "Nothing found in 2 files"),
        (a_review(NONE, files=2), "No rule applies to what changes in 2 files"),
        (a_review(PASS, ASK), "No mechanical finding; 1 of 2 rules needs a model"),
        (a_review(PASS, ASK, ASK), "No mechanical finding; 2 of 3 rules need a model"),
        (a_review(PASS, ASK, model="m"), "No finding; 1 of 2 rules could not be judged"),
        (a_review(PASS, findings=shown(MAJOR)), "1 to fix"),
        (a_review(PASS, findings=shown(MINOR, MINOR)), "2 to consider"),
        (a_review(PASS, findings=shown(MAJOR, MINOR)), "1 to fix, 1 to consider"),
        (
            a_review(PASS, findings=shown(GONE)),
            "Nothing else found in 1 file; people dismissed 1 finding",
        ),
        (
            a_review(PASS, findings=shown(GONE, GONE, TWICE)),
            "Nothing else found in 1 file; people dismissed 2 findings",
        ),
        (
            a_review(PASS, findings=shown(MAJOR), left_open=told(1)),
            "1 to fix; 1 from earlier was not looked at again",
        ),
        (
            a_review(PASS, left_open=told(2)),
            "No new finding; 2 from earlier were not looked at again",
        ),
        (
            a_review(PASS, injection_suspected=True),
            "No finding, but text that addresses the reviewer was seen",
        ),
        (a_review(PASS, state=RunState.PARTIAL, reason="cut"), "Partial: cut"),
        (
            a_review(
                PASS,
                state=RunState.PARTIAL,
                reason="cut",
                findings=shown(MAJOR),
                left_open=told(1),
            ),
            "Partial: 1 to fix; 1 from earlier was not looked at again; cut",
        ),
        (a_review(PASS, state=RunState.FAILED, reason="no git"), "Failed: no git"),
        (a_review(PASS, state=RunState.SKIPPED, reason="a draft"), "Skipped: a draft"),
    ],
)
def test_the_headline_says_what_was_found_and_what_was_not_looked_at(
    made: Review, headline: str
) -> None:
    assert made.headline == headline
