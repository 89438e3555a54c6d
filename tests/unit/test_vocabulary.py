"""The words of this version: every one that a shipped persona uses is known."""

from __future__ import annotations

import pytest

from reviewer.domain.persona import Origin
from reviewer.domain.persona_check import PersonaSource, check_personas
from reviewer.domain.persona_file import parse_persona
from reviewer.domain.vocabulary import known_words
from reviewer.errors import ConfigurationError
from reviewer.resources import persona_files
from tests.unit.persona_text import PERSONA


def test_the_personas_that_ship_use_known_words_and_stand_side_by_side() -> None:
    sources = [
        PersonaSource(path=path, text=text, origin=Origin.BUILT_IN)
        for path, text in persona_files()
    ]

    result = check_personas(sources, vocabulary=known_words())

    assert [str(error) for error in result.errors] == []
    assert len(result.personas) == 11


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("no-settings-class", "no-such-fact", "unknown fact"),
        ('secret = ["*"]', 'secret = ["aws"]', "unknown kind of secret"),
        ('languages = ["python"]', 'languages = ["pyton"]', "Did you mean 'python'?"),
        ('absent = "no', 'structure = ["x"]\nabsent = "no', "unknown structure"),
    ],
)
def test_other_words_are_not(before: str, after: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_persona(PERSONA.replace(before, after, 1), "x", vocabulary=known_words())

    assert words in str(caught.value)
