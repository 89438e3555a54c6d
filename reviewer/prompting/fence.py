"""Fences: text of others goes to a model between two lines that only this run can write.

::

    <<<NONCE KIND
    text of others
    NONCE>>>

The nonce is random and of one run, so that no author can know it (security.md S5). It stands in no
content key and in no recording: what is keyed is the text with `PLACE_OF_NONCE` instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from reviewer.errors import ReviewerError

#: Stands for the nonce wherever a text is kept, keyed or compared.
PLACE_OF_NONCE = "NONCE"

#: How often a nonce is drawn anew before something must be wrong with the source of chance.
_MOST_DRAWS = 20

_NONCE = re.compile(r"[A-Za-z0-9]{4,64}")
_KIND = re.compile(r"[a-z][a-z ]{0,39}")


def occurs(nonce: str, texts: Iterable[str]) -> bool:
    """Tell whether a nonce stands in any of these texts, in whatever case."""
    folded = nonce.casefold()
    return any(folded in text.casefold() for text in texts)


def choose_nonce(draw: Callable[[], str], texts: Iterable[str]) -> str:
    """Draw a nonce that stands in none of the texts that are to be fenced.

    Args:
        draw: Returns a new random nonce of letters and digits at each call.
        texts: Everything that will be fenced in this run.

    Raises:
        ReviewerError: Every nonce stands in the texts, so that the source is not random.
    """
    held = tuple(texts)
    for _ in range(_MOST_DRAWS):
        nonce = draw()
        if not occurs(nonce, held):
            return nonce
    message = f"{_MOST_DRAWS} random nonces stand in the text of the change"
    raise ReviewerError(message)


def fenced(kind: str, text: str, nonce: str) -> str:
    """Put text of others between the lines that mark data.

    Args:
        kind: What it is, in lower-case words of ours.
        text: Anything.
        nonce: The run's nonce, or `PLACE_OF_NONCE` for a text that is kept.

    Raises:
        ValueError: The kind or the nonce has another form, or the text holds the nonce, which
            must then be chosen anew (`choose_nonce`).
    """
    if _KIND.fullmatch(kind) is None or _NONCE.fullmatch(nonce) is None:
        message = f"not the form of a fence: {kind!r}"
        raise ValueError(message)
    if nonce != PLACE_OF_NONCE and occurs(nonce, (text,)):
        message = "the text holds the nonce"
        raise ValueError(message)
    return f"<<<{nonce} {kind}\n{text}\n{nonce}>>>"
