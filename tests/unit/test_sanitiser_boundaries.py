"""The sanitiser's exact answers, on both sides of each of its limits."""

from __future__ import annotations

import html as page_html
import json

import pytest

from reviewer.domain.sanitiser import (
    cell,
    code_spans,
    cut,
    cut_words,
    fenced,
    html,
    inline_code,
    logged_html,
    logged_json,
    plain,
    prose,
    shield_pipes,
    terminal,
    visible,
    workflow_message,
    workflow_property,
)

pytestmark = pytest.mark.holds("S9")


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("abcd", 5, "abcd"),
        ("abcde", 5, "abcde"),
        ("abcdef", 5, "abcd…"),
        ("  a   cdef", 6, "  a…"),
        ("", 1, ""),
        ("ab", 1, "…"),
    ],
)
def test_a_text_is_cut_only_above_the_limit_and_without_blanks_before_the_dots(
    text: str, limit: int, expected: str
) -> None:
    assert cut(text, limit) == expected


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("one  two", 3, "one  two"),
        ("one  two three", 3, "one  two three"),
        ("one  two three four", 3, "one two three…"),
        ("one two… three", 2, "one two…"),
        ("…one two! three", 2, "…one two!…"),
        ("one twoX three", 2, "one twoX…"),
        ("one", 1, "one"),
        ("", 1, ""),
    ],
)
def test_words_are_cut_only_above_the_limit_and_dots_stand_once(
    text: str, limit: int, expected: str
) -> None:
    assert cut_words(text, limit) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb", "a\nb"),
        ("a\r\n\r\nb", "a\n\nb"),
        ("a\rb", "a[U+000D]b"),
        ("\u00ad", "[U+00AD]"),
        ("\u200b\u200b", "[2 hidden characters]"),
    ],
)
def test_line_ends_are_one_character_and_hidden_ones_are_named(text: str, expected: str) -> None:
    assert visible(text) == expected


@pytest.mark.holds("S22", "R45")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb", "a   b"),
        ("abcd\te", "abcd    e"),
        ("::error::x", ": :error::x"),
        ("a ::error", "a : :error"),
        ("a\n:::x", "a\n: : :x"),
        ("std::vector", "std::vector"),
        ("##[group]x", "## [group]x"),
        ("a##[b", "a## [b"),
    ],
)
def test_a_terminal_shows_the_same_words_with_commands_broken(text: str, expected: str) -> None:
    assert terminal(text) == expected


def test_an_attribute_cannot_be_ended() -> None:
    assert html("""<a href="x" b='y'>&""") == "&lt;a href=&quot;x&quot; b=&#x27;y&#x27;&gt;&amp;"


@pytest.mark.holds("S22", "R45")
def test_a_workflow_command_is_encoded_as_its_reader_decodes_it() -> None:
    assert workflow_message("50 %\nx:y,z") == "50 %25%0Ax:y,z"
    assert workflow_property("50 %\nx:y,z") == "50 %25%0Ax%3Ay%2Cz"
    assert workflow_message("%0A") == "%250A"


@pytest.mark.holds("S22", "R45")
def test_what_a_runner_would_obey_in_json_is_written_as_an_escape() -> None:
    written = logged_json('{"a": "x##[y"}')
    assert written == '{"a": "x\\u0023#[y"}'
    assert json.loads(written) == {"a": "x##[y"}


@pytest.mark.holds("S22", "R45")
@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("::x", "&#58;:x"),
        ("a\n  ::x", "a\n  &#58;:x"),
        ("a::x", "a::x"),
        ("<p>##[x</p>", "<p>&#35;#[x</p>"),
    ],
)
def test_what_a_runner_would_obey_in_a_page_is_written_as_an_entity(
    page: str, expected: str
) -> None:
    assert logged_html(page) == expected
    assert page_html.unescape(logged_html(page)) == page


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<!-- a -->", "<! -- a -->"),
        ("##[x", "## [x"),
        ("a\u200bb", "a[U+200B]b"),
        ("as it is", "as it is"),
    ],
)
def test_plain_text_starts_no_marker_and_no_command(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("python", "python"),
        ("c++", "c++"),
        ("", ""),
        ("suggestion", ""),
        ("mermaid", ""),
        ("Python", ""),
        ("a b", ""),
        ("a" * 20, "a" * 20),
        ("a" * 21, ""),
    ],
)
def test_a_block_keeps_a_word_that_only_colours(language: str, word: str) -> None:
    assert fenced("x", language) == f"```{word}\nx\n```"


def test_a_block_has_no_word_where_none_is_given() -> None:
    assert fenced("x") == "```\nx\n```"


@pytest.mark.parametrize(
    ("code", "fence"),
    [
        ("a", "```"),
        ("a `b` ``c``", "```"),
        ("```", "````"),
        ("a ```` b `c`", "`````"),
        ("", "```"),
    ],
)
def test_a_fence_is_three_backticks_or_one_more_than_any_in_it(code: str, fence: str) -> None:
    assert fenced(code) == f"{fence}\n{code}\n{fence}"


