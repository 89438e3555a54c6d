"""Strict TOML: what is refused, and on which line it is told."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.toml_document import MAXIMUM_BYTES, TomlDocument, one_of, parse_toml
from reviewer.domain.toml_place import KeyPath, nearest_line, places
from reviewer.errors import ConfigurationError
from reviewer.resources import persona_files


def refusal(text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        parse_toml(text, "file.toml")
    return caught.value


def test_what_toml_says_is_read() -> None:
    document = parse_toml('a = 1\n[b]\nc = "é\tü"\nd = """\nx\n\ty"""\n', "file.toml")

    assert document.data == {"a": 1, "b": {"c": "é\tü", "d": "x\n\ty"}}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a = 1\nb = off\n", 2, "no value"),
        ("a = 1\na = 2\n", 2, "set twice"),
        ('a = "\\d"\n', 1, "backslash"),
        ('a = "\\xyz"\n', 1, "backslash"),
        ("a = [1,\n2\n", 2, "list is not closed"),
        ("a = {b = 1\n", 1, "table is not closed"),
        ("a\n", 1, "equals sign"),
        ('a = "x\n', 1, "not closed"),
        ("a = 'x\n", 1, "not closed"),
        ("a = '''x\n", 1, "not closed"),
        ('a = 1 "b"\n', 1, "follows the value"),
        ("[a]\n[a]\n", 2, "twice"),
        ("[a\n", 1, "not closed"),
        ("= 1\n", 1, "expected here"),
        ("a = {}\na.b = 1\n", 2, "cannot be added to"),
        ("a = 1979-13-01\n", 1, "follows the value"),
    ],
)
def test_a_syntax_error_is_told_in_plain_words_with_its_line(
    text: str, line: int, words: str
) -> None:
    error = refusal(text)

    assert words in error.message
    assert error.line == line
    assert error.path == "file.toml"


@pytest.mark.parametrize(
    "escape", [r"\b", r"\f", r"\r", r"\u0000", r"\u001b", r"\u007f", r"\u0085", r"\u202e"]
)
def test_a_character_that_nobody_can_see_is_refused_even_as_an_escape(escape: str) -> None:
    error = refusal(f'a = 1\n[t]\nb = ["fine", "x{escape}y"]\n')

    assert error.line == 3
    assert "U+" in error.message
    assert error.hint is not None
    assert "literal string" in error.hint


def test_a_line_with_many_dots_is_no_key_with_many_parts() -> None:
    text = f"# {'.' * 99}\na = '{'. ' * 99}'\n"

    assert parse_toml(text, "file.toml").data == {"a": ". " * 99}


def test_of_very_many_faults_the_first_few_and_a_count_are_told() -> None:
    error = refusal("".join(f'a{number} = "\\b"\n' for number in range(1_234)))

    assert len(error.others) == 20
    assert error.others[-1].message == "and 1,214 more"


def test_a_hidden_character_in_a_key_is_refused() -> None:
    assert "a key holds" in refusal('"a\\u0008" = 1\n').message


def test_every_hidden_character_is_told() -> None:
    error = refusal('a = "\\b"\nb = "\\b"\n')

    assert {error.line, *(other.line for other in error.others)} == {1, 2}


@pytest.mark.holds("S19", "R34")
def test_a_file_over_the_limit_is_refused_before_it_is_read() -> None:
    error = refusal("# " + "é" * MAXIMUM_BYTES)

    assert "larger than 256 kB" in error.message


@pytest.mark.holds("S19", "R34")
@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 50_000,
        "a = " + "[" * 90 + "]" * 90,
        "a = " + "{a = " * 5_000,
        ".".join("a" * 120_000) + " = 1",
        "[" + ".".join("a" * 120_000) + "]",
        "x = { " + " . ".join(['"a"'] * 100) + " = 1 }",
        ".".join("a" * 80) + " = 1",
        "[" + ".".join("a" * 80) + "]",
        "a = 1" + "0" * 10_000,
        "\ud800 = 1",
        'a = "\ud800"',
        "\x00",
    ],
)
def test_hostile_text_is_refused_before_it_costs_anything(text: str) -> None:
    assert refusal(text).path == "file.toml"


@pytest.mark.holds("R34")
@given(st.text(alphabet=st.characters(), max_size=200))
def test_no_text_raises_anything_but_a_configuration_error(text: str) -> None:
    try:
        document = parse_toml(text, "file.toml")
    except ConfigurationError:
        return
    assert document.data == tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))


@given(st.text(alphabet="ab=.[]{}\"'#,\\ \n1", max_size=120))
def test_the_scan_for_places_ends_and_never_raises(text: str) -> None:
    assert all(1 <= line <= text.count("\n") + 1 for line in places(text).values())


PLACES = '''# a comment with [brackets] and "quotes"
top = 1
"quoted key" = 2
'literal.key' = 3
dotted.key = 4
many = [
    "first # no comment",   # a comment ]
    """second
    over two lines""",
    { inline = 1, "other" = [1, 2] },
]
text = """
[no.header]
still = "text"
ends with quotes"""""
[table]
a = \'\'\'
x = 1\'\'\'
b = { c = { d = 1 } }
[[list]]
a = 1
[[list.inner]]
b = 1
[[list.inner]]
b = 2
[list.inner.table]
c = 1
[[list]]
a = 2
when = 2026-11-21T08:00:00Z
'''


@pytest.mark.holds("P15")
@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("quoted key",), 3),
        (("literal.key",), 4),
        (("dotted", "key"), 5),
        (("many",), 6),
        (("many", 0), 7),
        (("many", 1), 8),
        (("many", 2), 10),
        (("many", 2, "other"), 10),
        (("text",), 12),
        (("table",), 16),
        (("table", "a"), 17),
        (("table", "b", "c", "d"), 19),
        (("list", 0), 20),
        (("list", 0, "inner", 1, "b"), 25),
        (("list", 0, "inner", 1, "table", "c"), 27),
        (("list", 1), 28),
        (("list", 1, "when"), 30),
        (("list", 1, "missing"), 28),
        (("nothing",), None),
    ],
)
def test_every_key_has_its_line(path: KeyPath, line: int | None) -> None:
    tomllib.loads(PLACES)

    assert nearest_line(places(PLACES), path) == line


@pytest.mark.parametrize("name", [path for path, _ in persona_files()])
def test_every_key_of_a_shipped_persona_stands_on_the_line_that_is_told(name: str) -> None:
    text = dict(persona_files())[name]
    document = parse_toml(text, name)
    lines = text.split("\n")

    paths = list(key_paths(document.data))

    assert paths
    for path in paths:
        line = document.places[path]
        key = next(part for part in reversed(path) if isinstance(part, str))
        if isinstance(path[-1], str):
            assert key in lines[line - 1]


def key_paths(value: object, at: KeyPath = ()) -> list[KeyPath]:
    if isinstance(value, dict):
        inner = [((*at, key), child) for key, child in value.items()]
    elif isinstance(value, list):
        inner = [((*at, number), child) for number, child in enumerate(value)]
    else:
        return []
    return [path for step, child in inner for path in (step, *key_paths(child, step))]


def test_an_error_names_the_nearest_thing_around_a_missing_key() -> None:
    document = TomlDocument(path="f", text="a = 1\n[b]\nc = 1\n", data={})

    assert document.error("x", ("b", "d")).line == 2
    assert document.error("x").line is None


@pytest.mark.holds("P15")
def test_a_wrong_word_is_answered_with_the_nearest_or_with_all() -> None:
    assert one_of("majr", ["major", "minor"]) == "Did you mean 'major'?"
    assert one_of("zzz", ["major", "minor"]) == "Known are: major, minor."


def test_the_personas_that_ship_are_found_in_the_checkout() -> None:
    assert Path("personas/type-guardian.toml").as_posix() in dict(persona_files())
