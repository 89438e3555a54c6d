"""What a model is given to answer with: a form and text; no tool, no address, no picture."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from reviewer.domain.completion import Completion, CompletionRequest
from reviewer.ports.model import CompletionError
from tests.contract.provider_calls import KEY, request
from tests.guards import ROOT

httpx = pytest.importorskip("httpx")

from reviewer.adapters.http import HttpClient  # noqa: E402 - needs httpx
from reviewer.adapters.providers.factory import base_url_of, provider_for  # noqa: E402

MODELS = {
    "openai": "openai:gpt-6-sol",
    "compatible": "compatible:http://127.0.0.1:1/v1#qwen",
    "anthropic": "anthropic:claude-sonnet-5-5",
    "gemini": "gemini:gemini-3.8-flash",
}
#: All that a request may consist of. Another word is a decision: may a model do something with it?
TOP = {
    "openai": {"messages", "model", "max_completion_tokens", "prompt_cache_key", "reasoning_effort"}
    | {"response_format", "stream", "stream_options", "temperature", "top_p", "store"},
    "compatible": {"messages", "model", "max_tokens", "reasoning_effort", "response_format"}
    | {"stream", "stream_options", "temperature", "top_p"},
    "anthropic": {"messages", "model", "max_tokens", "output_config", "stream", "system"}
    | {"temperature", "thinking", "top_p"},
    "gemini": {"contents", "generationConfig", "systemInstruction"},
}
#: How vendors spell what a model could act with, or be shown besides text.
_HANDS = {"audio", "code_execution", "container", "documents", "file", "file_data", "files"}
_HANDS |= {"function_declarations", "functions", "google_search", "image", "image_url"}
_HANDS |= {"inline_data", "input_audio", "mcp_servers", "modalities", "plugins", "tool_choice"}
_HANDS |= {"tool_config", "tools", "url_context", "web_search_options"}


async def body_of(asked: CompletionRequest) -> dict[str, Any]:
    """Send with our adapter and catch the body on the way out."""
    caught: list[bytes] = []

    def catch(out: Any) -> object:  # noqa: ANN401 - of a package that need not be here
        caught.append(out.content)
        return httpx.Response(400, json={"error": {"message": "caught"}})

    base = base_url_of(asked.model)
    async with HttpClient(allowed=[base], transport=httpx.MockTransport(catch)) as http:
        with pytest.raises(CompletionError):
            await provider_for(asked.model, KEY, http=http).complete(asked, timeout_seconds=5)
    body: dict[str, Any] = httpx.Response(200, content=caught[0]).json()
    return body


def parts(value: object) -> Iterator[dict[str, Any]]:
    """Yield every object below a value."""
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from parts(each)


def plain(name: str) -> str:
    """Write camel case as others write it."""
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name)


@pytest.mark.holds("S1", "S8", "R39")
@pytest.mark.parametrize("provider", MODELS)
async def test_a_request_is_text_and_the_form_of_its_answer(provider: str) -> None:
    for effort in (None, "high"):
        body = await body_of(request(MODELS[provider], effort=effort, temperature=0.2))

        assert set(body) <= TOP[provider]
        for part in parts(body):
            assert {plain(name) for name in part}.isdisjoint(_HANDS)
            assert part.get("role") in {None, "system", "developer", "user"}
        said = body["messages" if "messages" in body else "contents"]
        kinds = {part["type"] for message in said for part in parts(message) if "type" in part}
        assert kinds <= {"text", "ephemeral"}  # the second marks where a provider's cache may end


@pytest.mark.holds("S1", "S8")
def test_a_call_has_no_place_for_anything_else() -> None:
    texts = {"system", "prefix", "question"}
    asked = {field.name: field.type for field in fields(CompletionRequest)}
    assert {name: asked[name] for name in texts} == dict.fromkeys(texts, "str")
    words = {*asked, *(field.name for field in fields(Completion))}
    assert words.isdisjoint({"tools", "tool_calls", "functions", "images", "files", "urls"})


@pytest.mark.holds("S4", "P21")
def test_nothing_in_the_code_approves_dismisses_a_review_or_asks_for_changes() -> None:
    forbidden = {"APPROVE", "APPROVED", "REQUEST_CHANGES", "DISMISS"}
    modules = [path for path in (ROOT / "reviewer").rglob("*.py") if "testing" not in path.parts]
    assert len(modules) > 200
    words = {
        node.value
        for path in modules
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert words & forbidden == set()
    assert not any("addPullRequestReview(" in word or "mergePullRequest" in word for word in words)
    assert "COMMENT" in words
