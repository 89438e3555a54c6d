"""The model client's limits from both sides, and what people read where one is passed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reviewer.domain.completion import (
    CompletionRequest,
    Failure,
    FailureKind,
    ModelName,
    Parameters,
)
from reviewer.errors import UserError
from reviewer.llm.adaptation import Refusals
from reviewer.llm.bounds import EFFORTS, bounded, check_parameters
from reviewer.llm.breaker import FAILURES_TO_OPEN, SECONDS_UNTIL_TRIAL, CircuitBreaker
from reviewer.llm.cache import MemoryCompletionCache
from reviewer.llm.ceilings import Account
from reviewer.llm.client import LLMClient
from reviewer.llm.journal import JustRun
from reviewer.llm.profiles import ModelProfile, Sampling
from reviewer.llm.retry import LONGEST_WAIT_SECONDS, judged
from reviewer.ports.model import Model
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.memory_ledger import MemoryLedger
from reviewer.testing.scripted_model import ScriptedModel
from tests.unit.model_example import (
    MODEL,
    PRICING,
    UNPRICED,
    Setting,
    failure,
    request,
    takes_everything,
)

PROFILE = ModelProfile(sampling=Sampling.ALWAYS, efforts=("low", "high"), max_output_tokens=10_000)


def told(parameters: Parameters, profile: ModelProfile = PROFILE) -> str:
    with pytest.raises(UserError) as raised:
        check_parameters(MODEL, profile, parameters)
    return str(raised.value)


# --- bounds of parameters ------------------------------------------------------------------------
@pytest.mark.parametrize("tokens", [1, 2, 9_999, 10_000])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0, None])
def test_the_bounds_themselves_are_allowed(tokens: int, value: float | None) -> None:
    parameters = Parameters(max_output_tokens=tokens, temperature=value, top_p=value)
    check_parameters(MODEL, PROFILE, parameters)


@pytest.mark.parametrize("tokens", [-1, 0, 10_001])
def test_a_length_beyond_the_bounds_is_told_with_them(tokens: int) -> None:
    assert told(Parameters(max_output_tokens=tokens)) == (
        f"max_output_tokens is {tokens:,} for openai:example-1\n  Choose 1 to 10,000."
    )


@pytest.mark.parametrize("name", ["temperature", "top_p"])
@pytest.mark.parametrize("value", [-0.001, 1.001])
def test_a_sampling_value_beyond_the_bounds_is_told_with_them(name: str, value: float) -> None:
    parameters = Parameters(
        max_output_tokens=1,
        temperature=value if name == "temperature" else None,
        top_p=value if name == "top_p" else None,
    )
    assert told(parameters) == f"{name} is {value} for openai:example-1\n  Choose 0 to 1."


@pytest.mark.parametrize(
    ("efforts", "choice"),
    [(("low", "medium", "high"), "low, medium or high"), (("low",), "low"), ((), None)],
)
def test_an_effort_that_a_model_has_not_is_told_with_those_it_has(
    efforts: tuple[str, ...], choice: str | None
) -> None:
    profile = ModelProfile(max_output_tokens=10, efforts=efforts)
    choice = choice or f"{', '.join(EFFORTS[:-1])} or {EFFORTS[-1]}"
    assert told(Parameters(max_output_tokens=1, effort="huge"), profile) == (
        f"effort is 'huge' for openai:example-1\n  Choose {choice}."
    )


@pytest.mark.parametrize("length", [1, 64])
def test_a_schema_s_name_may_be_as_long_as_every_vendor_takes(length: int) -> None:
    asked = _named("a" * length)
    assert bounded(asked, PROFILE).schema_name == asked.schema_name


@pytest.mark.parametrize("name", ["", "a" * 65, "a b", "é", "a\n"])
def test_a_schema_s_name_beyond_that_is_told_cut(name: str) -> None:
    with pytest.raises(UserError) as raised:
        bounded(_named(name), PROFILE)
    assert str(raised.value) == (
        f"the schema's name is {name!r}\n  Choose 1 to 64 letters, digits, dashes and underscores."
    )
    with pytest.raises(UserError) as raised:
        bounded(_named("b" * 81), PROFILE)
    assert repr("b" * 80) in str(raised.value)
    assert "b" * 81 not in str(raised.value)


def _named(name: str) -> CompletionRequest:
    return replace(request(), schema_name=name)


@pytest.mark.parametrize("part", ["system", "prefix", "question"])
def test_a_request_may_be_as_long_as_the_bound_and_no_longer(part: str) -> None:
    assert bounded(_long(part, 7_999_998), PROFILE).model == MODEL

    with pytest.raises(UserError) as raised:
        bounded(_long(part, 7_999_999), PROFILE)
    assert str(raised.value) == (
        "a request of 8,000,001 characters is longer than any model reads\n"
        "  Review a smaller range."
    )


def _long(part: str, length: int) -> CompletionRequest:
    text = {"system": "s", "prefix": "p", "question": "q", part: "x" * length}
    return replace(
        request(), system=text["system"], prefix=text["prefix"], question=text["question"]
    )


@pytest.mark.parametrize(
    ("sampling", "reasons", "effort", "samples"),
    [
        (Sampling.ALWAYS, True, "high", True),
        (Sampling.NEVER, False, None, False),
        (Sampling.WITHOUT_REASONING, False, None, True),
        (Sampling.WITHOUT_REASONING, True, None, False),
        (Sampling.WITHOUT_REASONING, True, "none", True),
        (Sampling.WITHOUT_REASONING, False, "high", False),
    ],
)
def test_sampling_is_sent_where_the_model_does_not_reason(
    sampling: Sampling, effort: str | None, *, reasons: bool, samples: bool
) -> None:
    profile = ModelProfile(
        sampling=sampling,
        reasons_by_default=reasons,
        efforts=("none", "high"),
        max_output_tokens=10,
    )
    asked = request(parameters=Parameters(max_output_tokens=5, effort=effort))
    sent = bounded(asked, profile).parameters
    assert (sent.temperature, sent.top_p) == ((0.2, 0.6) if samples else (None, None))
    assert sent.effort == effort


def test_a_request_out_of_bounds_names_its_model() -> None:
    asked = request(parameters=Parameters(max_output_tokens=0))
    with pytest.raises(UserError, match=r"^max_output_tokens is 0 for openai:example-1\n"):
        bounded(asked, PROFILE)


async def test_kept_answers_are_found_under_the_scope_of_who_asked() -> None:
    cache = MemoryCompletionCache()
    answers = []
    for number, repository in enumerate(("octo/shop", "octo/other", "octo/shop")):
        client = LLMClient(
            models=_always(ScriptedModel([f'{{"asked": {number}}}'])),
            clock=FakeClock(),
            journal=JustRun(),
            ledger=MemoryLedger(),
            pricing=PRICING,
            cache=cache,
            profiles=takes_everything,
            account=Account(run_id="r", repository=repository),
        )
        answers.append((await client.complete(request("key"))).text)
    assert answers == ['{"asked": 0}', '{"asked": 1}', '{"asked": 0}']


def _always(model: Model) -> Callable[[ModelName], Model]:
    return lambda _: model


def test_zero_is_a_value_and_not_the_default() -> None:
    asked = request(parameters=Parameters(max_output_tokens=5, temperature=0.0, top_p=0.0))
    sent = bounded(asked, PROFILE).parameters
    assert (sent.temperature, sent.top_p) == (0.0, 0.0)


# --- waiting -------------------------------------------------------------------------------------
def test_two_minutes_are_waited_and_a_second_more_is_not() -> None:
    at = Failure(kind=FailureKind.RATE_LIMITED, message="m", retry_after_seconds=120.0)
    assert judged(at) == at
    beyond = replace(at, retry_after_seconds=LONGEST_WAIT_SECONDS + 3_481)
    assert judged(beyond) == replace(
        beyond,
        kind=FailureKind.DEFERRED,
        message="m (asks to wait 3,601 s, which is left to a later run)",
    )


@pytest.mark.parametrize("kind", [FailureKind.BILLING, FailureKind.PROTOCOL])
def test_what_is_never_tried_again_is_not_left_to_later(kind: FailureKind) -> None:
    failed = Failure(kind=kind, message="m", retry_after_seconds=9_999.0)
    assert judged(failed) == failed


async def test_the_second_wait_is_twice_the_first_and_a_negative_one_is_none() -> None:
    back = failure(FailureKind.RATE_LIMITED, retry_after_seconds=-5.0)
    setting = Setting(ScriptedModel([back, failure(FailureKind.TRANSIENT), "{}"]))
    await setting.client.complete(request())
    assert setting.clock.slept == [pytest.approx(0.01), pytest.approx(1.0 * 0.875)]


# --- the circuit breaker -------------------------------------------------------------------------
def opened(breaker: CircuitBreaker, now: float, kind: FailureKind, count: int) -> None:
    for _ in range(count):
        breaker.failed(MODEL, failure(kind), now)


@pytest.mark.parametrize("kind", [FailureKind.TRANSIENT, FailureKind.PROTOCOL])
def test_four_failures_in_a_row_are_not_five(kind: FailureKind) -> None:
    breaker = CircuitBreaker()
    opened(breaker, 0.0, kind, FAILURES_TO_OPEN - 1)
    assert breaker.enter(MODEL, 0.0) is None
    opened(breaker, 0.0, kind, 1)
    assert breaker.enter(MODEL, 0.0) is not None


def test_an_open_circuit_says_why_and_sends_nothing() -> None:
    breaker = CircuitBreaker()
    opened(breaker, 0.0, FailureKind.TRANSIENT, FAILURES_TO_OPEN)
    assert breaker.enter(MODEL, 1.0) == Failure(
        kind=FailureKind.CIRCUIT_OPEN,
        message=("openai:example-1 has just failed repeatedly and is left alone: it is transient"),
        sent=False,
    )


def test_the_trial_begins_exactly_when_the_time_is_over_and_is_one() -> None:
    breaker = CircuitBreaker()
    opened(breaker, 100.0, FailureKind.BILLING, 1)
    assert breaker.enter(MODEL, 100.0 + SECONDS_UNTIL_TRIAL - 0.001) is not None
    assert breaker.enter(MODEL, 100.0 + SECONDS_UNTIL_TRIAL) is None
    assert breaker.enter(MODEL, 100.0 + SECONDS_UNTIL_TRIAL) is not None
    breaker.succeeded(MODEL)
    assert breaker.enter(MODEL, 100.0 + SECONDS_UNTIL_TRIAL) is None


def test_what_shows_that_the_model_is_there_closes_the_circuit() -> None:
    breaker = CircuitBreaker()
    opened(breaker, 0.0, FailureKind.TRANSIENT, FAILURES_TO_OPEN - 1)
    breaker.failed(MODEL, failure(FailureKind.RATE_LIMITED), 0.0)
    opened(breaker, 0.0, FailureKind.TRANSIENT, FAILURES_TO_OPEN - 1)
    assert breaker.enter(MODEL, 0.0) is None

    opened(breaker, 0.0, FailureKind.TRANSIENT, 1)
    assert breaker.enter(MODEL, 40.0) is None  # the trial
    breaker.failed(MODEL, failure(FailureKind.PARAMETER), 40.0)
    assert breaker.enter(MODEL, 40.0) is None


def test_a_call_that_left_before_any_other_is_no_failure() -> None:
    breaker = CircuitBreaker()
    breaker.left(MODEL)
    assert breaker.enter(MODEL, 0.0) is None


# --- what a model refused ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("parameter", "message", "dropped"),
    [
        ("temperature", "", "temperature"),
        ("", "Unsupported: Temperature", "temperature"),
        ("topP", "", "top_p"),
        ("", "top-p is not taken", "top_p"),
        ("thinking.budget", "", "effort"),
        ("", "no reasoning here", "effort"),
        ("effort", "temperature", "effort"),
    ],
)
def test_the_refused_parameter_alone_is_left_out(
    parameter: str, message: str, dropped: str
) -> None:
    refusals = Refusals()
    given = Parameters(max_output_tokens=7, temperature=0.1, top_p=0.9, effort="low")
    asked = request(parameters=given)
    refused = Failure(kind=FailureKind.PARAMETER, message=message, parameter=parameter)

    assert refusals.learn(asked, refused)

    sent = refusals.without_refused(asked)
    assert sent.parameters == Parameters(
        max_output_tokens=7,
        temperature=None if dropped == "temperature" else 0.1,
        top_p=None if dropped == "top_p" else 0.9,
        effort=None if dropped == "effort" else "low",
    )
    assert replace(sent, parameters=given) == asked
    assert refusals.without_refused(replace(asked, model=UNPRICED)).parameters == given
    assert not refusals.learn(sent, refused)


def test_a_refusal_that_names_nothing_of_ours_teaches_nothing() -> None:
    refusals = Refusals()
    refused = Failure(kind=FailureKind.PARAMETER, message="seed is unknown", parameter="seed")
    assert not refusals.learn(request(), refused)
    assert not refusals.learn(request(), failure(FailureKind.INVALID, parameter="effort"))
    assert refusals.without_refused(request()) == request()


def test_one_refused_schema_leaves_the_others_and_two_leave_none() -> None:
    refusals = Refusals()
    one, two, three = (request(schema={"title": title}) for title in "abc")
    refused = failure(FailureKind.SCHEMA_UNSUPPORTED)

    assert refusals.learn(one, refused)
    assert refusals.without_refused(one).schema is None
    assert refusals.without_refused(two).schema == two.schema
    assert refusals.learn(one, refused)
    assert refusals.without_refused(two).schema == two.schema
    assert refusals.learn(two, refused)
    assert refusals.without_refused(three).schema is None
    assert refusals.without_refused(replace(three, model=UNPRICED)).schema == three.schema
    assert not refusals.learn(replace(one, schema=None), refused)


def test_the_order_of_keys_makes_no_other_schema() -> None:
    refusals = Refusals()
    refusals.learn(request(schema={"a": 1, "b": 2}), failure(FailureKind.SCHEMA_UNSUPPORTED))
    assert refusals.without_refused(request(schema={"b": 2, "a": 1})).schema is None
