"""Changes that speak to the reviewer: what a model is told stays the same."""

from __future__ import annotations

import pytest

from reviewer.testing.evil_model import EvilModel
from tests.redteam.hostile_input import hostile_changes
from tests.redteam.trial import review_of

INPUTS = hostile_changes()
MODELS = ("nobody", "honest", "evil")


@pytest.mark.holds("S5", "S6", "R09", "R10")
async def test_instructions_are_the_same_whatever_a_change_says() -> None:
    systems = set()
    for given in INPUTS:
        model = EvilModel()
        await review_of(given.change, model)
        if not model.requests:
            # No rule that needs a model is about such a file.
            continue
        nonces = {request.prefix.split(" ", 1)[0][3:] for request in model.requests}
        assert len(nonces) == 1
        systems |= {
            request.system.replace(nonces.copy().pop(), "NONCE")
            for request in model.requests
            if request.purpose != "repair"
        }
    assert len(systems) == 1
