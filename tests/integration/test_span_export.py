"""Spans over OTLP to a collector on this machine: what is sent, and that it goes nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from typing_extensions import override

from reviewer.adapters.telemetry.otlp import export_spans
from tests.guards import CANARIES, find_canary

pytest.importorskip("opentelemetry.sdk", reason="the extra `telemetry` is not installed")
pytest.importorskip("opentelemetry.exporter.otlp.proto.http.trace_exporter")

pytestmark = pytest.mark.loopback


class Collector:
    """Takes what it is sent.

    Args:
        status: What it answers.
    """

    def __init__(self, status: int) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.address = ""
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append((self.path, body))
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                received.append((self.path, b""))
                self.send_response(200)
                self.end_headers()

            @override
            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"


@contextmanager
def collecting(status: int = 200) -> Iterator[Collector]:
    collector = Collector(status)
    thread = threading.Thread(target=collector.server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield collector
    finally:
        collector.server.shutdown()
        thread.join()
        collector.server.server_close()


def test_spans_reach_the_collector_without_secrets() -> None:
    with collecting() as collector:
        export = export_spans(collector.address, secrets=tuple(CANARIES.values()))
        with export.calls.span("chat m", {"persona": CANARIES["GITHUB_TOKEN"], "n": 1}):
            pass
        export.close()
    ((path, body),) = collector.received
    assert path == "/v1/traces"
    assert b"chat m" in body
    assert b"persona-reviewer" in body
    assert not find_canary(body.decode("utf-8", "replace"))


def test_a_redirect_is_not_followed() -> None:
    with collecting(307) as collector:
        export = export_spans(collector.address)
        with export.calls.span("chat m", {}):
            pass
        export.close()
    assert {path for path, _ in collector.received} == {"/v1/traces"}


def test_a_collector_that_is_gone_stops_nothing() -> None:
    with collecting() as collector:
        address = collector.address
    export = export_spans(address, patience_seconds=0.2)
    for _ in range(3_000):
        with export.calls.span("chat m", {}):
            pass
    export.close()
