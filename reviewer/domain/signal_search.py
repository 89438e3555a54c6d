"""Searches changed lines of a file for what speaks for a persona, in time linear in the lines."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import accumulate

from reviewer.domain.required_text import required_text

#: Longer lines are cut before they are searched: minified code and data say nothing further on.
LONGEST_LINE = 2_000

_HASH_IS_NO_COMMENT = frozenset({"c", "cpp", "objective-c", "csharp", "css", "scss", "html"})
_SLASHES_ARE_NO_COMMENT = frozenset({"python", "bash", "ruby", "yaml", "toml", "ini", "dockerfile"})
_DASHES_ARE_COMMENT = frozenset({"sql", "haskell", "lua", "elm"})


class ChangedText:
    """The added or the removed lines of one file, ready to be searched for many expressions.

    Args:
        lines: The lines by their number.
        language: The file's language, which tells what a comment looks like.
    """

    def __init__(self, lines: Mapping[int, str], language: str | None) -> None:
        self._language = language or ""
        self._numbers = tuple(lines)
        self._lines = tuple(text[:LONGEST_LINE] for text in lines.values())
        # Lower case once; a line may change its length by it, so it is found again by its start.
        lowered = [line.lower() for line in self._lines]
        self._text = "\n".join(lowered)
        self._starts = tuple(accumulate((len(line) + 1 for line in lowered), initial=0))

    def first(self, regex: str, *, comments: bool) -> int | None:
        """Return the number of the first line that an expression matches.

        Args:
            regex: A valid regular expression.
            comments: Whether lines that are nothing but a comment count.
        """
        expression = _compiled(regex)
        for index in self._candidates(regex):
            line = self._lines[index]
            if expression.search(line) and (comments or not self._is_comment(line)):
                return self._numbers[index]
        return None

    def first_word(self, word: str) -> int | None:
        """Return the number of the first line that holds a literal, case and all."""
        return next(
            (
                number
                for number, line in zip(self._numbers, self._lines, strict=True)
                if word in line
            ),
            None,
        )

    @property
    def first_code(self) -> int | None:
        """The number of the first line that is neither empty nor a comment."""
        return next(
            (
                number
                for number, line in zip(self._numbers, self._lines, strict=True)
                if line.strip() and not self._is_comment(line)
            ),
            None,
        )

    def _candidates(self, regex: str) -> Iterator[int]:
        """Yield the indexes of the lines that may match, in order, each once."""
        literals = required_text(regex)
        if literals is None:
            yield from range(len(self._lines))
            return
        places = {literal: self._text.find(literal) for literal in literals}
        at = -1
        while places := {literal: place for literal, place in places.items() if place >= 0}:
            index = bisect_right(self._starts, min(places.values())) - 1
            if index > at:
                at = index
                yield index
            end = self._starts[index + 1]
            places = {
                literal: place if place >= end else self._text.find(literal, end)
                for literal, place in places.items()
            }

    def _is_comment(self, line: str) -> bool:
        """Tell whether a line is nothing but a comment; a guess by its first characters."""
        start = line.lstrip()[:3]
        if start.startswith("#"):
            return self._language not in _HASH_IS_NO_COMMENT and not start.startswith(("#[", "#!"))
        if start.startswith(("//", "/*", "* ", "*/")):
            return self._language not in _SLASHES_ARE_NO_COMMENT
        if start.startswith("--"):
            return self._language in _DASHES_ARE_COMMENT
        return start == "*" or line.lstrip().startswith("<!--")


@lru_cache(maxsize=2048)
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex)
