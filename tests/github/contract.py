"""Holds every exchange of a FakeGitHub, request and answer, to what GitHub itself describes.

REST is held to GitHub's OpenAPI, a document of GraphQL to GitHub's whole schema. What is asked must
be known in every name; what is answered must have the described form, apart from `DEVIATIONS`:
places where GitHub does otherwise than it says.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import graphql
import jsonschema_rs

from reviewer.testing.fake_github import Exchange
from tests.github.trimmed_schema import whole_schema

Json = dict[str, Any]

_FOLDER = Path(__file__).parent
_VERBS = ("get", "post", "put", "patch", "delete")
#: Parts of a path that GitHub takes with slashes in them.
_DEEP = frozenset({"basehead", "branch", "path", "ref", "tree_sha"})
#: What GitHub may answer to anything, described or not.
_ALWAYS = frozenset({400, 401, 403, 404, 406, 422, 429, 500, 502, 503})
_OTHER_MEDIA = ("diff", "patch", "raw", "html", "text")

#: Properties that are null although the description does not say so.
DEVIATIONS: Mapping[str, tuple[str, ...]] = {
    # Outdated comments have neither line nor position; the schemas of webhooks say so.
    "pull-request-review-comment": ("line", "original_line", "position", "start_line"),
    "review-comment": ("line", "original_line", "position", "start_line"),
    # A deleted fork leaves nothing behind; the schemas of webhooks say so.
    "pull-request/head": ("repo", "user"),
    "pull-request-simple/head": ("repo", "user"),
}

#: Answers that are described wrongly: this one wants an account to be a user and an enterprise.
REPLACED: Mapping[str, Json] = {
    "apps/list-installations": {
        "type": "array",
        "items": {"$ref": "#/components/schemas/installation"},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operation:
    """One operation of the description."""

    template: str
    method: str
    pattern: re.Pattern[str]
    parameters: tuple[Json, ...]
    description: Json

    @property
    def name(self) -> str:
        return str(self.description["operationId"])


def violations(exchange: Exchange) -> list[str]:
    """Return what an exchange breaks, in sentences; nothing where it keeps the contract."""
    found = list((_graphql if exchange.path == "/graphql" else _rest)(exchange))
    headers = exchange.request_headers
    if not headers.get("user-agent"):
        found.append("no User-Agent")
    if "application/vnd.github" not in headers.get("accept", ""):
        found.append(f"Accept is {headers.get('accept')!r}, not one of GitHub's")
    if exchange.path != "/graphql" and "x-github-api-version" not in headers:
        found.append("no X-GitHub-Api-Version")
    return [f"{exchange.method} {exchange.path}: {words}" for words in found]


# --- GraphQL -----------------------------------------------------------------------------------
@cache
def _whole() -> graphql.GraphQLSchema:
    return graphql.build_schema(
        whole_schema(), assume_valid=True, assume_valid_sdl=True, no_location=True
    )


@cache
def document_faults(document: str) -> tuple[str, ...]:
    """Return what a document of GraphQL breaks of GitHub's whole schema."""
    try:
        parsed = graphql.parse(document)
    except graphql.GraphQLError as error:
        return (error.message,)
    return tuple(error.message for error in graphql.validate(_whole(), parsed))


def _graphql(exchange: Exchange) -> Iterator[str]:
    request = exchange.request
    if exchange.method != "POST" or not isinstance(request, dict):
        yield "GraphQL takes a POST with a JSON object"
        return
    for name in set(request) - {"operationName", "query", "variables"}:
        yield f"unknown key {name!r}"
    yield from document_faults(exchange.document)
    if not exchange.faulty and not isinstance(exchange.response, dict):
        yield "the answer is no JSON object"


# --- REST --------------------------------------------------------------------------------------
def _rest(exchange: Exchange) -> Iterator[str]:
    found = _operation(exchange.method, exchange.path)
    if found is None:
        yield "GitHub has no such operation, or it is none that a review needs"
        return
    operation, parts = found
    yield from _parameter_faults(operation, parts, exchange.query)
    yield from _body_faults(operation, exchange.request_body)
    if not exchange.faulty:
        yield from _answer_faults(operation, exchange)


