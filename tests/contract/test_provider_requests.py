"""What we send, against what the vendors' own clients send and what their types accept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from reviewer.domain.completion import CompletionRequest
from reviewer.ports.model import CompletionError
from tests.contract.provider_calls import KEY, PREFIX, QUESTION, SCHEMA, SYSTEM, request

httpx = pytest.importorskip("httpx")
httpx2 = pytest.importorskip("httpx2")

from reviewer.adapters.http import HttpClient  # noqa: E402 - needs httpx
from reviewer.adapters.providers.factory import base_url_of, provider_for  # noqa: E402

#: Everything that decides who asks and how it is read; the rest names the client.
TELLING = ("authorization", "x-api-key", "x-goog-api-key", "api-key", "content-type", "cookie")
Json: TypeAlias = Any
CLOSED = {"additionalProperties": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request as it left."""

    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    def telling_headers(self) -> dict[str, str]:
        names = (name for name in self.headers if name in TELLING or name.startswith("anthropic-"))
        return {name: self.headers[name] for name in names}


async def ours(asked: CompletionRequest, *, explicit_cache: bool = False) -> Sent:
    """Send with our adapter and catch it on the way out."""
    caught: list[Sent] = []

    def catch(out: Any) -> object:  # noqa: ANN401 - of a package that need not be here
        caught.append(
            Sent(url=str(out.url), headers=dict(out.headers), body=json.loads(out.content))
        )
        return httpx.Response(400, json={"error": {"message": "caught"}})

    async with HttpClient(
        allowed=[base_url_of(asked.model)], transport=httpx.MockTransport(catch)
    ) as http:
        model = provider_for(asked.model, KEY, http=http, explicit_cache=explicit_cache)
        with pytest.raises(CompletionError):
            await model.complete(asked, timeout_seconds=5)
    (sent,) = caught
    return sent


def theirs(ask: Callable[[Any], object]) -> Sent:
    """Let a vendor's client send over a transport that catches the request."""
    caught: list[Sent] = []

    def catch(out: Any) -> object:  # noqa: ANN401 - of a package that need not be here
        caught.append(
            Sent(url=str(out.url), headers=dict(out.headers), body=json.loads(out.content))
        )
        return httpx2.Response(400, json={"error": {"message": "caught"}})

    with (
        httpx2.Client(transport=httpx2.MockTransport(catch)) as client,
        pytest.raises(Exception, match="caught"),
    ):
        ask(client)
    (sent,) = caught
    return sent


def close(schema: Json) -> Json:
    """Forbid every property that a type does not name: a typed dict alone lets all others pass."""
    if isinstance(schema, list):
        return [close(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: close(item) for name, item in schema.items()}
    if closed.get("type") == "object" and "properties" in closed:
        return {**CLOSED, **closed}
    return closed


def openai_types() -> Draft202012Validator:
    types = pytest.importorskip("openai.types.chat.completion_create_params")
    schema = TypeAdapter(types.CompletionCreateParamsStreaming).json_schema()
    return Draft202012Validator(close(schema))


def anthropic_types() -> Draft202012Validator:
    types = pytest.importorskip("anthropic.types.message_create_params")
    schema = TypeAdapter(types.MessageCreateParamsStreaming).json_schema()
    return Draft202012Validator(close(schema))


def faults(validator: Draft202012Validator, body: Mapping[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


# --- OpenAI --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "effort", [None, "none", "minimal", "low", "medium", "high", "xhigh", "max"]
)
async def test_every_openai_body_is_valid_by_the_vendors_types(effort: str | None) -> None:
    validator = openai_types()

    for asked in (
        request("openai:gpt-5.4-mini", effort=effort, temperature=0.2, top_p=0.9),
        request("openai:gpt-6-sol", effort=effort, schema=None, prefix=""),
        request("compatible:http://127.0.0.1:1/v1#qwen", effort=effort, temperature=0.0),
    ):
        assert faults(validator, (await ours(asked)).body) == []


async def test_the_marked_end_of_the_prefix_is_valid_by_the_vendors_types() -> None:
    sent = await ours(request("openai:gpt-6-sol"), explicit_cache=True)

    assert faults(openai_types(), sent.body) == []
    assert sent.body["messages"][1]["content"][0]["prompt_cache_breakpoint"] == {"mode": "explicit"}
    assert "prompt_cache_breakpoint" not in sent.body["messages"][1]["content"][1]


@pytest.mark.parametrize(
    "wrong", [{"max_tokenz": 5}, {"reasoning_effort": "ultra"}, {"messages": [{"role": "boss"}]}]
)
async def test_the_openai_oracle_sees_what_is_wrong(wrong: Mapping[str, object]) -> None:
    body = {**(await ours(request("openai:gpt-6-sol"))).body, **wrong}

    assert faults(openai_types(), body) != []


@pytest.mark.holds("P16")
async def test_openai_gets_what_its_own_client_sends(
    allowed_program: Callable[[Path | str], None],
) -> None:
    allowed_program(shutil.which("uname") or "uname")  # its user agent names the platform
    openai = pytest.importorskip("openai")
    asked = request("openai:gpt-5.4-mini", temperature=0.2, top_p=0.9, effort="low")
    sent = await ours(asked)

    vendor = theirs(
        lambda client: openai.OpenAI(
            api_key=KEY, max_retries=0, http_client=client
        ).chat.completions.create(
            model="gpt-5.4-mini",
            messages=[
                {"role": "developer", "content": SYSTEM},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": PREFIX},
                        {"type": "text", "text": QUESTION},
                    ],
                },
            ],
            max_completion_tokens=2000,
            temperature=0.2,
            top_p=0.9,
            reasoning_effort="low",
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "review_answer", "strict": True, "schema": SCHEMA},
            },
            prompt_cache_key=sent.body["prompt_cache_key"],
            stream=True,
            stream_options={"include_usage": True},
        )
    )

    assert sent.url == vendor.url
    assert sent.body == vendor.body
    assert sent.telling_headers() == vendor.telling_headers()


