"""The sanitiser: whatever comes in, nothing live goes out, and twice is once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reviewer.domain.sanitiser import (
    cell,
    cut,
    cut_words,
    fenced,
    html,
    inline_code,
    label,
    logged_html,
    logged_json,
    one_line,
    phrase,
    prose,
    terminal,
    visible,
    workflow_message,
    workflow_property,
)

IDEMPOTENT = (visible, one_line, label, terminal, prose, phrase, cell)

PIECES = st.sampled_from(
    [
        *"ab1@#/`*_[]()<>!|\\~-+=&;:. \n\t$^{}'\"\r",
        *("\u200b", "\u202e", "\x1b[2J", "\x00", "\ufe0f", "\U000e0041", "\ud800", "\u2028"),
        *("```", "~~~", "``", "\\`", "\\|", "    ", "1. ", "- ", "::", "##["),
        *("@user", "@org/team", "#123", "owner/repo#1", "GH-1", "a@b.example", "fixes "),
        *("https://evil.example/?q=", "www.evil.example", "javascript:x", "/review", "deadbee1"),
        *("<!--", "-->", "<img src=x>", "<!-- persona-reviewer", "![x](y)", "[a]: z", "[c](d)"),
        *("&lt;", "&#64;", "&amp;", "$x$", "[^1]", "suggestion"),
    ]
)
HOSTILE = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=16).map("".join))

MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})

#: What GitHub's filters look for in the text of a rendered comment, apart from code.
LIVE = re.compile(
    r"(?:^|\W)@\w|#\d|\bgh-\d|://|(?<![^\W_])www\.|(?<![^\W_])(?:mailto|xmpp|javascript):",
    re.IGNORECASE,
)
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufe0f\ud800-\udfff\U000e0041]"
)


def tokens(markdown: str) -> Iterator[Token]:
    for token in MARKDOWN.parse(markdown):
        yield token
        yield from token.children or ()


def shown_text(markdown: str) -> str:
    """Return the rendered text, with a gap where code stands, as GitHub's filters see it."""
    parts = {"softbreak": "\n", "hardbreak": "\n", "code_inline": "\0", "fence": "\0"}
    return "".join(
        token.content if token.type == "text" else parts.get(token.type, "")
        for token in tokens(markdown)
    )


@pytest.mark.holds("S9")
@given(HOSTILE)
@pytest.mark.parametrize("function", IDEMPOTENT)
def test_twice_is_once(function: Callable[[str], str], text: str) -> None:
    assert function(function(text)) == function(text)


@pytest.mark.holds("S9")
@given(HOSTILE)
def test_prose_renders_as_paragraphs_and_code_and_nothing_else(text: str) -> None:
    kinds = {token.type for token in tokens(prose(text))}
    assert kinds <= {
        *("paragraph_open", "paragraph_close", "inline", "text", "text_special"),
        *("code_inline", "fence", "softbreak", "hardbreak"),
    }


@pytest.mark.holds("S9", "R25", "R26", "P29")
@given(HOSTILE)
def test_no_mention_reference_or_address_is_live_in_prose(text: str) -> None:
    assert not LIVE.search(shown_text(prose(text)).replace("\0", " "))


@pytest.mark.holds("S9", "R24", "R26")
@given(HOSTILE)
@pytest.mark.parametrize("function", [prose, phrase, cell, inline_code, fenced])
def test_markdown_holds_no_comment_no_command_and_nothing_hidden(
    function: Callable[[str], str], text: str
) -> None:
    written = function(text)
    assert "<!--" not in written
    assert not HIDDEN.search(written)
    assert not re.search(r"(?m)^\s*/[A-Za-z]", written)
    # Markdown is printed to a runner's log as well.
    assert not re.search(r"(?m)^[ \t]*::|##\[", written)


@pytest.mark.holds("S22", "R45")
@given(HOSTILE)
def test_json_in_a_log_reads_as_the_same_value_and_commands_nothing(text: str) -> None:
    written = logged_json(json.dumps({text: [text]}, indent=2))
    assert json.loads(written) == {text: [text]}
    assert not re.search(r"(?m)^\s*::|##\[", written)


@given(HOSTILE)
def test_a_page_in_a_log_shows_the_same_and_commands_nothing(text: str) -> None:
    written = logged_html(html(text))
    assert unescape(written) == unescape(html(text))
    assert not re.search(r"(?m)^[ \t]*::|##\[", written)