def _operation(method: str, path: str) -> tuple[_Operation, Mapping[str, str]] | None:
    for operation in _operations():
        match = operation.pattern.fullmatch(path)
        if operation.method == method and match is not None:
            return operation, match.groupdict()
    return None


def _parameter_faults(operation: _Operation, parts: Mapping[str, str], query: str) -> Iterator[str]:
    asked = dict(parse_qsl(query, keep_blank_values=True))
    known = {p["name"]: p for p in operation.parameters if p["in"] == "query"}
    yield from (f"unknown parameter {name!r}" for name in asked if name not in known)
    for parameter in operation.parameters:
        name = parameter["name"]
        value = {"path": parts, "query": asked}.get(parameter["in"], {}).get(name)
        if value is None:
            if parameter.get("required") and parameter["in"] == "query":
                yield f"parameter {name!r} is missing"
            continue
        read = _read_parameter(unquote(value), parameter["schema"])
        key = f"{operation.name}:parameter:{name}"
        yield from (f"parameter {name}: {w}" for w in _faults(key, parameter["schema"], read))


def _read_parameter(text: str, schema: Json) -> object:
    kind = _resolved(schema).get("type")
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


def _body_faults(operation: _Operation, raw: bytes) -> Iterator[str]:
    body = _resolved(operation.description.get("requestBody") or {})
    schema = body.get("content", {}).get("application/json", {}).get("schema")
    if not raw:
        if body.get("required"):
            yield "a body is required"
        return
    if schema is None:
        yield "a body is not expected"
        return
    try:
        value = json.loads(raw)
    except ValueError:
        yield "the body is no JSON"
        return
    key = f"{operation.name}:request"
    yield from (f"the request: {words}" for words in _faults(key, schema, value, closed=True))


def _answer_faults(operation: _Operation, exchange: Exchange) -> Iterator[str]:
    answers = operation.description["responses"]
    status = exchange.status
    answer = answers.get(str(status)) or answers.get(f"{status // 100}XX") or answers.get("default")
    if answer is None:
        if status not in _ALWAYS:
            yield f"status {status} is not described"
        return
    content = _resolved(answer).get("content", {})
    media = exchange.response_headers.get("content-type", "").split(";")[0]
    accept = exchange.request_headers.get("accept", "")
    if not content:
        if exchange.response_body:
            yield f"status {status} has no body"
    elif media.endswith("json") and "application/json" in content:
        schema = REPLACED.get(operation.name, content["application/json"]["schema"])
        key = f"{operation.name}:{status}"
        yield from (f"the answer: {words}" for words in _faults(key, schema, exchange.response))
    elif not any(word in accept for word in _OTHER_MEDIA):
        yield f"the answer is {media!r}"


# --- the description ---------------------------------------------------------------------------
def read_description(name: str) -> Json:
    """Read a packed description of this folder."""
    value: Json = json.loads(gzip.decompress((_FOLDER / name).read_bytes()))
    return value


@cache
def _description() -> Json:
    return read_description("openapi.json.gz")


@cache
def _operations() -> tuple[_Operation, ...]:
    """Return all operations, the most literal paths first."""
    found = [
        _Operation(
            template=template,
            method=verb.upper(),
            pattern=_pattern(template),
            parameters=tuple(
                _resolved(p)
                for p in [*item.get("parameters", []), *item[verb].get("parameters", [])]
            ),
            description=item[verb],
        )
        for template, item in _description()["paths"].items()
        for verb in _VERBS
        if verb in item
    ]
    return tuple(sorted(found, key=lambda op: -len(re.sub(r"\{\w+\}", "", op.template))))


