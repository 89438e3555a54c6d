"""Which failures are tried again and when, and the circuit breaker."""

from __future__ import annotations

import asyncio

import pytest

from reviewer.domain.budget import Ceiling, Scope
from reviewer.domain.completion import Failure, FailureKind
from reviewer.llm.breaker import FAILURES_TO_OPEN, CircuitBreaker
from reviewer.llm.client import ModelMemory
from reviewer.ports.model import CompletionError
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.scripted_model import ScriptedModel
from tests.unit.model_example import MODEL, UNPRICED, Setting, failure, request

AGAIN = {FailureKind.TRANSIENT, FailureKind.RATE_LIMITED}
#: Asked once more without what was refused, which is no retry.
CHANGED = {FailureKind.SCHEMA_UNSUPPORTED}


@pytest.mark.holds("P16")
@pytest.mark.parametrize("kind", FailureKind)
async def test_only_what_may_pass_is_tried_again(kind: FailureKind) -> None:
    model = ScriptedModel([failure(kind, status=400)])
    setting = Setting(model)

    with pytest.raises(CompletionError) as raised:
        await setting.client.complete(request())

    calls = 3 if kind in AGAIN else 2 if kind in CHANGED else 1
    assert raised.value.failure.kind is kind
    assert len(model.calls) == len(setting.ledger.rows) == calls
    assert [row.number for row in setting.ledger.rows] == list(range(1, calls + 1))


async def test_a_call_that_succeeds_at_the_third_attempt_succeeds() -> None:
    transient = failure(FailureKind.TRANSIENT, status=529)
    setting = Setting(ScriptedModel([transient, transient, "{}"]))

    completion = await setting.client.complete(request())

    assert completion.text == "{}"
    assert setting.clock.slept == [0.5 * 0.875, 1.0 * 0.875]
    assert [row.outcome for row in setting.ledger.rows] == ["failed", "failed", "answered"]


@pytest.mark.parametrize("seconds", [0.0, 0.4, 7.0, 120.0])
async def test_a_provider_that_says_when_is_obeyed(seconds: float) -> None:
    limited = failure(FailureKind.RATE_LIMITED, status=429, retry_after_seconds=seconds)
    setting = Setting(ScriptedModel([limited, "{}"]))

    await setting.client.complete(request())

    [slept] = setting.clock.slept
    assert seconds < slept <= seconds * 1.1 + 0.01


@pytest.mark.parametrize("kind", sorted(AGAIN))
async def test_who_asks_for_more_than_two_minutes_is_left_to_a_later_run(
    kind: FailureKind,
) -> None:
    limited = failure(kind, status=429, retry_after_seconds=121.0)
    model = ScriptedModel([limited])
    setting = Setting(model)

    with pytest.raises(CompletionError, match="asks to wait 121 s") as raised:
        await setting.client.complete(request())

    assert raised.value.failure.kind is FailureKind.DEFERRED
    assert (len(model.calls), setting.clock.slept) == (1, [])
    assert setting.ledger.rows[0].failure == "deferred"


async def test_the_circuit_opens_after_five_failures_and_tries_again_after_thirty_seconds() -> None:
    clock = FakeClock()
    transient = failure(FailureKind.TRANSIENT, status=503)
    model = ScriptedModel([transient] * FAILURES_TO_OPEN + ["{}"])
    memory = ModelMemory()

    async def ask() -> str:
        setting = Setting(model, clock, memory=memory)
        return (await setting.client.complete(request())).text

    with pytest.raises(CompletionError, match="it is transient"):
        await ask()
    with pytest.raises(CompletionError) as raised:  # its third attempt is the sixth: not made
        await ask()
    assert raised.value.failure.kind is FailureKind.CIRCUIT_OPEN
    assert "left alone: it is transient" in raised.value.failure.message
    assert len(model.calls) == FAILURES_TO_OPEN

    clock.advance(30)

    assert await ask() == "{}"
    assert await ask() == "{}"


@pytest.mark.holds("P13")
async def test_an_attempt_that_the_breaker_stops_holds_no_money() -> None:
    memory = ModelMemory()
    memory.breaker.failed(MODEL, failure(FailureKind.BILLING), 0.0)
    # Room for one attempt's worst case and not for two.
    setting = Setting(
        ScriptedModel(), memory=memory, ceilings=[Ceiling(scope=Scope.RUN, tokens=2_000)]
    )

    with pytest.raises(CompletionError):
        await setting.client.complete(request())

    assert setting.client.budget_report().total.attempts == 0
    assert setting.ledger.rows == []
    memory.breaker.succeeded(MODEL)
    assert (await setting.client.complete(request())).text == "{}"


async def test_a_cancelled_trial_leaves_the_circuit_to_the_next_call() -> None:
    memory = ModelMemory()
    memory.breaker.failed(MODEL, failure(FailureKind.BILLING), -30.0)
    trial = asyncio.create_task(
        Setting(ScriptedModel(pause=asyncio.Event().wait), memory=memory).client.complete(request())
    )
    await asyncio.sleep(0.01)
    trial.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trial

    completion = await Setting(ScriptedModel(), memory=memory).client.complete(request())

    assert completion.text == "{}"


def test_one_call_alone_may_try_an_open_circuit() -> None:
    breaker = _open()

    assert breaker.enter(MODEL, 29.9) is not None
    assert breaker.enter(MODEL, 30.0) is None
    assert breaker.enter(MODEL, 30.0) is not None


def test_a_trial_that_fails_opens_the_circuit_again() -> None:
    breaker = _open()
    breaker.enter(MODEL, 30.0)
    breaker.failed(MODEL, _transient(), 30.0)

    assert breaker.enter(MODEL, 59.0) is not None
    assert breaker.enter(MODEL, 60.0) is None


def test_a_trial_that_was_cancelled_leaves_room_for_another() -> None:
    breaker = _open()
    breaker.enter(MODEL, 30.0)
    breaker.left(MODEL)

    assert breaker.enter(MODEL, 30.0) is None


@pytest.mark.holds("P16")
def test_one_model_s_circuit_is_not_another_s() -> None:
    assert _open().enter(UNPRICED, 0.0) is None


def test_a_limit_of_requests_is_no_failure_of_the_provider() -> None:
    breaker = CircuitBreaker()
    for _ in range(20):
        breaker.failed(MODEL, failure(FailureKind.RATE_LIMITED, status=429), 0.0)

    assert breaker.enter(MODEL, 0.0) is None


@pytest.mark.parametrize("kind", [FailureKind.AUTHENTICATION, FailureKind.BILLING])
def test_a_refused_key_or_account_opens_the_circuit_at_once(kind: FailureKind) -> None:
    breaker = CircuitBreaker()
    breaker.failed(MODEL, failure(kind), 0.0)

    assert breaker.enter(MODEL, 0.0) is not None


def _transient() -> Failure:
    return failure(FailureKind.TRANSIENT, status=503)


def _open() -> CircuitBreaker:
    breaker = CircuitBreaker()
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed(MODEL, _transient(), 0.0)
    return breaker
