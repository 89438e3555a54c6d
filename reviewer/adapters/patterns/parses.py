"""Tells whether a text is a program of a language without a syntax error, by ast-grep's parsers."""

from __future__ import annotations

from typing import Any

from reviewer.adapters.patterns.examiner import LANGUAGES, LIMIT_BYTES, is_deep

#: What its grammar puts into a sound text with nothing in it.
_EMPTY_BY_DESIGN = frozenset({"block_continuation"})  # Markdown

#: A parser either wraps what it cannot read into ERROR, or goes on as if a token were there: that
#: token then has no text (``f(`` gets a ``)``).
_FAULTY: Any = {"rule": {"any": [{"kind": "ERROR"}, {"regex": r"\A\z"}]}}


def parses(language: str, text: str) -> bool | None:
    """Read a whole text in a language; see `reviewer.prompting.suggestion.Parses`.

    Args:
        language: The language, as ``domain.language`` names it.
        text: The text.

    Returns:
        Whether it holds no syntax error; None where nobody can tell: the language has no parser
        here, or the text is too large or nested too deeply.
    """
    name = LANGUAGES.get(language)
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        return None
    if name is None or size > LIMIT_BYTES:
        return None
    if not text.strip():
        return True
    from ast_grep_py import SgRoot  # noqa: PLC0415 - 13 ms, and heavy

    root = SgRoot(text, name).root()
    if is_deep(root, len(text)):
        return None
    return all(node.kind() in _EMPTY_BY_DESIGN for node in root.find_all(_FAULTY))
