"""A model behind HTTP: one server for all red-team tests, which answers as the model that is named.

The command and the service reach it as they reach any compatible server; what they send is read
back into a request, so that every model of the tests can answer it and every request is kept.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

from typing_extensions import override

from reviewer.domain.completion import (
    CompletionRequest,
    ModelName,
    Parameters,
    PromptIdentity,
)
from reviewer.ports.model import Model
from tests.guards import find_canary
from tests.redteam.honest_model import honest
from tests.redteam.hostile_provider import HostileProvider, misbehave, stream_of

_FENCE = re.compile(r"<<<(?P<nonce>\w+) ")
_RULE = re.compile(r"\b[A-Z]{2,5}\d{3}\b")
_PROMPT = PromptIdentity(name="read-back", version=1, sha256="0" * 64)
_BIND = ("127.0.0.1", 0)
Answerer = Model | HostileProvider


class ModelDoor:
    """Models by the names under which they are reached.

    Attributes:
        leaks: Requests in which a secret of the environment stood.
    """

    def __init__(self) -> None:
        self.port = 0
        self.leaks: list[str] = []
        self._models: dict[str, Answerer] = {}
        self._requests: dict[str, list[CompletionRequest]] = {}
        self._numbers = count(1)

    def introduce(self, model: Answerer) -> str:
        """Let a model be reached; return its name, as configuration writes it.

        The same model keeps its name: another one would make every kept answer worthless.
        """
        known = [name for name, each in self._models.items() if each is model]
        name = known[0] if known else f"model-{next(self._numbers)}"
        if not known:
            self._models[name], self._requests[name] = model, []
        return f"compatible:http://127.0.0.1:{self.port}/v1#{name}"

    def requests(self, name: str) -> list[CompletionRequest]:
        """Return what a model was sent, under the name that `introduce` gave."""
        return self._requests[name.rpartition("#")[2]]

    def answer(self, handler: BaseHTTPRequestHandler, raw: bytes) -> None:
        """Answer one request."""
        headers = "\n".join(f"{name}: {value}" for name, value in handler.headers.items())
        if find_canary(headers.encode() + raw):
            self.leaks.append(handler.path)
        body = json.loads(raw)
        model = self._models[body["model"]]
        request = read_back(body)
        self._requests[body["model"]].append(request)
        if isinstance(model, HostileProvider):
            misbehave(model, handler, honest({})(request), body["model"])
            return
        completion = asyncio.run(model.complete(request, timeout_seconds=60))
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        usage = {"prompt_tokens": len(raw) // 3, "completion_tokens": len(completion.text) // 3 + 1}
        handler.wfile.write(stream_of(completion.text, body["model"], usage=json.dumps(usage)))


def read_back(body: Mapping[str, Any]) -> CompletionRequest:
    """Return the request that was written as this body."""
    texts = [message["content"] for message in body["messages"]]
    system, asked = (texts[0], texts[1]) if len(texts) > 1 else ("", texts[0])
    begun = _FENCE.match(asked)
    end = 0 if begun is None else asked.rfind(f"\n{begun['nonce']}>>>\n") + 1
    end += 0 if begun is None or not end else len(begun["nonce"]) + 4
    form = body.get("response_format") or {}
    schema = form.get("json_schema", {}).get("schema")
    verifies = schema is not None and "verdicts" in schema.get("properties", {})
    if verifies and begun is not None:
        # What is to be verified is fenced as well, and belongs to the question.
        end = asked.rfind(f"<<<{begun['nonce']} ")
    return CompletionRequest(
        model=ModelName(provider="compatible", model=body["model"]),
        prompt=_PROMPT,
        system=system,
        prefix=asked[:end],
        question=asked[end:],
        schema=schema,
        parameters=Parameters(max_output_tokens=body["max_tokens"]),
        purpose="verify" if verifies else "review",
        rules=tuple(dict.fromkeys(_RULE.findall(asked[end:]))),
    )


@contextmanager
def serving_models() -> Iterator[ModelDoor]:
    """Serve on loopback."""
    door = ModelDoor()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                door.answer(self, raw)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    listening = ThreadingHTTPServer(_BIND, Handler)
    listening.daemon_threads = True
    door.port = listening.server_address[1]
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield door
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
