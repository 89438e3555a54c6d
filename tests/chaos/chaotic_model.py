"""A chat-completions server that fails by chance and counts for itself what it was asked.

It finds what stands in the text that it is sent (`tests.chaos.course`), and says so, whole or cut.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

from tests.chaos.dice import Dice, Tally
from tests.chaos.fault_kind import ASKING, FaultKind
from tests.e2e.model_server import passing, question_of

#: How long it stays silent, where it does; whoever asks waits for less.
SILENT_SECONDS = 0.5

_WRONG_LINE = re.compile(r"return items\[len\(items\)\]  # \w+")
_SHOWN_FILE = re.compile(r"^## (\S+) \|", re.MULTILINE)
_DRAWN_WORD = re.compile(r"[0-9a-f]{12,}")
_USAGE = '"usage": '


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCall:
    """One request that it took up.

    Args:
        tokens: What it used for it.
        told: Whether what it used was sent, whole; None where only a part of the answer was.
    """

    tokens: int
    told: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    call: ServerCall | None = None
    silent: bool = False


class ChaoticModel:
    """What it was asked, and how it fails.

    Args:
        dice: The chance.
        rate: Which share of the questions meets a fault.
        tally: Counts them.
        without: Kinds that are left out.
    """

    def __init__(
        self, dice: Dice, rate: float, tally: Tally, *, without: frozenset[FaultKind] = frozenset()
    ) -> None:
        self._dice = dice
        self._tally = tally
        self._kinds = [kind for kind in ASKING if kind not in without]
        self._lock = threading.Lock()
        self.rate = rate
        self.calls: list[ServerCall] = []
        self.port = 0

    @property
    def model(self) -> str:
        """The model, as configuration writes it."""
        return f"compatible:http://127.0.0.1:{self.port}/v1#example"

    def answer(self, body: Mapping[str, Any]) -> _Answer:
        """Answer one request, well or badly, and count it."""
        asked = question_of(body)
        name = hashlib.sha256(_DRAWN_WORD.sub("", asked).encode()).hexdigest()
        chance = self._dice.draw(f"model {name}")
        kind = None
        if chance.random() < self.rate:
            kind = chance.choice(self._kinds)
            self._tally.note(kind)
        answer = _answered(kind, chance.random(), asked, finding(body))
        if answer.call is not None:
            with self._lock:
                self.calls.append(answer.call)
        return answer


def finding(body: Mapping[str, Any]) -> str:
    """Answer as an honest model that sees every wrong line that it is shown."""
    asked = question_of(body)
    found: list[dict[str, object]] = []
    places = list(_SHOWN_FILE.finditer(asked))
    for place, following in zip(places, [*places[1:], None], strict=True):
        shown = asked[place.end() : following.start() if following else len(asked)]
        found += [
            {
                "path": place[1],
                "side": "head",
                "quote": f"    {line}",
                "headline": f"The end of {line.rsplit(maxsplit=1)[1]} is never there",
                "explanation": "f([1]) → IndexError: indices end at len(items) - 1.",
                "remedy": "Count from zero.",
                "severity": "major",
                "suggestion": None,
            }
            for line in dict.fromkeys(_WRONG_LINE.findall(shown))
        ]
    return passing(body, BUG002=found)


def _answered(kind: FaultKind | None, luck: float, asked: str, text: str) -> _Answer:
    if kind is FaultKind.MODEL_LIMIT:
        wait = (("Retry-After", "1"),) if luck < 0.5 else ()
        return _Answer(status=429, body=_error("slow down"), headers=wait)
    if kind is FaultKind.MODEL_REFUSAL:
        body, call = _stream(asked, "I would rather not.", "content_filter")
        return _Answer(body=body, call=call)
    cut = text[: int(luck * len(text))]
    if kind is FaultKind.MODEL_TEXT_CUT:
        body, call = _stream(asked, cut, "stop")
        return _Answer(body=body, call=call)
    if kind is FaultKind.MODEL_LENGTH:
        body, call = _stream(asked, cut, "length")
        return _Answer(body=body, call=call)
    body, call = _stream(asked, text, "stop")
    if kind is FaultKind.MODEL_BROKEN:
        # It may have worked on it all the same, and charge it.
        return _Answer(status=500, body=_error("broken"), call=_untold(call, told=False))
    if kind is FaultKind.MODEL_SILENT:
        return _Answer(body=b"", silent=True, call=_untold(call, told=False))
    if kind is FaultKind.MODEL_STREAM_CUT:
        part = body[: int(luck * len(body))]
        told = None if _USAGE in part.decode("utf-8", "replace") else False
        return _Answer(body=part, call=_untold(call, told=told))
    return _Answer(body=body, call=call)


def _untold(call: ServerCall, *, told: bool | None) -> ServerCall:
    return ServerCall(tokens=call.tokens, told=told)


def _error(words: str) -> bytes:
    return json.dumps({"error": {"message": words}}).encode()


def _stream(asked: str, text: str, finish: str) -> tuple[bytes, ServerCall]:
    usage = {"prompt_tokens": len(asked) // 3, "completion_tokens": len(text) // 3 + 1}
    common = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "example-1"}
    chunks: list[dict[str, Any]] = [
        {**common, "choices": [{"index": 0, "delta": {"content": text[start : start + 400]}}]}
        for start in range(0, len(text), 400)
    ]
    chunks += [
        {**common, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]},
        {**common, "choices": [], "usage": usage},
    ]
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    body = "".join([*lines, "data: [DONE]\n\n"]).encode()
    return body, ServerCall(tokens=sum(usage.values()), told=True)


@contextmanager
def serving(model: ChaoticModel) -> Iterator[None]:
    """Serve it on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            # Whoever asked may have gone.
            with suppress(OSError):
                self._answer(model.answer(json.loads(self.rfile.read(length))))

        def _answer(self, answer: _Answer) -> None:
            if answer.silent:
                time.sleep(SILENT_SECONDS)
                self.close_connection = True
                return
            self.send_response(answer.status)
            kind = "text/event-stream" if answer.status == 200 else "application/json"
            self.send_header("Content-Type", kind)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    model.port = listening.server_address[1]
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
