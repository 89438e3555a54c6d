"""Globs mean what .gitignore patterns mean, the same as the plainest matcher, in linear time."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.glob import matches, matches_any

PARTS = st.sampled_from(["a", "b", "ab", "a.py", "docs"])
PATTERN_PARTS = st.sampled_from(["a", "*", "**", "a*", "*.py", "?", "[ab]", "docs"])


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.py", "a.py", True),
        ("*.py", "x/y/a.py", True),
        ("*.py", "a.pyc", False),
        ("/*.py", "a.py", True),
        ("/*.py", "x/a.py", False),
        ("docs/**", "docs/a/b.md", True),
        ("docs/**", "docs", False),
        ("docs/**", "x/docs/a", False),
        ("**/docs/**", "x/docs/a", True),
        ("**/docs/**", "docs/a", True),
        ("**/docs/**", "docs", False),
        ("docs/", "docs/a/b", True),
        ("docs/", "x/docs/a", True),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/x/a.py", False),
        ("src/**/a.py", "src/a.py", True),
        ("src/**/a.py", "src/x/y/a.py", True),
        ("**", "anything/at/all", True),
        ("[ab].py", "a.py", True),
        ("[!ab].py", "a.py", False),
        ("Dockerfile", "x/Dockerfile", True),
        ("Dockerfile", "x/Dockerfile.dev", False),
        ("a.py", "A.py", False),
        ("a+b(c).py", "a+b(c).py", True),
        ("a\nb", "a\nb", True),
        ("*", "a\nb", True),
    ],
)
def test_a_glob_matches_as_git_would(pattern: str, path: str, *, expected: bool) -> None:
    assert matches(pattern, path) is expected


def _naive(pattern: list[str], path: list[str]) -> bool:
    if not pattern:
        return not path
    if pattern == ["**"]:
        return bool(path)
    if pattern[0] == "**":
        return any(_naive(pattern[1:], path[index:]) for index in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and _naive(pattern[1:], path[1:])


@given(st.lists(PATTERN_PARTS, min_size=2, max_size=5), st.lists(PARTS, min_size=1, max_size=6))
def test_it_is_the_plainest_matcher(pattern: list[str], path: list[str]) -> None:
    assert matches("/".join(pattern), "/".join(path)) is _naive(pattern, path)


@given(PATTERN_PARTS, st.lists(PARTS, min_size=1, max_size=5))
def test_a_pattern_without_a_slash_matches_in_any_folder(pattern: str, path: list[str]) -> None:
    assert matches(pattern, "/".join(path)) is _naive(["**", pattern], path)


def test_the_first_pattern_that_matches_is_named() -> None:
    assert matches_any(("*.md", "*.py", "a.*"), "a.py") == "*.py"
    assert matches_any((), "a.py") is None
    assert matches_any(("*.md",), "a.py") is None


@pytest.mark.holds("S13", "S19")
def test_a_pattern_of_many_stars_matches_nothing_that_it_should_not() -> None:
    pattern = "**/a/" * 100 + "b"
    path = "/".join(["a"] * 2_000)
    assert not matches(pattern, path)
    assert not matches("*a" * 30 + "b", "a" * 3_000)
