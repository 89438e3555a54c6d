"""Titles, descriptions and commit messages that attack: cleaned, cut, and suspected where due."""

from __future__ import annotations

import pytest

from reviewer.domain.sanitiser import prose
from reviewer.prompting.description import BODY_LIMIT, TITLE_LIMIT, clean_title_and_body
from reviewer.testing.builders import build_change, build_file
from reviewer.testing.evil_model import EvilModel
from tests.redteam.holding import assert_holds
from tests.redteam.honest_model import CODE, PATH
from tests.redteam.hostile_input import HostileDescription, hostile_descriptions
from tests.redteam.trial import review_of

CHANGE = build_change(build_file(PATH, after=CODE))
HUNTER = ("bug-hunter",)


@pytest.mark.holds("R01", "R02", "R03", "R04", "R06", "S7")
@pytest.mark.parametrize("given", hostile_descriptions(), ids=lambda given: given.id)
def test_a_hostile_description_is_cleaned(given: HostileDescription) -> None:
    cleaned = clean_title_and_body(given.title, given.body)
    assert len(cleaned.title) <= TITLE_LIMIT
    assert len(cleaned.body) <= BODY_LIMIT
    assert "\n" not in cleaned.title
    assert cleaned.suspected or not given.suspected
    for text in given.gone:
        assert text not in cleaned.title
        if text != "\n":
            assert text not in cleaned.body
    assert not prose(cleaned.title).startswith("@")


@pytest.mark.holds("R01", "R02", "R03", "R04", "R06", "S7")
@pytest.mark.parametrize("given", hostile_descriptions(), ids=lambda given: given.id)
async def test_a_review_holds_whatever_the_description_asks_of_the_model(
    given: HostileDescription,
) -> None:
    model = EvilModel()
    said = (given.title, given.body)
    mechanical = await review_of(CHANGE, None, chosen=HUNTER, description=said)
    trial = await review_of(CHANGE, model, chosen=HUNTER, description=said)
    assert_holds(trial, mechanical, model.requests)
    assert model.requests
    for request in model.requests:
        assert request.prefix.startswith("<<<nonce00000000 title and description\n")
        for text in given.gone:
            assert text == "\n" or text not in request.prefix
    assert trial.review.injection_suspected or not given.suspected
    assert not given.suspected or "Nothing found" not in trial.review.headline
