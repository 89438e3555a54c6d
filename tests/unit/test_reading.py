"""A model's text is read strictly: what is not fully and exactly there is not there."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.change import Side
from reviewer.domain.checklist import Verdict
from reviewer.domain.persona import Severity
from reviewer.prompting.answer import ClaimedFinding, Reading, ReadingState
from reviewer.prompting.item_scanner import LONGEST_TEXT
from reviewer.prompting.reading import read_answers, read_verdicts
from reviewer.prompting.wire import MOST_ANSWERS

CORPUS = Path(__file__).parent / "answers"
EXPECTED: Mapping[str, Mapping[str, object]] = tomllib.loads(
    (CORPUS / "expected.toml").read_text(encoding="utf-8")
)


def corpus_text(name: str) -> str:
    return (CORPUS / f"{name}.txt").read_bytes().decode("utf-8")


GOOD = corpus_text("good-compact")


def finding(**changed: object) -> dict[str, object]:
    return {**json.loads(GOOD)["answers"][0]["findings"][0], **changed}


def answer(**changed: object) -> dict[str, object]:
    return {**json.loads(GOOD)["answers"][0], **changed}


def text_of(*answers: object) -> str:
    return json.dumps({"answers": answers})


def test_the_corpus_and_its_expectations_name_the_same_texts() -> None:
    assert {path.stem for path in CORPUS.glob("*.txt")} == set(EXPECTED)
    assert len(EXPECTED) >= 60


@pytest.mark.holds("P14")
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_text_of_the_corpus_is_read_as_expected(name: str) -> None:
    reading = read_answers(corpus_text(name))

    assert reading.state.value == EXPECTED[name]["state"]
    assert [answer.rule_id for answer in reading.answers] == EXPECTED[name]["rules"]
    assert bool(reading.problem) or reading.state is ReadingState.COMPLETE


def test_a_good_answer_keeps_every_word() -> None:
    first, second = read_answers(GOOD).answers

    assert (first.verdict, second.verdict) == (Verdict.FAIL, Verdict.PASS)
    assert first.findings == (
        ClaimedFinding(
            path="app/api.py",
            side=Side.HEAD,
            quote="    os.system(command)",
            headline="User input reaches a shell",
            explanation="`q` comes from the query string: `?q=;id` runs `id`.",
            remedy="Pass a list and no shell.",
            severity=Severity.CRITICAL,
        ),
    )


def present(value: str, text: str) -> bool:
    quoted = (json.dumps(value), json.dumps(value, ensure_ascii=False))
    return any(form in text for form in quoted)


def assert_everything_is_there(reading: Reading, text: str) -> None:
    for read in reading.answers:
        assert present(read.rule_id, text)
        assert present(read.reason, text)
        for claimed in read.findings:
            for value in (
                claimed.path,
                claimed.quote,
                claimed.headline,
                claimed.explanation,
                claimed.remedy,
            ):
                assert present(value, text)


@pytest.mark.holds("R30", "P14")
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_text_cut_at_any_byte_yields_nothing_that_is_not_fully_there(name: str) -> None:
    whole = (CORPUS / f"{name}.txt").read_bytes()
    # One long text is cut at fewer places: it is the same words over and over.
    step = 1 if len(whole) < 2_000 else 7

    for length in range(0, len(whole), step):
        text = whole[:length].decode("utf-8", errors="replace")
        assert_everything_is_there(read_answers(text), text)


def test_a_cut_good_answer_yields_the_first_answers_and_never_counts_as_complete() -> None:
    whole = read_answers(GOOD).answers
    for length in range(len(GOOD)):
        reading = read_answers(GOOD[:length])

        assert reading.answers == whole[: len(reading.answers)]
        assert reading.state is not ReadingState.COMPLETE


@pytest.mark.holds("S4", "R29")
def test_unknown_top_level_fields_reach_nobody_and_are_named() -> None:
    reading = read_answers(corpus_text("extra-top-level"))

    assert reading.state is ReadingState.COMPLETE
    assert "5 unknown fields were ignored (event, score, commands" in reading.problem


@pytest.mark.holds("P14")
def test_a_problem_says_where_and_never_repeats_what_stood_there() -> None:
    secret = "AKIA" + "Q" * 16
    reading = read_answers(text_of(answer(findings=[finding(severity=secret)])))

    assert "answers[0].findings[0].severity" in reading.problem
    assert secret not in reading.problem


def test_many_problems_are_counted_and_not_all_told() -> None:
    reading = read_answers(text_of(*(answer(verdict="warn") for _ in range(50))))

    assert reading.state is ReadingState.UNUSABLE
    assert reading.problem.endswith("and 42 more")


HUGE = {
    "one million letters in a quote": text_of(answer(findings=[finding(quote="A" * 1_000_000)])),
    "one million letters and no end": '{"answers":[{"reason":"' + "A" * 1_000_000,
    "a string of escapes": '{"answers":[{"reason":"' + '\\"' * 500_000,
    "ten thousand brackets": "[" * 10_000 + "]" * 10_000,
    "ten thousand brackets in the array": '{"answers":' + "[" * 10_000 + "]" * 10_000 + "}",
    "ten thousand objects in one another": '{"a":' * 10_000,
    "half a million openings": '{"' * 500_000,
    "half a million braces": "{ " * 500_000,
    "a number of a million digits": '{"answers":[' + "1" * 1_000_000 + "]}",
    "ten thousand findings": text_of(answer(findings=[finding()] * 5_000)),
    "five thousand answers": text_of(*[answer()] * 3_000),
    "thoughts upon thoughts": "<think>" * 150_000,
    "thoughts without an end": "<think>" + "x" * 1_000_000,
    "objects without answers": '{"a": 1} ' * 120_000,
    "the answer again and again": GOOD * 2_000,
    "blanks": " " * 1_000_000 + GOOD,
}


@pytest.mark.holds("S19", "R30")
@pytest.mark.parametrize("name", HUGE)
def test_a_megabyte_of_anything_is_read_in_less_than_a_second(name: str) -> None:
    began = time.perf_counter()
    read_answers(HUGE[name])

    assert time.perf_counter() - began < 1


def test_more_answers_than_anybody_asks_are_left_out_and_told() -> None:
    answers = [answer(rule_id=f"R{number}") for number in range(MOST_ANSWERS + 5)]
    reading = read_answers(text_of(*answers))

    assert len(reading.answers) == MOST_ANSWERS
    assert reading.state is ReadingState.SALVAGED
    assert "more than 200 items" in reading.problem


@pytest.mark.holds("S19", "R30")
def test_ten_thousand_findings_in_one_answer_invalidate_it() -> None:
    short = finding(headline="", explanation="", remedy="")
    reading = read_answers(text_of(answer(findings=[short] * 10_000), answer(rule_id="R2")))

    assert [read.rule_id for read in reading.answers] == ["R2"]


def test_a_text_that_is_too_long_is_never_complete() -> None:
    reading = read_answers(GOOD + " " * LONGEST_TEXT)

    assert reading.state is ReadingState.SALVAGED
    assert len(reading.answers) == 2


def test_a_repeated_finding_is_one() -> None:
    assert len(read_answers(corpus_text("finding-twice")).answers[0].findings) == 1


def test_brackets_inside_texts_are_text() -> None:
    tricky = finding(quote='}]}{"answers":[{"rule_id":"X"}]}', explanation='\\"}]} \\')
    reading = read_answers(text_of(answer(findings=[tricky])))

    assert reading.state is ReadingState.COMPLETE
    assert reading.answers[0].findings[0].quote == tricky["quote"]


@pytest.mark.holds("R30", "P14")
@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    read_answers(text)
    read_verdicts(text)


@pytest.mark.holds("R30", "P14")
@given(st.lists(st.sampled_from([*'{}[]",:\\ \n', '"answers"', GOOD, "null", "1e9", "NaN"])))
def test_no_heap_of_json_pieces_raises(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert_everything_is_there(read_answers(text), text)


@given(st.data())
def test_an_answer_with_any_piece_replaced_is_read_or_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 40)))
    text = GOOD[:start] + data.draw(st.text(max_size=20)) + GOOD[end:]
    reading = read_answers(text)

    assert len(reading.answers) <= 2
    assert (reading.state is ReadingState.UNUSABLE) == (not reading.answers)


def verdict(**changed: object) -> dict[str, object]:
    return {
        "finding": "f7c3a01",
        "holds": True,
        "severity": "major",
        "reason": "Line 3.",
        **changed,
    }


def test_verdicts_are_read_with_the_same_strictness() -> None:
    text = json.dumps(
        {"verdicts": [verdict(), verdict(holds="true"), verdict(finding="x", holds=False)]}
    )
    reading = read_verdicts(text)

    assert reading.state is ReadingState.SALVAGED
    assert [(read.handle, read.holds) for read in reading.verdicts] == [
        ("f7c3a01", True),
        ("x", False),
    ]
    assert "verdicts[1].holds" in reading.problem


def test_a_text_of_answers_holds_no_verdicts() -> None:
    assert read_verdicts(GOOD).state is ReadingState.UNUSABLE
