"""The processes of a scene: the service as an operator starts it, the GitHub, the generator."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.benchmarks.service.town import SECRET

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "an example of an operator's token"

_GENERATOR = Path(__file__).with_name("generator.py")
_START_SECONDS = 60.0
_END_SECONDS = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_SIZE = 200


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a process has cost so far.

    Args:
        cpu_seconds: Of the processor, its ended children's included.
        peak_bytes: The most memory that it has held by itself.
    """

    cpu_seconds: float
    peak_bytes: int


def cost_of(pid: int) -> Cost:
    """Read what a process has cost from the kernel's tables."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    peak = 0
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            peak = int(line.split()[1]) * 1024
    # User and system time of the process, then of the children that it has waited for.
    return Cost(cpu_seconds=sum(map(int, fields[11:15])) / _TICKS, peak_bytes=peak)


class Serve:
    """``reviewer serve`` in a process of its own.

    Args:
        folder: Its data and its log.
        settings: Settings, without their prefix.
        arguments: Further words of the command.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str], *arguments: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        self.ready_seconds = 0.0
        self.port = 0
        self._arguments = arguments
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            **{f"REVIEWER_SERVER_{name}": value for name, value in settings.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process; it has to be running."""
        assert self._process is not None
        return self._process

    def start(self) -> None:
        """Start it, wait until it is ready, and remember how long that took."""
        begin = self.log.stat().st_size if self.log.exists() else 0
        began = time.perf_counter()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [Path(sys.executable).with_name("reviewer"), "serve", *self._arguments],
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        while not self._listens(begin) or self.ask("/ready")[0] != HTTPStatus.OK:
            if self.process.poll() is not None or time.perf_counter() - began > _START_SECONDS:
                raise RuntimeError(f"it does not start:\n{self.log.read_text()[begin:]}")
            time.sleep(0.005)
        self.ready_seconds = time.perf_counter() - began

    def _listens(self, begin: int) -> bool:
        said = self.log.read_bytes()[begin:].decode(errors="replace")
        if "Listening on " in said:
            self.port = int(said.split("Listening on ")[1].split()[0].rpartition(":")[2])
        return bool(self.port)

    def end(self) -> float:
        """End it as orchestrators do; return how long that took."""
        began = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self._process = None
            self.port = 0
        assert code == 0, f"it ended with {code}"
        return time.perf_counter() - began

    def kill(self) -> None:
        """End it at once, where it still runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def ask(self, path: str) -> tuple[int, Any]:
        """Ask the API; return the status and the document."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def runs(self) -> list[dict[str, Any]]:
        """Return every run that it knows."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            following = f"&cursor={cursor}" if cursor else ""
            status, page = self.ask(f"/api/runs?limit={_PAGE_SIZE}{following}")
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                time.sleep(0.2)
                continue
            assert status == HTTPStatus.OK, page
            found += page["runs"]
            cursor = page["next"]
            if not cursor:
                return found

    def drained(self) -> bool:
        """Tell whether nothing waits and nothing is under way."""
        status, health = self.ask("/health")
        backlog = health.get("backlog")
        return (
            status == HTTPStatus.OK
            and backlog is not None
            and (backlog["queued"], backlog["running"]) == (0, 0)
        )


class TownProcess:
    """The GitHub of a scene; see `town`.

    Args:
        folder: Its repositories.
        counts: How many pull requests each installation has.
    """

    def __init__(self, folder: Path, counts: list[int]) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.benchmarks.service.town",
                folder,
                *map(str, counts),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url: str = self._hear()["url"]

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def sign(self, wanted: list[dict[str, Any]], file: Path) -> None:
        """Have deliveries written into a file."""
        self._ask({"sign": wanted, "file": str(file)})

    def tell(self) -> dict[str, Any]:
        """Ask what became of the pull requests."""
        return self._ask({"tell": True})

    def close(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(30)

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._hear()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        heard: dict[str, Any] = json.loads(self._process.stdout.readline())
        return heard


@contextmanager
def town_process(folder: Path, counts: list[int]) -> Iterator[TownProcess]:
    """Let a GitHub be there for the time of the block."""
    town = TownProcess(folder, counts)
    try:
        yield town
    finally:
        town.close()


@contextmanager
def serve(
    folder: Path, town: TownProcess, settings: Mapping[str, str], database: str = ""
) -> Iterator[Serve]:
    """Let the service be there for the time of the block.

    Args:
        folder: Its data and its log.
        town: Its GitHub.
        settings: Settings besides the three, without their prefix.
        database: The address of a PostgreSQL; empty for SQLite.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    own = {"DATABASE_URL": database, "STATE_KEY": "an example of a state key"} if database else {}
    service = Serve(
        folder,
        {
            "APP_ID": "1",
            "PRIVATE_KEY": key.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ).decode(),
            "WEBHOOK_SECRET": SECRET,
            "GITHUB_API_URL": town.url,
            "GITHUB_SERVER_URL": town.url,
            "PORT": "0",
            "DATA_FOLDER": str(folder),
            "OPERATOR_TOKEN": TOKEN,
            **own,
            **settings,
        },
    )
    try:
        service.start()
        yield service
    finally:
        service.kill()


def generate(port: int, file: Path) -> dict[str, Any]:
    """Send what a file says; return what the generator has measured."""
    done = subprocess.run(
        [sys.executable, "-I", _GENERATOR, "127.0.0.1", str(port), file],
        capture_output=True,
        check=True,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report
