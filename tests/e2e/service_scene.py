"""A town of repositories that have the App, and ``reviewer serve`` as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reviewer.testing.fake_github import FakeCheck, FakeComment, FakeGitHub, FakePullRequest
from tests.guards import Guard, find_canary

SECRET = "an example of a webhook secret"
OWNER = "octo"
BOT = "persona-reviewer[bot]"
BASE = {
    "app.py": "import subprocess\n\n\ndef greet() -> str:\n    return 'hello'\n",
    ".reviewer.toml": 'schema = 1\n[policy]\nfail_on = "major"\n',
}
FAULTY = (
    "import subprocess\n\n\ndef greet() -> str:\n    return 'hello'\n\n\n"
    "def render(name: str) -> None:\n    subprocess.run(f'render {name}', shell=True, check=True)\n"
)
MENDED = FAULTY.replace("f'render {name}', shell=True", "['render', name]")
#: How long it waits for further pushes; long enough for two deliveries to fall into it.
DEBOUNCE_SECONDS = 1

_PATIENCE_SECONDS = 25.0
_LAUNCHER = (
    "import sys; sys.argv[0] = 'reviewer'; from reviewer.entrypoints.cli import main; main()"
)


def wait_for(condition: Callable[[], object], what: Callable[[], str] = str) -> None:
    """Wait until something is so.

    Args:
        condition: Tells whether it is.
        what: What is told where it never is.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.02)


def interpreter() -> str:
    """Return the program that a service is."""
    return sys.executable


def private_key() -> str:
    """Make the private key of an App."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class Service:
    """``reviewer serve``, started and ended as an operator would.

    Args:
        folder: Its state and its log.
        url: The GitHub.
        settings: Settings besides the three, without their prefix.
    """

    def __init__(self, folder: Path, url: str, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.url = ""
        self.key = private_key()
        self._log = folder / "log"
        self._refusals = folder / "refusals"
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "data").mkdir(parents=True)
        given = {
            "APP_ID": "1",
            "PRIVATE_KEY": self.key,
            "WEBHOOK_SECRET": SECRET,
            "GITHUB_API_URL": url,
            "GITHUB_SERVER_URL": url,
            "PORT": "0",
            "DATA_FOLDER": str(folder / "data"),
            "DEBOUNCE_SECONDS": str(DEBOUNCE_SECONDS),
            **(settings or {}),
        }
        self._settings = {f"REVIEWER_SERVER_{name}": value for name, value in given.items()}

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """Everything that it ever wrote."""
        return self._log.read_text() if self._log.exists() else ""

    @property
    def lines(self) -> Iterator[dict[str, Any]]:
        """The lines of its log that are JSON."""
        for line in self.log.splitlines():
            if line.startswith("{") and line.endswith("}"):
                yield json.loads(line)

    def start(self, guard: Guard) -> None:
        """Start it and wait until it listens; its guards are on."""
        begin = len(self.log)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _LAUNCHER, "serve"],
                cwd=self.folder,
                env=self._environment(guard),
                stdout=log,
                stderr=log,
            )
        wait_for(lambda: "Listening on" in self.log[begin:] or not self.running)
        assert self.running, self.log
        self.url = self.log[begin:].split("Listening on ")[1].split()[0]

    def end(self, sent: signal.Signals = signal.SIGTERM) -> int:
        """End it with a signal; return its exit code."""
        process = self._process
        assert process is not None
        process.send_signal(sent)
        try:
            code = process.wait(_PATIENCE_SECONDS)
        finally:
            process.kill()
            process.wait()
            self._process = None
        refused = self._refusals.read_text() if self._refusals.exists() else ""
        assert not refused, f"the guards refused this inside the service:\n{refused}"
        return code

    def command(self, guard: Guard, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command with its settings."""
        return subprocess.run(
            [sys.executable, "-c", _LAUNCHER, *arguments],
            cwd=self.folder,
            env=self._environment(guard),
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )

    def send(self, headers: Mapping[str, str], body: bytes) -> int:
        """Deliver; return the status."""
        url = f"{self.url}/webhooks/github"
        answer = httpx.post(
            url, content=body, headers=headers, timeout=_PATIENCE_SECONDS, trust_env=False
        )
        return answer.status_code

    def rows_of(self, installation: int) -> int:
        """Count the rows of an installation in its tables on SQLite."""
        count = 0
        with closing(sqlite3.connect(self.folder / "data" / "service.sqlite3")) as database:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in tables.fetchall():
                columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
                for column in ("installation_id", "installation"):
                    if column in columns:
                        # Names of the database's own, no words of anybody.
                        query = f"SELECT count(*) FROM {table} WHERE {column} = ?"  # noqa: S608
                        count += database.execute(query, (installation,)).fetchone()[0]
        return count

    def secrets_in(self, text: str, hub: FakeGitHub) -> list[str]:
        """Return what may never be shown and stands in a text."""
        secrets = [SECRET, *hub.tokens, *self.key.splitlines()[1:-1]]
        found = [secret[:8] for secret in secrets if secret in text]
        return [*found, "a canary"] if find_canary(text) else found

    def _environment(self, guard: Guard) -> dict[str, str]:
        own = guard.child_environment(self._refusals, loopback=True)
        return {**os.environ, **own, "PYTHONWARNINGS": "error", **self._settings}


