"""A chat-completions server on loopback that answers from a script, and caches what it was sent."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

_RULE = re.compile(r"\b[A-Z]{2,5}\d{3}\b")

#: Answers one question with a text; gets what was sent.
Brain = Callable[[Mapping[str, Any]], str]


class Refusal(Exception):  # noqa: N818 - what a server answers, no fault
    """Makes the server answer with a status in place of an answer."""

    def __init__(self, status: int, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after = retry_after


class ModelServer:
    """A server, what it was sent, and where it is.

    Args:
        brain: Answers.
    """

    def __init__(self, brain: Brain) -> None:
        self.bodies: list[Mapping[str, Any]] = []
        self._brain = brain
        self._lock = threading.Lock()
        self.port = 0

    @property
    def model(self) -> str:
        """The model, as configuration writes it."""
        return f"compatible:http://127.0.0.1:{self.port}/v1#example"

    def answer(self, body: Mapping[str, Any]) -> bytes:
        """Answer one request as a stream of events."""
        with self._lock:
            known = body in self.bodies
            self.bodies.append(body)
        text = self._brain(body)
        asked = sum(len(message["content"]) for message in body["messages"])
        usage = {
            "prompt_tokens": asked // 3,
            "completion_tokens": len(text) // 3 + 1,
            "prompt_tokens_details": {"cached_tokens": asked // 4 if known else 0},
        }
        common = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "example-1"}
        chunks: list[dict[str, Any]] = [
            {**common, "choices": [{"index": 0, "delta": {"content": text}}]},
            {**common, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {**common, "choices": [], "usage": usage},
        ]
        lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
        return "".join([*lines, "data: [DONE]\n\n"]).encode()


@contextmanager
def model_server(brain: Brain) -> Iterator[ModelServer]:
    """Serve a model on loopback."""
    server = ModelServer(brain)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            try:
                answer = server.answer(json.loads(self.rfile.read(length)))
            except Refusal as refusal:
                self._refuse(refusal)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(answer)

        def _refuse(self, refusal: Refusal) -> None:
            self.send_response(refusal.status)
            self.send_header("Content-Type", "application/json")
            if refusal.retry_after is not None:
                self.send_header("Retry-After", str(refusal.retry_after))
            self.end_headers()
            self.wfile.write(json.dumps({"error": {"message": refusal.message}}).encode())

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.port = listening.server_address[1]
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


def question_of(body: Mapping[str, Any]) -> str:
    """Return everything that was asked."""
    return "\n".join(_text(message["content"]) for message in body["messages"])


def _text(content: str | list[Mapping[str, str]]) -> str:
    """Return a message's text, which may come in parts."""
    return content if isinstance(content, str) else "\n".join(part["text"] for part in content)


def passing(body: Mapping[str, Any], **findings: list[dict[str, object]]) -> str:
    """Return an answer in which the rules named fail with their findings and the others pass.

    Args:
        body: What was sent.
        findings: Findings by rule; those that were not asked are left out.
    """
    text = question_of(body)
    handles = re.findall(r"^finding: (\w+)$", text, re.MULTILINE)
    if handles:
        verdicts = [
            {"finding": handle, "holds": True, "severity": "critical", "reason": "it happens so"}
            for handle in handles
        ]
        return json.dumps({"verdicts": verdicts})
    rules = dict.fromkeys(_RULE.findall(text))
    return json.dumps(
        {
            "answers": [
                {
                    "rule_id": rule,
                    "verdict": "fail" if rule in findings else "pass",
                    "reason": "read line by line",
                    "findings": findings.get(rule, []),
                }
                for rule in rules
            ]
        }
    )
