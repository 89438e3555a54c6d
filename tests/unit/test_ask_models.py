"""A review with a model: what it says is asked once, checked, verified, counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

import pytest

from reviewer.adapters.facts.examiner import FactExaminer
from reviewer.bootstrap import built_in_personas
from reviewer.domain.budget import Ceiling, Scope
from reviewer.domain.checklist import NO_MODEL, Verdict
from reviewer.domain.completion import (
    Completion,
    CompletionRequest,
    Failure,
    FailureKind,
    Finish,
    ModelName,
    Usage,
)
from reviewer.domain.finding import Confidence, OutcomeKind
from reviewer.domain.review import Review
from reviewer.domain.run_event import FailureCause
from reviewer.domain.status import RunState
from reviewer.llm.ceilings import Account
from reviewer.llm.client import LLMClient
from reviewer.llm.journal import JustRun
from reviewer.llm.pricing import Pricing, StatedPrice
from reviewer.ports.onlooker import NoOnlooker, Onlooker
from reviewer.prompting.prompt_catalogue import shipped_prompts
from reviewer.service.model_setup import ModelSetup
from reviewer.service.prepare_review import Wishes
from reviewer.service.review_change import review_change
from reviewer.testing.builders import build_change, build_file
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_workspace import FakeWorkspace
from reviewer.testing.memory_ledger import MemoryLedger
from reviewer.testing.scripted_model import Reply, ScriptedModel

MODEL = ModelName(provider="compatible", model="example", base_url="http://127.0.0.1:9/v1")
PRICE = StatedPrice(input=Decimal(1), output=Decimal(10))
CODE = """\
def pages(total: int, size: int) -> int:
    return total // size


def last(items: list[int]) -> int:
    return items[len(items)]
