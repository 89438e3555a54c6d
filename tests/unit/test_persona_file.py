"""Persona files: what is read, and what 31 realistic slips of people are answered with."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.evidence import Decides, EvidenceKind
from reviewer.domain.persona import AddedLine, FileKindSignal, Origin, Severity, Wakes
from reviewer.domain.persona_file import Vocabulary, parse_persona
from reviewer.errors import ConfigurationError
from tests.unit.persona_text import PERSONA, line_of

VOCABULARY = Vocabulary(
    facts=frozenset({"no-settings-class", "no-test-touched"}),
    languages=frozenset({"python", "jupyter", "go"}),
    structures=frozenset({"dependency-added"}),
    secret_kinds=frozenset({"aws-key"}),
)


def refusal(text: str, origin: Origin = Origin.BUILT_IN) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        parse_persona(text, "mine.toml", origin=origin, vocabulary=VOCABULARY)
    return caught.value


def test_a_persona_is_read_as_it_is_written() -> None:
    persona = parse_persona(PERSONA, "mine.toml", vocabulary=VOCABULARY)

    assert (persona.name, persona.title, persona.version) == ("type-guardian", "Type Guardian", 1)
    assert persona.charter == "It is meticulous about types.\nIt knows where they do not pay."
    assert persona.path == "mine.toml"
    assert persona.origin is Origin.BUILT_IN
    assert persona.model.temperature == 0.2


def test_signals_are_read_as_they_are_written() -> None:
    match = parse_persona(PERSONA, "mine.toml").match

    assert match.wakes is Wakes.SIGNALS
    assert match.strong.paths == ("*.py",)
    assert match.strong.imports == ("typing",)
    assert match.strong.added == (
        AddedLine(regex=r"\bcast\(", means="casts a value", languages=("*",)),
    )
    assert match.strong.files == (FileKindSignal(means="type stub", paths=("*.pyi",)),)
    assert match.weak.languages == ("jupyter",)
    assert match.exclude == ("vendor/**",)
    assert match.absent == "no Python source"


def test_rules_and_evidence_are_read_as_they_are_written() -> None:
    first, second = parse_persona(PERSONA, "mine.toml").rules

    assert first.severity is Severity.MAJOR
    assert first.applies.exclude == ("tests/**",)
    linter, pattern = first.evidence
    assert (linter.kind, linter.codes) == (EvidenceKind.RUFF, ("ANN001", "ANN201"))
    assert linter.decides is Decides.BOTH
    assert pattern.decides is Decides.FAIL
    assert pattern.codes == ("PY001/bare-lambda",)
    assert pattern.pattern is not None
    assert pattern.pattern.language == "python"
    assert pattern.pattern.rule["any"] == [
        {"pattern": "$X = lambda $$$: $Y"},
        {"pattern": "cast($$$)"},
    ]
    assert [piece.kind for piece in second.evidence] == [
        EvidenceKind.FACT,
        EvidenceKind.SECRET,
        EvidenceKind.SARIF,
    ]
    assert second.evidence[0].problem == "No settings class"
    assert second.evidence[2].tool == "Bandit"


def test_a_plain_expression_may_stand_for_an_added_line() -> None:
    text = PERSONA.replace("[match.weak]", "[match.weak]\nadded = ['yield from']")

    assert parse_persona(text, "mine.toml").match.weak.added == (
        AddedLine(regex="yield from", means="matches a pattern"),
    )


def test_windows_line_ends_and_a_byte_order_mark_are_tolerated() -> None:
    persona = parse_persona("\ufeff" + PERSONA.replace("\n", "\r\n"), "mine.toml")

    assert persona.charter.splitlines()[1] == "It knows where they do not pay."


#: What a person changes, into what, the place that is told (a part of the changed text), and words.
SLIPS = {
    "a misspelt key": ('why = "Wi', 'wy = "Wi', 'wy = "Wi', "Did you mean 'why'?"),
    "a misspelt severity": ('"major"', '"majr"', '"majr"', "Did you mean 'major'?"),
    "a severity of another tool": ('"major"', '"error"', '"error"', "critical, major, minor, note"),
    "a severity in capitals": ('"major"', '"Major"', '"Major"', "Did you mean 'major'?"),
    "a missing key": ('remedy = "Ann', '# = "Ann', "[[rules]]", "remedy is missing"),
    "a number in quotes": ("version = 1", 'version = "1"', 'version = "1"', "a whole number"),
    "text without quotes": ('title = "Type', "title = Type", "title = Type", "needs quotes"),
    "one word for a list": (
        'ruff = ["ANN001", "ANN201"]',
        'ruff = "ANN"',
        'ruff = "ANN"',
        "a list",
    ),
    "a comma forgotten": ('"ANN001", "ANN201"', '"ANN001" "ANN201"', '"ANN001" "', "comma"),
    "a bracket forgotten": ('["tests/**"] }', '["tests/**" }', '["tests/**" }', "comma"),
    "a quote forgotten": (
        'name = "type-guardian"',
        'name = "type-guardian',
        "name =",
        "not closed",
    ),
    "one bracket for two": (
        '[[rules]]\nid = "PY002',
        '[rules]\nid = "PY002',
        'rules]\nid = "PY002',
        "twice",
    ),
    "a key set twice": ("version = 1", "version = 1\nversion = 2", "version = 2", "set twice"),
    "a backspace meant as a word": (r"'\bcast\('", r'"\bcast"', r'"\bcast"', "literal string"),
    "a backslash in a string": (r"'\bcast\('", r'"\wcast"', r'"\wcast"', "literal string"),
    "a broken expression": (r"\bcast\(", r"\bcast(", r"regex = '\bcast('", "no regular expression"),
    "a rule id in lower case": ('"PY002"', '"py002"', '"py002"', 'form of "SEC007"'),
    "a rule id without zeros": ('"PY002"', '"PY2"', '"PY2"', 'form of "SEC007"'),
    "a rule id twice": ('"PY002"', '"PY001"', 'id = "PY001"\ntitle = "Val', "exists already"),
    "a misspelt kind of evidence": ("ruff = [", "ruf = [", "ruf = [", "Did you mean 'ruff'?"),
    "two kinds in one entry": ('secret = ["*"]', 'secret = ["*"]\nruff = ["S"]', None, "two kinds"),
    "evidence of nobody": ('secret = ["*"]', 'decides = "both"', None, "names nobody"),
    "an unknown fact": ("no-settings-class", "no-setting-class", "fact =", "'no-settings-class'?"),
    "an unknown language": (
        'languages = ["python"]\nim',
        'languages = ["pyhton"]\nim',
        'languages = ["pyh',
        "'python'?",
    ),
    "a glob with braces": (
        'paths = ["*.py"]',
        'paths = ["*.{py,pyi}"]',
        'paths = ["*.{',
        "one glob an entry",
    ),
    "a glob with a negation": (
        'exclude = ["vendor/**"]',
        'exclude = ["!vendor/**"]',
        'exclude = ["!',
        "use exclude",
    ),
    "a title for a name": (
        'name = "type-guardian"',
        'name = "Type Guardian"',
        "name =",
        "type-guardian",
    ),
    "a long headline": (
        "A signature without annotations",
        "A signature " * 6 + "again",
        "problem =",
        "at most 60",
    ),
    "an empty text": ('"Validate settings"', '""', 'title = ""', "must not be empty"),
    "a misspelt table": ("[match.weak]", "[match.week]", "[match.week]", "Did you mean 'weak'?"),
    "a pattern without language": ('language = "python"\n[rules', "[rules", None, "needs language"),
    "a pattern of another rule": ("PY001/bare", "PY002/bare", 'pattern = "PY002', "PY001/…"),
    "a misspelt rule key": ("any = [{", "ayn = [{", "ayn = [{", "Did you mean 'any'?"),
    "a hot temperature": ("temperature = 0.2", "temperature = 7", "temperature = 7", "at most 1"),
    "a wish for tools": ("[model]", '[model]\ntools = ["bash"]', "tools", 'unknown key "tools"'),
    "a file of tomorrow": ("schema = 1", "schema = 2", "schema = 2", "none of 1"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_answered_with_its_place_and_the_way_out(slip: str) -> None:
    before, after, place, words = SLIPS[slip]
    text = PERSONA.replace(before, after, 1)
    assert text != PERSONA

    error = refusal(text)

    assert words in str(error)
    assert error.path == "mine.toml"
    assert error.line is not None
    if place is not None:
        lines = [error.line, *(other.line for other in error.others)]
        assert line_of(text, place) in lines


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_file() -> None:
    text = PERSONA.replace("version = 1", 'version = "1"').replace('"minor"', '"mnor"')

    error = refusal(text)

    lines = [error.line, *(other.line for other in error.others)]
    assert lines == [line_of(text, 'version = "1"'), line_of(text, '"mnor"')]
    assert str(error).count("mine.toml:") == 2


def test_a_misspelt_key_is_not_told_again_as_a_missing_one() -> None:
    error = refusal(PERSONA.replace('why = "Wi', 'wy = "Wi'))

    assert "missing" not in str(error)


@pytest.mark.holds("S10", "S13")
@pytest.mark.parametrize("origin", [Origin.REPOSITORY, Origin.IMPORTED])
def test_a_repository_may_bring_no_regular_expression(origin: Origin) -> None:
    assert "no regular expression" in str(refusal(PERSONA, origin))


@pytest.mark.holds("S10", "S13")
def test_a_repository_may_bring_no_regular_expression_inside_a_pattern() -> None:
    start, end = PERSONA.index("[[match.added]]"), PERSONA.index("[[match.files]]")
    text = PERSONA[:start] + PERSONA[end:]
    parse_persona(text, "mine.toml", origin=Origin.REPOSITORY)

    error = refusal(
        text.replace('{ pattern = "cast($$$)" }', "{ regex = '(a+)+' }"), Origin.REPOSITORY
    )

    assert "regex is for the personas that ship" in str(error)


def test_a_repository_may_not_look_at_the_structure_of_a_change() -> None:
    start, end = PERSONA.index("[[match.added]]"), PERSONA.index("[[match.files]]")
    text = (PERSONA[:start] + PERSONA[end:]).replace(
        'absent = "', 'structure = ["dependency-added"]\nabsent = "'
    )

    assert "structure is for the personas that ship" in str(refusal(text, Origin.REPOSITORY))


def test_an_unknown_structure_is_answered_with_the_nearest() -> None:
    text = PERSONA.replace('absent = "', 'structure = ["dependancy-added"]\nabsent = "')

    assert "Did you mean 'dependency-added'?" in str(refusal(text))


def test_a_persona_that_nothing_could_ever_wake_is_refused() -> None:
    start, end = PERSONA.index("[match]"), PERSONA.index("[model]")
    asleep = PERSONA[:start] + PERSONA[end:]

    assert "nothing wakes this persona" in str(refusal(asleep))
    asked = asleep.replace("[model]", '[match]\nwakes = "when asked"\n[model]')
    assert parse_persona(asked, "mine.toml").match.wakes is Wakes.WHEN_ASKED


def test_without_a_vocabulary_no_word_is_unknown() -> None:
    text = PERSONA.replace("no-settings-class", "anything-else")

    assert parse_persona(text, "mine.toml").rules[1].evidence[0].codes == ("anything-else",)


@pytest.mark.holds("R34")
@given(st.text(max_size=300))
def test_no_text_makes_the_loader_raise_anything_else(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_persona(text, "mine.toml")


LINES = PERSONA.splitlines()


@given(
    st.integers(0, len(LINES) - 1),
    st.sampled_from(["", "[[rules]]", "x = {a = [{}]}", "[match]", 'rules = "x"', "evidence = 1"])
    | st.text(max_size=40),
)
def test_no_edit_of_a_line_makes_the_loader_raise_anything_else(number: int, line: str) -> None:
    text = "\n".join([*LINES[:number], line, *LINES[number + 1 :]])
    with contextlib.suppress(ConfigurationError):
        parse_persona(text, "mine.toml", vocabulary=VOCABULARY)