def _pattern(template: str) -> re.Pattern[str]:
    def part(match: re.Match[str]) -> str:
        return f"(?P<{match[1]}>{'.+' if match[1] in _DEEP else '[^/]+'})"

    return re.compile(re.sub(r"\\{(\w+)\\}", part, re.escape(template)))


def _resolved(value: Json) -> Json:
    while "$ref" in value:
        _, _, section, name = value["$ref"].split("/")
        value = _description()["components"][section][name]
    return value


_VALIDATORS: dict[str, jsonschema_rs.Draft202012Validator] = {}


def _faults(key: str, schema: Json, value: object, *, closed: bool = False) -> list[str]:
    """Return what a value breaks; validators are made once, with the parts that they need."""
    if key not in _VALIDATORS:
        _VALIDATORS[key] = jsonschema_rs.Draft202012Validator(
            standalone(schema, _description()["components"]["schemas"], closed=closed)
        )
    return fault_sentences(_VALIDATORS[key].iter_errors(value))


def fault_sentences(errors: Iterable[jsonschema_rs.ValidationError]) -> list[str]:
    """Write errors as sentences with the place first."""
    return [f"{'/'.join(map(str, e.instance_path)) or '.'}: {e.message[:300]}" for e in errors]


def standalone(schema: Json, components: Mapping[str, Json], *, closed: bool = False) -> Json:
    """Return a schema of OpenAPI as one of JSON Schema that holds all it refers to.

    Args:
        schema: The schema.
        components: The named schemas.
        closed: Whether properties that it does not name are forbidden.
    """
    definitions: dict[str, object] = {}
    waiting = set(_references(schema))
    while waiting:
        name = waiting.pop()
        definitions[name] = _json_schema(_deviating(name, components[name]), closed=closed)
        waiting |= set(_references(components[name])) - definitions.keys()
    made = _json_schema(schema, closed=closed)
    return {**made, "components": {"schemas": definitions}}


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref" and isinstance(inner, str):
                yield inner.rsplit("/", 1)[1]
            elif key not in {"discriminator", "example", "examples"}:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _deviating(name: str, schema: Json) -> Json:
    """Allow null where GitHub is known to answer with it."""
    for place, names in DEVIATIONS.items():
        whose, _, inner = place.partition("/")
        if whose != name:
            continue
        properties = dict(schema["properties"])
        if inner:
            properties[inner] = {
                **properties[inner],
                "properties": _nullable(properties[inner]["properties"], names),
            }
        else:
            properties = _nullable(properties, names)
        schema = {**schema, "properties": properties}
    return schema


def _nullable(properties: Json, names: Iterable[str]) -> Json:
    may = {name: {"anyOf": [properties[name], {"type": "null"}]} for name in names}
    return {**properties, **may}


_KEYWORDS = frozenset(
    {
        "$ref",
        "additionalProperties",
        "allOf",
        "anyOf",
        "const",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "items",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "not",
        "oneOf",
        "pattern",
        "properties",
        "required",
        "type",
        "uniqueItems",
    }
)


def _json_schema(schema: object, *, closed: bool) -> Json:
    """Turn one schema of OpenAPI 3.0 or 3.1 into one of JSON Schema."""
    if not isinstance(schema, dict):
        return {} if schema is not False else {"not": {}}
    made: Json = {}
    for key, value in schema.items():
        if key not in _KEYWORDS:
            continue
        if key == "properties":
            made[key] = {n: _json_schema(inner, closed=closed) for n, inner in value.items()}
        elif key in {"allOf", "anyOf", "oneOf"}:
            made[key] = [_json_schema(inner, closed=closed) for inner in value]
        elif key in {"items", "not"} or (key == "additionalProperties" and value is not False):
            made[key] = _json_schema(value, closed=closed)
        else:
            made[key] = value
    if closed and "properties" in made and "type" in made:
        made.setdefault("additionalProperties", False)
    if not schema.get("nullable"):
        return made
    if isinstance(made.get("type"), str) and "enum" not in made:
        return {**made, "type": [made["type"], "null"]}
    return {"anyOf": [made, {"type": "null"}]}