@dataclass(kw_only=True)
class Town:
    """A GitHub whose repositories have the App, and the service that reviews them.

    Args:
        hub: The GitHub.
        service: The service.
        installation: Where the App is installed: for `OWNER`.
    """

    hub: FakeGitHub
    service: Service
    installation: int
    _count: int = field(default=0, init=False)

    def open_pull(self, *, owner: str = OWNER, content: str = FAULTY) -> FakePullRequest:
        """Open a pull request in a new repository; nothing is delivered."""
        self._count += 1
        repository = self.hub.repository(f"{owner}/shop-{self._count}", files=BASE)
        return repository.open_pull(files={"app.py": content}, title="Render", author="alice")

    def deliver(
        self,
        name: str,
        action: str,
        pull: FakePullRequest,
        *,
        installation: int | None = None,
        comment: FakeComment | None = None,
        check: FakeCheck | None = None,
        sender: str = "",
    ) -> str:
        """Deliver what happened, as things are now; return the delivery's id."""
        where = installation or self.installation
        event = self.hub.event(
            name, action, pull, comment=comment, check=check, sender=sender, installation=where
        )
        return self._send(*self.hub.signed(event, SECRET))

    def deliver_payload(self, name: str, payload: Mapping[str, object]) -> str:
        """Deliver a payload of an event that FakeGitHub does not write."""
        headers, body = self.hub.signed(payload, SECRET)
        return self._send({**headers, "X-GitHub-Event": name}, body)

    def _send(self, headers: dict[str, str], body: bytes) -> str:
        assert self.service.send(headers, body) == HTTPStatus.ACCEPTED
        return headers["X-GitHub-Delivery"]

    def reviewed(self, pull: FakePullRequest, *, times: int = 1) -> None:
        """Wait until so many runs on a pull request have ended well."""
        wait_for(lambda: self.ended(pull) >= times, lambda: self.service.log[-4000:])

    def ended(self, pull: FakePullRequest) -> int:
        """Count the runs on a pull request that ended well."""
        return sum(
            line["event"] in {"review.completed", "review.partial"}
            and line.get("repository") == pull.repository.full_name
            for line in self.service.lines
        )

    def ran(self, pull: FakePullRequest) -> int:
        """Count the runs on a pull request that began."""
        begun = {
            line["run_id"]
            for line in self.service.lines
            if line["event"] == "review.started"
            and line.get("repository") == pull.repository.full_name
        }
        return len(begun)

    def surroundings(
        self, pull: FakePullRequest, *, installation: int | None = None
    ) -> dict[str, object]:
        """Return what every payload has: repository, sender, installation."""
        where = installation or self.installation
        event = self.hub.event("pull_request", "opened", pull, installation=where)
        return {name: event[name] for name in ("repository", "sender", "installation")}

    def outcome(self, delivery: str) -> str:
        """Wait until a delivery is handled; return what came of it, in the service's words."""
        wait_for(lambda: self._outcome(delivery), lambda: self.service.log[-4000:])
        return self._outcome(delivery)

    def _outcome(self, delivery: str) -> str:
        file = self.service.folder / "data" / "service.sqlite3"
        with closing(sqlite3.connect(file)) as database:
            query = "SELECT outcome FROM delivery WHERE id = ?"
            row = database.execute(query, (delivery,)).fetchone()
        return row[0] or "" if row else ""


@contextmanager
def town(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Town]:
    """Build one; the service is not started yet."""
    hub = FakeGitHub(folder / "hub")
    installation = hub.install(OWNER)
    with hub.serve() as url:
        service = Service(folder / "service", url, settings)
        try:
            yield Town(hub=hub, service=service, installation=installation)
        finally:
            if service.running:
                service.end()