async def test_a_compatible_server_gets_what_the_openai_client_sends_to_its_address(
    allowed_program: Callable[[Path | str], None],
) -> None:
    allowed_program(shutil.which("uname") or "uname")
    openai = pytest.importorskip("openai")
    sent = await ours(request("compatible:http://127.0.0.1:8080/v1#qwen", temperature=0.0))

    vendor = theirs(
        lambda client: openai.OpenAI(
            api_key=KEY, base_url="http://127.0.0.1:8080/v1", max_retries=0, http_client=client
        ).chat.completions.create(
            model="qwen",
            messages=[
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": PREFIX + QUESTION},
            ],
            max_tokens=2000,
            temperature=0.0,
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "review_answer", "strict": True, "schema": SCHEMA},
            },
            stream=True,
            stream_options={"include_usage": True},
        )
    )

    assert sent.url == vendor.url
    assert sent.body == vendor.body
    assert sent.telling_headers() == vendor.telling_headers()


async def test_azure_gets_the_key_in_its_own_header_as_well() -> None:
    sent = await ours(request("compatible:https://house.openai.azure.com/openai/v1#gpt-6-sol"))

    assert sent.url == "https://house.openai.azure.com/openai/v1/chat/completions"
    assert sent.headers["api-key"] == KEY
    assert sent.body["max_completion_tokens"] == 2000
    assert "max_tokens" not in sent.body


# --- Anthropic -----------------------------------------------------------------------------------
@pytest.mark.parametrize("effort", [None, "low", "medium", "high", "xhigh", "max"])
async def test_every_anthropic_body_is_valid_by_the_vendors_types(effort: str | None) -> None:
    validator = anthropic_types()

    for asked in (
        request("anthropic:claude-sonnet-5-5", effort=effort),
        request("anthropic:claude-sonnet-5-5", effort=effort, schema=None, prefix=""),
    ):
        assert faults(validator, (await ours(asked)).body) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 0.5},
        {"max_tokens": None},
        {"output_format": {"type": "json_schema", "schema": SCHEMA}},
        {"output_config": {"effort": "ultra"}},
        {"system": [{"type": "text", "text": "s", "cache_control": {"type": "for ever"}}]},
    ],
)
async def test_the_anthropic_oracle_sees_what_is_wrong(wrong: Mapping[str, object]) -> None:
    body = {**(await ours(request("anthropic:claude-sonnet-5-5"))).body, **wrong}

    assert faults(anthropic_types(), body) != []


