"""The importer of agent definitions: what is honoured, what is ignored, what is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.agent_definition import AGENT_DEFINITION_GLOBS, parse_agent_definition
from reviewer.domain.glob import matches_any
from reviewer.domain.persona import Origin, Severity, Wakes
from reviewer.errors import ConfigurationError
from tests.unit.persona_text import line_of

PATH = ".claude/agents/api-keeper.md"
TEXT = """---
name: API Guardian
description: Looks after our public API.
temperature: 0.3
model: some-model
tools: Read, Bash
color: blue
---
You look after our public API.

- API900 (major): Never remove a field
  from a response. Clients break.
- **API902**: Answer in snake case.
- plain text: is no rule

<rule id="API901" severity="note">Name
fields alike.</rule>

```
- API903: in a fence
```
"""


def refusal(text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        parse_agent_definition(text, PATH)
    return caught.value


@pytest.mark.holds("S10")
def test_name_description_and_temperature_are_honoured_and_the_model_is_recorded() -> None:
    persona = parse_agent_definition(TEXT, PATH)

    assert (persona.name, persona.title) == ("api-guardian", "API Guardian")
    assert persona.summary == "Looks after our public API."
    assert persona.model.temperature == 0.3
    assert persona.model.model == "some-model"
    assert persona.origin is Origin.IMPORTED
    assert persona.match.wakes is Wakes.WHEN_ASKED


def test_the_body_becomes_the_brief() -> None:
    charter = parse_agent_definition(TEXT, PATH).charter

    assert charter.startswith("You look after our public API.\n")
    assert "in a fence" in charter
    assert "Bash" not in charter


def test_lists_and_elements_become_the_checklist() -> None:
    rules = parse_agent_definition(TEXT, PATH).rules

    assert [(rule.id, rule.severity, rule.check) for rule in rules] == [
        ("API900", Severity.MAJOR, "Never remove a field from a response. Clients break."),
        ("API902", Severity.MINOR, "Answer in snake case."),
        ("API901", Severity.NOTE, "Name fields alike."),
    ]
    assert rules[0].title == "Never remove a field from a response"
    assert PATH in rules[0].why


def test_without_a_name_the_file_gives_it() -> None:
    text = TEXT.replace("name: API Guardian\n", "")

    assert parse_agent_definition(text, ".github/agents/db-keeper.agent.md").name == "db-keeper"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Ünï cödé", "n-c-d"), ("123 go", "go"), ("日本語", "api-keeper"), ("x" * 99, "x" * 40)],
)
def test_every_name_becomes_a_word_for_commands(name: str, expected: str) -> None:
    text = TEXT.replace("API Guardian", f'"{name}"')

    assert parse_agent_definition(text, PATH).name == expected


@pytest.mark.holds("S10")
def test_a_high_temperature_is_bounded() -> None:
    text = TEXT.replace("temperature: 0.3", "temperature: 1.7")

    assert parse_agent_definition(text, PATH).model.temperature == 1.0


def test_a_description_with_a_colon_is_read_as_other_tools_read_it() -> None:
    text = TEXT.replace("Looks after our public API.", 'Use it when: x # y, "z"')

    assert parse_agent_definition(text, PATH).summary == 'Use it when: x # y, "z"'


def test_a_folded_description_is_one_line() -> None:
    text = TEXT.replace("Looks after our public API.", ">\n  Looks after\n  our API.")

    assert parse_agent_definition(text, PATH).summary == "Looks after our API."


def test_windows_line_ends_and_a_byte_order_mark_are_tolerated() -> None:
    assert len(parse_agent_definition("\ufeff" + TEXT.replace("\n", "\r\n"), PATH).rules) == 3


def test_a_list_that_only_looks_like_rules_is_prose() -> None:
    text = TEXT[: TEXT.index("- API900")] + "- HTTP2: use it\n- MD5: never\n"

    assert parse_agent_definition(text, PATH).rules == ()


@pytest.mark.parametrize("key", ["mode: subagent", "permission: { edit: deny }", "target: vscode"])
def test_keys_of_other_tools_are_ignored(key: str) -> None:
    assert parse_agent_definition(TEXT.replace("color: blue", key), PATH).name == "api-guardian"


SLIPS = {
    "no front matter": (TEXT, "You review.\n", 1, "no front matter"),
    "an open front matter": ("---\nYou", "You", 1, "not closed"),
    "a list as front matter": (TEXT, "---\n- a\n---\nx", 2, "keys and values"),
    "no body": (TEXT[TEXT.index("You look") :], "", 8, "the body is empty"),
    "no description": ("description: Looks after our public API.\n", "", 1, "description"),
    "a boolean for a name": ("API Guardian", "no", 2, "must be text"),
    "a number for a name": ("API Guardian", "12", 2, "must be text"),
    "an empty description": ("Looks after our public API.", "", 3, "must be text"),
    "a list for a description": ("Looks after our public API.", "[a, b]", 3, "must be text"),
    "a word for a temperature": ("0.3", "hot", 4, "a number from 0 to 2"),
    "no number": ("0.3", ".nan", 4, "a number from 0 to 2"),
    "a negative temperature": ("0.3", "-1", 4, "a number from 0 to 2"),
    "a misspelt key": ("temperature:", "temprature:", 4, "Did you mean 'temperature'?"),
    "a key twice": ("color: blue", "name: x", 7, "set twice"),
    "a tab": ("color: blue", "\tcolor: blue", 7, "no YAML"),
    "an anchor": ("API Guardian", "&a x", 2, "anchors and aliases"),
    "an alias": ("color: blue", "color: *a", 7, "anchors and aliases"),
    "a tag": ("blue", "!!python/object/apply:os.system ['id']", 7, "tags and directives"),
    "a tag of its own": ("blue", "!x y", 7, "tags and directives"),
    "a directive": ("name: API", "%YAML 1.1\nname: API", 2, "tags and directives"),
    "a key that is no word": ("color: blue", "? [a]\n: b", 7, "a key must be a word"),
    "a control character": ("You look", "You\x1b[2J look", 9, "control character"),
    "a reordered text": ("You look", "You\u202e look", 9, "reorders"),
    "a misspelt severity": ("(major)", "(majr)", 11, "Did you mean 'major'?"),
    "a short rule id": ("API902", "API2", 13, 'form of "SEC007"'),
    "a rule twice": ("API902", "API900", 13, "exists already, at line 11"),
    "an open rule": ("</rule>", "", 16, "not closed"),
    "a rule without id": ('id="API901"', 'name="API901"', 16, "needs an id"),
    "a rule that says nothing": ("Name\nfields alike.", " ", 16, "says nothing"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_answered_with_its_place(slip: str) -> None:
    before, after, line, words = SLIPS[slip]
    text = TEXT.replace(before, after, 1)
    assert text != TEXT

    error = refusal(text)

    assert words in str(error)
    assert line in {error.line, *(other.line for other in error.others)}
    assert error.path == PATH


def test_everything_that_is_wrong_is_told_at_once() -> None:
    error = refusal(TEXT.replace("0.3", "hot").replace("(major)", "(bad)"))

    assert [error.line, *(other.line for other in error.others)] == [4, 11]


LAUGHS = "\n".join(f"k{i}: &k{i} [{', '.join([f'*k{i - 1}'] * 9) or 'x'}]" for i in range(1, 30))


@pytest.mark.holds("S13", "R34")
@pytest.mark.parametrize(
    "hostile",
    [
        TEXT.replace("color: blue", LAUGHS),
        TEXT.replace("blue", "[" * 9_000),
        TEXT.replace("blue", "{a: " * 3_000),
        TEXT.replace("color: blue", "? " * 8_000),
        TEXT.replace("color: blue", "- " * 8_000),
        TEXT.replace("color: blue", "\n".join(f"{'  ' * i}a:" for i in range(60))),
        TEXT.replace("color: blue", "a: b\n" * 4_000),
        TEXT.replace("in a fence", "<rule " * 4_000 + "</rule>"),
        TEXT.replace("in a fence", "<rule>" * 50_000),
        TEXT.replace("- plain", "- ABC123: x\n" * 200 + "- plain"),
        "---\n" + "A" * 50_000_000,
        TEXT.replace("blue", '"\\ud800"') + "\ud800",
    ],
    ids=range(12),
)
def test_hostile_text_is_refused_before_it_costs_anything(hostile: str) -> None:
    assert refusal(hostile).path == PATH


@pytest.mark.holds("S13", "R34")
@given(st.text(max_size=200))
def test_no_text_makes_the_importer_raise_anything_else(text: str) -> None:
    with contextlib.suppress(ConfigurationError):
        parse_agent_definition(f"---\n{text}\n---\nbody", PATH)


@given(st.integers(0, TEXT.count("\n") - 1), st.text(max_size=40))
def test_no_edit_of_a_line_makes_the_importer_raise_anything_else(number: int, line: str) -> None:
    lines = TEXT.splitlines()
    with contextlib.suppress(ConfigurationError):
        parse_agent_definition("\n".join([*lines[:number], line, *lines[number + 1 :]]), PATH)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".claude/agents/a.md", True),
        (".opencode/agent/a.md", True),
        (".github/agents/a.agent.md", True),
        ("docs/.claude/agents/a.md", False),
        (".claude/agents/more/a.md", False),
        (".claude/commands/a.md", False),
    ],
)
def test_definitions_are_looked_for_at_the_root_alone(path: str, *, expected: bool) -> None:
    assert (matches_any(AGENT_DEFINITION_GLOBS, path) is not None) is expected


def test_the_line_that_is_told_is_that_of_the_file() -> None:
    text = TEXT.replace("API902", "API2")

    assert refusal(text).line == line_of(text, "- **API2")
