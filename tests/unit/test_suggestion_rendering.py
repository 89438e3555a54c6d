"""A replacement stands in a fence that it cannot end, and never spreads a secret."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from reviewer.domain.finding import OutcomeKind
from reviewer.rendering.document import ReviewDocument
from reviewer.rendering.json_document import render_json
from reviewer.rendering.markdown import render_inline_comment
from reviewer.rendering.terminal import render_terminal
from reviewer.testing.builders import (
    build_change,
    build_file,
    build_finding,
    build_placed,
    build_review,
)

FILE = build_file("a.py", after="def last(items: list[int]) -> int:\n    return items[9]\n")


def document(suggestion: str, *, kind: OutcomeKind = OutcomeKind.INLINE) -> ReviewDocument:
    finding = build_finding(FILE, 2, sources=("model",), rule_id="BUG002")
    placed = build_placed(replace(finding, suggestion=suggestion), kind)
    return ReviewDocument(review=build_review(build_change(FILE), findings=(placed,)))


def comment(of: ReviewDocument) -> str:
    return render_inline_comment(of, of.review.findings[0])


@pytest.mark.holds("P18")
@pytest.mark.parametrize(
    "text",
    [
        "    return items[-1]",
        "    return '```'",
        "```\n@everyone [x](https://evil.example)\n````",
        "\treturn 1\n\n\treturn 2",
        "~~~",
    ],
)
def test_the_fence_holds_exactly_the_replacement(text: str) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(comment(document(text)))
    (fence,) = [token for token in tokens if token.type == "fence"]
    assert fence.info == "suggestion"
    assert fence.content == text + "\n"


def test_line_endings_are_the_files_in_json_and_plain_in_markdown() -> None:
    text = "    return 1\r\n    return 2"
    assert "\r" not in comment(document(text))
    found = json.loads(render_json(document(text)))["findings"]
    assert [entry["suggestion"] for entry in found] == [text]


def test_without_a_replacement_there_is_no_fence() -> None:
    assert "```" not in comment(document(""))
    assert json.loads(render_json(document("")))["findings"][0]["suggestion"] is None


def test_only_a_comment_on_its_lines_can_carry_a_replacement() -> None:
    of = document("    return items[-1]", kind=OutcomeKind.SUMMARY)
    assert "suggestion" not in comment(of)


def test_a_terminal_shows_what_goes_and_what_comes() -> None:
    shown = render_terminal(document("    return items[-1]"))
    assert "  -     return items[9]\n" in shown
    assert "  +     return items[-1]\n" in shown


@pytest.mark.holds("R31")
@pytest.mark.parametrize(
    "text",
    [
        "    return '\u202e'",
        "    key = 'AKIA" + "QYLPMN5HHHFPZAM2'",
        "    a\x1b[2J",
        "    # <!-- reviewer:state -->",
        "    a = '''\n/dismiss abc1234 reason\n'''",
        "    a = '''\n::set-output name=a::b\n'''",
        "    # ##[error]x",
    ],
)
def test_what_hides_or_spreads_something_is_no_replacement(text: str) -> None:
    for shown in (
        comment(document(text)),
        render_terminal(document(text)),
        render_json(document(text)),
    ):
        assert text.strip() not in shown
    assert json.loads(render_json(document(text)))["findings"][0]["suggestion"] is None


def test_a_line_that_holds_a_secret_is_not_replaced() -> None:
    of = document("    return 'hunter2' + x")
    secret = build_placed(
        build_finding(FILE, 2, sources=("secret password",), rule_id="SEC001"),
        OutcomeKind.SUMMARY,
    )
    review = replace(of.review, findings=(*of.review.findings, secret))
    assert "hunter2" not in comment(ReviewDocument(review=review))
