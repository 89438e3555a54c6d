"""The schemas of answers are in the subset that every provider takes, and say what is read."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import cast

import jsonschema
import pytest

from reviewer.prompting.answer import ReadingState
from reviewer.prompting.reading import read_answers, read_verdicts
from reviewer.prompting.schema import answer_schema, verdict_schema

PATHS = ["app/api.py", "ä b.py", 'x","line":1', "<img src=x>.md"]
SCHEMAS = {
    "answers": answer_schema(["SEC001", "SEC002"], PATHS),
    "any rule": answer_schema([], []),
    "no replacement": answer_schema([], PATHS, suggest=False),
    "verdicts": verdict_schema(["f7c3a01"]),
}

_KEYWORDS = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf"}


def parts(schema: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    yield schema
    inner = [*cast("Mapping[str, object]", schema.get("properties", {})).values()]
    inner += [schema["items"]] if "items" in schema else []
    inner += cast("list[object]", schema.get("anyOf", []))
    for part in inner:
        yield from parts(cast("Mapping[str, object]", part))


@pytest.mark.holds("S4", "R29")
@pytest.mark.parametrize("name", SCHEMAS)
def test_every_object_is_closed_and_every_property_required(name: str) -> None:
    for part in parts(SCHEMAS[name]):
        assert set(part) <= _KEYWORDS
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
            assert part["required"] == list(cast("Mapping[str, object]", part["properties"]))


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_is_valid_json_schema_with_one_nullable_field_at_most(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])

    assert sum("anyOf" in part for part in parts(SCHEMAS[name])) <= 1


@pytest.mark.parametrize("name", SCHEMAS)
def test_openais_own_strict_form_is_the_same(name: str) -> None:
    strict = pytest.importorskip("openai.lib._pydantic")
    ours = json.loads(json.dumps(SCHEMAS[name]))
    theirs = strict._ensure_strict_json_schema(copy.deepcopy(ours), path=(), root=ours)  # noqa: SLF001

    assert theirs == ours


@pytest.mark.parametrize("name", SCHEMAS)
def test_anthropics_own_form_is_the_same_but_for_the_type_beside_an_enumeration(name: str) -> None:
    anthropic = pytest.importorskip("anthropic")
    transform = cast("Callable[[object], object]", anthropic.transform_schema)
    ours = json.loads(json.dumps(SCHEMAS[name]))

    # Their library leaves the type out beside an enumeration; OpenAI's strict mode asks for it.
    assert transform(copy.deepcopy(ours)) == without_types_of_enumerations(ours)


def without_types_of_enumerations(schema: object) -> object:
    if isinstance(schema, list):
        return [without_types_of_enumerations(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: without_types_of_enumerations(value)
        for key, value in schema.items()
        if not (key == "type" and "enum" in schema)
    }


def test_rules_and_paths_are_enumerated_in_their_order_and_once() -> None:
    schema = json.dumps(answer_schema(["B1", "A1", "B1"], ["z.py", "a.py"]))

    assert '"enum": ["B1", "A1"]' in schema
    assert '"enum": ["z.py", "a.py"]' in schema


def test_too_many_or_too_long_paths_are_any_text() -> None:
    many = json.dumps(answer_schema(["A1"], [f"file{number}.py" for number in range(900)]))
    long = json.dumps(answer_schema(["A1"], ["x" * 4_000 + str(number) for number in range(9)]))

    assert "file1.py" not in many
    assert "xxxx" not in long


@pytest.mark.holds("P18")
def test_without_replacements_there_is_no_field_for_them() -> None:
    assert "suggestion" in json.dumps(SCHEMAS["answers"])
    assert "suggestion" not in json.dumps(SCHEMAS["no replacement"])


def test_a_schema_is_the_callers_own() -> None:
    first = cast("dict[str, object]", answer_schema(["A1"], ["a.py"]))
    first.clear()

    assert answer_schema(["A1"], ["a.py"])


def test_what_fits_the_schema_is_read() -> None:
    answers = {
        "answers": [
            {
                "rule_id": "SEC001",
                "verdict": "fail",
                "reason": "",
                "findings": [
                    {
                        "path": "ä b.py",
                        "side": "base",
                        "quote": "x",
                        "headline": "",
                        "explanation": "",
                        "remedy": "",
                        "severity": "note",
                        "suggestion": None,
                    }
                ],
            }
        ]
    }
    verdicts = {
        "verdicts": [{"finding": "f7c3a01", "holds": False, "severity": "note", "reason": ""}]
    }
    jsonschema.validate(answers, SCHEMAS["answers"])
    jsonschema.validate(verdicts, SCHEMAS["verdicts"])

    assert read_answers(json.dumps(answers)).state is ReadingState.COMPLETE
    assert read_verdicts(json.dumps(verdicts)).state is ReadingState.COMPLETE
