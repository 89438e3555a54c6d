"""A review: merging, ranking, capping, and the headline that cannot lie."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.change import (
    Change,
    FileChange,
    FileStatus,
    Hunk,
    Line,
    LineKind,
    Location,
    Side,
)
from reviewer.domain.checklist import Answer, Scorecard, Verdict, score
from reviewer.domain.finding import Confidence, Finding, OutcomeKind, fingerprint
from reviewer.domain.persona import Persona, Severity
from reviewer.domain.review import OwnLinter, Review, Thresholds, merge, place
from reviewer.domain.selection import Selection
from reviewer.domain.status import RunState

LINES = 40


def file(path: str = "app.py", *, first: int = 1, base_path: str | None = None) -> FileChange:
    lines = tuple(Line(LineKind.ADDED, None, first + i, f"line {i}") for i in range(LINES))
    hunk = Hunk(base_start=0, base_count=0, head_start=first, head_count=LINES, lines=lines)
    return FileChange(
        path=path, base_path=base_path, status=FileStatus.MODIFIED, hunks=(hunk,), language="python"
    )


def change(*files: FileChange) -> Change:
    return Change(base="b" * 40, head="a" * 40, files=files or (file(),))


def finding(
    line: int | None = 1,
    *,
    rule_id: str = "PY001",
    persona: str = "type-guardian",
    severity: Severity = Severity.MAJOR,
    path: str = "app.py",
    source: str = "",
    family: str = "",
    end: int | None = None,
) -> Finding:
    location = (
        None
        if line is None
        else Location(path=path, side=Side.HEAD, start_line=line, end_line=end or line)
    )
    return Finding(
        rule_id=rule_id,
        persona=persona,
        severity=severity,
        confidence=Confidence.HIGH,
        path=path,
        location=location,
        headline="Wrong",
        explanation="It is wrong.",
        remedy="Mend it.",
        quote="line",
        sources=(source or f"pattern {rule_id}",),
        family=family or rule_id,
        fingerprint=f"{rule_id}-{path}-{line}-{persona}",
    )


def persona(name: str) -> Persona:
    return Persona(name=name, title=name, version=1, summary="-", charter="-")


PERSONAS = [persona("security-sentinel"), persona("type-guardian"), persona("observer")]


def outcomes(*findings: Finding, **more: object) -> dict[str, OutcomeKind]:
    placed = place(merge(findings, PERSONAS), change(), **more)  # type: ignore[arg-type]
    return {p.finding.fingerprint: p.outcome.kind for p in placed}


@pytest.mark.holds("P32")
def test_three_personas_on_one_line_make_one_comment_that_all_sign() -> None:
    same = [
        finding(3, rule_id=rule_id, persona=name, source="ruff S110")
        for rule_id, name in (
            ("OBS006", "observer"),
            ("SEC008", "security-sentinel"),
            ("PY099", "type-guardian"),
        )
    ]
    placed = place(merge(same, PERSONAS), change())
    shown = [p for p in placed if p.outcome.kind is OutcomeKind.INLINE]
    assert [p.finding.persona for p in shown] == ["security-sentinel"]
    assert set(shown[0].finding.co_signers) == {"observer", "type-guardian"}
    assert [p.outcome.of for p in placed[1:]] == [shown[0].finding.fingerprint] * 2


@pytest.mark.holds("P32")
def test_a_linter_and_a_pattern_of_one_family_make_one_finding_with_both_sources() -> None:
    placed = merge(
        [
            finding(3, rule_id="SEC007", source="ruff S602", family="shell"),
            finding(3, rule_id="SEC009", source="pattern shell", family="shell", end=4),
        ],
        PERSONAS,
    )
    assert placed[0].finding.sources == ("ruff S602", "pattern shell")
    assert placed[1].outcome.kind is OutcomeKind.DUPLICATE


def test_two_models_findings_on_one_line_are_one_only_where_they_say_the_same() -> None:
    first = replace(
        finding(3, rule_id="BUG001", source="model"),
        headline="The discount is applied twice",
        explanation="apply(10) subtracts the discount twice and returns 8 instead of 9.",
    )
    alike = replace(
        finding(3, rule_id="BUG006", persona="observer", source="model"),
        headline="Discount applied twice for every order",
        explanation="The discount is subtracted twice.",
    )
    another = replace(
        finding(3, rule_id="BUG002", source="model"),
        headline="An empty basket crashes",
        explanation="apply(None) raises TypeError.",
    )
    kinds = [p.outcome.kind for p in merge([first, alike, another], PERSONAS)]
    assert kinds.count(OutcomeKind.DUPLICATE) == 1
    assert len(kinds) == 3


@pytest.mark.holds("P32")
def test_two_different_bugs_two_lines_apart_stay_two() -> None:
    placed = merge([finding(3), finding(5)], PERSONAS)
    assert [p.outcome.kind for p in placed] == [OutcomeKind.SUMMARY] * 2


def test_two_different_faults_of_one_line_stay_two() -> None:
    placed = merge([finding(3), finding(3, rule_id="SEC007")], PERSONAS)
    assert all(p.outcome.kind is not OutcomeKind.DUPLICATE for p in placed)


@pytest.mark.holds("P01")
def test_the_cap_ranks_before_it_cuts() -> None:
    minor = [finding(n, rule_id=f"PY{n:03}", severity=Severity.MINOR) for n in range(1, 8)]
    worst = finding(30, rule_id="SEC007", severity=Severity.CRITICAL)
    kinds = outcomes(*minor, worst)
    assert kinds[worst.fingerprint] is OutcomeKind.INLINE
    assert list(kinds.values()).count(OutcomeKind.INLINE) == 5


@pytest.mark.holds("P01")
def test_what_the_cap_holds_back_says_so() -> None:
    many = [finding(n, rule_id=f"PY{n:03}") for n in range(1, 8)]
    placed = place(merge(many, PERSONAS), change())
    assert [p.outcome.reason for p in placed[5:]] == ["more than 5 inline"] * 2


def test_one_rule_speaks_inline_once_a_file() -> None:
    placed = place(merge([finding(3), finding(9)], PERSONAS), change())
    assert placed[1].outcome.reason == "same rule as at line 3"
    assert placed[1].outcome.of == placed[0].finding.fingerprint


def test_a_critical_rule_speaks_inline_once_for_each_remedy() -> None:
    severe = [finding(line, severity=Severity.CRITICAL) for line in (1, 5, 9)]
    severe[1] = replace(severe[1], remedy="Another way out.")
    placed = place(merge(severe, ()), change())
    assert [p.outcome.kind for p in placed] == [
        OutcomeKind.INLINE,
        OutcomeKind.INLINE,
        OutcomeKind.SUMMARY,
    ]


def test_a_note_never_stands_inline() -> None:
    assert outcomes(finding(severity=Severity.NOTE)) == {
        "PY001-app.py-1-type-guardian": OutcomeKind.SUMMARY
    }


def test_a_finding_about_a_whole_file_stands_at_file_level() -> None:
    assert list(outcomes(finding(None)).values()) == [OutcomeKind.FILE_LEVEL]


@pytest.mark.holds("P01")
def test_what_the_repositorys_own_linter_reports_is_not_repeated_inline() -> None:
    own = [OwnLinter(source="ruff PTH118", name="ruff", path="pyproject.toml")]
    placed = place(merge([finding(source="ruff PTH118")], PERSONAS), change(), own_linters=own)
    assert placed[0].outcome.kind is OutcomeKind.SUMMARY
    assert placed[0].outcome.reason == "your own ruff reports this (pyproject.toml)"


def test_what_the_code_around_does_not_keep_either_is_told_in_the_summary_only() -> None:
    placed = place(merge([replace(finding(), habit_kept=False)], PERSONAS), change())
    assert placed[0].outcome.kind is OutcomeKind.SUMMARY
    assert placed[0].outcome.reason == "the code around it does not keep this rule either"


def test_paths_may_have_thresholds_of_their_own() -> None:
    strict = Thresholds(inline_severity=Severity.CRITICAL)
    assert list(outcomes(finding(), thresholds_of=lambda _: strict).values()) == [
        OutcomeKind.SUMMARY
    ]


@pytest.mark.holds("P01")
@given(
    st.lists(
        st.builds(
            finding,
            st.integers(1, LINES),
            rule_id=st.sampled_from(["PY001", "PY002", "SEC007", "OBS001"]),
            persona=st.sampled_from(["type-guardian", "observer", "security-sentinel"]),
            severity=st.sampled_from(list(Severity)),
        ),
        max_size=25,
        unique_by=lambda f: f.fingerprint,
    ),
    st.integers(0, 8),
)
def test_every_finding_has_exactly_one_outcome_and_the_cap_holds(
    findings: list[Finding], cap: int
) -> None:
    placed = place(merge(findings, PERSONAS), change(), thresholds=Thresholds(inline_cap=cap))
    assert sorted(p.finding.fingerprint for p in placed) == sorted(f.fingerprint for f in findings)
    inline = [p for p in placed if p.outcome.kind is OutcomeKind.INLINE]
    assert len(inline) <= cap
    assert all(p.outcome.reason for p in placed if p.outcome.kind is not OutcomeKind.INLINE)
    kept = {p.finding.fingerprint for p in placed if p.outcome.kind is not OutcomeKind.DUPLICATE}
    assert all(p.outcome.of in kept for p in placed if p.outcome.kind is OutcomeKind.DUPLICATE)


@pytest.mark.holds("P02")
def test_a_line_shift_keeps_the_fingerprint() -> None:
    names = {
        fingerprint(
            rule_id="PY001",
            file=file(first=first),
            location=Location(
                path="app.py", side=Side.HEAD, start_line=first + 5, end_line=first + 5
            ),
            repeat=0,
        )
        for first in (1, 100)
    }
    assert len(names) == 1


@pytest.mark.holds("P02")
def test_a_rename_keeps_the_fingerprint() -> None:
    here = Location(path="new.py", side=Side.HEAD, start_line=3, end_line=3)
    before = fingerprint(
        rule_id="PY001", file=file("app.py"), location=replace(here, path="app.py"), repeat=0
    )
    after = fingerprint(
        rule_id="PY001", file=file("new.py", base_path="app.py"), location=here, repeat=0
    )
    assert before == after


def review(*verdicts: Verdict, state: RunState = RunState.COMPLETED, **more: object) -> Review:
    answers = tuple(
        Answer(
            persona="type-guardian",
            rule_id=f"PY{n:03}",
            severity=Severity.MAJOR,
            verdict=verdict,
            reason="-",
        )
        for n, verdict in enumerate(verdicts)
    )
    card = Scorecard(persona="type-guardian", answers=answers, score=score(answers))
    made = Review(
        state=state,
        change=change(),
        personas=(persona("type-guardian"),),
        selection=Selection(choices=()),
        scorecards=(card,),
        findings=(),
    )
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.holds("P03")
def test_only_a_run_that_answered_everything_says_that_nothing_was_found() -> None:
    assert review(Verdict.PASS).headline == "Nothing found in 1 file"


def test_a_run_in_which_no_rule_had_a_subject_does_not_say_that_it_found_nothing() -> None:
    assert review(Verdict.NOT_APPLICABLE).headline == "No rule applies to what changes in 1 file"


def test_without_a_model_the_headline_says_how_many_rules_need_one() -> None:
    made = review(Verdict.PASS, Verdict.NOT_ASSESSED)
    assert made.headline == "No mechanical finding; 1 of 2 rules needs a model"


def test_a_model_that_could_not_judge_is_not_told_as_a_missing_model() -> None:
    made = review(Verdict.PASS, Verdict.NOT_ASSESSED, model="openai:example")
    assert made.headline == "No finding; 1 of 2 rules could not be judged"


@pytest.mark.holds("P03")
def test_a_partial_run_never_says_that_nothing_was_found() -> None:
    made = review(Verdict.PASS, state=RunState.PARTIAL, reason="ruff timed out")
    assert made.headline == "Partial: ruff timed out"


@pytest.mark.holds("S7")
def test_text_that_addresses_the_reviewer_forbids_a_clean_headline() -> None:
    made = review(Verdict.PASS, injection_suspected=True)
    assert "Nothing found" not in made.headline
    assert "addresses the reviewer" in made.headline
