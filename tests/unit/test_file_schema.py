"""What the schemas of our files are made of: words, lines, globs."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from reviewer.domain.file_schema import Glob, Line, PersonaName, Prose, RuleId


@pytest.mark.parametrize("glob", ["*.py", "src/**/*.py", "/setup.py", "docs/", "[ab].txt", "a b"])
def test_a_glob_that_can_match_is_taken(glob: str) -> None:
    assert TypeAdapter(Glob).validate_python(glob) == glob


@pytest.mark.parametrize(
    ("glob", "words"),
    [
        ("*.{ts,tsx}", "one glob an entry"),
        ("!a", "use exclude"),
        ("./a", "without dots"),
        ("../a", "without dots"),
        ("a/../b", "without dots"),
        ("a\\b", "forward slashes"),
        ("a\nb", "one line"),
        (" a", "begins or ends with a space"),
        ("", "at least 1"),
        ("a" * 201, "at most 200"),
    ],
)
def test_a_glob_that_could_never_match_is_refused(glob: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        TypeAdapter(Glob).validate_python(glob)


@pytest.mark.parametrize("line", ["a\nb", "a\tb", " a", "a ", ""])
def test_a_line_is_one_line(line: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Line).validate_python(line)


def test_prose_loses_the_newlines_around_it() -> None:
    assert TypeAdapter(Prose).validate_python("\n\na\n  b\n") == "a\n  b"


@pytest.mark.parametrize("name", ["A", "a_b", "a--b", "-a", "a-", "1a", "a b", "a\n", "a" * 41])
def test_a_name_of_a_persona_is_a_word_for_commands(name: str) -> None:
    assert TypeAdapter(PersonaName).validate_python("type-guardian2")
    with pytest.raises(ValidationError):
        TypeAdapter(PersonaName).validate_python(name)


@pytest.mark.parametrize("rule_id", ["A001", "ABCDEFGHI001", "PY01", "PY0001", "py001", "PY001\n"])
def test_a_rule_id_has_letters_and_three_digits(rule_id: str) -> None:
    assert TypeAdapter(RuleId).validate_python("PY001")
    with pytest.raises(ValidationError):
        TypeAdapter(RuleId).validate_python(rule_id)
