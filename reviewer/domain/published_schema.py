"""The JSON Schemas of the files that people write, made from the very models that read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

#: Names of the schemas, each with what it describes.
PUBLISHED = {
    "persona": "a persona file",
    "reviewer-toml": "the file .reviewer.toml",
}


def file_name(name: str) -> str:
    """Return under which name a schema is published."""
    return f"{name}.v1.schema.json"


def schema_text(name: str) -> str:
    """Return a schema as JSON, the same bytes every time.

    Args:
        name: One of `PUBLISHED`.
    """
    model = _model(name)
    # Editors refuse a schema that they do not know; this is pydantic's own dialect.
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **model.model_json_schema(by_alias=True, mode="validation"),
        "title": f"Persona Reviewer: {PUBLISHED[name]}",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _model(name: str) -> type[BaseModel]:
    from reviewer.domain.persona_schema import PersonaFile  # noqa: PLC0415 - pydantic is slow
    from reviewer.domain.repository_configuration import (  # noqa: PLC0415 - as above
        RepositoryConfiguration,
    )

    models: dict[str, type[BaseModel]] = {
        "persona": PersonaFile,
        "reviewer-toml": RepositoryConfiguration,
    }
    return models[name]