@pytest.mark.holds("P16")
async def test_anthropic_gets_what_its_own_client_sends(
    allowed_program: Callable[[Path | str], None],
) -> None:
    allowed_program(shutil.which("uname") or "uname")
    anthropic = pytest.importorskip("anthropic")
    cached = {"cache_control": {"type": "ephemeral"}}
    sent = await ours(request("anthropic:claude-sonnet-5-5", effort="low"))

    vendor = theirs(
        lambda client: anthropic.Anthropic(
            api_key=KEY, max_retries=0, http_client=client
        ).messages.create(
            model="claude-sonnet-5-5",
            max_tokens=2000,
            system=[{"type": "text", "text": SYSTEM, **cached}],
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": PREFIX, **cached},
                        {"type": "text", "text": QUESTION},
                    ],
                }
            ],
            output_config={"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}},
            stream=True,
        )
    )

    assert sent.url == vendor.url
    assert sent.body == vendor.body
    assert sent.telling_headers() == vendor.telling_headers()


@pytest.mark.holds("P16")
async def test_a_parameter_that_is_not_set_is_not_sent() -> None:
    bodies = [
        (await ours(request(model))).body
        for model in ("openai:gpt-6-sol", "anthropic:claude-haiku-4-5", "gemini:gemini-3.8-flash")
    ]

    for body in bodies:
        text = json.dumps(body)
        assert not any(
            name in text
            for name in ("temperature", "top_p", "topP", "effort", "thinking", "tool", "null, ")
        )


# --- Gemini --------------------------------------------------------------------------------------
async def test_every_gemini_body_is_valid_by_the_vendors_types() -> None:
    types = pytest.importorskip("google.genai.types")

    for asked in (
        request("gemini:gemini-3.8-flash", temperature=1.0, top_p=0.95, effort="low"),
        request("gemini:models/gemini-3.8-flash", schema=None, prefix=""),
    ):
        body = (await ours(asked)).body
        assert body.keys() <= {"contents", "generationConfig", "systemInstruction"}
        types.GenerationConfig.model_validate(body["generationConfig"])
        types.Content.model_validate(body["systemInstruction"])
        for content in body["contents"]:
            types.Content.model_validate(content)


@pytest.mark.holds("P16")
async def test_gemini_gets_what_its_own_client_sends(
    allowed_program: Callable[[Path | str], None],
) -> None:
    allowed_program(shutil.which("uname") or "uname")
    genai = pytest.importorskip("google.genai")
    types = pytest.importorskip("google.genai.types")
    asked = request("gemini:gemini-3.8-flash", temperature=1.0, top_p=0.95, effort="low")
    sent = await ours(asked)

    def ask(client: Any) -> object:  # noqa: ANN401 - of a package that need not be here
        options = types.HttpOptions(httpx_client=client)
        stream = genai.Client(api_key=KEY, http_options=options).models.generate_content_stream(
            model="gemini-3.8-flash",
            contents=[types.Content(role="user", parts=[{"text": PREFIX}, {"text": QUESTION}])],
            config=types.GenerateContentConfig(
                system_instruction=SYSTEM,
                max_output_tokens=2000,
                temperature=1.0,
                top_p=0.95,
                response_mime_type="application/json",
                response_json_schema=SCHEMA,
                thinking_config=types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW),
            ),
        )
        return list(stream)

    vendor = theirs(ask)

    assert sent.url == vendor.url
    assert camel_case(sent.body) == camel_case(vendor.body)
    assert sent.telling_headers() == vendor.telling_headers()


def camel_case(value: Json) -> Json:
    """The vendor's client writes some names with underscores; the server takes both."""
    if isinstance(value, list):
        return [camel_case(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name if name == "responseJsonSchema" else _camel(name): item
        if name == "responseJsonSchema"
        else camel_case(item)
        for name, item in value.items()
    }


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)


# --- everywhere ----------------------------------------------------------------------------------
@pytest.mark.holds("S17", "P16")
@pytest.mark.parametrize(
    "model",
    ["openai:gpt-6-sol", "anthropic:claude-sonnet-5-5", "gemini:gemini-3.8-flash"],
)
async def test_the_key_is_in_one_header_and_nowhere_else(model: str) -> None:
    sent = await ours(request(model))

    assert KEY not in sent.url
    assert KEY not in json.dumps(sent.body)
    assert sum(KEY in value for value in sent.headers.values()) == 1
    assert "cookie" not in sent.headers


async def test_the_shared_part_is_the_same_for_every_question() -> None:
    asked = request("anthropic:claude-sonnet-5-5")
    first, second = await ours(asked), await ours(asked)

    assert json.dumps(first.body) == json.dumps(second.body)
