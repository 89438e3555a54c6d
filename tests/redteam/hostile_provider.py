"""Providers that misbehave, as data: what a server of a model sends in place of an answer (R50)."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileProvider:
    """What a server answers, whatever it is asked.

    Args:
        id: The R-input.
        says: What it tries.
        status: The status.
        headers: Headers of the answer.
        body: What is sent.
        times: How often the body is sent.
        pause_seconds: How long it waits before each time.
        announced: The length that it announces; 0 for none.
        answer: Whether the honest answer is sent, in the form that the next three bend.
        finish: Why it says that it ended.
        model: What it says that it is; empty for what it was asked for.
        usage: What it says that it used, as JSON; empty for the truth.
        calls: The most that one review may ask such a server.
        state: How the review has to end; empty for any end that is not a success.
    """

    id: str
    says: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    times: int = 1
    pause_seconds: float = 0.0
    announced: int = 0
    answer: bool = False
    finish: str = "stop"
    model: str = ""
    usage: str = ""
    calls: int = 200
    state: str = "partial"


def misbehave(
    given: HostileProvider, handler: BaseHTTPRequestHandler, honest: str, model: str
) -> None:
    """Answer one request so.

    Args:
        given: How.
        handler: The request.
        honest: What an honest model answers.
        model: Which model was asked for.
    """
    handler.close_connection = True
    handler.send_response(given.status)
    headers = {"Content-Type": "text/event-stream", **given.headers}
    for name, value in headers.items():
        handler.send_header(name, value)
    if given.announced:
        handler.send_header("Content-Length", str(given.announced))
    handler.end_headers()
    piece = given.body.encode("utf-8", "surrogatepass")
    if given.answer:
        piece = stream_of(
            honest, given.model or model, finish=given.finish, usage=given.usage or "null"
        )
    for _ in range(given.times):
        time.sleep(given.pause_seconds)
        handler.wfile.write(piece)


def stream_of(text: str, model: str, *, finish: str = "stop", usage: str = "null") -> bytes:
    """Write an answer as compatible servers stream it.

    Args:
        text: The answer.
        model: Who says that it answers.
        finish: Why it ended.
        usage: What it used, as JSON.
    """
    common = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": model}
    delta = {**common, "choices": [{"index": 0, "delta": {"content": text}}]}
    last = {**common, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}
    count = json.dumps({**common, "choices": []})[:-1] + f', "usage": {usage}}}'
    lines = [f"data: {line}\n\n" for line in (json.dumps(delta), json.dumps(last), count)]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()
