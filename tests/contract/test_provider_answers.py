"""What every adapter makes of a streamed answer, whole, odd or cut at any byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.completion import Completion, Failure, FailureKind, Finish, Usage
from reviewer.ports.model import CompletionError
from tests.contract.provider_calls import KEY, request
from tests.contract.provider_streams import (
    TEXT,
    anthropic_stream,
    events,
    gemini_stream,
    openai_stream,
)

httpx = pytest.importorskip("httpx")

from reviewer.adapters.http import HttpClient  # noqa: E402 - needs httpx
from reviewer.adapters.providers.factory import base_url_of, provider_for  # noqa: E402

EVENT_STREAM = {"content-type": "text/event-stream; charset=utf-8"}


@dataclass(frozen=True, kw_only=True)
class Format:
    """A provider: a model of it, its answer, and how it calls why it stopped."""

    model: str
    stream: Callable[..., bytes]
    usage: Usage
    answered: str
    reasons: Mapping[object, Finish]
    tail: int  # how many bytes at the end say nothing more


FORMATS = {
    "openai": Format(
        model="openai:gpt-6-sol",
        stream=openai_stream,
        usage=Usage(fresh_input=176, cache_read=1024, cache_write=900, output=60, reasoning=20),
        answered="gpt-6-sol-2026-11-01",
        reasons={
            "stop": Finish.STOP,
            "length": Finish.LENGTH,
            "content_filter": Finish.FILTER,
            "tool_calls": Finish.OTHER,
            "hallucinated": Finish.OTHER,
            7: Finish.OTHER,
        },
        tail=len("\n\n"),
    ),
    "anthropic": Format(
        model="anthropic:claude-sonnet-5-5",
        stream=anthropic_stream,
        usage=Usage(fresh_input=176, cache_read=1024, cache_write=900, output=60, reasoning=20),
        answered="claude-sonnet-5-5-20261101",
        reasons={
            "end_turn": Finish.STOP,
            "stop_sequence": Finish.STOP,
            "max_tokens": Finish.LENGTH,
            "model_context_window_exceeded": Finish.LENGTH,
            "refusal": Finish.REFUSAL,
            "tool_use": Finish.OTHER,
            "pause_turn": Finish.OTHER,
            "hallucinated": Finish.OTHER,
            7: Finish.OTHER,
        },
        tail=len("\n\n"),
    ),
    "gemini": Format(
        model="gemini:gemini-3.8-flash",
        stream=gemini_stream,
        usage=Usage(fresh_input=1076, cache_read=1024, output=60, reasoning=20),
        answered="gemini-3.8-flash-002",
        reasons={
            "STOP": Finish.STOP,
            "MAX_TOKENS": Finish.LENGTH,
            "CONTINUATION": Finish.LENGTH,
            "SAFETY": Finish.FILTER,
            "RECITATION": Finish.FILTER,
            "PROHIBITED_CONTENT": Finish.FILTER,
            "MALFORMED_RESPONSE": Finish.OTHER,
            "HALLUCINATED": Finish.OTHER,
            7: Finish.OTHER,
        },
        tail=len("\n\n"),
    ),
}
every_format = pytest.mark.parametrize("wire", FORMATS.values(), ids=FORMATS)


async def answer(
    model: str,
    body: bytes | AsyncIterator[bytes],
    *,
    status: int = 200,
    headers: Mapping[str, str] = EVENT_STREAM,
    on_first_byte: Callable[[], None] | None = None,
) -> Completion:
    """Let an adapter read an answer."""
    asked = request(model)
    transport = httpx.MockTransport(
        lambda _: httpx.Response(status, headers=dict(headers), content=body)
    )
    async with HttpClient(allowed=[base_url_of(asked.model)], transport=transport) as http:
        return await provider_for(asked.model, KEY, http=http).complete(
            asked, timeout_seconds=5, on_first_byte=on_first_byte
        )


async def failure(model: str, body: bytes, **options: Any) -> Failure:  # noqa: ANN401 - answer's
    with pytest.raises(CompletionError) as caught:
        await answer(model, body, **options)
    assert KEY not in str(caught.value)
    return caught.value.failure


async def in_pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@every_format
async def test_a_whole_answer_is_read(wire: Format) -> None:
    headers = {**EVENT_STREAM, "x-request-id": "req-1"}

    completion = await answer(wire.model, wire.stream(), headers=headers)

    assert completion.text == TEXT
    assert completion.finish is Finish.STOP
    assert completion.usage == wire.usage
    assert completion.model_answered == wire.answered
    assert completion.provider_request_id == "req-1"
    assert completion.latency_seconds >= 0


@every_format
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
async def test_the_answer_is_the_same_however_it_is_cut_into_chunks(
    wire: Format, size: int, line_end: bytes
) -> None:
    body = wire.stream().replace(b"\n", line_end)

    completion = await answer(wire.model, in_pieces(body, size))

    assert (completion.text, completion.usage) == (TEXT, wire.usage)


@pytest.mark.holds("R30", "P14")
@every_format
async def test_an_answer_that_ends_at_any_byte_before_its_end_is_never_accepted(
    wire: Format,
) -> None:
    body = wire.stream()

    for end in range(len(body) - wire.tail):
        said = await failure(wire.model, body[:end])
        assert said.kind is FailureKind.TRANSIENT, body[:end][-60:]
        assert said.sent

    assert (await answer(wire.model, body[: len(body) - wire.tail])).text == TEXT


@pytest.mark.holds("P16")
@every_format
async def test_every_reason_to_stop_is_read(wire: Format) -> None:
    for reason, finish in wire.reasons.items():
        completion = await answer(wire.model, wire.stream(reason))
        assert completion.finish is finish, reason


@every_format
async def test_the_first_byte_is_told_once_and_not_for_a_heartbeat(wire: Format) -> None:
    told: list[str] = []
    reached: list[str] = []

    async def body() -> AsyncIterator[bytes]:
        yield b": waiting for a machine\n\n"
        reached.append("heartbeat" if not told else "too early")
        whole = wire.stream()
        first = whole.index(b"\n\n") + 2
        yield whole[:first]
        reached.append("first event" if told else "too late")
        yield whole[first:]

    await answer(wire.model, body(), on_first_byte=lambda: told.append("began"))

    assert told == ["began"]
    assert reached == ["heartbeat", "first event"]


@every_format
async def test_a_failed_call_does_not_tell_that_it_began(wire: Format) -> None:
    told: list[str] = []

    await failure(wire.model, b"{}", status=529, on_first_byte=lambda: told.append("began"))

    assert told == []


@pytest.mark.holds("R50", "P14")
@every_format
async def test_a_negative_count_makes_the_usage_unknown(wire: Format) -> None:
    negative = {"completion_tokens": -5, "output_tokens": -5, "candidatesTokenCount": -5}
    (name,) = (name for name in negative if name.encode() in wire.stream())

    completion = await answer(wire.model, wire.stream(**{name: -5}))

    assert (completion.text, completion.usage) == (TEXT, None)


@pytest.mark.holds("R50", "P14")
@every_format
async def test_another_model_than_was_asked_is_named(wire: Format) -> None:
    body = wire.stream().replace(wire.answered.encode(), b"cheap-model\\n\\u001b[31m")

    completion = await answer(wire.model, body)

    assert completion.model_answered == "cheap-model  [31m"


@pytest.mark.holds("R50", "P14")
@every_format
@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (b"<html>hello</html>", {"content-type": "text/html"}, "status 200 with text/html"),
        (b"{}", {"content-type": "application/json"}, "status 200 with application/json"),
        (b"{}", {}, "status 200 with no type"),
        (b"\x1f\x8b", {**EVENT_STREAM, "content-encoding": "gzip"}, "packed"),
        (b"data: <html>\n\ndata: x\n\n", EVENT_STREAM, "not a JSON object"),
        (b"data: [1]\n\n", EVENT_STREAM, "not a JSON object"),
        (b"data: " + b"[" * 100_000 + b"\n\n", EVENT_STREAM, "not a JSON object"),
        (b'data: {"a": ' + b"9" * 5000 + b"}\n\n", EVENT_STREAM, "not a JSON object"),
    ],
)
async def test_what_is_no_answer_is_a_broken_protocol(
    wire: Format, body: bytes, headers: Mapping[str, str], words: str
) -> None:
    said = await failure(wire.model, body, headers=headers)

    assert said.kind is FailureKind.PROTOCOL
    assert words in said.message


@pytest.mark.holds("S14", "R50")
@every_format
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(wire: Format, status: int) -> None:
    said = await failure(
        wire.model, b"", status=status, headers={"location": "http://169.254.169.254/"}
    )

    assert (said.kind, said.status) == (FailureKind.PROTOCOL, status)


@every_format
@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"choices": None, "candidates": None, "type": None},
        {"choices": [None, 7, {"delta": 3}], "candidates": [None, {"content": []}]},
        {"choices": [{"delta": {"content": 5}}], "candidates": [{"content": {"parts": [1]}}]},
        {"type": "content_block_delta", "delta": [1], "usage": "many", "usageMetadata": 7},
        {"type": "something_new", "model": 4, "modelVersion": [], "id": {}, "responseId": 1},
    ],
)
async def test_an_odd_event_in_the_middle_changes_nothing(
    wire: Format, odd: Mapping[str, object]
) -> None:
    whole = wire.stream()
    first = whole.index(b"\n\n") + 2

    completion = await answer(wire.model, whole[:first] + events([odd]) + whole[first:])

    assert (completion.text, completion.usage) == (TEXT, wire.usage)


@every_format
async def test_a_character_that_is_split_over_two_events_is_whole_again(wire: Format) -> None:
    whole = wire.stream()
    part = json.dumps(TEXT[20:], ensure_ascii=False).encode()
    halves = whole.replace(part, part.replace("🙂".encode(), b"\\ud83d\\ude42"))
    lonely = whole.replace(part, part.replace("🙂".encode(), b"\\ud83d"))

    assert (await answer(wire.model, halves)).text == TEXT
    assert (await answer(wire.model, lonely)).text == TEXT.replace("🙂", "\ufffd")


async def test_what_follows_the_end_is_not_read() -> None:
    async def endless(start: bytes) -> AsyncIterator[bytes]:
        yield start
        while True:
            await asyncio.sleep(0)
            yield b"data: {}\n\n" * 1000

    for wire in (FORMATS["openai"], FORMATS["anthropic"]):
        assert (await answer(wire.model, endless(wire.stream()))).text == TEXT


@pytest.mark.holds("S19", "R50")
async def test_an_endless_answer_is_given_up_at_a_bound() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b": still thinking\n" * 10_000

    asked = "openai:gpt-6-sol"
    with pytest.raises(CompletionError, match="longer than 8,000,000 bytes") as caught:
        await answer(asked, endless())

    assert caught.value.failure.kind is FailureKind.PROTOCOL


@pytest.mark.holds("P16")
async def test_a_refusal_of_openai_is_a_refusal() -> None:
    body = events(
        [
            {"choices": [{"index": 0, "delta": {"refusal": "I cannot."}, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        ],
        end="[DONE]",
    )

    completion = await answer("openai:gpt-6-sol", body)

    assert completion.finish is Finish.REFUSAL
    assert completion.text == "I cannot."
    assert completion.usage is None


async def test_a_prompt_that_gemini_blocks_is_filtered() -> None:
    usage = {"promptTokenCount": 9, "totalTokenCount": 9}
    body = events([{"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage}])

    completion = await answer("gemini:gemini-3.8-flash", body)

    assert (completion.finish, completion.text) == (Finish.FILTER, "")
    assert completion.usage == Usage(fresh_input=9)


@every_format
async def test_an_error_in_the_middle_of_an_answer_is_a_failure(wire: Format) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    whole = wire.stream()
    middle = whole.index(b"\n\n", len(whole) // 2) + 2

    said = await failure(wire.model, whole[:middle] + events([error], named=True) + whole[middle:])

    assert said.kind is FailureKind.TRANSIENT
    assert said.message == "an error inside the answer: Overloaded"


@pytest.mark.holds("S17")
@every_format
async def test_a_provider_that_repeats_the_key_does_not_get_it_shown(wire: Format) -> None:
    body = json.dumps({"error": {"message": f"bad key {KEY}", "type": KEY, "param": KEY}})

    said = await failure(wire.model, body.encode(), status=401)

    assert said.kind is FailureKind.AUTHENTICATION
    assert KEY not in repr(said)


@pytest.mark.holds("S17")
@every_format
async def test_no_representation_shows_the_key(wire: Format) -> None:
    asked = request(wire.model)
    async with HttpClient(allowed=[base_url_of(asked.model)]) as http:
        model: Any = provider_for(asked.model, KEY, http=http)
        shown = f"{model!r} {http!r} {model.call(asked)!r} {vars(model)!r}"

    assert KEY not in shown


NAMES = st.sampled_from(
    [
        "type",
        "choices",
        "delta",
        "content",
        "refusal",
        "finish_reason",
        "index",
        "usage",
        "model",
        "message",
        "id",
        "text",
        "content_block",
        "stop_reason",
        "input_tokens",
        "output_tokens",
        "candidates",
        "parts",
        "thought",
        "error",
        "finishReason",
        "usageMetadata",
        "promptTokenCount",
        "promptFeedback",
        "blockReason",
        "prompt_tokens",
        "completion_tokens",
    ]
)
KINDS = st.sampled_from(
    [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "message_delta",
        "message_stop",
        "error",
        "text_delta",
        "stop",
        "STOP",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | KINDS | st.text(max_size=10)
OBJECTS = st.dictionaries(
    NAMES,
    st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
        max_leaves=15,
    ),
    max_size=6,
)


@pytest.mark.holds("R50", "P14")
@every_format
@given(documents=st.lists(OBJECTS, max_size=4))
async def test_whatever_arrives_it_is_an_answer_or_a_failure(
    wire: Format, documents: list[object]
) -> None:
    with suppress(CompletionError):
        completion = await answer(wire.model, events(documents, end="[DONE]"))
        completion.text.encode()  # no half of a surrogate pair
        usage = completion.usage or Usage()
        assert min(usage.fresh_input, usage.cache_read, usage.cache_write, usage.output) >= 0
