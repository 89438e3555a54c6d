"""The sanitiser against composed attacks, judged by a real Markdown parser and GitHub's filters."""

from __future__ import annotations

import html as standard_html
import re
import time
from collections.abc import Callable, Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reviewer.domain.sanitiser import (
    cell,
    fenced,
    html,
    inline_code,
    label,
    one_line,
    phrase,
    plain,
    prose,
    shield_pipes,
    terminal,
    visible,
    workflow_message,
    workflow_property,
)
from tests.fuzz.shown import PARAGRAPH, PARAGRAPHS, live_parts, shown_text
from tests.unit.properties.hostile_text import FRAGMENTS, HOSTILE

pytestmark = pytest.mark.holds("S7", "S9", "R11", "R24", "R25", "R26", "R45")

WRITERS: Mapping[Callable[[str], str], frozenset[str]] = {
    prose: PARAGRAPHS,
    phrase: PARAGRAPH,
    cell: PARAGRAPH,
    inline_code: PARAGRAPH,
    fenced: PARAGRAPHS,
}
NAMES = [function.__name__ for function in WRITERS]
EVERY_WRITER = pytest.mark.parametrize("write", WRITERS, ids=NAMES)


@EVERY_WRITER
@settings(max_examples=60)
@given(HOSTILE)
def test_nothing_comes_to_life(write: Callable[[str], str], text: str) -> None:
    assert live_parts(write(text), WRITERS[write]) == ()


@EVERY_WRITER
def test_no_fragment_comes_to_life_alone_behind_a_word_or_on_a_second_line(
    write: Callable[[str], str],
) -> None:
    for fragment in FRAGMENTS:
        for text in (fragment, f"see {fragment} there", f"so:\n{fragment}", f"x{fragment}"):
            assert live_parts(write(text), WRITERS[write]) == (), text


#: What is alive only in company, or not at all; the rest must be seen alive by the judge.
QUIET = frozenset(
    {
        *("//evil.example", "- [ ] x", "std::vector", "[^1]: note", "[x](<y z>)", "%0A::x::y"),
        *(":tada:", "a_b_c", "    code", "$$x$$", "[a][b]", "![][b]", "<svg/onload=1>", "\tcode"),
        *("<code>", "</code>", "<br/>", "<x:y>", "[b]: https://evil.example"),
    }
)


def test_the_judge_sees_fragments_alive_where_nobody_sanitises() -> None:
    # A judge that finds nothing anywhere would prove nothing above.
    loud = {f for f in FRAGMENTS if len(f) > 4 and "`" not in f and "~~~" not in f} - QUIET
    assert len(loud) > 40
    assert [f for f in loud if not live_parts(f"x\n\n{f}", PARAGRAPH)] == []


@pytest.mark.parametrize(
    "function", [visible, one_line, label, plain, terminal, prose, phrase, cell]
)
@settings(max_examples=40)
@given(HOSTILE)
@example("\\\u200b`@user\\\\`")
def test_twice_is_once(function: Callable[[str], str], text: str) -> None:
    assert function(function(text)) == function(text)


@settings(max_examples=50)
@given(HOSTILE, HOSTILE)
def test_sentences_side_by_side_do_not_wake_one_another(one: str, other: str) -> None:
    assert live_parts(f"{phrase(one)} {phrase(other)}", PARAGRAPH) == ()
    assert live_parts(f"{prose(one)}\n\n{prose(other)}", PARAGRAPHS) == ()
    table = f"| a | b |\n|---|---|\n| {cell(one)} | {shield_pipes(inline_code(other))} |\n"
    rows = PARAGRAPH | {"table", "thead", "tbody", "tr", "th", "td"}
    assert live_parts(table, rows) == ()


@settings(max_examples=50)
@given(HOSTILE)
def test_what_is_shown_is_what_was_said(text: str) -> None:
    # Nothing is lost but what hides: letters and digits come through in their order.
    said = visible(text)
    if re.search(r"&(?:amp|lt|gt);|\\[&<>]|```|~~~", said):
        return  # as an earlier pass wrote it; the word of a fence is left out on purpose
    assert re.sub(r"\W|_", "", shown_text(prose(text))) == re.sub(r"\W|_", "", said)


@settings(max_examples=50)
@given(HOSTILE)
def test_a_log_obeys_nothing(text: str) -> None:
    for written in (terminal(text), *(write(text) for write in WRITERS)):
        assert not re.search(r"(?m)^\s*::\w|##\[", written)
    assert "\n" not in workflow_message(text)
    assert not re.search(r"[\n:,]", workflow_property(text))
    assert not re.search(r"[<>\"']", html(text))
    assert standard_html.unescape(html(text)) == visible(text)


PIECES = (
    "`",
    "` ``",
    "\\",
    "\\`",
    "<!--",
    "```\n",
    "_",
    "@a ",
    "#",
    "a1",
    "|",
    "\\|",
    "&",
    "[",
    "::",
)


@pytest.mark.holds("S19")
@pytest.mark.parametrize("write", [*WRITERS, terminal, label], ids=[*NAMES, "terminal", "label"])
def test_time_is_linear_in_the_length(write: Callable[[str], str]) -> None:
    # Eight times the text: linear is 8, quadratic is 64. Three tries against loud neighbours.
    for piece in PIECES:
        small, large = piece * (2_000 // len(piece)), piece * (16_000 // len(piece))
        ratios = (_seconds(write, large) / max(_seconds(write, small), 2e-4) for _ in range(3))
        assert any(ratio < 30 for ratio in ratios), piece


def _seconds(write: Callable[[str], str], text: str) -> float:
    taken = []
    for number in range(3):
        start = time.process_time()
        write(f"{text}{number}")
        taken.append(time.process_time() - start)
    return min(taken)


@settings(max_examples=60)
@given(st.text("\\|`a ", max_size=12), st.text("\\|`a ", max_size=12))
def test_backslashes_and_backticks_never_free_a_pipe(one: str, other: str) -> None:
    table = f"| a | b | c |\n|---|---|---|\n| {cell(one)} | {cell(other)} | end |\n"
    rows = PARAGRAPH | {"table", "thead", "tbody", "tr", "th", "td"}
    assert live_parts(table, rows) == ()
    assert shown_text(table).split()[-1] == "end"
    assert cell(cell(one)) == cell(one)
