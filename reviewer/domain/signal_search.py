"""Searches changed lines of a file for what speaks for a persona, in time linear in the lines."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate

from reviewer.domain.required_text import required_text

#: Longer lines are cut before they are searched: minified code and data say nothing further on.
LONGEST_LINE = 2_000

# What a release changes in a module; there is nothing in it to review.
_RELEASE = re.compile(r"""\s*(?:__version__|VERSION)\s*(?::\s*\w+\s*)?=\s*["'][\w.+-]{1,40}["']""")
_WORD = re.compile(r"[a-z0-9_]+")

_HASH_IS_NO_COMMENT = frozenset({"c", "cpp", "objective-c", "csharp", "css", "scss", "html"})
_SLASHES_ARE_NO_COMMENT = frozenset({"python", "bash", "ruby", "yaml", "toml", "ini", "dockerfile"})
_DASHES_ARE_COMMENT = frozenset({"sql", "haskell", "lua", "elm"})


class Vocabulary:
    """The words of a whole change, each once: a short text that most literals are not in.

    Args:
        texts: The changed lines, one text a file.
    """

    def __init__(self, texts: Iterable[ChangedText]) -> None:
        words: set[str] = set()
        for text in texts:
            words.update(_WORD.findall(text.lowered))
        self._words = "\n".join(words)
        self._present: dict[str, tuple[str, ...] | None] = {}

    def literals_of(self, regex: str) -> tuple[str, ...] | None:
        """Return the literals that a match requires and that the change may hold.

        Args:
            regex: A valid regular expression.

        Returns:
            The literals; empty where no line can match, None where nothing is required.
        """
        if regex not in self._present:
            required = _required(regex)
            self._present[regex] = (
                None
                if required is None
                else tuple(literal for literal, word in required if word in self._words)
            )
        return self._present[regex]


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
        self.lowered = "\n".join(lowered)
        self._starts = tuple(accumulate((len(line) + 1 for line in lowered), initial=0))

    def first(self, regex: str, *, literals: Sequence[str] | None) -> int | None:
        """Return the number of the first line, comments apart, that an expression matches.

        Args:
            regex: A valid regular expression.
            literals: Lower-case text of which every match holds one; None where none is known.
        """
        expression = _compiled(regex)
        for index in self._candidates(literals):
            line = self._lines[index]
            if expression.search(line) and not self._is_comment(line):
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
        """The number of the first line that is more than a comment or the number of a version."""
        return next(
            (
                number
                for number, line in zip(self._numbers, self._lines, strict=True)
                if line.strip() and not self._is_comment(line) and not _RELEASE.match(line)
            ),
            None,
        )

    def _candidates(self, literals: Sequence[str] | None) -> Iterator[int]:
        """Yield the indexes of the lines that may match, in order, each once."""
        if literals is None:
            yield from range(len(self._lines))
            return
        places = {literal: self.lowered.find(literal) for literal in literals}
        at = -1
        while places := {literal: place for literal, place in places.items() if place >= 0}:
            index = bisect_right(self._starts, min(places.values())) - 1
            if index > at:
                at = index
                yield index
            end = self._starts[index + 1]
            places = {
                literal: place if place >= end else self.lowered.find(literal, end)
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
def _required(regex: str) -> tuple[tuple[str, str], ...] | None:
    """Return the literals that a match requires, each with the longest word in it."""
    literals = required_text(regex)
    if literals is None:
        return None
    return tuple(
        (literal, max(_WORD.findall(literal), key=len, default="")) for literal in sorted(literals)
    )


@lru_cache(maxsize=2048)
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex)
