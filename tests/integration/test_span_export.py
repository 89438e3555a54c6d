"""Spans over OTLP to a collector on this machine: what is sent, and that it goes nowhere else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

from reviewer.adapters.telemetry.otlp import export_spans
from tests.guards import CANARIES, ROOT, find_canary

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


@pytest.mark.holds("S17", "P31")
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


_SERVICE = """
import logging, sys
from opentelemetry import trace
from reviewer.adapters.system_clock import SystemClock
from reviewer.bootstrap.operations import watching
from reviewer.server_settings import ServerSettings

settings = ServerSettings(
    app_id="1", private_key="k" * 40, webhook_secret="w" * 20, otlp_endpoint=sys.argv[1]
)
with watching(settings, SystemClock()) as watch:
    with watch.work.span("review", {"key": "w" * 20}):
        with trace.get_tracer("somebody").start_as_current_span("inside"):
            logging.getLogger("reviewer.x").info("traced")
"""


def test_a_service_with_a_collector_sends_every_span_and_names_the_trace_in_its_log(
    allowed_program: Callable[[Path | str], None],
) -> None:
    # In a process of its own: whose spans a process sends is settled once.
    allowed_program(sys.executable)
    with collecting() as collector:
        done = subprocess.run(
            [sys.executable, "-c", _SERVICE, collector.address],
            cwd=ROOT,
            env={},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    line = json.loads(done.stderr)
    assert line["event"] == "traced"
    assert re.fullmatch(r"[0-9a-f]{32}", line["trace_id"])
    sent = b"".join(body for _, body in collector.received)
    assert bytes.fromhex(line["trace_id"]) in sent
    assert b"inside" in sent
    assert b"w" * 20 not in sent


@pytest.mark.holds("S14")
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
