"""The model client: what it sends, keeps, drops, charges and writes down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

import pytest
from typing_extensions import override

from reviewer.domain.attempt import Attempt, AttemptOutcome
from reviewer.domain.budget import Ceiling, Scope
from reviewer.domain.completion import (
    Completion,
    FailureKind,
    Finish,
    ModelName,
    Parameters,
    Usage,
)
from reviewer.errors import UserError
from reviewer.llm.cache import MemoryCompletionCache, call_name
from reviewer.llm.client import ModelMemory
from reviewer.llm.pricing import Pricing
from reviewer.ports.model import CompletionError, Model
from reviewer.ports.telemetry import Attribute, Span
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.memory_ledger import MemoryLedger
from reviewer.testing.scripted_model import ScriptedModel
from tests.unit.model_example import MODEL, SCHEMA, UNPRICED, Setting, failure, request

Result = TypeVar("Result")


async def test_an_answer_is_returned_charged_and_written_down() -> None:
    setting = Setting(
        ScriptedModel(["{}"], usage=lambda *_: Usage(fresh_input=100, cache_read=50, output=10))
    )

    completion = await setting.client.complete(request())

    assert completion.text == "{}"
    [row] = setting.ledger.rows
    assert row.outcome is AttemptOutcome.ANSWERED
    assert (row.persona, row.rules, row.repository) == ("type-guardian", ("PY001",), "octo/shop")
    assert row.usage == Usage(fresh_input=100, cache_read=50, output=10)
    assert row.cost == Decimal("0.00025")
    assert row.parameters == Parameters(
        max_output_tokens=1_000, temperature=0.2, top_p=0.6, effort="low"
    )
    assert setting.client.budget_report().total.cost == row.cost


@pytest.mark.holds("S19", "P16")
async def test_a_value_out_of_its_bounds_never_reaches_the_network() -> None:
    model = ScriptedModel()
    setting = Setting(model)

    with pytest.raises(UserError, match=r"temperature is 1\.5"):
        await setting.client.complete(
            request(parameters=Parameters(max_output_tokens=10, temperature=1.5))
        )

    assert (model.calls, setting.ledger.rows) == ([], [])


@pytest.mark.holds("S16", "P08")
async def test_the_same_content_never_calls_again() -> None:
    model = ScriptedModel(['{"n": 1}', '{"n": 2}'])
    setting = Setting(model, cache=MemoryCompletionCache())

    first = await setting.client.complete(request("content-1"))
    again = await setting.client.complete(request("content-1"))

    assert (first.text, again.text) == ('{"n": 1}', '{"n": 1}')
    assert (first.from_cache, again.from_cache) == (False, True)
    assert again.usage == Usage()
    assert len(model.calls) == 1
    assert [row.outcome for row in setting.ledger.rows] == ["answered", "cached"]
    assert setting.client.budget_report().total.cached == 1


@pytest.mark.holds("S16", "P08")
async def test_two_equal_calls_at_once_are_asked_and_paid_once() -> None:
    clock = FakeClock()
    model = ScriptedModel(["{}"], clock=clock, latency=2.0)
    setting = Setting(model, clock, cache=MemoryCompletionCache())

    answers = await asyncio.gather(*(setting.client.complete(request("same")) for _ in range(4)))

    assert [answer.text for answer in answers] == ["{}"] * 4
    assert len(model.calls) == 1


@pytest.mark.holds("S16")
@pytest.mark.parametrize(
    "other",
    [
        request("content-2"),
        request("content-1", persona="observer"),
        request("content-1", model=UNPRICED),
        request("content-1", parameters=Parameters(max_output_tokens=999, effort="low")),
        request(""),
    ],
    ids=["content", "persona", "model", "parameters", "no key"],
)
async def test_what_may_change_an_answer_is_part_of_its_key(other: object) -> None:
    model = ScriptedModel()
    setting = Setting(model, cache=MemoryCompletionCache())
    assert isinstance(other, type(request()))

    await setting.client.complete(request("content-1"))
    await setting.client.complete(other)

    assert len(model.calls) == 2


async def test_the_first_byte_is_told_once_and_always_before_the_end() -> None:
    clock = FakeClock()
    told: list[float] = []
    transient = failure(FailureKind.TRANSIENT, status=503)
    model = ScriptedModel([transient, "{}"], clock=clock, latency=2.0)
    setting = Setting(model, clock, cache=MemoryCompletionCache())

    for _ in range(2):
        await setting.client.complete(
            request("c"), on_first_byte=lambda: told.append(clock.monotonic())
        )

    assert told == pytest.approx([1 + 0.4375 + 1, 1 + 0.4375 + 2])


@pytest.mark.holds("P16")
async def test_a_refused_parameter_is_dropped_once_and_remembered() -> None:
    refused = failure(FailureKind.PARAMETER, status=400, parameter="temperature")
    model = ScriptedModel([refused, "first", "second"])
    memory = ModelMemory()

    await Setting(model, memory=memory).client.complete(request())
    await Setting(model, memory=memory).client.complete(request())

    sent = [call.request.parameters.temperature for call in model.calls]
    assert sent == [0.2, None, None]
    assert [call.request.parameters.top_p for call in model.calls] == [0.6, 0.6, 0.6]


async def test_a_parameter_that_is_refused_although_it_was_not_sent_fails_the_call() -> None:
    refused = failure(FailureKind.PARAMETER, status=400, parameter="temperature")
    model = ScriptedModel([refused])

    with pytest.raises(CompletionError) as raised:
        await Setting(model).client.complete(request())

    assert raised.value.failure.kind is FailureKind.PARAMETER
    assert len(model.calls) == 2


@pytest.mark.parametrize(
    ("parameter", "name"),
    [("reasoning_effort", "effort"), ("generationConfig.topP", "top_p"), ("top_p", "top_p")],
)
async def test_every_vendor_s_word_for_a_parameter_is_understood(parameter: str, name: str) -> None:
    refused = failure(FailureKind.PARAMETER, status=400, parameter=parameter)
    model = ScriptedModel([refused, "{}"])

    await Setting(model).client.complete(request())

    assert getattr(model.calls[0].request.parameters, name) is not None
    assert getattr(model.calls[1].request.parameters, name) is None


async def test_a_parameter_that_nobody_can_drop_is_not_tried_again() -> None:
    refused = failure(FailureKind.PARAMETER, status=400, parameter="max_tokens")
    model = ScriptedModel([refused])

    with pytest.raises(CompletionError):
        await Setting(model).client.complete(request())

    assert len(model.calls) == 1


async def test_a_schema_that_is_refused_is_left_out_once() -> None:
    refused = failure(FailureKind.SCHEMA_UNSUPPORTED, status=400)
    model = ScriptedModel([refused, "{}"])

    await Setting(model).client.complete(request())

    assert [call.request.schema for call in model.calls] == [SCHEMA, None]


async def test_a_model_that_refuses_two_schemas_is_asked_without_any() -> None:
    refused = failure(FailureKind.SCHEMA_UNSUPPORTED, status=400)
    model = ScriptedModel([refused, "{}", "{}", refused, "{}", "{}"])
    setting = Setting(model)

    for name in ("a", "a", "b", "c"):
        await setting.client.complete(request(schema={"type": "object", "title": name}))

    assert [call.request.schema is None for call in model.calls] == [
        *(False, True),  # a
        True,
        *(False, True),  # b: one schema may be too large, two are no accident
        True,
    ]


async def test_what_is_charged_is_the_price_of_the_model_that_answered() -> None:
    asked = ModelName(provider="anthropic", model="claude-sonnet-5-5")
    dearer = Completion(
        text="{}",
        finish=Finish.STOP,
        usage=Usage(fresh_input=1_000),
        model_answered="claude-opus-5-5",
    )
    setting = Setting(ScriptedModel([dearer]), pricing=Pricing())

    await setting.client.complete(request(model=asked))

    [row] = setting.ledger.rows
    assert row.cost == Decimal("0.004")


@pytest.mark.holds("P14")
async def test_an_answer_that_is_cut_at_its_length_is_returned_and_not_asked_again() -> None:
    cut = Completion(
        text='{"answers":[', finish=Finish.LENGTH, usage=Usage(output=9), model_answered="m"
    )
    model = ScriptedModel([cut])

    completion = await Setting(model).client.complete(request())

    assert completion.finish is Finish.LENGTH
    assert len(model.calls) == 1


@pytest.mark.holds("R50", "P13")
async def test_usage_that_never_arrived_stays_charged_at_its_reservation() -> None:
    model = ScriptedModel(["{}"], usage=lambda *_: None)
    setting = Setting(model)
    worst = setting.client.worst_cost(request())

    await setting.client.complete(request())

    [row] = setting.ledger.rows
    assert not row.usage_known
    assert row.usage.output == 1_000
    assert row.cost == worst == setting.client.budget_report().total.cost
    assert setting.client.budget_report().total.uncertain == 1


@pytest.mark.holds("R50", "P13")
@pytest.mark.parametrize(
    "impossible", [Usage(fresh_input=-1), Usage(output=10**12)], ids=["negative", "endless"]
)
async def test_a_usage_that_cannot_be_true_counts_as_none(impossible: Usage) -> None:
    setting = Setting(ScriptedModel(["{}"], usage=lambda *_: impossible))

    await setting.client.complete(request())

    assert not setting.ledger.rows[0].usage_known


@pytest.mark.holds("P13")
@pytest.mark.parametrize("sent", [True, False])
async def test_what_never_reached_a_model_is_free_and_all_else_is_charged(*, sent: bool) -> None:
    failed = failure(FailureKind.INVALID, status=400, sent=sent)
    setting = Setting(ScriptedModel([failed]))
    worst = setting.client.worst_cost(request())

    with pytest.raises(CompletionError):
        await setting.client.complete(request())

    [row] = setting.ledger.rows
    assert row.usage_known is not sent
    assert row.cost == (worst if sent else 0)


async def test_a_cancelled_call_is_settled_and_written_down() -> None:
    setting = Setting(ScriptedModel(pause=asyncio.Event().wait))
    call = asyncio.create_task(setting.client.complete(request()))
    await asyncio.sleep(0.01)

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
    [row] = setting.ledger.rows
    assert (row.outcome, row.failure, row.usage_known) == ("failed", "cancelled", False)
    assert setting.client.budget_report().total.cost == row.cost


async def test_a_row_is_written_even_if_the_call_is_cancelled_meanwhile() -> None:
    class SlowLedger(MemoryLedger):
        @override
        async def record(self, attempt: Attempt) -> None:
            await asyncio.sleep(0.02)
            await super().record(attempt)

    ledger = SlowLedger()
    setting = Setting(ScriptedModel(), ledger=ledger)
    call = asyncio.create_task(setting.client.complete(request()))
    await asyncio.sleep(0.01)

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
    assert [row.outcome for row in ledger.rows] == ["answered"]


async def test_a_defect_of_an_adapter_is_settled_and_not_hidden() -> None:
    def broken(_: object) -> str:
        raise ZeroDivisionError

    setting = Setting(ScriptedModel(broken))

    with pytest.raises(ZeroDivisionError):
        await setting.client.complete(request())

    assert [row.outcome for row in setting.ledger.rows] == ["failed"]


async def test_a_model_that_cannot_be_made_costs_nothing() -> None:
    def make(_: ModelName) -> Model:
        raise UserError("nobody knows this provider")

    setting = Setting(ScriptedModel())
    setting.client.models = make

    with pytest.raises(UserError, match="nobody knows"):
        await setting.client.complete(request())

    assert setting.ledger.rows == []
    assert setting.client.budget_report().total.known_cost == 0


@pytest.mark.holds("S19")
async def test_a_model_that_hangs_beyond_its_time_is_left() -> None:
    setting = Setting(ScriptedModel(pause=asyncio.Event().wait), timeout_seconds=-4.99)

    with pytest.raises(CompletionError) as raised:
        await setting.client.complete(request())

    assert raised.value.failure.kind is FailureKind.TRANSIENT
    assert len(setting.ledger.rows) == 3


async def test_the_end_of_the_run_s_time_ends_the_waiting() -> None:
    limited = failure(FailureKind.RATE_LIMITED, status=429, retry_after_seconds=60.0)
    model = ScriptedModel([limited])
    setting = Setting(model, deadline_seconds=30.0, timeout_seconds=100.0)

    with pytest.raises(CompletionError, match="it is rate_limited") as raised:
        await setting.client.complete(request())

    assert raised.value.failure.kind is FailureKind.DEADLINE
    assert setting.clock.slept == []
    assert [call.timeout_seconds for call in model.calls] == [30.0]


@pytest.mark.holds("S19")
async def test_no_call_begins_after_the_end_of_the_run_s_time() -> None:
    model = ScriptedModel()
    setting = Setting(model, deadline_seconds=0.0)

    with pytest.raises(CompletionError, match="the time of the run is over"):
        await setting.client.complete(request())

    assert (model.calls, setting.ledger.rows) == ([], [])


async def test_a_ceiling_is_told_in_words_and_nothing_is_sent() -> None:
    model = ScriptedModel()
    ceiling = Ceiling(scope=Scope.RUN, dollars=Decimal("0.01"))
    setting = Setting(model, ceilings=[ceiling])

    with pytest.raises(CompletionError, match=r"ceiling of \$0.01 per run") as raised:
        await setting.client.complete(request())

    assert raised.value.failure.kind is FailureKind.BUDGET
    assert model.calls == []
    assert len(setting.client.budget_report().refusals) == 1


async def test_a_call_waits_for_room_that_others_only_hold_in_reserve() -> None:
    clock = FakeClock()
    model = ScriptedModel(clock=clock, latency=1.0)
    setting = Setting(model, clock, ceilings=[Ceiling(scope=Scope.RUN, tokens=3_000)])

    await asyncio.gather(*(setting.client.complete(request()) for _ in range(8)))

    assert len(model.calls) == 8
    assert model.most_under_way == 1


@pytest.mark.holds("S17", "P31")
async def test_secrets_neither_go_out_nor_come_in() -> None:
    own = "our-own-key-0123456789"
    model = ScriptedModel([f"You sent {own}."])
    setting = Setting(model, secrets=[own])

    completion = await setting.client.complete(
        request(prefix=f"1 key = '{own}'\n", question=f"Is {own} a key?")
    )

    sent = model.calls[0].request
    assert own not in sent.prefix + sent.question
    assert own not in completion.text


async def test_a_provider_s_words_are_redacted_and_cut() -> None:
    own = "our-own-key-0123456789"
    refused = replace(
        failure(FailureKind.AUTHENTICATION, status=401),
        message=f"Wrong key\n{own}" + " and more" * 1_000,
    )
    setting = Setting(ScriptedModel([refused]), secrets=[own])

    with pytest.raises(CompletionError) as raised:
        await setting.client.complete(request())

    message = raised.value.failure.message
    assert own not in message
    assert len(message) <= 500
    assert "\n" not in message


async def test_an_answer_to_a_request_that_was_read_in_part_is_no_answer() -> None:
    model = ScriptedModel(["{}"], usage=lambda *_: Usage(fresh_input=2_048, output=5))
    setting = Setting(model, cache=MemoryCompletionCache())
    long = request("c", model=UNPRICED, prefix="12 def total(items):\n" * 2_000)

    with pytest.raises(CompletionError, match="read 2,048 tokens of about 13,1") as raised:
        await setting.client.complete(long)

    assert raised.value.failure.kind is FailureKind.PROTOCOL
    assert len(model.calls) == 1
    [row] = setting.ledger.rows
    assert (row.outcome, row.usage.fresh_input) == ("failed", 2_048)


async def test_an_unknown_price_is_none_and_never_nothing() -> None:
    setting = Setting(ScriptedModel())

    await setting.client.complete(request(model=UNPRICED))
    await setting.client.complete(request(model=MODEL))

    assert [row.cost is None for row in setting.ledger.rows] == [True, False]
    report = setting.client.budget_report()
    assert report.total.cost is None
    assert report.total.known_cost > 0


async def test_what_was_spent_is_told_by_purpose() -> None:
    setting = Setting(ScriptedModel())

    for purpose in ("review", "verify", "review"):
        await setting.client.complete(request(purpose=purpose))

    by_purpose = dict(setting.client.budget_report().by_purpose)
    assert {name: spent.attempts for name, spent in by_purpose.items()} == {
        "review": 2,
        "verify": 1,
    }


class _Replaying:
    """A journal that remembers."""

    def __init__(self) -> None:
        self.kept: dict[str, object] = {}

    async def once(self, name: str, action: Callable[[], Awaitable[Result]]) -> Result:
        if name not in self.kept:
            self.kept[name] = await action()
        return self.kept[name]  # type: ignore[return-value]


async def test_a_run_that_is_taken_up_again_calls_nobody() -> None:
    journal = _Replaying()
    model = ScriptedModel()
    told: list[str] = []

    for _ in range(2):
        setting = Setting(model, journal=journal)
        completion = await setting.client.complete(
            request("c"), on_first_byte=lambda: told.append("begun")
        )
        assert completion.text == "{}"

    assert len(model.calls) == 1
    assert told == ["begun", "begun"]
    assert list(journal.kept) == [call_name(request("c"))]


def test_a_call_s_name_does_not_depend_on_the_nonce() -> None:
    assert call_name(request("c", question="<<1>>")) == call_name(request("c", question="<<2>>"))
    assert call_name(request(question="<<1>>")) != call_name(request(question="<<2>>"))


class _Recorded:
    def __init__(self) -> None:
        self.spans: list[dict[str, Attribute]] = []

    def span(self, name: str, attributes: Mapping[str, Attribute]) -> AbstractContextManager[Span]:
        return self._open({"name": name, **attributes})

    @contextmanager
    def _open(self, attributes: dict[str, Attribute]) -> Iterator[_Recorded]:
        self.spans.append(attributes)
        yield self

    def describe(self, attributes: Mapping[str, Attribute]) -> None:
        self.spans[-1].update(attributes)


@pytest.mark.holds("S21", "P31")
async def test_spans_tell_what_was_used_and_nothing_of_what_was_said() -> None:
    telemetry = _Recorded()
    transient = failure(FailureKind.TRANSIENT, status=503)
    model = ScriptedModel([transient, "the answer's text"])
    setting = Setting(model, telemetry=telemetry)

    await setting.client.complete(request(question="the question's text"))

    failed, answered = telemetry.spans
    assert failed["error.type"] == "transient"
    assert answered["name"] == "chat example-1"
    assert answered["gen_ai.request.model"] == "example-1"
    assert answered["gen_ai.response.finish_reasons"] == ("stop",)
    assert answered["gen_ai.usage.output_tokens"] == setting.ledger.rows[1].usage.output
    assert answered["reviewer.prompt"] == "review/v1@ab12cd34ef56"
    assert "question's" not in str(telemetry.spans)
    assert "answer's" not in str(telemetry.spans)
