"""A model is diagnosed by two tiny calls, which are accounted for like any other."""

from __future__ import annotations

import json
from datetime import date

import pytest

from reviewer.domain.completion import (
    Completion,
    CompletionRequest,
    Failure,
    FailureKind,
    Finish,
    ModelName,
    Usage,
)
from reviewer.llm.cache import MemoryCompletionCache
from reviewer.llm.ceilings import Account
from reviewer.llm.client import LLMClient
from reviewer.llm.journal import JustRun
from reviewer.prompting.prompt_catalogue import shipped_prompts
from reviewer.service.diagnose_model import Kept, ModelDiagnosis, diagnose_model
from reviewer.service.model_setup import ModelSetup
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.memory_ledger import MemoryLedger
from reviewer.testing.scripted_model import Reply, Script, ScriptedModel

REPLY = json.dumps({"answerable": True, "answer": "21", "quotes": []})
SONNET = ModelName(provider="anthropic", model="claude-sonnet-5-5")
OPUS = ModelName(provider="anthropic", model="claude-opus-4-8")
LOCAL = ModelName(provider="compatible", model="mine", base_url="http://127.0.0.1:9/v1")


async def diagnosed(
    script: Script, name: ModelName = SONNET
) -> tuple[ModelDiagnosis, ScriptedModel, MemoryLedger]:
    model, ledger, clock = ScriptedModel(script), MemoryLedger(), FakeClock()
    setup = ModelSetup(
        client=LLMClient(
            models=lambda _: model,
            ledger=ledger,
            journal=JustRun(),
            clock=clock,
            account=Account(run_id="run", repository="here"),
            cache=MemoryCompletionCache(),
        ),
        model=name,
        verify_model=name,
        prompts=shipped_prompts(),
        repository="here",
        run_id="run",
        today=date(2026, 11, 21),
        draw_nonce=lambda: "nonce0123456",
    )
    return await diagnose_model(setup), model, ledger


def answer(cache_read: int = 0, usage: Usage | None = None) -> Completion:
    return Completion(
        text=REPLY,
        finish=Finish.STOP,
        usage=usage or Usage(fresh_input=900, cache_read=cache_read, output=20),
        model_answered="claude-sonnet-5-5",
        latency_seconds=0.5,
    )


async def test_two_equal_calls_show_form_cache_usage_and_price() -> None:
    found, model, ledger = await diagnosed([answer(), answer(cache_read=800)])

    assert found.failure is None
    assert (found.schema, found.cache) == (Kept.YES, Kept.YES)
    assert found.usage is not None
    assert found.usage.cache_read == 800
    assert found.priced
    assert found.cost is not None
    assert found.context_tokens == 1_000_000
    first, second = (call.request for call in model.calls)
    assert first == second
    assert [row.purpose for row in ledger.rows] == ["doctor", "doctor"]


async def test_the_batch_is_long_enough_for_the_cache_and_else_tiny() -> None:
    def size(model: ScriptedModel) -> int:
        return len(model.calls[0].request.prefix)

    _, cached, _ = await diagnosed([answer()])
    _, local, _ = await diagnosed([REPLY], LOCAL)
    assert size(cached) > 512 * 1.9
    assert size(local) < 1_500


async def test_a_cache_that_begins_late_is_not_tried() -> None:
    found, model, _ = await diagnosed([answer()], OPUS)
    assert found.cache is Kept.NOT_TRIED
    assert "4,096" in found.cache_note
    assert len(model.calls) == 1


async def test_a_provider_that_reports_no_usage_is_told() -> None:
    silent = Completion(text=REPLY, finish=Finish.STOP, usage=None, model_answered="")
    found, _, _ = await diagnosed([silent], LOCAL)
    assert found.usage is None
    assert not found.priced
    assert found.cost is None


async def test_a_server_that_refuses_schemas_is_asked_without() -> None:
    def reply(request: CompletionRequest) -> Reply:
        if request.schema is not None:
            return Failure(kind=FailureKind.SCHEMA_UNSUPPORTED, message="no", status=400)
        return REPLY

    found, _, _ = await diagnosed(reply, LOCAL)
    assert found.schema is Kept.YES
    assert "refuses schemas" in found.schema_note


@pytest.mark.parametrize("kind", sorted(set(FailureKind) - {FailureKind.PARAMETER}))
async def test_every_failure_comes_with_a_way_out(kind: FailureKind) -> None:
    found, _, _ = await diagnosed([Failure(kind=kind, message="no", status=400)])
    assert found.failure is not None
    assert found.way_out.endswith(".")


async def test_a_refused_key_names_its_variable() -> None:
    refused = Failure(kind=FailureKind.AUTHENTICATION, message="no", status=401)
    found, _, _ = await diagnosed([refused])
    assert "ANTHROPIC_API_KEY" in found.way_out


async def test_a_second_call_that_fails_does_not_hide_the_first() -> None:
    failing = Failure(kind=FailureKind.BILLING, message="no credit", status=402)
    found, _, _ = await diagnosed([answer(), failing])
    assert found.failure is None
    assert "no credit" in found.cache_note
