"""One process of the service on a real socket: it listens, goes in order, and drops the slow."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from http.client import HTTPConnection
from pathlib import Path
from socket import create_connection, create_server
from typing import Any

import pytest

from reviewer.bootstrap.door import Services
from reviewer.bootstrap.replay import send_delivery
from reviewer.domain.recorded_delivery import RecordedDelivery
from reviewer.domain.run_event import EventKind, EventStatus, RunEvent
from reviewer.domain.status import RunState
from reviewer.entrypoints.cli.program import run
from reviewer.entrypoints.server.process import serve
from reviewer.errors import UserError
from reviewer.server_settings import PREFIX, ServerSettings
from tests.store_example import a_run
from tests.unit.server_stage import (
    DELIVERY,
    OPERATOR_TOKEN,
    WEBHOOK_SECRET,
    Stage,
    delivery_headers,
    set_up,
)

pytestmark = pytest.mark.loopback

BODY = b'{"zen": "Approachable is better than simple."}'


class Run:
    """A service that runs until a visitor has told it to go."""

    def __init__(self, **said: object) -> None:
        settings: dict[str, Any] = {"port": 0, "shutdown_seconds": 3, **said}
        self.stage: Stage = set_up(**settings)
        self.closed = False
        self.seconds_to_go = 0.0
        self._told_to_go = 0.0
        self._fault: BaseException | None = None

    def __call__(self, visit: Callable[[str], None]) -> None:
        """Run the service, and let somebody visit it, who says nothing when they are done."""
        visitor: list[threading.Thread] = []

        def told(address: str) -> None:
            thread = threading.Thread(target=self._visit, args=(visit, address))
            visitor.append(thread)
            thread.start()

        serve(self.stage.settings, self._opening, told=told)
        visitor[0].join()
        self.seconds_to_go = time.monotonic() - self._told_to_go
        if self._fault is not None:
            raise self._fault

    def _visit(self, visit: Callable[[str], None], address: str) -> None:
        try:
            visit(address)
        except BaseException as error:  # noqa: BLE001 - told in the test's own thread
            self._fault = error
        finally:
            self.tell_to_go()

    def tell_to_go(self) -> None:
        if self._told_to_go:
            return
        self._told_to_go = time.monotonic()
        os.kill(os.getpid(), signal.SIGTERM)

    @asynccontextmanager
    async def _opening(self) -> AsyncIterator[Services]:
        async with self.stage.store.begin() as work:
            await work.runs.add(a_run(state=RunState.RUNNING))
        self.loop = asyncio.get_running_loop()
        yield self.stage.application.state.door.services
        self.closed = True


def connection(address: str) -> HTTPConnection:
    return HTTPConnection(address.removeprefix("http://"), timeout=10)


def status(address: str, path: str) -> int:
    with closing(connection(address)) as asking:
        asking.request("GET", path)
        return asking.getresponse().status


def test_it_listens_and_goes_when_told() -> None:
    service = Run()

    def visit(address: str) -> None:
        with closing(connection(address)) as asking:
            asking.request("POST", "/webhooks/github", BODY, delivery_headers(BODY))
            answer = asking.getresponse()
            assert answer.status == 202
            assert answer.getheader("server") is None
            assert json.loads(answer.read())["delivery"] == DELIVERY

    service(visit)

    assert list(service.stage.engine.deliveries) == [DELIVERY]
    assert service.closed
    assert service.seconds_to_go < 3


def test_a_live_stream_does_not_hold_it_up() -> None:
    service = Run()
    told: list[bytes] = []

    def visit(address: str) -> None:
        asking = connection(address)
        headers = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
        asking.request("GET", "/runs/run-1/events", headers=headers)
        answer = asking.getresponse()
        assert answer.status == 200
        told.append(answer.readline())
        service.tell_to_go()
        told.append(answer.read())
        asking.close()

    service(visit)

    assert told[0] == b"retry: 3000\n"
    assert b"listen again" in told[1]
    assert service.seconds_to_go < 3


def test_it_drains_before_it_stops_listening() -> None:
    service = Run(drain_seconds=0.5)
    seen: list[int] = []

    def visit(address: str) -> None:
        seen.append(status(address, "/ready"))
        service.tell_to_go()
        time.sleep(0.1)
        seen.append(status(address, "/ready"))
        seen.append(status(address, "/live"))

    service(visit)

    assert seen == [200, 503, 200]


@pytest.mark.holds("S19", "R21")
def test_thirty_megabytes_are_refused_while_they_are_sent() -> None:
    service = Run(body_limit_bytes=100_000)
    answers: list[bytes] = []

    def visit(address: str) -> None:
        host, port = address.removeprefix("http://").split(":")
        with create_connection((host, int(port)), timeout=10) as raw:
            headers = {**delivery_headers(BODY), "Transfer-Encoding": "chunked", "Host": host}
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            raw.sendall(f"POST /webhooks/github HTTP/1.1\r\n{head}\r\n".encode())
            try:
                for _ in range(500):
                    raw.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            except OSError:
                pass  # the other side has hung up, as it should
            try:
                answers.append(raw.recv(1_000))
            except OSError:
                answers.append(b"")

    service(visit)

    assert service.stage.engine.deliveries == {}
    assert ("unread", "malformed") in service.stage.watch.deliveries
    assert answers[0] == b"" or b" 413 " in answers[0]


@pytest.mark.holds("S19", "R21")
@pytest.mark.parametrize(
    ("first", "more"),
    [
        (b"GET /health HTTP/1.1\r\nHost: a\r\nX-Endless: ", b"x" * 65_536),
        (b"GET /health HTTP/1.1\r\nHost: a\r\n", b"X-Many: header\r\n" * 4_096),
        (b"GET /", b"x" * 65_536),
        (
            (
                b"GET /health HTTP/1.1\r\nHost: a\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nX-Trailer: "
            ),
            b"x" * 65_536,
        ),
    ],
    ids=["one header", "many headers", "address", "trailer"],
)
def test_what_stands_around_a_body_has_an_end(first: bytes, more: bytes) -> None:
    service = Run()
    sent: list[int] = []

    def visit(address: str) -> None:
        host, port = address.removeprefix("http://").split(":")
        with create_connection((host, int(port)), timeout=10) as raw:
            raw.sendall(first)
            try:
                for number in range(500):
                    sent.append(number)
                    raw.sendall(more)
            except OSError:
                pass  # the other side has hung up, as it should
        assert status(address, "/health") == 200

    service(visit)

    # What the kernel holds for both ends counts as sent as well.
    assert len(sent) < 300


def test_requests_that_follow_each_other_on_a_connection_are_counted_apart() -> None:
    service = Run()
    answers: list[int] = []

    def visit(address: str) -> None:
        with closing(connection(address)) as asking:
            for _ in range(20):
                asking.request(
                    "POST", "/webhooks/github", body=b"x" * 9_000, headers={"X": "y" * 9_000}
                )
                answer = asking.getresponse()
                answer.read()
                answers.append(answer.status)
                asking.request("GET", "/health", headers={"X": "y" * 9_000})
                answer = asking.getresponse()
                answer.read()
                answers.append(answer.status)

    service(visit)

    assert answers == [401, 200] * 20


@pytest.mark.holds("S19", "R21")
def test_a_body_that_never_comes_is_given_up() -> None:
    service = Run(body_seconds=0.2)
    answers: list[bytes] = []

    def visit(address: str) -> None:
        host, port = address.removeprefix("http://").split(":")
        with create_connection((host, int(port)), timeout=10) as raw:
            headers = {**delivery_headers(BODY), "Content-Length": "100", "Host": host}
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            raw.sendall(f"POST /webhooks/github HTTP/1.1\r\n{head}\r\n{{".encode())
            answers.append(raw.recv(10_000))
            answers.append(raw.recv(10_000))
            answers.append(raw.recv(10_000))

    service(visit)

    assert answers[0].startswith(b"HTTP/1.1 408 ")
    assert answers[-1] == b""  # the connection is closed


def test_a_port_that_is_taken_is_told_with_words() -> None:
    with create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        service = Run(port=port)
        with pytest.raises(UserError, match=f"port {port} cannot be listened on"):
            service(lambda _: pytest.fail("nobody can come"))


def test_a_second_signal_ends_it_at_once() -> None:
    service = Run(body_seconds=60, shutdown_seconds=60)

    def visit(address: str) -> None:
        host, port = address.removeprefix("http://").split(":")
        with create_connection((host, int(port)), timeout=10) as raw:
            headers = {**delivery_headers(BODY), "Content-Length": "100", "Host": host}
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            raw.sendall(f"POST /webhooks/github HTTP/1.1\r\n{head}\r\n{{".encode())
            time.sleep(0.2)
            service.tell_to_go()
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGINT)
            raw.recv(1_000)

    service(visit)

    assert service.seconds_to_go < 5


def test_a_recorded_delivery_is_sent_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Run()
    (tmp_path / "ping.json").write_bytes(BODY)

    def visit(address: str) -> None:
        for name, value in (
            ("APP_ID", "1"),
            ("PRIVATE_KEY", "x"),
            ("WEBHOOK_SECRET", WEBHOOK_SECRET),
            ("PORT", address.rsplit(":", 1)[1]),
        ):
            monkeypatch.setenv(f"{PREFIX}{name}", value)
        command = ["replay-delivery", str(tmp_path / "ping.json"), "--delivery", DELIVERY]
        assert run(command) == 0
        assert run([*command, "--url", address]) == 0
        monkeypatch.setenv(f"{PREFIX}WEBHOOK_SECRET", "another-secret-than-that")
        assert run(command) == 3

    service(visit)

    shown = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in shown] == [
        f"202 ping {DELIVERY}",
        f"200 ping {DELIVERY}",
        f"401 ping {DELIVERY}",
    ]
    assert WEBHOOK_SECRET not in "".join(shown)


def test_where_it_listens_everywhere_it_is_reached_here() -> None:
    service = Run()

    def visit(address: str) -> None:
        said: dict[str, Any] = {"host": "0.0.0.0", "port": address.rsplit(":", 1)[1]}  # noqa: S104
        settings: ServerSettings = set_up(**said).settings
        sent = send_delivery(RecordedDelivery(name="ping", body=BODY), settings)
        assert sent.status == 202
        assert sent.delivery_id in service.stage.engine.deliveries

    service(visit)


def test_events_stream_over_a_real_connection() -> None:
    service = Run()
    told: list[bytes] = []

    def visit(address: str) -> None:
        with closing(connection(address)) as asking:
            headers = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
            asking.request("GET", "/runs/run-1/events", headers=headers)
            answer = asking.getresponse()
            told.append(answer.readline())
            event = RunEvent(
                run_id="run-1",
                kind=EventKind.REVIEW_COMPLETED,
                status=EventStatus.COMPLETED,
                at=service.stage.clock.now(),
            )
            loop = service.loop
            asyncio.run_coroutine_threadsafe(service.stage.events.publish(event), loop).result(5)
            told.append(answer.read())

    service(visit)
    assert b"event: review.completed" in told[1]
