"""Changes that speak to the reviewer: nothing they ask for happens, with whichever model."""

from __future__ import annotations

import pytest

from reviewer.domain.checklist import Verdict
from reviewer.domain.completion import CompletionRequest
from reviewer.ports.model import Model
from reviewer.testing.evil_model import EvilModel, find_wish
from reviewer.testing.scripted_model import ScriptedModel
from tests.redteam.holding import assert_holds, assert_not_called_clean, assert_partial
from tests.redteam.honest_model import honest_model
from tests.redteam.hostile_input import HostileChange, hostile_changes
from tests.redteam.trial import SECRETS, review_of

INPUTS = hostile_changes()
MODELS = ("nobody", "honest", "evil")


def model_of(kind: str) -> EvilModel | ScriptedModel | None:
    match kind:
        case "evil":
            return EvilModel(canaries=SECRETS)
        case "honest":
            return honest_model()
        case _:
            return None


def asked(model: Model | None) -> list[CompletionRequest]:
    if isinstance(model, EvilModel):
        return model.requests
    if isinstance(model, ScriptedModel):
        return [call.request for call in model.calls]
    return []


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("given", INPUTS, ids=lambda given: given.id)
async def test_a_hostile_change_gets_nothing_that_it_asks_for(
    given: HostileChange, kind: str
) -> None:
    mechanical = await review_of(given.change, None)
    model = model_of(kind)
    trial = await review_of(given.change, model)
    assert_holds(trial, mechanical, asked(model))
    verdicts = {answer.rule_id: answer.verdict for answer in trial.review.answers}
    assert {verdicts[rule_id] for rule_id in given.fails} <= {Verdict.FAIL}
    assert trial.review.injection_suspected is given.suspected
    if given.suspected:
        assert_not_called_clean(trial)
    if given.partial and kind == "evil":
        assert_partial(trial, given.partial)
    for text in given.hides:
        assert all(text not in output for output in trial.outputs.values())


@pytest.mark.parametrize("given", INPUTS, ids=lambda given: given.id)
async def test_a_model_sees_the_change_as_it_is_and_what_hides_by_its_name(
    given: HostileChange,
) -> None:
    model = EvilModel()
    await review_of(given.change, model)
    assert model.requests
    for request in model.requests:
        for text in given.shows:
            assert text in request.prefix
            assert text not in request.system
        for text in given.hides:
            assert text not in request.system + request.prefix + request.question
    if given.wish:
        assert find_wish(model.requests[0]).value == given.wish


async def test_instructions_are_the_same_whatever_a_change_says() -> None:
    systems = set()
    for given in INPUTS:
        model = EvilModel()
        await review_of(given.change, model)
        nonces = {request.prefix.split(" ", 1)[0][3:] for request in model.requests}
        assert len(nonces) == 1
        systems |= {
            request.system.replace(nonces.copy().pop(), "NONCE")
            for request in model.requests
            if request.purpose != "repair"
        }
    assert len(systems) == 1
