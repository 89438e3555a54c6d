"""The JSON Schema of the JSON document, generated from `review_record` with pydantic."""

from __future__ import annotations

import inspect
import re
from typing import Any

from pydantic import TypeAdapter

from reviewer.rendering import review_record
from reviewer.rendering.review_record import SCHEMA_VERSION, ReviewRecord

_ARGUMENT = re.compile(r"^    (\w+): (.+(?:\n {8,}.+)*)", re.MULTILINE)
_WHITE_SPACE = re.compile(r"\s+")


def review_schema() -> dict[str, Any]:
    """Return the schema: every key is required, none else is allowed."""
    schema = TypeAdapter(ReviewRecord).json_schema(mode="serialization")
    for name, definition in (("ReviewRecord", schema), *schema["$defs"].items()):
        _complete(name, definition)
    schema["properties"]["schema_version"]["const"] = SCHEMA_VERSION
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Review",
    }


def _complete(name: str, definition: dict[str, Any]) -> None:
    """Add what the docstring of a record says, and close the object."""
    record = getattr(review_record, name)
    text = inspect.getdoc(record) or ""
    definition["description"] = text.split("\n\n", maxsplit=1)[0]
    if "properties" not in definition:
        return
    definition["additionalProperties"] = False
    definition["required"] = list(definition["properties"])
    for key, words in _ARGUMENT.findall(text):
        definition["properties"][key]["description"] = _WHITE_SPACE.sub(" ", words)