def test_a_command_at_the_start_of_a_line_of_code_is_broken() -> None:
    assert fenced("a /b\n /review x\n::y") == "```\na /b\n ·/review x\n·::y\n```"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", "`x`"),
        ("a`b", "``a`b``"),
        ("a``b", "`a``b`"),
        ("a`b``c", "```a`b``c```"),
        ("a`b```c", "``a`b```c``"),
        ("`a", "`` `a ``"),
        ("a`", "`` a` ``"),
        ("`", "`` ` ``"),
        (" a ", "`  a  `"),
        (" a", "` a`"),
        ("a ", "`a `"),
        (" X ", "`  X  `"),
        (" ", "` `"),
        ("  ", "`  `"),
        ("", "` `"),
        ("X", "`X`"),
    ],
)
def test_a_code_span_shows_exactly_its_text(text: str, expected: str) -> None:
    assert inline_code(text) == expected


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("plain", [(False, "plain")]),
        ("", []),
        ("`a`", [(True, "a")]),
        ("x `a` y", [(False, "x "), (True, "a"), (False, " y")]),
        ("`` a`b `` c", [(True, "a`b"), (False, " c")]),
        ("` a `", [(True, "a")]),
        ("`  `", [(True, "  ")]),
        ("` a`", [(True, " a")]),
        ("`a `", [(True, "a ")]),
        ("`a", [(False, "`a")]),
        ("``a` b`", [(False, "``a"), (True, " b")]),
        ("`a`` b`", [(True, "a`` b")]),
        (r"\`a`b`", [(False, r"\`a"), (True, "b")]),
        (r"\\`a`", [(False, r"\\"), (True, "a")]),
        (r"\\\`a`b`", [(False, r"\\\`a"), (True, "b")]),
        (r"`a\`b`", [(True, "a\\"), (False, "b`")]),
        ("`a`b`c`", [(True, "a"), (False, "b"), (True, "c")]),
        ("`a``b`", [(True, "a``b")]),
        ("a `b` `c", [(False, "a "), (True, "b"), (False, " `c")]),
        (r"\``a`", [(False, r"\`"), (True, "a")]),
        ("`a` \\", [(True, "a"), (False, " \\")]),
        ("\\`a` \\", [(False, "\\`a` \\")]),
        ("` X `", [(True, "X")]),
        ("` \t `", [(True, "\t")]),
    ],
)
def test_code_spans_are_those_of_commonmark(line: str, pieces: list[tuple[bool, str]]) -> None:
    assert list(code_spans(line)) == pieces


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n\na\n\n", "a"),
        ("X\nX", "X\nX"),
        ("~~~\na ` b\n~~~\nc", "```\na ` b\n```\nc"),
        ("~~~ x`y\na\n~~~", "```\na\n```"),
        ("``` x`y\nb", "\\`\\`\\` x\\`y\nb"),
        ("```\na\n~~~\n```\nb", "```\na\n~~~\n```\nb"),
        ("~~~\na\n```\n~~~\nb", "````\na\n```\n````\nb"),
        ("````\na\n```\n````\nb", "````\na\n```\n````\nb"),
        ("```\na\n````\nb", "```\na\n```\nb"),
        ("```\na\n``` x\n```\nb", "````\na\n``` x\n````\nb"),
        ("```\na", "```\na\n```"),
    ],
)
def test_a_block_of_prose_ends_where_commonmark_ends_it(text: str, expected: str) -> None:
    assert prose(text) == expected


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("a|b", "a\\|b"),
        ("|", "\\|"),
        ("a\\|b", "a\\|b"),
        ("a\\\\|b", "a\\\\ \\|b"),
        ("a\\\\\\|b", "a\\\\\\|b"),
        ("a\\\\\\\\|b", "a\\\\\\\\ \\|b"),
        ("a||b", "a\\|\\|b"),
        ("no pipe", "no pipe"),
    ],
)
def test_a_pipe_is_shielded_once(markdown: str, expected: str) -> None:
    assert shield_pipes(markdown) == expected
    assert shield_pipes(shield_pipes(markdown)) == expected


def test_a_cell_is_one_line_with_its_pipes_shielded() -> None:
    assert cell("a\nb | `c|d`") == "a b \\| `c\\|d`"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a `b` `c`", "a `b` `c`"),
        ("`b``c`", "`b``c`"),
        ("@a`b`", "`@a` `b`"),
        ("`b`@a", "`b` `@a`"),
        ("x (@a) y", "x (`@a`) y"),
        ('"@a",', '"`@a`",'),
        ("/review.", "`/review`."),
        ("a /review", "a /review"),
        ("(/review", "(/review"),
        ("1) a", "1\\) a"),
        ("a 1. b", "a 1. b"),
        ("12. @a", "12\\. `@a`"),
        ("- @a", "\\- `@a`"),
        ("> a", "&gt; a"),
        ("+ a", "\\+ a"),
        ("  a", "a"),
        ("a  @b  c", "a  `@b`  c"),
        ("@a # b 1. c", "`@a` # b 1. c"),
        ("`x`# b", "`x`# b"),
        ("`\t`", "`\t`"),
        ("`  \t  `", "`  \t  `"),
        ("see [x](y)", "see \\[x\\](y)"),
    ],
)
def test_only_what_has_a_meaning_is_changed_in_prose(text: str, expected: str) -> None:
    assert prose(text) == expected
