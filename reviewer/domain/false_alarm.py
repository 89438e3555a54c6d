"""Which warnings of a linter are known to be false, told from its own words and the line.

Ruff guesses passwords by the name that a text is given to: of 14 such warnings in three public
code bases not one was a password (``eos_token="</s>"``, ``token_type = "bearer"``). A rule that is
critical cannot live with that, and a persona's file sees only the code of a warning.
Source: https://docs.astral.sh/ruff/rules/hardcoded-password-string/
"""

from __future__ import annotations

import re

_PASSWORD_CODES = frozenset({"S105", "S106", "S107"})
_SHELL_CODES = frozenset({"S602", "S604", "S605"})

_NAME = re.compile(r"\"([^\"]*)\"\s*$")
_LITERAL = re.compile(r"[rbuRBU]?(\"\"\"|'''|\"|')(.*?)\1")
_COMPARED = re.compile(r"[=!]=|\bin\b|\bcase\b")
#: Names that end like this hold a secret itself, not something about one.
_HOLDS_SECRET = re.compile(
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|secret_?key|api_?key|private_?key|access_?key)\d*$",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(
    # The name of an environment variable, a marker of a tokeniser, a place, a text for people.
    r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[<\[{(|].*|.*[<>\[\]{}|]|.*\s.*|/.*|\.{1,2}/.*|[\w+.-]+://.*"
    r"|.*\.(?:json|ya?ml|toml|txt|py|html|env|key|pem)|\W*"
)
_OWN_WORDS = re.compile(
    r"(?:(?:new|old|current|user|access|refresh|auth|id|csrf|api|client|confirm|reset|bearer)"
    r"[-_.: ]?)*"
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|key|bearer|basic|jwt|none|null|type)s?",
    re.IGNORECASE,
)
_SHORTEST = 4
_SHORTEST_COMPARED = 8


def false_alarm(code: str, message: str, line: str) -> str:
    """Say why a warning of ruff is known to be false; empty where it is not.

    Args:
        code: Ruff's code.
        message: Ruff's words; for passwords they end with the name in double quotes.
        line: The line that it stands on.
    """
    if code in _SHELL_CODES:
        # Ruff's own words for a command without any part that could come from outside.
        return "nothing in the command can come from outside" if "seems safe" in message else ""
    if code not in _PASSWORD_CODES:
        return ""
    named = _NAME.search(message)
    literals = [match[2] for match in _LITERAL.finditer(line[:2000])]
    if named is None or not literals:
        # A text over several lines, say: not for us to doubt.
        return ""
    compared = _COMPARED.search(line) is not None and code == "S105"
    if any(_may_be_secret(text, named[1], compared=compared) for text in literals):
        return ""
    return "the text is no secret"


def _may_be_secret(text: str, name: str, *, compared: bool) -> bool:
    if len(text) < _SHORTEST or _NO_SECRET.fullmatch(text) or _OWN_WORDS.fullmatch(text):
        return False
    has_digit = any(character.isdigit() for character in text)
    if compared:
        return has_digit and len(text) >= _SHORTEST_COMPARED
    if has_digit:
        return True
    # A word is a default password only where the name says that it is the password itself.
    return _HOLDS_SECRET.search(name) is not None
