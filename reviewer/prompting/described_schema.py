"""The forms of answers with the words of a prompt file about their fields.

The words are the contract's and not a persona's: providers put a schema before the text that they
cache, so that two prompts whose schemas differ by a word would each pay for the change anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reviewer.domain.change import Side
from reviewer.prompting.schema import answer_schema, verdict_schema


def described(schema: Mapping[str, object], fields: Mapping[str, str]) -> Mapping[str, object]:
    """Add descriptions to the properties of a schema, wherever they stand.

    Args:
        schema: A JSON Schema of closed objects and lists.
        fields: What properties mean, by name.

    Returns:
        A fresh schema.
    """
    result = dict(schema)
    properties, items = schema.get("properties"), schema.get("items")
    if isinstance(properties, Mapping):
        result["properties"] = {
            name: {**described(inner, fields), "description": fields[name]}
            if name in fields
            else described(inner, fields)
            for name, inner in properties.items()
        }
    if isinstance(items, Mapping):
        result["items"] = described(items, fields)
    return result


def form_of(
    output: str, asked: Sequence[str], paths: Sequence[str], *, suggest: bool = True
) -> Mapping[str, object] | None:
    """Return the JSON Schema of a form of answer.

    Args:
        output: ``answers``, ``verdicts`` or ``reply``; any other is plain text.
        asked: Ids of rules, or handles of findings; empty for any text.
        paths: The files that are shown; empty for any text.
        suggest: Whether findings carry a replacement of the quoted lines.
    """
    match output:
        case "answers":
            return answer_schema(asked, paths, suggest=suggest)
        case "verdicts":
            return verdict_schema(asked)
        case "reply":
            return _reply()
        case _:
            return None


def field_names(output: str) -> tuple[str, ...]:
    """Return the fields that a form of answer has, at every depth."""
    return tuple(dict.fromkeys(_names(form_of(output, (), ()))))


def _reply() -> Mapping[str, object]:
    """Return the form of the answer of ``ask``; code looks for the quotes afterwards."""
    text = {"type": "string"}
    sides = {"type": "string", "enum": [side.value for side in (Side.HEAD, Side.BASE)]}
    quotes = {"type": "array", "items": _closed({"path": text, "side": sides, "quote": text})}
    return _closed({"answerable": {"type": "boolean"}, "answer": text, "quotes": quotes})


def _closed(properties: Mapping[str, object]) -> Mapping[str, object]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _names(schema: object) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        return
    for name, inner in schema.get("properties", {}).items():
        yield name
        yield from _names(inner)
    yield from _names(schema.get("items"))