@pytest.mark.holds("S9")
@given(HOSTILE)
def test_inline_code_is_one_code_span(text: str) -> None:
    inner = [token.type for token in tokens(f"x {inline_code(text)} y") if not token.children]
    assert inner == ["paragraph_open", "text", "code_inline", "text", "paragraph_close"]


@pytest.mark.holds("S9", "R31")
@given(HOSTILE)
def test_fenced_is_one_code_block_that_is_never_a_suggestion(text: str) -> None:
    for language in ("python", "suggestion", "mermaid", "x`y"):
        (block,) = MARKDOWN.parse(fenced(text, language))
        assert block.type == "fence"
        assert block.info in {"python", ""}


@pytest.mark.holds("S9")
@given(HOSTILE, HOSTILE)
def test_a_cell_stays_one_cell(one: str, other: str) -> None:
    table = f"| a | b | c |\n|---|---|---|\n| {cell(one)} | {cell(other)} | end |\n"
    kinds = [token.type for token in tokens(table)]
    assert kinds.count("td_open") == 3
    assert [token.content for token in tokens(table) if token.type == "inline"][-1] == "end"


@pytest.mark.holds("S22", "R45")
@given(HOSTILE)
def test_a_terminal_gets_no_control_character_and_no_workflow_command(text: str) -> None:
    written = terminal(text)
    assert not HIDDEN.search(written)
    assert not re.search(r"(?m)^\s*::\S|##\[", written)


@pytest.mark.holds("S9")
@given(HOSTILE)
def test_html_holds_no_element_and_ends_no_attribute(text: str) -> None:
    assert not re.search(r"[<>\"']", html(text))


@pytest.mark.holds("S22", "R45")
@given(HOSTILE)
def test_a_workflow_command_stays_on_its_line(text: str) -> None:
    assert "\n" not in workflow_message(text)
    assert not re.search(r"[\n:,]", workflow_property(text))


@given(HOSTILE, st.integers(min_value=2, max_value=30))
def test_cutting_keeps_the_limit_and_is_done_once(text: str, limit: int) -> None:
    assert len(cut(text, limit)) <= limit
    assert cut(cut(text, limit), limit) == cut(text, limit)
    assert len(cut_words(text, limit).split()) <= limit


@pytest.mark.holds("P29")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fixes #1, closes a/b#2.", "Fixes `#1`, closes `a/b#2`."),
        ("ask @user, (@org/team)", "ask `@user`, (`@org/team`)"),
        ("see https://evil.example/?q=1.", "see `https://evil.example/?q=1`."),
        ("mail a@b.example", "mail `a@b.example`"),
        ("install `@types/node`", "install `@types/node`"),
        ("![x](http://a)", "`![x](http://a`)"),
        ("<b>bold</b> & *that*", "&lt;b&gt;bold&lt;/b&gt; &amp; \\*that\\*"),
        ("/review all\n  /merge", "`/review` all\n`/merge`"),
        ("GH-12 and 3f9c2ab4", "`GH-12` and `3f9c2ab4`"),
        ("snake_case and __init__", "snake_case and \\_\\_init\\_\\_"),
        ("# title\n- item\n1. one\n===", "\\# title\n\\- item\n1\\. one\n\\==="),
        ("a `code`b", "a `code`b"),
        ("&#64;user", "`&#64;user`"),
        ("x = 7 and 12345678 bytes", "x = 7 and 12345678 bytes"),
        ("std::vector, a/b, C#, 50 %", "std::vector, a/b, C#, 50 %"),
    ],
)
def test_prose_stays_readable(text: str, expected: str) -> None:
    assert prose(text) in {expected, expected.replace("`&#64;user`", "&amp;#64;user")}


def test_a_code_block_in_prose_is_closed_and_loses_its_word() -> None:
    assert prose("so:\n```suggestion\nrm `x`\n") == "so:\n```\nrm `x`\n\n```"


@pytest.mark.holds("R11")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\u202eb", "a[U+202E]b"),
        ("a\u200b\u200c\u200db", "a[3 hidden characters]b"),
        ("\x1b[31mred", "[U+001B][31mred"),
        ("one\r\ntwo\rthree", "one\ntwo[U+000D]three"),
        ("heart\u2764\ufe0f", "heart\u2764"),
        ("lone \udc80", "lone [U+DC80]"),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_hidden_characters_are_named(text: str, expected: str) -> None:
    assert visible(text) == expected


@pytest.mark.holds("R13")
def test_a_path_with_a_line_break_stays_one_line() -> None:
    assert label("a\nb\tc") == "a[U+000A]b[U+0009]c"