"""
BUG: dict[str, object] = {
    "path": "app/pages.py",
    "side": "head",
    "quote": "    return items[len(items)]",
    "headline": "The last item is read one place too far",
    "explanation": "last([1]) → IndexError, because indices end at len(items) - 1.",
    "remedy": "Return items[-1].",
    "severity": "major",
    "suggestion": None,
}
RULES = [f"BUG{number:03}" for number in range(1, 9)]


def answers(**findings: list[dict[str, object]]) -> str:
    """Return a whole answer: the rules named fail with their findings, the others pass."""
    return json.dumps(
        {
            "answers": [
                {
                    "rule_id": rule,
                    "verdict": "fail" if rule in findings else "pass",
                    "reason": "read line by line",
                    "findings": findings.get(rule, []),
                }
                for rule in RULES
            ]
        }
    )


def verdict(request: CompletionRequest, *, holds: bool, severity: str = "major") -> str:
    """Return a verdict on every finding that a request of ``verify`` names."""
    handles = [
        line.removeprefix("finding: ")
        for line in request.question.splitlines()
        if line.startswith("finding: ")
    ]
    said = [
        {"finding": h, "holds": holds, "severity": severity, "reason": "the index ends before"}
        for h in handles
    ]
    return json.dumps({"verdicts": said})


def script(
    hunt: Reply, *, holds: bool = True, severity: str = "major", repair: Reply | None = None
) -> Callable[[CompletionRequest], Reply]:
    """Answer by purpose."""

    def reply(request: CompletionRequest) -> Reply:
        if request.purpose == "verify":
            return verdict(request, holds=holds, severity=severity)
        if request.purpose == "repair":
            assert repair is not None
            return repair
        return hunt

    return reply


class Heard:
    """Implements `ports.onlooker.Onlooker` by remembering."""

    def __init__(self) -> None:
        self.told: list[tuple[str | int, ...]] = []

    def looking(self, persona: str) -> None:
        self.told.append(("looking", persona))

    def left_out(self, *, shown: int, left_out: int, unlisted: int = 0) -> None:
        self.told.append(("left out", shown, left_out, unlisted))

    def answering(self, persona: str, purpose: str, attempt: int) -> None:
        self.told.append(("answering", persona, purpose, attempt))


async def reviewed(
    model: ScriptedModel,
    *,
    ceiling: Decimal | None = None,
    personas: tuple[str, ...] = (),
    configuration: str = "",
    onlooker: Onlooker | None = None,
) -> tuple[Review, MemoryLedger]:
    """Review a small change with Bug Hunter and a scripted model."""
    clock, ledger = FakeClock(), MemoryLedger()
    client = LLMClient(
        models=lambda _: model,
        ledger=ledger,
        journal=JustRun(),
        clock=clock,
        account=Account(run_id="run", repository="example"),
        ceilings=() if ceiling is None else (Ceiling(scope=Scope.RUN, dollars=ceiling),),
        pricing=Pricing(stated={str(MODEL): PRICE}),
        onlooker=onlooker or NoOnlooker(),
    )
    setup = ModelSetup(
        client=client,
        model=MODEL,
        verify_model=MODEL,
        prompts=shipped_prompts(),
        repository="example",
        run_id="run",
        today=date(2026, 11, 21),
        draw_nonce=iter(f"nonce{number:08}" for number in range(9)).__next__,
    )
    change = build_change(build_file("app/pages.py", after=CODE, language="python"))
    judged = await review_change(
        FakeWorkspace(given=change, base={".reviewer.toml": configuration or "schema = 1"}),
        built_in_personas(),
        (),
        Wishes(personas=personas or ("bug-hunter",), model_configured=True),
        setup=setup,
        onlooker=onlooker,
    )
    return judged.review, ledger


async def test_a_bug_that_survives_the_second_look_stands_inline_on_its_line() -> None:
    model = ScriptedModel(script(answers(BUG002=[BUG])))
    review, _ = await reviewed(model)
    (placed,) = review.shown
    assert placed.outcome.kind is OutcomeKind.INLINE
    assert str(placed.finding.location) == "app/pages.py:6"
    assert placed.finding.confidence is Confidence.MEDIUM
    assert review.headline.endswith("1 to fix")
    assert [call.request.purpose for call in model.calls] == ["hunt", "verify"]


@pytest.mark.holds("P04")
async def test_a_bug_that_is_refuted_is_dropped_and_says_why() -> None:
    review, _ = await reviewed(ScriptedModel(script(answers(BUG002=[BUG]), holds=False)))
    assert review.shown == ()
    (dropped,) = [p for p in review.findings if p.outcome.kind is OutcomeKind.DROPPED]
    assert "refuted on a second look" in dropped.outcome.reason
    answer = next(a for a in review.answers if a.rule_id == "BUG002")
    assert answer.verdict is Verdict.NOT_ASSESSED


@pytest.mark.holds("S4")
async def test_the_second_look_may_lower_and_never_raise() -> None:
    lowered, _ = await reviewed(ScriptedModel(script(answers(BUG002=[BUG]), severity="minor")))
    raised, _ = await reviewed(ScriptedModel(script(answers(BUG002=[BUG]), severity="critical")))
    assert [p.finding.severity.value for p in lowered.shown] == ["minor"]
    assert [p.finding.severity.value for p in raised.shown] == ["major"]


@pytest.mark.holds("P04")
async def test_a_quote_that_nobody_sent_makes_no_finding() -> None:
    invented = {**BUG, "quote": "    return items[0]"}
    review, _ = await reviewed(ScriptedModel(script(answers(BUG002=[invented]))))
    assert review.shown == ()
    assert [p.outcome.reason for p in review.findings] == ["the quote is not in what was sent"]


async def test_everything_answered_and_nothing_found_is_a_clean_review() -> None:
    review, ledger = await reviewed(ScriptedModel(script(answers())))
    assert review.state is RunState.COMPLETED
    assert {a.verdict for a in review.answers} == {Verdict.PASS}
    assert len(ledger.rows) == 1


@pytest.mark.holds("P13")
async def test_the_ledger_line_counts_what_the_ledger_holds() -> None:
    review, ledger = await reviewed(ScriptedModel(script(answers(BUG002=[BUG]))))
    use = review.model_use
    assert use is not None
    assert use.usage == sum((row.usage for row in ledger.rows), Usage())
    assert use.cost == sum((row.cost or 0 for row in ledger.rows), Decimal(0))
    assert [str(prompt).split("@")[0] for prompt in use.prompts] == ["hunt/v2", "verify/v2"]


@pytest.mark.holds("S1", "P14")
async def test_an_unreadable_answer_is_repaired_once() -> None:
    model = ScriptedModel(script("no JSON at all", repair=answers(BUG002=[BUG])))
    review, _ = await reviewed(model)
    assert [call.request.purpose for call in model.calls] == ["hunt", "repair", "verify"]
    assert review.state is RunState.COMPLETED
    assert len(review.shown) == 1


@pytest.mark.holds("P03", "P14")
async def test_an_answer_that_stays_unreadable_is_a_gap_and_never_a_pass() -> None:
    model = ScriptedModel(script("no JSON", repair="still none"))
    review, _ = await reviewed(model)
    assert review.state is RunState.PARTIAL
    assert "could not be read" in review.reason
    assert review.cause is FailureCause.MODEL
    assert {a.verdict for a in review.answers} == {Verdict.NOT_ASSESSED}
    assert len(model.calls) == 2


@pytest.mark.holds("P14")
async def test_an_answer_that_was_cut_keeps_what_is_whole_and_is_not_asked_again() -> None:
    cut = Completion(
        text=answers(BUG002=[BUG])[:-40],
        finish=Finish.LENGTH,
        usage=Usage(fresh_input=2_500, output=300),
        model_answered="example",
    )
    model = ScriptedModel(script(cut))
    review, _ = await reviewed(model)
    assert [call.request.purpose for call in model.calls] == ["hunt", "verify"]
    assert review.state is RunState.PARTIAL
    assert "cut off" in review.reason
    assert review.cause is FailureCause.MODEL
    assert len(review.shown) == 1


@pytest.mark.holds("P03", "P14")
@pytest.mark.parametrize(
    ("finish", "words"), [(Finish.REFUSAL, "refused"), (Finish.FILTER, "filter")]
)
async def test_a_refusal_is_never_a_pass(finish: Finish, words: str) -> None:
    refusal = Completion(
        text="", finish=finish, usage=Usage(fresh_input=2_500, output=1), model_answered="example"
    )
    review, _ = await reviewed(ScriptedModel(script(refusal)))
    assert review.state is RunState.PARTIAL
    assert words in review.reason
    assert Verdict.PASS not in {a.verdict for a in review.answers}


@pytest.mark.holds("P03")
@pytest.mark.parametrize("kind", [FailureKind.BILLING, FailureKind.AUTHENTICATION])
async def test_a_call_that_fails_leaves_its_rules_unassessed(kind: FailureKind) -> None:
    review, _ = await reviewed(ScriptedModel([Failure(kind=kind, message="no", status=402)]))
    assert review.state is RunState.PARTIAL
    assert kind.value in review.reason
    assert review.cause is FailureCause.MODEL
    assert "Nothing found" not in review.headline
    assert {a.verdict for a in review.answers} == {Verdict.NOT_ASSESSED}


@pytest.mark.holds("P13")
async def test_a_ceiling_ends_the_run_as_partial_and_nothing_is_asked() -> None:
    model = ScriptedModel(script(answers()))
    review, ledger = await reviewed(model, ceiling=Decimal("0.000001"))
    assert model.calls == []
    assert ledger.rows == []
    assert review.state is RunState.PARTIAL
    assert "app/pages.py was not shown: the ceiling" in review.reason
    assert review.cause is FailureCause.BUDGET
    reasons = {a.reason for a in review.answers if a.verdict is Verdict.NOT_ASSESSED}
    assert any(reason.startswith("not asked: the ceiling") for reason in reasons), reasons
    assert NO_MODEL not in reasons


async def test_an_empty_change_is_no_matter_of_a_model_that_is_missing() -> None:
    judged = await review_change(
        FakeWorkspace(given=build_change()),
        built_in_personas(),
        (FactExaminer(),),
        Wishes(personas=("security-sentinel",), model_configured=False),
    )
    reasons = {a.reason for a in judged.review.answers if a.verdict is Verdict.NOT_ASSESSED}
    assert reasons == {"the change is empty"}


async def test_whoever_looks_on_hears_who_looks_what_answers_and_what_is_not_shown() -> None:
    heard = Heard()
    await reviewed(ScriptedModel(script(answers(BUG002=[BUG]))), onlooker=heard)
    assert heard.told == [
        ("looking", "bug-hunter"),
        ("answering", "bug-hunter", "hunt", 1),
        ("answering", "", "verify", 1),
    ]
    nobody = Heard()
    await reviewed(ScriptedModel(script(answers())), ceiling=Decimal("0.000001"), onlooker=nobody)
    assert nobody.told == [("looking", "bug-hunter"), ("left out", 0, 1, 0)]


async def test_a_second_attempt_says_so_when_it_begins_to_answer() -> None:
    heard = Heard()
    busy = Failure(kind=FailureKind.TRANSIENT, message="busy", status=503)
    replies: Iterator[Reply] = iter([busy, answers()])
    await reviewed(ScriptedModel(lambda _: next(replies)), onlooker=heard)
    assert heard.told[1:] == [("answering", "bug-hunter", "hunt", 2)]


async def test_a_run_that_does_all_of_its_work_has_no_cause_of_failure() -> None:
    review, _ = await reviewed(ScriptedModel(script(answers())))
    assert review.cause is None


async def test_the_others_of_a_batch_wait_for_the_first_byte_and_share_their_prefix() -> None:
    model = ScriptedModel(script(answers()))
    await reviewed(model, personas=("bug-hunter", "architect", "observer"))
    asked = [call.request for call in model.calls if call.request.purpose in {"hunt", "review"}]
    assert len(asked) >= 2
    assert len({request.prefix for request in asked}) == 1
    assert len({request.system for request in asked}) == 1
    assert "Bug Hunter" not in asked[0].system + asked[0].prefix


async def test_a_repository_may_pin_a_released_prompt() -> None:
    pin = "schema = 1\n[prompts]\npin = { hunt = 1 }\n"
    review, _ = await reviewed(ScriptedModel(script(answers())), configuration=pin)
    assert review.notices == ()
    assert review.model_use is not None
    assert str(review.model_use.prompts[0]).startswith("hunt/v1@")


async def test_a_pin_that_cannot_be_had_is_told_and_the_newest_is_used() -> None:
    pin = "schema = 1\n[prompts]\npin = { hunt = 99 }\n"
    review, _ = await reviewed(ScriptedModel(script(answers())), configuration=pin)
    assert "hunt/v99" in review.notices[0]
    assert review.state is RunState.COMPLETED
