"""The answer to a question is read strictly; what is not as it must be is not there."""

from __future__ import annotations

import json

import pytest

from reviewer.domain.change import Side
from reviewer.prompting.reply import MOST_QUOTES, ClaimedQuote, read_reply

QUOTE = {"path": "app/x.py", "side": "head", "quote": "return 1"}
WHOLE = {"answerable": True, "answer": "It returns one.", "quotes": [QUOTE]}


def test_a_whole_answer_is_read() -> None:
    reading = read_reply(json.dumps(WHOLE))
    assert reading.answer == "It returns one."
    assert reading.quotes == (ClaimedQuote(path="app/x.py", side=Side.HEAD, quote="return 1"),)
    assert reading.problem == ""


@pytest.mark.holds("P14")
@pytest.mark.parametrize(
    "text",
    [
        f'<think>{{"quotes": []}}</think>{json.dumps(WHOLE)}',
        f"```json\n{json.dumps(WHOLE)}\n```",
        f"\ufeffHere it is: {json.dumps(WHOLE)}",
        json.dumps({**WHOLE, "event": "APPROVE", "commands": ["rm"]}),
    ],
)
def test_what_stands_around_an_answer_reaches_nobody(text: str) -> None:
    assert read_reply(text).answer == "It returns one."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It returns one.",
        "{}",
        "[" * 100_000,
        '{"quotes": [], "answer": NaN, "answerable": true}',
        json.dumps({**WHOLE, "answer": 1}),
        json.dumps({**WHOLE, "answer": "  "}),
        json.dumps({**WHOLE, "answer": "a" * 30_000}),
        json.dumps({**WHOLE, "answerable": "yes"}),
        json.dumps({"answer": "a", "answerable": True}),
        json.dumps({**WHOLE, "quotes": {}}),
        json.dumps(WHOLE) + json.dumps({**WHOLE, "answer": "Something else."}),
        '{"answer": "a", "answer": "b", "answerable": true, "quotes": []}',
    ],
)
def test_what_is_no_answer_has_a_problem_and_no_words(text: str) -> None:
    reading = read_reply(text)
    assert reading.problem
    assert reading.answer == ""


@pytest.mark.holds("P14")
def test_an_answer_cut_at_any_character_is_none() -> None:
    text = json.dumps(WHOLE)
    assert all(read_reply(text[:end]).problem for end in range(len(text)))


def test_quotes_are_read_one_by_one_and_not_without_end() -> None:
    wrong = [1, "x", {"path": "a"}, {**QUOTE, "side": "BOTH"}, {**QUOTE, "line": 3}]
    many = [{**QUOTE, "quote": f"return {number}"} for number in range(50)]
    assert read_reply(json.dumps({**WHOLE, "quotes": [*wrong, QUOTE, QUOTE]})).quotes == (
        ClaimedQuote(path="app/x.py", side=Side.HEAD, quote="return 1"),
    )
    assert len(read_reply(json.dumps({**WHOLE, "quotes": many})).quotes) == MOST_QUOTES
