"""Prompt files: read strictly, every fault told with its line, nothing but what prompts need."""

from __future__ import annotations

import pytest

from reviewer.errors import ConfigurationError
from reviewer.prompting.prompt_file import parse_prompt, sha256_of
from reviewer.prompting.prompt_schema import SectionName

PATH = "prompts/greet/v1.md"
GOOD = '''+++
schema = 1
name = "greet"
version = 1
summary = "Greets."
contract = "contract/v1"
output = "answers"
inputs = ["request", "nonce", "language"]
notes = """Short."""

[parameters]
max_output_tokens = 100
+++

+++ question
Read {{ request | fenced("request") }}

+++ closing
Answer in {{ language }}.
'''


def faults(text: str, path: str = PATH) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse_prompt(text, path)
    return str(caught.value)


def test_a_prompt_is_read_with_its_identity() -> None:
    prompt = parse_prompt(GOOD, PATH)

    assert prompt.key == "greet/v1"
    assert str(prompt.identity) == f"greet/v1@{sha256_of(GOOD)[:12]}"
    assert prompt.parameters is not None
    assert prompt.parameters.max_output_tokens == 100
    assert set(prompt.sections) == {SectionName.QUESTION, SectionName.CLOSING}


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("summary", "sumary", 5, 'unknown key "sumary"'),
        ('name = "greet"', 'name = "other"', 3, 'name is "other", and the folder greet'),
        ("version = 1", "version = 2", 4, "version is 2, and the file v1.md"),
        ('output = "answers"', 'output = "answer"', 7, '"answer" is none of'),
        ('output = "answers"', 'output = "same"', 7, 'contract and output are both "same"'),
        ('"request", "nonce"', '"request", "nonse"', 8, "Did you mean 'nonce'?"),
        ('"language"]', '"language", "today"]', 8, 'the input "today" is not used'),
        ('"language"]', '"language", "nonce"]', 8, 'the input "nonce" stands twice'),
        (', "language"', "", 19, 'the variable "language" is not among the inputs'),
        ('"request", "nonce", ', '"request", ', 16, 'fenced needs "nonce"'),
        ("[parameters]\nmax_output_tokens = 100\n", "", None, "[parameters] is missing"),
        ("max_output_tokens = 100", "max_output_tokens = 0", 12, "must be at least 1"),
        ("max_output_tokens = 100", "max_output_tokens = 9\ntemperature = 3.0", 13, "at most 1"),
        ("+++ closing", "+++ close", 18, "there is no section"),
        ("+++ closing", "+++ question", 18, "the section question stands twice"),
        ("+++ closing", "+++ system", 18, "the section closing is missing"),
        ("Answer in {{ language }}.", "", 18, "the section closing is empty"),
        ("+++\n\n+++ question", "+++\nHello\n+++ question", 14, "outside of a section"),
        ("{{ language }}", "{{ language", 19, "this is no template"),
        ("{{ language }}", "{{ language | tojson }}", 19, 'no filter "tojson"'),
        ("{{ language }}", '{% include "x" %}{{ language }}', 19, "may not use include"),
        ("{{ language }}", '{% import "x" as y %}{{ language }}', 19, "may not use import"),
        ("{{ language }}", '{% extends "x" %}{{ language }}', 19, "may not use extends"),
        ("{{ language }}", "{{ language.upper() }}", 19, "may not use a call"),
        ("{{ language }}", "{% macro a() %}{% endmacro %}{{ language }}", 19, "macro"),
        ("Answer in", "Answer\u202e in", 19, "reorders text"),
        ("Answer in", "Answer\x07 in", 19, "a control character"),
    ],
)
def test_a_fault_is_told_with_its_line(
    before: str, after: str, line: int | None, words: str
) -> None:
    assert before in GOOD
    told = faults(GOOD.replace(before, after, 1))

    assert words in told
    assert told.startswith(PATH if line is None else f"{PATH}:{line}: ") or f"\n{PATH}:" in told


@pytest.mark.parametrize(
    "path", ["prompts/greet.md", "prompts/greet/one.md", "prompts/greet/v0.md"]
)
def test_a_file_is_named_by_prompt_and_version(path: str) -> None:
    assert "NAME/vN.md" in faults(GOOD, path)


@pytest.mark.parametrize(
    ("text", "words"), [("Hello", "no front matter"), ("+++\na", "not closed")]
)
def test_front_matter_stands_between_two_fences(text: str, words: str) -> None:
    assert words in faults(text)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = faults(GOOD.replace("{{ language }}", "{{ a").replace("version = 1", "version = 9"))

    assert len(told.splitlines()) == 2


def test_a_contract_has_a_system_text_and_no_questions() -> None:
    contract = GOOD.replace('contract = "contract/v1"\noutput = "answers"', 'output = "none"')
    told = faults(contract)

    assert "the section system is missing" in told
    assert "the section question does not belong here" in told


def test_only_a_contract_describes_fields_and_only_those_that_exist() -> None:
    told = faults(GOOD.replace("+++\n\n", '[fields.answers]\nheadlin = "Short."\n+++\n\n'))

    assert "only a contract describes fields" in told
    assert "Did you mean 'headline'?" in told


def test_an_input_that_is_not_given_is_told() -> None:
    prompt = parse_prompt(GOOD, PATH)

    with pytest.raises(ConfigurationError, match="inputs that are not given for this work: nonce"):
        prompt.render(SectionName.CLOSING, {"request": "x", "language": "en"})


def test_what_a_value_does_not_have_is_told_with_the_line() -> None:
    prompt = parse_prompt(GOOD.replace("in {{ language }}", "\n\nin {{ language.tag }}"), PATH)

    with pytest.raises(ConfigurationError, match=rf"{PATH}:21: .*no attribute 'tag'"):
        prompt.render(SectionName.CLOSING, {"request": "x", "language": "en", "nonce": "abcd"})


@pytest.mark.holds("S5", "R10")
def test_a_template_reaches_nothing_of_the_interpreter() -> None:
    text = GOOD.replace("{{ language }}", "{{ language.__class__.__mro__ }}")

    with pytest.raises(ConfigurationError, match="unsafe"):
        parse_prompt(text, PATH).render(
            SectionName.CLOSING, {"request": "x", "language": "en", "nonce": "abcd"}
        )
