"""The terminal: readable without colour, at any width, and obeying nothing that it shows."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import OutcomeKind
from reviewer.rendering.document import ReviewDocument
from reviewer.rendering.terminal import render_terminal
from reviewer.testing.builders import build_change, build_file, build_finding, build_placed
from tests.golden.examples import CLEAN, EXAMPLES, FINDINGS, many_findings

STYLE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("width", [20, 60, 100, 200])
@pytest.mark.parametrize("name", EXAMPLES)
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    text = render_terminal(EXAMPLES[name], width=width, verbose=True)
    assert max(cell_len(line) for line in text.split("\n")) <= max(width, 40)


@pytest.mark.parametrize("name", EXAMPLES)
def test_colours_add_nothing_but_colours(name: str) -> None:
    plain = render_terminal(EXAMPLES[name])
    coloured = STYLE.sub("", render_terminal(EXAMPLES[name], color=True))
    assert "\x1b" not in plain
    assert [line.rstrip() for line in coloured.split("\n")] == plain.split("\n")


@pytest.mark.parametrize("name", EXAMPLES)
def test_ascii_is_enough_where_the_terminal_has_no_more(name: str) -> None:
    assert render_terminal(EXAMPLES[name], unicode=False).isascii()


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    before = render_terminal(EXAMPLES["findings"])
    for name, value in {"COLUMNS": "41", "FORCE_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    assert render_terminal(EXAMPLES["findings"]) == before


def test_what_passed_is_shown_only_when_asked_for() -> None:
    assert "Sign API tokens" not in render_terminal(EXAMPLES["findings"])
    assert "Sign API tokens" in render_terminal(EXAMPLES["findings"], verbose=True)


def test_long_lists_are_cut_and_say_so() -> None:
    files = tuple(
        replace(FINDINGS.change.files[0], path=f"f{i}.py", not_reviewed=file.not_reviewed)
        for i in range(30)
        for file in EXAMPLES["nothing_reviewable"].review.change.files[:1]
    )
    review = replace(CLEAN, change=replace(CLEAN.change, files=files))
    text = render_terminal(ReviewDocument(review=review))
    assert "… 10 more, shown with -v" in text
    assert "f29.py" not in text
    assert "f29.py" in render_terminal(ReviewDocument(review=review), verbose=True)


@pytest.mark.holds("S22", "R45")
def test_no_line_is_a_workflow_command() -> None:
    notice = "x" * 95 + " ::set-output name=verdict::pass ##[error]no\n::stop-commands::x"
    review = replace(CLEAN, notices=(notice,))
    for width in range(40, 130):
        text = render_terminal(ReviewDocument(review=review), width=width)
        assert not re.search(r"(?m)^\s*::|##\[", text)


@pytest.mark.holds("P03")
def test_a_score_is_never_drawn_where_nothing_was_assessed() -> None:
    text = render_terminal(EXAMPLES["findings"])
    (row,) = (line for line in text.split("\n") if line.startswith("  Observer"))
    assert "n/a" in row
    assert "█" not in row
    assert "░" not in row


def test_a_finding_says_what_where_who_and_the_way_out() -> None:
    text = render_terminal(EXAMPLES["findings"])
    for part in (
        "critical  User input reaches a shell",
        "app/api.py:13-17 · SEC007 · Security Sentinel and Bug Hunter agree",
        "  > 13 │     result = subprocess.run(",
        "→ Pass a list and no shell",
        "ruff S602",
    ):
        assert part in text


def test_a_list_is_called_more_only_beside_findings_with_code() -> None:
    held_back = tuple(p for p in FINDINGS.findings if p.outcome.kind is OutcomeKind.SUMMARY)
    text = render_terminal(ReviewDocument(review=replace(FINDINGS, findings=held_back)))
    assert "\nTo fix\n" in text
    assert "\nTo consider\n" in text


def test_a_long_quote_says_how_many_lines_follow() -> None:
    file = build_file("a.py", after="".join(f"x{i} = {i}\n" for i in range(20)))
    placed = build_placed(build_finding(file, 1, end_line=20))
    review = replace(FINDINGS, change=build_change(file), findings=(placed,))
    assert "… 14 more lines" in render_terminal(ReviewDocument(review=review))


def test_places_of_one_fault_share_a_row() -> None:
    text = render_terminal(ReviewDocument(review=many_findings(40)))
    assert "app/big.py:6, 7, 8, 9, 10, … (9 places)" in text


def test_verbose_gives_every_answer_with_its_reason() -> None:
    text = render_terminal(EXAMPLES["findings"], verbose=True)
    for verdict in Verdict:
        assert verdict.value.replace("_", " ") in text
    assert "already so before this change" in text
