"""The checklist: how mechanical evidence answers a rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.change import (
    Change,
    FileChange,
    FileStatus,
    Hunk,
    Line,
    LineKind,
    NotReviewed,
    NotReviewedReason,
    Side,
)
from reviewer.domain.checklist import NO_MODEL, Answer, Verdict, answer_mechanically
from reviewer.domain.evidence import (
    Decides,
    Evidence,
    EvidenceKind,
    Examination,
    Hit,
    Inapplicable,
    SetAside,
    Unexamined,
)
from reviewer.domain.persona import Applies, Persona, Rule, Severity

RUFF_BOTH = Evidence(kind=EvidenceKind.RUFF, codes=("ANN001",), decides=Decides.BOTH)
RUFF_FAIL = Evidence(kind=EvidenceKind.RUFF, codes=("S6",), decides=Decides.FAIL)
FACT_BOTH = Evidence(kind=EvidenceKind.FACT, codes=("no-user",), decides=Decides.BOTH)


def rule(*evidence: Evidence, rule_id: str = "PY001") -> Rule:
    return Rule(
        id=rule_id,
        title="Annotate",
        severity=Severity.MAJOR,
        check="Annotate.",
        why="Unchecked code breaks late.",
        problem="No annotation",
        remedy="Annotate it.",
        applies=Applies(languages=("python",)),
        evidence=evidence,
    )


def persona(*rules: Rule) -> Persona:
    return Persona(
        name="type-guardian",
        title="Type Guardian",
        version=1,
        summary="Types.",
        charter="Types.",
        rules=rules,
    )


def edited(path: str = "app.py", language: str | None = "python") -> FileChange:
    """Return a file of three lines whose second line the change replaces."""
    hunk = Hunk(
        base_start=1,
        base_count=3,
        head_start=1,
        head_count=3,
        lines=(
            Line(LineKind.CONTEXT, 1, 1, "first"),
            Line(LineKind.REMOVED, 2, None, "old"),
            Line(LineKind.ADDED, None, 2, "def new(x):"),
            Line(LineKind.CONTEXT, 3, 3, "third"),
        ),
    )
    return FileChange(
        path=path,
        status=FileStatus.MODIFIED,
        hunks=(hunk,),
        head_text="first\ndef new(x):\nthird\n",
        language=language,
    )


def change(*files: FileChange) -> Change:
    return Change(base="b" * 40, head="a" * 40, files=files or (edited(),))


def hit(line: int | None = 2, code: str = "ANN001", **more: object) -> Hit:
    made = Hit(
        kind=EvidenceKind.RUFF,
        code=code,
        path="app.py",
        message="Missing annotation.",
        start_line=line,
        end_line=line,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def answer(only: Rule, examination: Examination | None = None, *files: FileChange) -> Answer:
    card = answer_mechanically(persona(only), change(*files), examination or Examination())
    return card.answers[0]


def test_a_hit_on_a_changed_line_is_a_fail_with_its_place() -> None:
    result = answer(rule(RUFF_BOTH), Examination(hits=(hit(),)))
    assert result.verdict is Verdict.FAIL
    (finding,) = result.findings
    assert str(finding.location) == "app.py:2"
    assert finding.quote == "def new(x):"
    assert finding.sources == ("ruff ANN001",)
    assert result.reason == "ruff ANN001"


@pytest.mark.holds("P01")
def test_a_hit_on_an_unchanged_line_is_not_this_changes_fault() -> None:
    assert answer(rule(RUFF_BOTH), Examination(hits=(hit(3),))).verdict is Verdict.PASS


def test_a_hit_on_a_removed_line_stands_on_the_base_side() -> None:
    result = answer(rule(RUFF_BOTH), Examination(hits=(hit(side=Side.BASE),)))
    assert result.findings[0].location is not None
    assert result.findings[0].location.side is Side.BASE
    assert result.findings[0].quote == "old"


def test_evidence_that_decides_both_passes_without_a_hit() -> None:
    result = answer(rule(RUFF_BOTH))
    assert result.verdict is Verdict.PASS
    assert result.reason == "nothing found by ruff ANN001"


@pytest.mark.holds("P03")
def test_evidence_that_only_finds_fault_decides_nothing_without_a_hit() -> None:
    result = answer(rule(RUFF_FAIL))
    assert (result.verdict, result.reason) == (Verdict.NOT_ASSESSED, NO_MODEL)


def test_a_rule_of_judgement_needs_a_model() -> None:
    assert answer(rule()).reason == NO_MODEL


def test_no_file_to_speak_about_is_not_applicable() -> None:
    result = answer(rule(RUFF_BOTH), None, edited("a.go", "go"))
    assert result.verdict is Verdict.NOT_APPLICABLE


@pytest.mark.holds("S4", "P03")
@pytest.mark.parametrize("path", ["app.py", ""])
def test_an_examiner_that_could_not_look_never_makes_a_pass(path: str) -> None:
    gap = Unexamined(kind=EvidenceKind.RUFF, path=path, reason="ruff timed out")
    result = answer(rule(RUFF_BOTH), Examination(unexamined=(gap,)))
    assert result.verdict is Verdict.NOT_ASSESSED
    assert result.reason == ("ruff timed out (app.py)" if path else "ruff timed out")


def test_a_gap_in_another_file_does_not_concern_the_rule() -> None:
    gap = Unexamined(kind=EvidenceKind.RUFF, path="other.py", reason="ruff timed out")
    assert answer(rule(RUFF_BOTH), Examination(unexamined=(gap,))).verdict is Verdict.PASS


def test_a_gap_does_not_hide_a_fault_that_was_seen_elsewhere() -> None:
    gap = Unexamined(kind=EvidenceKind.RUFF, path="app.py", reason="ruff timed out")
    seen = Examination(hits=(hit(),), unexamined=(gap,))
    assert answer(rule(RUFF_BOTH), seen).verdict is Verdict.FAIL


def test_a_fact_without_a_subject_is_not_applicable_with_its_reason() -> None:
    idle = Inapplicable(kind=EvidenceKind.FACT, code="no-user", reason="no image is built here")
    result = answer(rule(FACT_BOTH), Examination(inapplicable=(idle,)))
    assert (result.verdict, result.reason) == (
        Verdict.NOT_APPLICABLE,
        "no image is built here",
    )


def test_one_blind_fact_does_not_blind_another() -> None:
    gap = Unexamined(kind=EvidenceKind.FACT, code="other", reason="no head text")
    assert answer(rule(FACT_BOTH), Examination(unexamined=(gap,))).verdict is Verdict.PASS


def test_the_rule_that_names_a_code_most_exactly_gets_the_hit() -> None:
    exact = rule(replace(RUFF_FAIL, codes=("S602",)), rule_id="SEC007")
    broad = rule(replace(RUFF_FAIL, codes=("S",)), rule_id="SEC008")
    seen = Examination(hits=(hit(code="S602"), hit(code="S113")))
    card = answer_mechanically(persona(broad, exact), change(), seen)
    found = {a.rule_id: [f.sources for f in a.findings] for a in card.answers}
    assert found == {"SEC008": [("ruff S113",)], "SEC007": [("ruff S602",)]}


def test_evidence_with_its_own_globs_leaves_other_files_alone() -> None:
    scoped = replace(RUFF_FAIL, codes=("S105",), exclude=("tests/**",))
    in_tests = edited("tests/test_app.py")
    seen = Examination(hits=(hit(code="S105", path="tests/test_app.py"),))
    assert answer(rule(scoped), seen, in_tests).verdict is not Verdict.FAIL


def test_the_same_hit_twice_is_one_finding() -> None:
    result = answer(rule(RUFF_BOTH), Examination(hits=(hit(), hit())))
    assert len(result.findings) == 1


def test_a_switched_off_rule_says_who_switched_it_off() -> None:
    card = answer_mechanically(
        persona(rule(RUFF_BOTH)),
        change(),
        Examination(hits=(hit(),)),
        disabled=[("PY001", "off in .reviewer.toml: legacy code")],
    )
    assert card.answers[0].verdict is Verdict.NOT_APPLICABLE
    assert card.answers[0].reason == "off in .reviewer.toml: legacy code"


@pytest.mark.holds("P32")
def test_every_rule_gets_exactly_one_answer_in_the_order_of_the_file() -> None:
    rules = [rule(RUFF_BOTH, rule_id=f"PY00{n}") for n in range(1, 6)]
    card = answer_mechanically(persona(*rules), change(), Examination(hits=(hit(),)))
    assert [a.rule_id for a in card.answers] == [r.id for r in rules]
    assert all(a.reason for a in card.answers)


def with_base(text: str, path: str = "app.py") -> FileChange:
    return replace(edited(path), base_text=text)


@pytest.mark.holds("P01")
def test_a_habit_that_the_file_keeps_at_its_base_is_expected_of_the_change() -> None:
    typed = replace(rule(RUFF_BOTH), habit="->")
    seen = Examination(hits=(hit(),))
    assert answer(typed, seen, with_base("def f() -> int: ...")).findings[0].habit_kept
    assert not answer(typed, seen, with_base("def f(): ...")).findings[0].habit_kept


def test_a_new_file_is_judged_by_the_files_around_it() -> None:
    typed = replace(rule(RUFF_BOTH), habit="->")
    seen = Examination(hits=(hit(),))
    alone = answer(typed, seen, edited())
    beside = answer(typed, seen, edited(), with_base("def f(): ...", "old.py"))
    assert alone.findings[0].habit_kept
    assert not beside.findings[0].habit_kept


@pytest.mark.holds("P31")
def test_a_secret_in_a_file_that_nobody_reviews_is_still_a_secret() -> None:
    scanner = Evidence(kind=EvidenceKind.SECRET, codes=("*",), decides=Decides.BOTH)
    listed = replace(
        edited("poetry.lock", None), not_reviewed=NotReviewed(reason=NotReviewedReason.LOCK_FILE)
    )
    seen = Examination(hits=(hit(kind=EvidenceKind.SECRET, code="token", path="poetry.lock"),))
    anywhere = replace(rule(scanner), applies=Applies())
    assert answer(anywhere, seen, listed, edited()).verdict is Verdict.FAIL


def test_a_warning_that_is_known_to_be_false_makes_no_finding_and_is_named() -> None:
    false = SetAside(hit=hit(), reason="the text is no secret")
    elsewhere = SetAside(hit=hit(line=99), reason="the text is no secret")
    result = answer(rule(RUFF_BOTH), Examination(set_aside=(false, elsewhere)))
    assert result.verdict is Verdict.PASS
    assert result.set_aside == ("ruff ANN001 at app.py:2 (the text is no secret)",)
    assert result.explained.endswith(f"; set aside: {result.set_aside[0]}")


@pytest.mark.holds("P03")
def test_what_nobody_could_look_at_is_named_by_reason_and_file() -> None:
    gaps = (
        Unexamined(kind=EvidenceKind.RUFF, path="app.py", reason="does not parse"),
        Unexamined(kind=EvidenceKind.RUFF, path="b.py", reason="does not parse"),
    )
    seen = Examination(unexamined=gaps)
    result = answer(rule(RUFF_BOTH), seen, edited("app.py"), edited("b.py"))
    assert result.reason == "does not parse (app.py and 1 more)"
