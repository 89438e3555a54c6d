"""A call is written down at its worst case before it is sent: a process that dies hides nothing."""

from __future__ import annotations

import asyncio

import pytest
from typing_extensions import override

from reviewer.domain.attempt import UNFINISHED, Attempt
from reviewer.errors import ResourceError
from reviewer.llm.ceilings import Account, Limit, Limits, load_ceilings
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.memory_ledger import MemoryLedger
from reviewer.testing.scripted_model import ScriptedModel
from tests.unit.model_example import Setting, request

pytestmark = pytest.mark.holds("P13")


async def test_what_a_call_may_cost_stands_in_the_ledger_before_it_is_sent() -> None:
    ledger, seen = MemoryLedger(), []

    async def look() -> None:
        seen.extend(ledger.rows)

    setting = Setting(ScriptedModel(pause=look), ledger=ledger)

    await setting.client.complete(request())

    [before], [after] = seen, ledger.rows
    assert (before.failure, before.usage_known) == (UNFINISHED, False)
    assert before.id == after.id
    assert before.usage.total > after.usage.total
    assert (after.outcome, after.failure) == ("answered", "")


async def test_a_run_that_died_in_a_call_is_taken_up_with_what_it_may_have_spent() -> None:
    ledger, clock = MemoryLedger(), FakeClock()
    setting = Setting(ScriptedModel(pause=asyncio.Event().wait), ledger=ledger)
    call = asyncio.create_task(setting.client.complete(request()))
    await asyncio.sleep(0.01)
    died = MemoryLedger(ledger.rows)
    call.cancel()
    await asyncio.wait([call])

    account = Account(run_id="run-1", repository="example")
    limits = Limits(run=Limit(tokens=1_000_000))
    [ceiling] = await load_ceilings(limits, account, died, clock.now())

    assert ceiling.already.tokens == setting.client.budget_report().total.usage.total > 0


async def test_a_call_that_cannot_be_written_down_is_not_sent() -> None:
    class FullLedger(MemoryLedger):
        @override
        async def begin(self, attempt: Attempt) -> None:
            raise ResourceError("its disk is full")

    model = ScriptedModel()
    setting = Setting(model, ledger=FullLedger())

    with pytest.raises(ResourceError):
        await setting.client.complete(request())

    assert model.calls == []
    assert setting.client.budget_report().total.usage.total == 0
