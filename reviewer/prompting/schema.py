"""The JSON Schemas of answers, in the subset that every provider takes.

Every property is required, no object is open, nothing is bounded (bounds are checked when the
answer is read), and there is one nullable field at most. Sources:
https://developers.openai.com/api/docs/guides/structured-outputs,
https://platform.claude.com/docs/en/build-with-claude/structured-outputs,
https://ai.google.dev/gemini-api/docs/structured-output.

A provider puts the schema in front of the text that it caches, so that a schema of its own for
each persona makes each persona pay for the change anew. Where the cache is worth more than the
enumeration, `answer_schema` is asked with no rules: then a rule id is any text, the schema is the
same for all personas of a batch, and unknown rules are dropped when claims are checked, as ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reviewer.domain.change import Side
from reviewer.domain.checklist import Verdict
from reviewer.domain.persona import Severity

#: Limits of OpenAI's strict mode: values of all enumerations together, and characters of one
#: enumeration that has more than 250 values. Longer lists become plain text.
_MOST_VALUES = 400
_MOST_CHARACTERS = 12_000

_Schema = dict[str, object]


def answer_schema(
    rules: Sequence[str], paths: Sequence[str], *, suggest: bool = True
) -> Mapping[str, object]:
    """Build the schema of answers for one call of ``review`` or ``hunt``.

    Args:
        rules: Ids of the rules that are asked, in order; empty for any text.
        paths: The paths that are shown, in order; empty for any text.
        suggest: Whether findings carry a replacement of the quoted lines. A field that nobody
            reads is paid for in every call, and once more in every finding.

    Returns:
        A fresh JSON Schema.
    """
    nullable: _Schema = {"anyOf": [_text(), {"type": "null"}]}
    finding = _object(
        path=_choice(paths),
        side=_choice([side.value for side in (Side.HEAD, Side.BASE)]),
        quote=_text(),
        headline=_text(),
        explanation=_text(),
        remedy=_text(),
        severity=_choice([severity.value for severity in Severity]),
        **({"suggestion": nullable} if suggest else {}),
    )
    answer = _object(
        rule_id=_choice(rules),
        verdict=_choice([verdict.value for verdict in Verdict]),
        reason=_text(),
        findings=_list(finding),
    )
    return _object(answers=_list(answer))


def verdict_schema(handles: Sequence[str]) -> Mapping[str, object]:
    """Build the schema of answers for one call of ``verify``.

    Args:
        handles: Handles of the findings that are asked about, in order; empty for any text.

    Returns:
        A fresh JSON Schema.
    """
    verdict = _object(
        finding=_choice(handles),
        holds={"type": "boolean"},
        severity=_choice([severity.value for severity in Severity]),
        reason=_text(),
    )
    return _object(verdicts=_list(verdict))


def _object(**properties: _Schema) -> _Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: _Schema) -> _Schema:
    return {"type": "array", "items": items}


def _text() -> _Schema:
    return {"type": "string"}


def _choice(values: Sequence[str]) -> _Schema:
    """Enumerate values, where there are any and not too many."""
    values = list(dict.fromkeys(values))
    if not values or len(values) > _MOST_VALUES or sum(map(len, values)) > _MOST_CHARACTERS:
        return _text()
    return {"type": "string", "enum": values}
