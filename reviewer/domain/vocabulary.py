"""The words that persona files may use: every fact, language, structure and kind of secret."""

from __future__ import annotations

from reviewer.domain.facts import FACTS
from reviewer.domain.language import LANGUAGES
from reviewer.domain.persona_file import Vocabulary
from reviewer.domain.secret_pattern import SECRET_KINDS
from reviewer.domain.structure import STRUCTURES


def known_words() -> Vocabulary:
    """Return every word that this version knows."""
    return Vocabulary(
        facts=frozenset(FACTS),
        languages=LANGUAGES,
        secret_kinds=frozenset(SECRET_KINDS),
        structures=frozenset(STRUCTURES),
    )
