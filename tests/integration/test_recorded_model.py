"""Answers of a real small model, recorded: what it said is read as strictly as anybody's.

The cassette was made by ``reviewer review --record`` on a change of three lines, with
Qwen2.5-Coder-1.5B-Instruct (Q4_K_M) on a local server. It holds answers, no prompts and no code of
others. It is read here and not replayed: a request's hash changes with every persona.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer.adapters.cassette.replay import ReplayModel
from reviewer.adapters.cassette.tape import Entry
from reviewer.domain.completion import Completion
from reviewer.prompting.answer import ReadingState
from reviewer.prompting.reading import read_answers, read_verdicts

CASSETTE = Path(__file__).parent / "cassettes" / "qwen2.5-coder-1.5b.jsonl"
LINES = CASSETTE.read_text(encoding="ascii").splitlines()[1:]
ENTRIES = [Entry.model_validate_json(line) for line in LINES]


def test_the_cassette_is_whole() -> None:
    assert ReplayModel.read(CASSETTE).model_name.endswith("qwen2.5-coder-1.5b-instruct")
    assert {entry.purpose for entry in ENTRIES} == {"review", "verify"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.purpose)
def test_every_answer_is_read_to_the_end(entry: Entry) -> None:
    said = entry.ended()
    assert isinstance(said, Completion)
    read = read_verdicts if entry.purpose == "verify" else read_answers
    assert read(said.text).state is ReadingState.COMPLETE


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.purpose)
def test_cut_anywhere_it_holds_nothing_that_was_not_said(entry: Entry) -> None:
    said = entry.ended()
    assert isinstance(said, Completion)
    if entry.purpose == "verify":
        whole = set(read_verdicts(said.text).verdicts)
        assert all(
            set(read_verdicts(said.text[:end]).verdicts) <= whole for end in range(len(said.text))
        )
    else:
        answers = set(read_answers(said.text).answers)
        assert all(
            set(read_answers(said.text[:end]).answers) <= answers for end in range(len(said.text))
        )


def test_what_was_used_is_in_three_disjoint_buckets() -> None:
    for entry in ENTRIES:
        said = entry.ended()
        assert isinstance(said, Completion)
        assert said.usage is not None
        assert said.usage.input > 0
        assert said.usage.output > 0
    assert any((e.answer and e.answer.usage and e.answer.usage.cache_read) for e in ENTRIES)
