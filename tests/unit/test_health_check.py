"""The health check of a container: what it says of a service that answers, fails or is away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from reviewer.entrypoints.health import main

Environment = dict[str, str]


@contextmanager
def _service(status: int, text: str = "up", seen: list[str] | None = None) -> Iterator[Environment]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if seen is not None:
                seen.append(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        log_message: Callable[..., None] = lambda *_: None

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield {"REVIEWER_SERVER_PORT": str(server.server_port)}
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.loopback
def test_a_service_that_is_well_is_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []
    with _service(200, '{"state":"up"}', seen) as environment:
        assert main(environment) == 0
    assert seen == ["/health"]
    assert capsys.readouterr().out == '200 {"state":"up"}\n'


@pytest.mark.loopback
@pytest.mark.parametrize("status", [503, 500, 404, 302])
def test_any_other_answer_is_not(status: int, capsys: pytest.CaptureFixture[str]) -> None:
    with _service(status, "down") as environment:
        assert main(environment) == 1
    assert capsys.readouterr().out == f"{status} down\n"


@pytest.mark.loopback
def test_no_answer_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with _service(200) as environment:
        pass
    assert main(environment) == 1
    assert "no answer from 127.0.0.1:" in capsys.readouterr().err


@pytest.mark.loopback
def test_a_port_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main({"REVIEWER_SERVER_PORT": "http"}) == 1
    assert "127.0.0.1:http" in capsys.readouterr().err


@pytest.mark.loopback
def test_of_a_long_answer_only_the_beginning_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with _service(200, "x" * 100_000) as environment:
        assert main(environment) == 0
    assert len(capsys.readouterr().out) < 3000
