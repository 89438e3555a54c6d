"""The search in changed lines: comments of many languages, expressions without a literal."""

from __future__ import annotations

import pytest

from reviewer.domain.signal_search import ChangedText, Vocabulary


def first(regex: str, line: str, language: str) -> int | None:
    text = ChangedText({7: line}, language)
    literals = Vocabulary([text]).literals_of(regex)
    return text.first(regex, literals=literals)


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("python", "    # total"),
        ("bash", "# total"),
        ("go", "\t// total"),
        ("java", "     * total"),
        ("java", "/* total */"),
        ("sql", "-- total"),
        ("html", "<!-- total -->"),
    ],
)
def test_a_comment_does_not_count(language: str, line: str) -> None:
    assert first("total", line, language) is None


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("c", "#include <total.h>"),
        ("rust", "#[total]"),
        ("python", "total // 2"),
        ("python", "* total"),
        ("css", "#total {}"),
        ("javascript", "--total"),
        ("go", "*total = 1"),
    ],
)
def test_what_only_looks_like_a_comment_counts(language: str, line: str) -> None:
    assert first("total", line, language) == 7


def test_an_expression_that_requires_nothing_is_tried_on_every_line() -> None:
    text = ChangedText({3: "a", 5: "a = 12"}, "python")
    vocabulary = Vocabulary([text])
    assert vocabulary.literals_of(r"\d+") is None
    assert text.first(r"\d+", literals=None) == 5


def test_an_expression_whose_words_are_nowhere_is_dismissed_for_the_whole_change() -> None:
    assert Vocabulary([ChangedText({1: "total"}, "python")]).literals_of("subtotal") == ()


def test_the_first_of_several_places_is_told_whichever_literal_holds_it() -> None:
    text = ChangedText({1: "x", 2: "beta beta", 3: "alpha", 4: "beta()"}, "python")
    literals = Vocabulary([text]).literals_of(r"alpha\(|beta\(")
    assert text.first(r"alpha\(|beta\(", literals=literals) == 4


def test_lines_of_nothing_but_space_and_comments_are_no_code() -> None:
    assert ChangedText({1: "  ", 2: "# a", 3: "b"}, "python").first_code == 3
    assert ChangedText({1: "", 2: "# a"}, "python").first_code is None
