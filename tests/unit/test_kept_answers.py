"""Which answers are given again: what is no answer holds nobody to it."""

from __future__ import annotations

import pytest

from reviewer.domain.completion import Completion, Finish
from reviewer.llm.cache import MemoryCompletionCache
from reviewer.testing.scripted_model import ScriptedModel
from tests.unit.model_example import Setting, request


@pytest.mark.holds("P14")
@pytest.mark.parametrize(
    ("text", "finish"),
    [
        ('{"answers": [{"rule_id": "BUG0', Finish.STOP),
        ("I would rather not.", Finish.STOP),
        ('<think>{"a": 1}</think> and no more', Finish.STOP),
        ("{" * 100_000, Finish.STOP),
        ("", Finish.REFUSAL),
        ('{"answers": []}', Finish.FILTER),
        ('{"answers": []}', Finish.OTHER),
    ],
    ids=["cut", "prose", "thoughts", "brackets", "refused", "filtered", "unknown"],
)
async def test_what_is_no_answer_is_not_kept_for_the_next_run(text: str, finish: Finish) -> None:
    broken = Completion(
        text=text,
        finish=finish,
        usage=None,
        model_answered="example",
        provider_request_id="1",
        latency_seconds=0.0,
    )
    model = ScriptedModel([broken, '{"answers": []}'])
    setting = Setting(model, cache=MemoryCompletionCache())
    asked = request("content-1")

    await setting.client.complete(asked)
    answers = [(await setting.client.complete(asked)).text for _ in range(2)]

    assert answers == ['{"answers": []}'] * 2
    assert len(model.calls) == 2


@pytest.mark.holds("R42", "P14")
async def test_an_answer_that_was_too_long_is_kept_and_not_paid_for_again() -> None:
    cut = Completion(
        text='{"answers": [',
        finish=Finish.LENGTH,
        usage=None,
        model_answered="example",
        provider_request_id="1",
        latency_seconds=0.0,
    )
    model = ScriptedModel([cut])
    setting = Setting(model, cache=MemoryCompletionCache())
    asked = request("content-1")

    for _ in range(3):
        await setting.client.complete(asked)

    assert len(model.calls) == 1
