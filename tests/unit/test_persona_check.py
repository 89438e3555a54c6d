"""Many persona files at once: what cannot stand side by side."""

from __future__ import annotations

from reviewer.domain.persona import Origin
from reviewer.domain.persona_check import PersonaSource, check_personas
from tests.unit.persona_text import PERSONA, line_of

AGENT = "---\nname: helper\ndescription: Helps.\n---\nBe kind.\n\n- PY001: Annotate.\n"


def source(text: str, path: str, origin: Origin = Origin.BUILT_IN) -> PersonaSource:
    return PersonaSource(path=path, text=text, origin=origin)


def test_files_that_are_right_give_their_personas() -> None:
    other = PERSONA.replace("type-guardian", "other").replace("PY0", "XY0")

    result = check_personas([source(PERSONA, "a.toml"), source(other, "b.toml")])

    assert [persona.name for persona in result.personas] == ["type-guardian", "other"]
    assert result.errors == []


def test_a_broken_file_does_not_hide_the_others() -> None:
    result = check_personas([source("schema = ", "a.toml"), source(PERSONA, "b.toml")])

    assert [persona.path for persona in result.personas] == ["b.toml"]
    assert [error.path for error in result.errors] == ["a.toml"]


def test_a_name_and_rule_ids_belong_to_the_first_file() -> None:
    result = check_personas([source(PERSONA, "a.toml"), source(PERSONA, "b.toml")])

    (error,) = result.errors
    told = [(error.line, error.message), *((o.line, o.message) for o in error.others)]
    assert told == [
        (2, "a persona named type-guardian exists already, in a.toml"),
        (line_of(PERSONA, 'id = "PY001"'), "rule PY001 exists already, in a.toml"),
        (line_of(PERSONA, 'id = "PY002"'), "rule PY002 exists already, in a.toml"),
    ]


def test_an_agent_definition_cannot_take_a_rule_id_that_ships() -> None:
    result = check_personas(
        [source(PERSONA, "a.toml"), source(AGENT, ".claude/agents/h.md", Origin.IMPORTED)]
    )

    (error,) = result.errors
    assert (error.path, error.message) == (
        ".claude/agents/h.md",
        "rule PY001 exists already, in a.toml",
    )


def test_a_repository_is_held_to_its_own_law() -> None:
    result = check_personas([source(PERSONA, ".reviewer/personas/a.toml", Origin.REPOSITORY)])

    assert "no regular expression" in str(result.errors[0])
