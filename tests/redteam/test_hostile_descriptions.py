"""Titles, descriptions and commit messages that attack: cleaned, cut, and suspected where due."""

from __future__ import annotations

import pytest

from reviewer.domain.sanitiser import prose
from reviewer.prompting.description import BODY_LIMIT, TITLE_LIMIT, clean_title_and_body
from tests.redteam.hostile_input import HostileDescription, hostile_descriptions


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
