"""Whole answers as each provider streams them, for the tests of the adapters."""

from __future__ import annotations

import json
from collections.abc import Sequence

TEXT = '{"answers": [{"rule_id": "PY001", "suggestion": null}]} – done 🙂'


def events(documents: Sequence[object], *, named: bool = False, end: str = "") -> bytes:
    """Write documents as server-sent events."""
    lines: list[str] = []
    for document in documents:
        if named and isinstance(document, dict):
            lines.append(f"event: {document['type']}")
        lines += [f"data: {json.dumps(document, ensure_ascii=False)}", ""]
    if end:
        lines += [f"data: {end}", ""]
    return "\n".join([*lines, ""]).encode()


def openai_stream(reason: object = "stop", **last: object) -> bytes:
    """An answer of chat completions in three pieces."""
    common = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1795000000,
        "model": "gpt-6-sol-2026-11-01",
    }
    pieces: list[dict[str, object]] = [{"role": "assistant", "content": ""}]
    pieces += [{"content": part} for part in (TEXT[:9], TEXT[9:20], TEXT[20:])]
    chunks: list[object] = [
        {**common, "choices": [{"index": 0, "delta": piece, "finish_reason": None}]}
        for piece in pieces
    ]
    chunks.append({**common, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    usage = {
        "prompt_tokens": 2100,
        "completion_tokens": 60,
        "total_tokens": 2160,
        "prompt_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 900},
        "completion_tokens_details": {"reasoning_tokens": 20},
    }
    chunks.append({**common, "choices": [], "usage": {**usage, **last}})
    return events(chunks, end="[DONE]")


def anthropic_stream(reason: object = "end_turn", **last: object) -> bytes:
    """A message with a thinking block before its text."""
    message: dict[str, object] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5-20261101",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 176,
            "cache_read_input_tokens": 1024,
            "cache_creation_input_tokens": 900,
            "output_tokens": 1,
        },
    }
    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    documents: list[object] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": thinking},
        {"type": "ping"},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "thinking_delta", "thinking": "SECRET THOUGHT"},
        },
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        *(
            {
                "type": "content_block_delta",
                "index": 1,
                "delta": {"type": "text_delta", "text": part},
            }
            for part in (TEXT[:9], TEXT[9:20], TEXT[20:])
        ),
        {"type": "content_block_stop", "index": 1},
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": {
                "output_tokens": 60,
                "output_tokens_details": {"thinking_tokens": 20},
                **last,
            },
        },
        {"type": "message_stop"},
    ]
    return events(documents, named=True)


def gemini_stream(reason: object = "STOP", **last: object) -> bytes:
    """An answer of generateContent with a thought before its text."""
    common = {"modelVersion": "gemini-3.8-flash-002", "responseId": "resp-1"}
    usage: dict[str, object] = {
        "promptTokenCount": 2100,
        "cachedContentTokenCount": 1024,
        "candidatesTokenCount": 40,
        "thoughtsTokenCount": 20,
        "totalTokenCount": 2160,
    }
    parts: list[dict[str, object]] = [{"text": "SECRET THOUGHT", "thought": True}]
    parts += [{"text": part} for part in (TEXT[:9], TEXT[9:20], TEXT[20:])]
    documents: list[object] = [
        {
            **common,
            "candidates": [
                {
                    "index": 0,
                    "content": {"role": "model", "parts": [part]},
                    "finishReason": reason if number == len(parts) else None,
                }
            ],
            "usageMetadata": dict(usage, **last) if number == len(parts) else {},
        }
        for number, part in enumerate(parts, 1)
    ]
    return events(documents)
