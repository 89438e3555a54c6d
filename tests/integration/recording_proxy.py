"""A proxy on loopback that passes chat completions on to a model server and keeps its usage."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import override

#: A small model on a small machine takes minutes.
_PATIENCE_SECONDS = 600
_CHUNK_BYTES = 4_096


class RecordingProxy:
    """Passes requests on, and keeps what was asked and what the server said that it used.

    Args:
        target: The server's base address (``http://127.0.0.1:8080/v1``).
    """

    def __init__(self, target: str) -> None:
        self.bodies: list[Mapping[str, Any]] = []
        self.usages: list[Mapping[str, Any]] = []
        self.port = 0
        self._target = urlsplit(target)
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """Where the proxy is."""
        return f"http://127.0.0.1:{self.port}{self._target.path}"

    @contextmanager
    def passed_on(self, path: str, body: bytes) -> Iterator[http.client.HTTPResponse]:
        """Send a request on and give its answer as it comes."""
        with self._lock:
            self.bodies.append(json.loads(body))
        host, port = self._target.hostname or "", self._target.port
        connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE_SECONDS)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            with connection.getresponse() as answer:
                yield answer
        finally:
            connection.close()

    def keep(self, answer: bytes) -> None:
        """Keep the last usage that an answer states: one object, or a stream of events."""
        found: Mapping[str, Any] | None = None
        for line in answer.decode().splitlines():
            text = line.removeprefix("data:").strip()
            if text.startswith("{") and isinstance(usage := json.loads(text).get("usage"), dict):
                found = usage
        if found is not None:
            with self._lock:
                self.usages.append(found)


@contextmanager
def recording_proxy(target: str) -> Iterator[RecordingProxy]:
    """Serve a proxy on loopback.

    Args:
        target: The server's base address.
    """
    proxy = RecordingProxy(target)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            kept = b""
            with proxy.passed_on(self.path, self.rfile.read(length)) as answer:
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.end_headers()
                while chunk := answer.read1(_CHUNK_BYTES):
                    self.wfile.write(chunk)
                    self.wfile.flush()
                    kept += chunk
            proxy.keep(kept)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.port = listening.server_address[1]
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
