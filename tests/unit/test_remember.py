"""What a round leaves behind: what is fixed, what stays, what goes first where room is short."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from reviewer.domain.change import FileChange, NotReviewedReason
from reviewer.domain.checklist import Verdict
from reviewer.domain.completion import Usage
from reviewer.domain.finding import Finding, OutcomeKind, PlacedFinding
from reviewer.domain.history import (
    Heard,
    HeardAnswer,
    HeardFinding,
    History,
    KnownFinding,
    KnownState,
)
from reviewer.domain.model_use import ModelUse
from reviewer.domain.persona import Severity
from reviewer.domain.remember import after_round, bounded, since
from reviewer.domain.review import Review
from reviewer.domain.selection import Choice, ChoiceKind
from reviewer.domain.status import RunState
from reviewer.testing.builders import (
    build_answer,
    build_change,
    build_file,
    build_finding,
    build_persona,
    build_placed,
    build_review,
    build_rule,
    build_scorecard,
    build_selection,
    build_unreviewed_file,
)

RULE = build_rule("SEC007", "Keep input from the shell", Severity.CRITICAL)
PERSONA = build_persona("security-sentinel", RULE)
FILE = build_file("app.py", after="import os\nos.system(q)\nprint(q)\n")
FINDING = build_finding(FILE, 2)
PASSED = build_answer(RULE, PERSONA.name, Verdict.PASS)
BLIND = build_answer(RULE, PERSONA.name, Verdict.NOT_ASSESSED, "no model configured")


def review_of(
    *placed: PlacedFinding,
    file: FileChange = FILE,
    answer: object = PASSED,
    state: RunState = RunState.COMPLETED,
    **more: object,
) -> Review:
    cards = () if answer is None else (build_scorecard(PERSONA, answer),)  # type: ignore[arg-type]
    made = build_review(
        build_change(file),
        state=state,
        reason="" if state is RunState.COMPLETED else "for a reason",
        personas=(PERSONA,),
        selection=build_selection([(PERSONA.name, "asked for")]),
        scorecards=cards,
        findings=placed,
    )
    return replace(made, look="look", heard=Heard(whole=True), **more)  # type: ignore[arg-type]


def told() -> History:
    """Return the history after a round that told one finding inline."""
    return after_round(None, review_of(build_placed(FINDING)))


def state_of(history: History, finding: Finding = FINDING) -> KnownState:
    (entry,) = [k for k in history.known if k.fingerprint == finding.fingerprint]
    return entry.state


def test_a_first_round_leaves_what_it_saw_and_told() -> None:
    history = told()
    (entry,) = history.known
    assert (entry.state, entry.inline, entry.path) == (KnownState.OPEN, True, "app.py")
    assert [seen.path for seen in history.files] == ["app.py"]
    assert (history.generation, history.look, history.whole) == (1, "look", True)
    assert history.trusted


EDITED = build_file("app.py", after="import os\nprint(q)\n")
ELSEWHERE = build_file("other.py", after="a = 1\n")
LISTED = build_unreviewed_file("app.py", NotReviewedReason.TOO_LARGE)


@pytest.mark.parametrize(
    ("review", "state"),
    [
        (review_of(file=EDITED), KnownState.FIXED),
        (review_of(file=ELSEWHERE), KnownState.FIXED),
        (review_of(build_placed(FINDING)), KnownState.OPEN),
        (review_of(build_placed(FINDING, OutcomeKind.DUPLICATE)), KnownState.OPEN),
        (review_of(build_placed(FINDING, OutcomeKind.DROPPED), file=EDITED), KnownState.FIXED),
        (review_of(file=EDITED, state=RunState.PARTIAL), KnownState.OPEN),
        (review_of(file=ELSEWHERE, state=RunState.PARTIAL), KnownState.OPEN),
        (review_of(file=EDITED, state=RunState.SKIPPED), KnownState.OPEN),
        (review_of(file=EDITED, state=RunState.FAILED), KnownState.OPEN),
        (review_of(file=EDITED, answer=None), KnownState.OPEN),
        (review_of(file=EDITED, answer=BLIND), KnownState.FIXED),
        (review_of(file=EDITED, answer=replace(BLIND, asked=True)), KnownState.FIXED),
        (review_of(file=LISTED), KnownState.OPEN),
    ],
    ids=[
        "everybody looked",
        "the file left",
        "it is there",
        "another tells it",
        "a second look refuted it",
        "not everybody looked",
        "the file left a run that is not complete",
        "nobody looked",
        "the run failed",
        "its persona did not review",
        "its tool saw nothing and the rest needs a model",
        "a model could not tell",
        "the file is too large now",
    ],
)
def test_only_who_looked_everywhere_has_seen_a_finding_go(
    review: Review, state: KnownState
) -> None:
    assert state_of(after_round(told(), review)) is state


def test_who_is_not_woken_any_more_has_nothing_left_to_find_where_its_code_is_gone() -> None:
    by_itself = build_selection([("observer", "always")], [_not_chosen()])
    moved = build_file("app.py", after="import os\nimport sys\n\nos.system(q)\nprint(q)\n")
    for file, expected in ((EDITED, KnownState.FIXED), (moved, KnownState.OPEN)):
        review = replace(review_of(file=file, answer=None), selection=by_itself)
        assert state_of(after_round(told(), review)) is expected


def _not_chosen() -> Choice:
    return Choice(persona=PERSONA.name, kind=ChoiceKind.NOT_CHOSEN, reason="nothing wakes it")


def test_what_a_model_found_is_gone_where_a_model_was_asked_again() -> None:
    finding = replace(FINDING, sources=("model",))
    history = after_round(None, review_of(build_placed(finding)))
    assert history.known[0].by_model
    blind = after_round(history, review_of(file=EDITED, answer=BLIND))
    asked = after_round(history, review_of(file=EDITED, answer=replace(BLIND, asked=True)))
    assert (state_of(blind), state_of(asked)) == (KnownState.OPEN, KnownState.FIXED)


def test_a_persona_that_no_longer_exists_leaves_no_open_finding() -> None:
    review = review_of(file=EDITED, answer=None)
    review = replace(review, personas=(), selection=build_selection([("architect", "asked")]))
    assert state_of(after_round(told(), review)) is KnownState.FIXED


@pytest.mark.holds("P07")
def test_what_people_did_about_a_finding_is_never_lost() -> None:
    history = told()
    entry = replace(history.known[0], by="alice", reason="no longer", authorised=True)
    dismissed = replace(entry, state=KnownState.DISMISSED)
    again = after_round(replace(history, known=(entry,)), review_of(build_placed(FINDING)))
    assert again.known == (entry,)
    gone = after_round(replace(history, known=(dismissed,)), review_of(file=EDITED))
    assert gone.known == (dismissed,)


def test_since_tells_what_is_new_and_what_is_fixed_in_this_round_alone() -> None:
    other = build_finding(FILE, 3, rule_id="SEC001")
    review = review_of(build_placed(other), file=FILE)
    fresh = since(told(), review, "1 of 1 file changed")
    assert fresh is not None
    assert fresh.new == {other.fingerprint}
    assert [entry.fingerprint for entry in fresh.fixed] == [FINDING.fingerprint]
    again = since(after_round(told(), review), review, "")
    assert again is not None
    assert (again.new, again.fixed) == (frozenset(), ())
    assert since(None, review, "") is None
    assert since(History(), review, "") is None


def test_a_round_that_looked_at_nothing_leaves_what_was_known() -> None:
    before = told()
    for state in (RunState.SKIPPED, RunState.SUPERSEDED, RunState.FAILED):
        left = after_round(before, review_of(file=EDITED, state=state))
        assert left == replace(before, generation=2, state=state)


def test_a_round_that_was_not_whole_leaves_no_answers() -> None:
    answer = HeardAnswer(persona="p", rule_id="R", verdict=Verdict.PASS, reason="read")
    heard = Heard(answers=(answer,), whole=False)
    history = after_round(None, replace(review_of(), heard=heard))
    assert (history.answers, history.whole) == ((), False)


@pytest.mark.holds("P08")
def test_what_was_not_shown_is_not_taken_for_seen() -> None:
    heard = Heard(whole=True, unseen=frozenset({"app.py"}), gaps=(("app.py", "1 line cut"),))
    (seen,) = after_round(None, replace(review_of(), heard=heard)).files
    assert (seen.patch, seen.lines, seen.gap) == ("", frozenset(), "1 line cut")


@pytest.mark.holds("P13")
def test_money_and_tokens_add_up_over_rounds() -> None:
    use = ModelUse(usage=Usage(fresh_input=70, output=30), known_cost=Decimal("0.02"))
    review = replace(review_of(), model_use=use)
    history = after_round(after_round(None, review), review)
    assert (history.spent, history.tokens) == (Decimal("0.04"), 200)


@pytest.mark.holds("S15")
def test_nothing_unsigned_gets_into_what_we_sign() -> None:
    forged = replace(told(), trusted=False, paused=True, spent=Decimal(9))
    history = after_round(forged, review_of(file=EDITED))
    assert history.known == ()
    assert (history.paused, history.spent, history.generation) == (False, Decimal(0), 2)


def test_the_publisher_says_what_stands_as_a_comment() -> None:
    history = after_round(None, review_of(build_placed(FINDING)), standing=())
    assert not history.known[0].inline
    later = after_round(history, review_of(), standing={FINDING.fingerprint})
    assert later.known[0].inline


def crowded() -> History:
    """Return a history with some of everything."""

    def entry(number: int, state: KnownState, *, inline: bool = False) -> KnownFinding:
        return KnownFinding(
            fingerprint=f"{number:040x}",
            rule_id="SEC007",
            persona="security-sentinel",
            severity=Severity.MAJOR,
            path="app.py",
            headline=f"Something is wrong in place {number}",
            state=state,
            inline=inline,
        )

    states = (KnownState.FIXED, KnownState.OPEN, KnownState.DISMISSED)
    known = [entry(3 * number + turn, s) for number in range(9) for turn, s in enumerate(states)]
    answers = (HeardAnswer(persona="p", rule_id="R", verdict=Verdict.PASS, reason="read"),)
    return replace(told(), known=(*known, entry(99, KnownState.OPEN, inline=True)), answers=answers)


def test_where_room_is_short_dismissals_go_last() -> None:
    def size(history: History) -> int:
        lines = sum(len(seen.lines) for seen in history.files)
        rest = len(history.files) + len(history.answers) + len(history.heard)
        return lines + rest + len(history.known)

    history = crowded()
    full = size(history)
    without: list[str] = []
    for room in range(full, -1, -1):
        kept = bounded(history, room, size)
        assert size(kept) <= room
        states = [entry.state for entry in kept.known]
        parts = {
            "lines": any(seen.lines for seen in kept.files),
            "answers": kept.whole,
            "fixed": KnownState.FIXED in states,
            "open": KnownState.OPEN in states,
            "inline": any(entry.inline for entry in kept.known),
            "dismissed": KnownState.DISMISSED in states,
        }
        without += [name for name, there in parts.items() if not there and name not in without]
    assert without == ["lines", "answers", "fixed", "open", "inline", "dismissed"]
    assert bounded(history, full, size) == history


def test_what_a_large_round_leaves_fits_a_comment() -> None:
    files = [
        build_file(
            f"app/module_{number}.py",
            after="".join(f"value_{line} = {number * line}\n" for line in range(400)),
        )
        for number in range(60)
    ]
    review = replace(review_of(), change=build_change(*files))
    history = after_round(None, review)
    assert len(history.files) == 60
    assert history.whole
    assert sum(bool(seen.lines) for seen in history.files) < 60


def test_long_words_of_a_model_are_cut_before_its_findings_are_forgotten() -> None:
    wordy = replace(FINDING, explanation="Why it is so. " * 90, remedy="Do it well. " * 90)
    history = History(generation=1, heard=(HeardFinding(finding=wordy, hunk=0, first=1, last=1),))

    kept = bounded(history, 100, lambda some: len(repr(some.heard))).heard
    (cut,) = bounded(history, 2_000, lambda some: len(repr(some.heard))).heard

    assert kept == ()  # where even that is too much, the next round looks at everything
    assert cut.finding.explanation.startswith("Why it is so. Why")
    assert cut.finding.remedy.startswith("Do it well. Do")
    assert len(cut.finding.explanation) < 100 > len(cut.finding.remedy)
    assert cut.finding.fingerprint == wordy.fingerprint
