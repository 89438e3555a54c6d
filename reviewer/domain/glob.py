"""Path globs with the meaning of .gitignore patterns, matched in time linear in the path.

::

    *.py            a name, in any folder
    docs/**         everything below docs at the root
    **/tests/**     everything below any folder tests
    /setup.py       only at the root
    src/*.py        anchored, because it has a slash; * does not cross a slash

Source: https://git-scm.com/docs/gitignore#_pattern_format (no negation, no trailing slash).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate
from functools import lru_cache


@lru_cache(maxsize=4096)
def _segments(pattern: str) -> tuple[re.Pattern[str] | None, ...]:
    """Compile a pattern into one expression a path segment; None stands for ``**``."""
    anchored = "/" in pattern.rstrip("/")
    parts = pattern.strip("/").split("/")
    if not anchored:
        parts = ["**", *parts]
    if pattern.endswith("/"):
        parts.append("**")
    return tuple(None if part == "**" else re.compile(translate(part)) for part in parts)


def matches(pattern: str, path: str) -> bool:
    """Tell whether the pattern matches the whole path.

    Args:
        pattern: A glob as above.
        path: A path relative to the repository's root, with forward slashes.
    """
    segments = _segments(pattern)
    reachable = {0}
    for part in path.split("/"):
        following: set[int] = set()
        for index in _skip_stars(segments, reachable):
            if index == len(segments):
                continue
            expression = segments[index]
            if expression is None:
                following.add(index)
                if index == len(segments) - 1:
                    # A trailing ** needs something below the folder, and this is it.
                    following.add(len(segments))
            elif expression.match(part):
                following.add(index + 1)
        reachable = following
        if not reachable:
            return False
    return len(segments) in reachable


def _skip_stars(segments: tuple[re.Pattern[str] | None, ...], start: set[int]) -> set[int]:
    """Add every position that is reached by letting ``**`` stand for no segment."""
    reachable = set(start)
    for index in sorted(start):
        position = index
        while position < len(segments) - 1 and segments[position] is None:
            position += 1
            reachable.add(position)
    return reachable


def matches_any(patterns: Iterable[str], path: str) -> str | None:
    """Return the first of the patterns that matches the path, None where none does."""
    for pattern, literal in _with_literals(tuple(patterns)):
        if literal in path and matches(pattern, path):
            return pattern
    return None


# What is no literal in a pattern. A slash beside ** is none either: ** may stand for no folder.
_WILDCARD = re.compile(r"/?\*\*/?|\*|\?|\[[^\]]*\]?")


@lru_cache(maxsize=1024)
def _with_literals(patterns: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Give every pattern the longest text that each path it matches must hold.

    To look for it is some twenty times cheaper than to match, and personas have hundreds of
    patterns that almost no path matches.
    """
    return tuple(
        (pattern, max(_WILDCARD.split(pattern.strip("/")), key=len)) for pattern in patterns
    )
