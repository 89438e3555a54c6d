"""What passes between the analyser's process and ours: read strictly, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import Unpack

from reviewer.adapters.analyser.fit import MISPLACED, fit_reply, fit_review
from reviewer.adapters.analyser.wire import (
    Outcome,
    SentError,
    SentReview,
    Task,
    UnreadableError,
    read_outcome,
    read_task,
    write_outcome,
    write_task,
)
from reviewer.domain.base_files import Unread, UnreadFile
from reviewer.domain.change import Change, Location, Side
from reviewer.domain.checklist import NO_MODEL, Answer, Verdict
from reviewer.domain.completion import Usage
from reviewer.domain.finding import OutcomeKind
from reviewer.domain.history import (
    Heard,
    HeardAnswer,
    HeardFinding,
    History,
    KnownFinding,
    KnownState,
    SeenFile,
    Since,
)
from reviewer.domain.material import Material, ModelTerms, Question, QuestionKind, Reply
from reviewer.domain.model_use import ModelUse
from reviewer.domain.persona import Persona, Rule, Severity
from reviewer.domain.policy import FailOn, LayerOwner, PolicyLayer
from reviewer.domain.pull_request import PullRequestName
from reviewer.domain.review import Review
from reviewer.domain.status import RunState
from reviewer.errors import ConfigurationError, ReviewerError, UserError
from reviewer.testing.builders import build_answer, build_persona, build_rule, build_scorecard
from tests.golden.examples import (
    API,
    FINDINGS,
    REVIEWS,
    SHELL_FINDING,
)

NAME = PullRequestName.parse("octo/shop#7")
KNOWN = KnownFinding(
    fingerprint="a" * 40,
    rule_id="SEC007",
    persona="security-sentinel",
    severity=Severity.CRITICAL,
    path="app/api.py",
    headline="A shell command",
)


class More(TypedDict, total=False):
    """What a material may have besides."""

    title: str
    change: Change
    before: History
    personas: tuple[str, ...]
    panel: str
    full: bool
    layer: PolicyLayer


def material_of(review: Review, **more: Unpack[More]) -> Material:
    given_: dict[str, Any] = {
        "name": NAME,
        "title": "Add a listing",
        "body": "It lists.",
        "change": review.change,
        "base_texts": {".reviewer.toml": "schema = 1\n"},
        "base_unread": (UnreadFile(path="ruff.toml", why=Unread.LINK),),
        **more,
    }
    return Material(**given_)


def returned(
    review: Review,
    forge: Callable[[Any], None] = lambda _: None,
    *,
    suggestions: bool = False,
    **more: Unpack[More],
) -> Review:
    """Send a review through the wire, forged on the way, and hold it against the material."""
    content = json.loads(write_outcome(Outcome(review=SentReview.of(review))))
    forge(content[0]["review"])
    sent = read_outcome(json.dumps(content).encode()).review
    assert sent is not None
    catalogue = catalogue_of(review)
    return fit_review(sent, material_of(review, **more), catalogue, suggestions=suggestions)


def whole(review: Review) -> Review:
    """Give an example the checklists that a real review has, and what failed a rule with it."""
    personas, cards = [], []
    head = next((p.finding.fingerprint for p in review.findings), None)
    findings = tuple(
        replace(placed, outcome=replace(placed.outcome, of=placed.outcome.of or head))
        if placed.outcome.kind is OutcomeKind.DUPLICATE
        else placed
        for placed in review.findings
    )
    held = {placed.finding.fingerprint for placed in findings}
    for persona, card in zip(review.personas, review.scorecards, strict=True):
        asked = {answer.rule_id for answer in card.answers}
        rules = tuple(rule for rule in persona.rules if rule.id in asked) or persona.rules
        personas.append(replace(persona, rules=rules))
        answers = [build_answer(r, persona.name, Verdict.NOT_ASSESSED, NO_MODEL) for r in rules]
        given_ = [_shown(answer, held) for answer in card.answers]
        cards.append(build_scorecard(persona, *(given_ if asked else answers)))
    return replace(
        review, personas=tuple(personas), scorecards=tuple(cards), findings=tuple(findings)
    )


def _shown(answer: Answer, held: set[str]) -> Answer:
    """Let a rule fail for what is among the findings alone."""
    findings = tuple(f for f in answer.findings if f.fingerprint in held)
    if answer.verdict is not Verdict.FAIL or findings:
        return replace(answer, findings=findings)
    return replace(answer, findings=(), verdict=Verdict.NOT_APPLICABLE)


def catalogue_of(review: Review) -> tuple[Persona, ...]:
    """Return everybody whom a review names, with the rules that it names."""
    known = {persona.name for persona in review.personas}
    rules: dict[str, list[Rule]] = {choice.persona: [] for choice in review.selection.choices}
    for placed in review.findings:
        finding = placed.finding
        for name in (finding.persona, *finding.co_signers):
            rules.setdefault(name, [])
        rules[finding.persona].append(build_rule(finding.rule_id, "A rule", finding.severity))
    others = [build_persona(name, *own) for name, own in rules.items() if name not in known]
    return (*review.personas, *others)


TRAVELLING = {
    name: whole(review)
    for name, review in REVIEWS.items()
    # No analyser ends so: whoever publishes says it.
    if review.state is not RunState.SUPERSEDED
}
EXAMPLE = TRAVELLING["findings"]


@pytest.mark.parametrize("name", REVIEWS)
def test_every_example_is_the_same_after_its_way_through_json(name: str) -> None:
    sent = SentReview.of(REVIEWS[name])
    assert read_outcome(write_outcome(Outcome(review=sent))).review == sent


def test_a_review_travels_with_everything_but_what_the_receiver_knows_better() -> None:
    travelling = {field.name for field in fields(SentReview)}
    assert {field.name for field in fields(Review)} - travelling == {"change", "left_open"}


def test_a_material_is_the_same_after_its_way_through_json() -> None:
    heard = HeardFinding(finding=SHELL_FINDING, hunk=0, first=2, last=4)
    history = History(
        generation=3,
        head_sha="b" * 40,
        state=RunState.PARTIAL,
        files=(SeenFile(path="app/api.py", patch="c" * 12, lines=frozenset({"d", "e"})),),
        known=(KNOWN,),
        answers=(HeardAnswer(persona="p", rule_id="SEC001", verdict=Verdict.PASS, reason="ok"),),
        heard=(heard,),
        spent=Decimal("0.1234"),
        tokens=9,
        trusted=True,
    )
    layer = PolicyLayer(
        owner=LayerOwner.COMMAND_LINE, origin="workflow", fail_on=FailOn.MAJOR, min_score=70.5
    )
    task = Task(
        material=material_of(FINDINGS, before=history, layer=layer, full=True, panel="ml"),
        question=Question(kind=QuestionKind.ASK, text="Why?"),
        terms=ModelTerms(name="openai:example-1", most_dollars=Decimal("0.25"), fast=True),
    )
    content, sent = write_task(task)
    assert sent is task
    assert read_task(content) == task
    assert read_task(content).material.change.files[0].hunks == API.hunks


def test_halves_of_characters_do_not_stop_a_review() -> None:
    file = replace(API, path="app/\udcff.py")
    change = replace(FINDINGS.change, files=(file,))
    task = Task(material=material_of(FINDINGS, change=change, title="\ud800 title"))
    content, sent = write_task(task)
    assert read_task(content) == sent
    assert sent.material.title.endswith(" title")
    assert "\ufffd" in sent.material.change.files[0].path


@pytest.mark.parametrize(
    "error",
    [
        ReviewerError("the model is gone"),
        UserError("there is no key", hint="Set it."),
        ConfigurationError(
            "wrong",
            path="config.toml",
            line=3,
            others=[ConfigurationError("wrong too", path="config.toml", line=9, hint="So.")],
        ),
    ],
)
def test_an_error_travels_with_its_text_and_its_kind(error: ReviewerError) -> None:
    sent = read_outcome(write_outcome(Outcome(error=SentError.of(error)))).error
    assert sent is not None
    assert type(sent.error) is type(error)
    assert str(sent.error) == str(error)


@pytest.mark.holds("S2")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"[{}]",
        b"[{},{}]",
        b"Traceback (most recent call last):",
        b'[{"reply":{"text":"a"},"error":{"message":"b"}}]',
        b'[{"reply":{"text":"a","event":"APPROVE"}}]',
        b'[{"reply":{"text":1}}]',
        b'[{"reply":{"text":"\\ud800"}}]',
        b'[{"reply":{"text":"a"}}] [{"reply":{"text":"b"}}]',
        b"[" * 100_000,
        b'[{"reply":{"text":"a"}}',
        b"\xff\xfe",
    ],
)
def test_junk_is_no_outcome_and_is_not_repeated(content: bytes) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_outcome(content)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", '"NaN"', "1e999"])
def test_a_price_that_is_no_amount_is_refused(number: str) -> None:
    content = write_outcome(Outcome(reply=Reply(text="a", use=ModelUse()))).decode()
    assert '"cost":"0"' in content
    forged = content.replace('"cost":"0"', f'"cost":{number}')
    with pytest.raises(UnreadableError):
        read_outcome(forged.encode())


@pytest.mark.holds("S2")
def test_an_outcome_cut_at_any_byte_is_none() -> None:
    content = write_outcome(Outcome(reply=Reply(text="ä", use=ModelUse(models=("m",)))))
    for end in range(len(content)):
        with pytest.raises(UnreadableError):
            read_outcome(content[:end])


# --- held against the change ---------------------------------------------------------------


@pytest.mark.parametrize("name", TRAVELLING)
def test_every_example_fits_its_own_change(name: str) -> None:
    assert returned(TRAVELLING[name]) == TRAVELLING[name]


@pytest.mark.holds("S3", "S4")
def test_change_personas_and_scores_are_our_own() -> None:
    def forge(review: dict[str, Any]) -> None:
        review["notices"] = ["looks good"]

    back = returned(TRAVELLING["clean"], forge)
    assert back.change is TRAVELLING["clean"].change
    assert back.personas == TRAVELLING["clean"].personas
    assert back.score == TRAVELLING["clean"].score


def _forge(path: str, value: object) -> Callable[[Any], None]:
    """Return what puts a value at a place: ``findings.0.finding.path``."""

    def forge(review: dict[str, Any]) -> None:
        *way, last = path.split(".")
        place: Any = review
        for step in way:
            place = place[int(step) if step.isdigit() else step]
        place[int(last) if last.isdigit() else last] = value

    return forge


HOSTILE: dict[str, Callable[[Any], None]] = {
    "an event": _forge("event", "APPROVE"),
    "a repository": _forge("repo", "octo/other"),
    "a score": _forge("score", 100),
    "a score of a card": _forge("scorecards.0.score", {"passed_weight": 1}),
    "commands": _forge("commands", ["rm"]),
    "a change": _forge("change", {"base": "a", "head": "b", "files": []}),
    "a path outside": _forge("findings.0.finding.path", "../../.github/workflows/x.yml"),
    "a path not in the change": _forge("findings.0.finding.path", "app/other.py"),
    "a side that is none": _forge("findings.0.finding.location.side", "BOTH"),
    "a line in words": _forge("findings.0.finding.location.start_line", "1e9"),
    "a line with a fraction": _forge("findings.0.finding.location.start_line", 1.5),
    "a rule of nobody": _forge("findings.0.finding.rule_id", "SEC999"),
    "a persona of nobody": _forge("findings.0.finding.persona", "approver"),
    "a signature of nobody": _forge("findings.0.finding.co_signers", ["approver"]),
    "a severity of none": _forge("findings.0.finding.severity", "info"),
    "a fingerprint of none": _forge("findings.0.finding.fingerprint", "<!-- x -->"),
    "a state of none": _forge("state", "approved"),
    "a state of a publisher": _forge("state", "superseded"),
    "personas of nobody": _forge("personas", ["approver"]),
    "fewer personas": _forge("personas", []),
    "no scorecards": _forge("scorecards", []),
    "fewer answers": _forge("scorecards.0.answers", []),
    "a lower severity of a rule": _forge("scorecards.0.answers.0.severity", "note"),
    "an answer of another": _forge("scorecards.0.answers.0.persona", "observer"),
    "a name of the look": _forge("look", "--> <!-- persona-reviewer:dismissed -->"),
    "findings that are no list": _forge("findings", {"0": 1}),
    "a number as a notice": _forge("notices", [1]),
}


@pytest.mark.holds("S2")
@pytest.mark.parametrize("forge", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_forged_review_is_refused(forge: Callable[[Any], None]) -> None:
    with pytest.raises(UnreadableError):
        returned(EXAMPLE, forge)


@pytest.mark.holds("S4")
def test_a_severity_above_the_rule_s_is_refused() -> None:
    def forge(review: dict[str, Any]) -> None:
        placed = next(p for p in review["findings"] if p["finding"]["rule_id"] == "PY004")
        placed["finding"]["severity"] = "critical"

    with pytest.raises(UnreadableError, match="severity above"):
        returned(EXAMPLE, forge)


@pytest.mark.holds("S2")
def test_others_than_those_who_were_asked_for_are_refused() -> None:
    review = EXAMPLE
    names = tuple(persona.name for persona in review.personas)
    assert returned(review, personas=names).personas == review.personas
    with pytest.raises(UnreadableError, match="asked for"):
        returned(review, personas=("bug-hunter",))
    with pytest.raises(UnreadableError, match="asked for"):
        returned(review, panel="ml")


lines = st.one_of(st.integers(-3, 40), st.sampled_from([10**12, -(10**12), 2**63, 10**30]))


@pytest.mark.holds("S2", "R28")
@given(
    start=lines,
    end=lines,
    side=st.sampled_from(list(Side)),
    path=st.sampled_from(["app/api.py", "app/models.py", "poetry.lock", "../x"]),
)
def test_no_location_gets_through_on_which_no_comment_may_stand(
    start: int, end: int, side: Side, path: str
) -> None:
    location = Location(path=path, side=side, start_line=start, end_line=end)
    placed = replace(
        FINDINGS.findings[0], finding=replace(SHELL_FINDING, location=location, suggestion="x")
    )
    review = whole(replace(EXAMPLE, findings=(placed,)))
    (back,) = returned(review, suggestions=True).findings
    good = path == SHELL_FINDING.path and FINDINGS.change.is_commentable(location)
    if good:
        assert back == placed
    else:
        assert back.finding.location is None
        assert back.finding.suggestion == ""
        assert (back.outcome.kind, back.outcome.reason) == (OutcomeKind.FILE_LEVEL, MISPLACED)


@pytest.mark.parametrize(
    "use",
    [
        ModelUse(cost=Decimal("1E+9999")),
        ModelUse(known_cost=Decimal(-1)),
        ModelUse(calls=-1),
        ModelUse(usage=Usage(output=10**30)),
    ],
)
def test_a_ledger_line_of_no_sense_is_refused(use: ModelUse) -> None:
    with pytest.raises(UnreadableError, match="is none"):
        returned(replace(TRAVELLING["clean"], model_use=use))


def test_a_reply_is_a_text_or_a_problem_and_costs_an_amount() -> None:
    assert fit_reply(Reply(text="Because.", use=ModelUse())).text == "Because."
    assert fit_reply(Reply(problem="No model.")).problem == "No model."
    for forged in (
        Reply(),
        Reply(text="a", problem="b"),
        Reply(text="a", use=ModelUse(cost=Decimal("1E+999999"))),
    ):
        with pytest.raises(UnreadableError):
            fit_reply(forged)


@pytest.mark.holds("S15")
def test_of_earlier_findings_only_our_own_words_count() -> None:
    forged = replace(KNOWN, state=KnownState.FIXED, headline="@everyone", by="mallory")
    review = replace(TRAVELLING["clean"], since=Since(head_sha="x", note="n", fixed=(forged,)))
    before = History(generation=1, head_sha="e" * 40, known=(KNOWN,), trusted=True)
    since = returned(review, before=before).since
    assert since is not None
    assert since.head_sha == "e" * 40
    assert since.fixed == (replace(KNOWN, state=KnownState.FIXED),)
    with pytest.raises(UnreadableError, match="nobody knows"):
        returned(review)


def test_what_the_next_round_is_told_fits_the_personas_or_is_nothing() -> None:
    answer = HeardAnswer(
        persona="security-sentinel", rule_id="SEC001", verdict=Verdict.PASS, reason="read"
    )
    heard = Heard(answers=(answer,), whole=True)
    review = replace(EXAMPLE, heard=heard)
    assert returned(review).heard == heard
    for forged in (
        replace(heard, answers=(replace(answer, rule_id="SEC999"),)),
        replace(heard, unseen=frozenset({"../x"})),
        replace(heard, findings=(HeardFinding(finding=SHELL_FINDING, hunk=-1),)),
        replace(heard, findings=(HeardFinding(finding=SHELL_FINDING, hunk=0, first=3, last=1),)),
    ):
        assert returned(replace(review, heard=forged)).heard == Heard()
