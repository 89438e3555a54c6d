"""The published JSON Schemas: current, valid, and of one mind with the readers."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reviewer.domain.published_schema import PUBLISHED, file_name, schema_text
from reviewer.resources import persona_files
from tests.unit.persona_text import PERSONA
from tests.unit.test_repository_configuration import TEXT

SCHEMAS = Path(__file__).parent.parent.parent / "schemas"


def validator(name: str) -> Any:  # noqa: ANN401 - jsonschema's own type is generic in vain
    return jsonschema.Draft202012Validator(json.loads(schema_text(name)))


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_schema_is_what_the_reader_says_now(name: str) -> None:
    published = (SCHEMAS / file_name(name)).read_text(encoding="utf-8")

    assert published == schema_text(name), f"write it anew: reviewer schema {name}"


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text(name)))


@pytest.mark.parametrize(("path", "text"), [("example", PERSONA), *persona_files()])
def test_the_schema_takes_every_persona_that_is_right(path: str, text: str) -> None:
    assert path
    assert not list(validator("persona").iter_errors(tomllib.loads(text)))


def test_the_schema_takes_a_configuration_that_is_right() -> None:
    assert not list(validator("reviewer-toml").iter_errors(tomllib.loads(TEXT)))


@pytest.mark.parametrize(
    ("before", "after"),
    [('why = "W', 'wy = "W'), ('"major"', '"majr"'), ('"PY002"', '"py2"'), ("schema = 1", "")],
)
def test_the_schema_refuses_what_the_reader_refuses(before: str, after: str) -> None:
    text = PERSONA.replace(before, after, 1)

    assert list(validator("persona").iter_errors(tomllib.loads(text)))
