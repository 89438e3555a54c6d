"""Sends deliveries at the moments that a file names, and measures when each is acknowledged.

``python generator.py HOST PORT DELIVERIES``. A line of the file is a JSON object: ``at``, seconds
after the beginning, and ``request``, the whole request as it goes over the wire. Every delivery
has a connection of its own, as those of many senders would, and none waits for another one.

It is a program of its own on bare sockets, so that it takes little from what it measures: a
request is written down in full before the beginning, and an answer is read up to its status.
Printed is one JSON object.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

_PATIENCE_SECONDS = 30.0


@dataclass
class Flight:
    """One delivery on its way."""

    at: float
    request: bytes
    began: float = 0.0
    ended: float = 0.0
    sent: int = 0
    answer: bytes = b""

    @property
    def status(self) -> int:
        """The status of the answer; 0 where there is none."""
        words = self.answer.split(b" ", 2)
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


@dataclass
class Generator:
    """Sends everything when its time has come."""

    address: tuple[str, int]
    waiting: list[Flight]
    done: list[Flight] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.waiting.sort(key=lambda flight: flight.at, reverse=True)
        self._selector = selectors.DefaultSelector()
        self._all = len(self.waiting)

    def run(self) -> float:
        """Send; return the moment of the beginning."""
        begin = time.perf_counter()
        end = begin + self.waiting[0].at + _PATIENCE_SECONDS
        while len(self.done) < self._all and time.perf_counter() < end:
            now = time.perf_counter()
            while self.waiting and begin + self.waiting[-1].at <= now:
                self._start(self.waiting.pop())
                now = time.perf_counter()
            pause = begin + self.waiting[-1].at - now if self.waiting else 0.1
            for key, mask in self._selector.select(max(0.0, pause)):
                assert isinstance(key.fileobj, socket.socket)
                self._go_on(key.fileobj, key.data, mask)
        return begin

    def _start(self, flight: Flight) -> None:
        flight.began = time.perf_counter()
        connection = socket.socket()
        connection.settimeout(0)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.connect_ex(self.address)
        self._selector.register(connection, selectors.EVENT_WRITE, flight)

    def _go_on(self, connection: socket.socket, flight: Flight, mask: int) -> None:
        try:
            if mask & selectors.EVENT_WRITE:
                flight.sent += connection.send(flight.request[flight.sent :])
                if flight.sent == len(flight.request):
                    self._selector.modify(connection, selectors.EVENT_READ, flight)
                return
            part = connection.recv(65536)
        except OSError:
            part = b""
        flight.answer += part
        if not part or b"\r\n\r\n" in flight.answer:
            flight.ended = time.perf_counter()
            self._selector.unregister(connection)
            connection.close()
            self.done.append(flight)


def main() -> None:
    """Send what the file says."""
    host, port, file = sys.argv[1:]
    lines = [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines()]
    flights = [Flight(at=line["at"], request=line["request"].encode()) for line in lines]
    generator = Generator((host, int(port)), list(flights))
    before = time.process_time()
    begin = generator.run()
    report = {
        "seconds": [flight.ended - flight.began if flight.ended else None for flight in flights],
        "statuses": [flight.status for flight in flights],
        "late": [flight.began - begin - flight.at for flight in flights if flight.began],
        "cpu_seconds": time.process_time() - before,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
