"""What is written down and measured of each end that an attempt can take, field by field."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from reviewer.domain.attempt import Attempt, AttemptOutcome
from reviewer.domain.completion import (
    Completion,
    CompletionRequest,
    FailureKind,
    Finish,
    ModelName,
    Parameters,
    Usage,
)
from reviewer.llm.cache import MemoryCompletionCache, call_name
from reviewer.llm.ceilings import Account
from reviewer.llm.client import LLMClient
from reviewer.llm.journal import JustRun
from reviewer.llm.redaction import Redaction
from reviewer.ports.model import CompletionError, Model
from reviewer.ports.telemetry import Attribute, Span
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.memory_ledger import MemoryLedger
from reviewer.testing.scripted_model import Reply, ScriptedModel
from tests.unit.model_example import MODEL, PRICING, UNPRICED, failure, request, takes_everything

ASKED = request("content", purpose="hunt")
ACCOUNT = Account(run_id="run-9", repository="octo/shop", pull_request=7, installation=5)


class Spans:
    def __init__(self) -> None:
        self.opened: list[dict[str, Attribute]] = []

    def span(self, name: str, attributes: Mapping[str, Attribute]) -> AbstractContextManager[Span]:
        return self._open({"name": name, **attributes})

    @contextmanager
    def _open(self, attributes: dict[str, Attribute]) -> Iterator[Spans]:
        self.opened.append(attributes)
        yield self

    def describe(self, attributes: Mapping[str, Attribute]) -> None:
        self.opened[-1].update(attributes)


class Stage:
    """A client whose clock stands at 40 seconds, and whose model takes 4."""

    def __init__(self, *script: Reply, model: Model | None = None, deadline: float = 90.0) -> None:
        self.clock = FakeClock()
        self.clock.advance(40.0)
        self.scripted = ScriptedModel(script, clock=self.clock, latency=4.0)
        self.asked: list[ModelName] = []
        self.ledger = MemoryLedger()
        self.spans = Spans()
        self._model = model or self.scripted
        self.client = LLMClient(
            models=self._model_of,
            ledger=self.ledger,
            journal=JustRun(),
            clock=self.clock,
            account=ACCOUNT,
            cache=MemoryCompletionCache(),
            pricing=PRICING,
            profiles=takes_everything,
            telemetry=self.spans,
            deadline_seconds=deadline,
            new_id=iter("abcdef").__next__,
            chance=lambda: 0.5,
        )

    def _model_of(self, name: ModelName) -> Model:
        self.asked.append(name)
        return self._model

    async def fails(self, asked: CompletionRequest = ASKED) -> CompletionError:
        with pytest.raises(CompletionError) as raised:
            await self.client.complete(asked)
        return raised.value


def row_of(**fields: object) -> Attempt:
    """Return the row that is expected: what the request and the account say, and these fields."""
    common = Attempt(
        id="a",
        run_id="run-1",
        repository="octo/shop",
        pull_request=7,
        installation=5,
        persona="type-guardian",
        purpose="hunt",
        rules=("PY001",),
        prompt=ASKED.prompt,
        model=MODEL,
        parameters=Parameters(max_output_tokens=1_000, temperature=0.2, top_p=0.6, effort="low"),
        number=1,
        outcome=AttemptOutcome.ANSWERED,
        usage=Usage(fresh_input=12, output=1),
        usage_known=True,
        cost=Decimal("0.000022"),
        latency_seconds=4.0,
        started_at=FakeClock().now().replace(second=40),
    )
    return replace(common, **fields)  # type: ignore[arg-type]  # a test's own fields


async def test_an_answer_is_written_down_with_everything_it_was_asked_with() -> None:
    stage = Stage("{}")
    await stage.client.complete(ASKED)
    assert stage.ledger.rows == [row_of(model_answered="example-1", finish="stop")]
    assert stage.asked == [MODEL]
    assert [spent for _, spent in stage.client.budget_report().by_purpose] == [
        stage.client.budget_report().total
    ]
    total = stage.client.budget_report().total
    assert (total.attempts, total.failed, total.known_cost) == (1, 0, Decimal("0.000022"))
    assert stage.client.budget_report().by_purpose[0][0] == "hunt"


async def test_a_kept_answer_is_written_down_as_one_that_cost_nothing() -> None:
    stage = Stage("{}")
    await stage.client.complete(ASKED)
    again = await stage.client.complete(ASKED)
    assert (again.latency_seconds, again.usage, again.from_cache) == (0.0, Usage(), True)
    assert stage.ledger.rows[1] == row_of(
        id="b",
        outcome=AttemptOutcome.CACHED,
        model_answered="example-1",
        finish="stop",
        usage=Usage(),
        cost=Decimal(0),
        latency_seconds=0.0,
        started_at=stage.clock.now(),
    )
    [(purpose, spent)] = stage.client.budget_report().by_purpose
    assert (purpose, spent.cached, spent.attempts) == ("hunt", 1, 1)


async def test_a_failure_is_written_down_with_its_kind_its_time_and_its_number() -> None:
    stage = Stage(failure(FailureKind.TRANSIENT, sent=False), failure(FailureKind.INVALID), "{}")
    error = await stage.fails()
    assert error.failure.kind is FailureKind.INVALID
    first, second = stage.ledger.rows
    free = {"usage": Usage(), "cost": Decimal(0), "latency_seconds": 2.0}
    assert first == row_of(outcome=AttemptOutcome.FAILED, failure="transient", **free)
    assert (second.id, second.number, second.failure) == ("b", 2, "invalid")
    assert (second.usage_known, second.latency_seconds) == (False, 2.0)
    assert second.usage.output == 1_000
    [(purpose, spent)] = stage.client.budget_report().by_purpose
    assert (purpose, spent.attempts, spent.failed, spent.uncertain) == ("hunt", 2, 2, 1)


async def test_a_cancelled_attempt_is_written_down_at_its_worst() -> None:
    stage = Stage("{}", model=ScriptedModel(pause=asyncio.Event().wait))
    call = asyncio.create_task(stage.client.complete(ASKED))
    await asyncio.sleep(0.01)
    stage.clock.advance(3.0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    [row] = stage.ledger.rows
    assert (row.failure, row.latency_seconds, row.usage_known) == ("cancelled", 3.0, False)
    assert row.usage.output == 1_000
    [(purpose, spent)] = stage.client.budget_report().by_purpose
    assert (purpose, spent.attempts, spent.failed, spent.uncertain) == ("hunt", 1, 1, 1)
    assert "gen_ai.response.id" not in stage.spans.opened[0]
    assert stage.spans.opened[0]["error.type"] == "cancelled"


async def test_an_answer_to_half_a_request_is_written_down_as_a_failure() -> None:
    half = Completion(
        text="{}",
        finish=Finish.STOP,
        usage=Usage(fresh_input=1_000),
        model_answered="example-local",
        latency_seconds=7.0,
    )
    stage = Stage(half)
    error = await stage.fails(request(model=UNPRICED, prefix="abcdefgh" * 1_200))
    assert error.failure.message.startswith("the server read 1,000 tokens of about ")
    assert error.failure.message.endswith(
        " that were sent: its context is too small for this request and it cut the rest away"
    )
    [row] = stage.ledger.rows
    assert (row.outcome, row.failure) == (AttemptOutcome.FAILED, "protocol")
    assert (row.model_answered, row.latency_seconds) == ("example-local", 7.0)
    [(purpose, spent)] = stage.client.budget_report().by_purpose
    assert (purpose, spent.attempts, spent.failed) == ("review", 1, 1)


async def test_a_call_after_the_end_of_the_time_says_so_and_was_not_sent() -> None:
    stage = Stage("{}", deadline=40.0)
    error = await stage.fails()
    assert error.failure.message == "the time of the run is over"
    assert error.failure.sent is False
    assert stage.ledger.rows == []


@pytest.mark.parametrize(("deadline", "seconds"), [(40.5, 0.5), (41.0, 1.0), (60.0, 20.0)])
async def test_an_attempt_gets_what_is_left_of_the_time(deadline: float, seconds: float) -> None:
    stage = Stage("{}", deadline=deadline)
    await stage.client.complete(ASKED)
    assert [call.timeout_seconds for call in stage.scripted.calls] == [seconds]


async def test_spans_hold_these_attributes_and_no_others() -> None:
    stage = Stage(failure(FailureKind.TRANSIENT, sent=False), "{}")
    await stage.client.complete(replace(ASKED, schema=None))
    failed, answered = stage.spans.opened
    before = {
        "name": "chat example-1",
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "example-1",
        "gen_ai.request.max_tokens": 1_000,
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.top_p": 0.6,
        "gen_ai.output.type": "text",
        "reviewer.effort": "low",
        "reviewer.persona": "type-guardian",
        "reviewer.prompt": "review/v1@ab12cd34ef56",
        "reviewer.purpose": "hunt",
    }
    assert failed == {
        **before,
        "reviewer.attempt": 1,
        "error.type": "transient",
        "gen_ai.usage.input_tokens": 0,
        "gen_ai.usage.output_tokens": 0,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.usage.cache_creation.input_tokens": 0,
        "reviewer.cost_dollars": 0.0,
        "reviewer.usage_known": True,
    }
    assert answered == {
        **before,
        "reviewer.attempt": 2,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.id": "scripted-2",
        "gen_ai.response.model": "example-1",
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 1,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.usage.cache_creation.input_tokens": 0,
        "reviewer.cost_dollars": 0.000022,
        "reviewer.usage_known": True,
    }


async def test_a_span_of_a_call_with_a_schema_and_without_a_price_says_so() -> None:
    stage = Stage("{}")
    await stage.client.complete(replace(ASKED, model=UNPRICED))
    [span] = stage.spans.opened
    assert span["gen_ai.output.type"] == "json"
    assert "reviewer.cost_dollars" not in span


async def test_the_worst_cost_is_that_of_a_full_answer() -> None:
    stage = Stage("{}")
    worst = stage.client.worst_cost(ASKED)
    assert worst is not None
    assert worst > Decimal("0.01")
    assert stage.client.worst_cost(replace(ASKED, model=UNPRICED)) is None


@pytest.mark.holds("S3")
def test_a_secret_of_ours_is_taken_out_of_every_text_in_both_directions() -> None:
    own = "our-own-key-0123456789"
    redaction = Redaction([own])
    sent = redaction.request(
        replace(ASKED, system=f"s {own}", prefix=f"p {own}", question=f"q {own}")
    )
    assert [own in text for text in (sent.system, sent.prefix, sent.question)] == [False] * 3
    assert [text[:2] for text in (sent.system, sent.prefix, sent.question)] == ["s ", "p ", "q "]
    answer = Completion(
        text=f"t {own}", finish=Finish.STOP, usage=None, model_answered=f"m {own} {'x' * 300}"
    )
    read = redaction.completion(answer)
    assert own not in read.text + read.model_answered
    assert read.text.startswith("t ")
    assert read.model_answered.startswith("m ")
    assert len(read.model_answered) == 200


def test_a_failure_s_words_are_one_line_of_at_most_five_hundred_characters() -> None:
    told = Redaction().failure(replace(failure(FailureKind.INVALID), message="a \n b" + "c" * 999))
    assert told.message == ("a b" + "c" * 999)[:500]


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"purpose": "verify"}, False),
        ({"persona": "other"}, False),
        ({"content_key": "other"}, False),
        ({"question": "other"}, True),
        ({"run_id": "other"}, True),
    ],
)
def test_a_call_is_named_by_what_is_asked_of_whom(change: dict[str, str], *, same: bool) -> None:
    name = call_name(ASKED)
    assert name.startswith("complete:hunt:type-guardian:")
    assert len(name.rsplit(":", 1)[1]) == 16
    assert (call_name(replace(ASKED, **change)) == name) is same  # type: ignore[arg-type]
    assert call_name(replace(ASKED, persona="")).startswith("complete:hunt:-:")
