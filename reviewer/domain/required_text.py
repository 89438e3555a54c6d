"""Which literal text every match of a regular expression must hold, so that most need not be run.

Searching a text for a literal is some fifty times cheaper than searching it for an expression.
This reads the part of the syntax that people write (https://docs.python.org/3/library/re.html);
whatever it does not understand requires nothing, which is always right and only slower.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: A requirement that is shorter than this is found everywhere and saves nothing.
_SHORTEST = 3
# A brace that is no quantifier is a literal; a final ? or + makes it lazy or possessive.
_QUANTIFIER = re.compile(r"(?:[?*+]|\{(\d*)(?:,\d*)?\})[?+]?")
_ZERO_WIDTH = frozenset("bBAZ")
_ESCAPED_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")

_Requirement = frozenset[str] | None


@lru_cache(maxsize=2048)
def required_text(regex: str) -> frozenset[str] | None:
    """Return literals of which every match holds at least one, in lower case.

    Args:
        regex: A valid regular expression.

    Returns:
        The literals; None where no such set is known. Compare with the lower-cased text.
    """
    if "(?x" in regex or not regex.isascii():
        return None
    return _Reader(regex).alternatives()


class _Reader:
    """Reads an expression from left to right."""

    def __init__(self, regex: str) -> None:
        self._regex = regex
        self._at = 0

    def alternatives(self) -> _Requirement:
        """Read branches up to the end of the group; a match takes any one of them."""
        branches = [self._branch()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._branch())
        self._at += 1  # the closing bracket
        union: set[str] = set()
        for branch in branches:
            if branch is None:
                return None
            union |= branch
        return frozenset(union)

    def _peek(self) -> str:
        return self._regex[self._at : self._at + 1]

    def _branch(self) -> _Requirement:
        """Read a sequence of atoms; a match holds all of them, so the best one is enough."""
        best: _Requirement = None
        run = ""
        while (char := self._peek()) and char not in "|)":
            atom, literal = self._atom()
            at_least_once, exactly_once = self._quantifier()
            if literal is None:
                best, run = _better(best, _of_run(run)), ""
                if at_least_once:
                    best = _better(best, atom)
                continue
            run += literal if at_least_once else ""
            if not exactly_once:
                best, run = _better(best, _of_run(run)), ""
        return _better(best, _of_run(run))

    def _atom(self) -> tuple[_Requirement, str | None]:
        """Read one atom: what it requires, or the literal text that it is."""
        char = self._peek()
        self._at += 1
        if char == "(":
            return self._group(), None
        if char == "[":
            self._skip_class()
            return None, None
        if char == "\\":
            escaped = self._peek()
            self._at += 1
            if escaped in _ZERO_WIDTH:
                return None, ""
            return (None, None) if escaped in _ESCAPED_LETTERS else (None, escaped.lower())
        if char in "^$":
            return None, ""
        return (None, None) if char == "." else (None, char.lower())

    def _group(self) -> _Requirement:
        """Read a group after its opening bracket."""
        if self._peek() != "?":
            return self.alternatives()
        rest = self._regex[self._at :]
        if rest.startswith("?:"):
            self._at += 2
            return self.alternatives()
        if rest.startswith(("?P<", "?i:")):
            self._at += (rest.index(">") if rest.startswith("?P<") else 2) + 1
            return self.alternatives()
        # Flags and looking around require no text of the match itself.
        self._at += 1
        while self._peek() and self._peek() in "<=!imsu":
            self._at += 1
        self.alternatives()
        return None

    def _skip_class(self) -> None:
        """Skip a set of characters after its opening bracket."""
        if self._peek() == "^":
            self._at += 1
        if self._peek() == "]":
            self._at += 1
        while (char := self._peek()) and char != "]":
            self._at += 2 if char == "\\" else 1
        self._at += 1

    def _quantifier(self) -> tuple[bool, bool]:
        """Read a quantifier: whether the atom is there at least once, and exactly once."""
        quantifier = _QUANTIFIER.match(self._regex, self._at)
        if quantifier is None:
            return True, True
        self._at = quantifier.end()
        least = quantifier[0].startswith("+") or int(quantifier[1] or 0) > 0
        return least, False


def _of_run(run: str) -> _Requirement:
    return frozenset({run}) if len(run) >= _SHORTEST else None


def _better(one: _Requirement, other: _Requirement) -> _Requirement:
    """Return the requirement that fewer texts fulfil: that of the longer literals."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda literals: min(map(len, literals)))
