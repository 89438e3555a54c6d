"""A PostgreSQL of the test run's own: started from Debian's programs, gone when the run ends.

It listens on the loopback interface only, belongs to a user without rights, asks for a password
that nobody else knows, and writes nothing to the disk that it could wait for.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

#: Debian keeps each version in a folder of its own, outside of PATH.
_DEBIAN = Path("/usr/lib/postgresql")
_NEEDED = ("initdb", "postgres")
_OWNER = "reviewer"
_START_SECONDS = 30

#: A cluster that dies with whoever started it, however that ends: its pipe is closed then.
_UNTIL_CLOSED = '"$@" & server=$!; read -r _; kill -INT "$server"; wait "$server"'

#: Nothing waits for the disk, and yet a commit outlives the server's death, as it must.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
    "log_min_messages": "warning",
}
_LASTING = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on"}


def find_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest of several; None without any."""
    folders = sorted(
        (path for path in _DEBIAN.glob("*/bin") if path.parent.name.isdigit()),
        key=lambda path: int(path.parent.name),
        reverse=True,
    )
    on_path = shutil.which("initdb")
    if on_path is not None:
        folders.append(Path(os.path.realpath(on_path)).parent)
    return next(
        (folder for folder in folders if all((folder / name).exists() for name in _NEEDED)), None
    )


class PostgresCluster:
    """A running cluster.

    Args:
        programs: Where its programs are, see `find_programs`.
        unwatched: Lets it start programs and write files of its own.
        lasting: Whether it waits for the disk, as it does wherever data has to last.
    """

    def __init__(
        self,
        programs: Path,
        unwatched: Callable[[], AbstractContextManager[None]] = nullcontext,
        *,
        lasting: bool = False,
    ) -> None:
        self._programs = programs
        self._settings = {**_SETTINGS, **(_LASTING if lasting else {})}
        self._unwatched = unwatched
        # PostgreSQL refuses to run as root, and root's temporary folder is closed to others.
        self._as_nobody: dict[str, Any] = {}
        place = None
        if os.geteuid() == 0:
            self._as_nobody = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            place = "/tmp"
        with unwatched():
            self._folder = Path(tempfile.mkdtemp(prefix="reviewer-postgres-", dir=place))
        self._password = secrets.token_urlsafe(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self.port = 0

    # --- life --------------------------------------------------------------------------------
    def create(self) -> None:
        """Make the cluster and start it."""
        with self._unwatched():
            self._create()
            self._start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self._unwatched():
            self._start()

    def _create(self) -> None:
        secret = self._folder / "password"
        secret.write_text(self._password)
        if self._as_nobody:
            for path in (self._folder, secret):
                shutil.chown(path, "nobody", "nogroup")
        subprocess.run(
            [
                self._programs / "initdb",
                *("--pgdata", self._data, "--username", _OWNER, "--pwfile", secret),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
            ],
            **self._surroundings,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def _start(self) -> None:
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        program = str(self._programs / "postgres")
        server = [program, "-D", str(self._data), f"--port={self.port}", *settings]
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(
                ["/bin/sh", "-c", _UNTIL_CLOSED, "postgres", *server],
                **self._surroundings,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        self._process = process
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    log_text = (self._folder / "log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL does not start: {log_text}") from error
                time.sleep(0.05)
            else:
                return

    def stop(self, *, at_once: bool = False) -> None:
        """Stop it.

        Args:
            at_once: As a power failure would, without a word to anybody.
        """
        if self._process is None:
            return
        if at_once:
            number = (self._data / "postmaster.pid").read_text().splitlines()[0]
            os.kill(int(number), signal.SIGQUIT)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_START_SECONDS)
        self._process = None

    def remove(self) -> None:
        """Stop it and take its files away."""
        self.stop()
        with self._unwatched():
            shutil.rmtree(self._folder)

    # --- databases ---------------------------------------------------------------------------
    def create_database(self, *, template: str = "template0") -> str:
        """Make a new database and return its name.

        Args:
            template: The database that it begins as a copy of; nobody may be connected to it.
        """
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def url(self, database: str, *, scheme: str = "postgresql") -> str:
        """Return the address of a database, with the password."""
        return f"{scheme}://{_OWNER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement outside of any transaction and return its rows."""
        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description is not None else []

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _surroundings(self) -> dict[str, Any]:
        environment = {"LC_ALL": "C", "PATH": os.defpath, "TZ": "Asia/Kathmandu"}
        return {**self._as_nobody, "cwd": self._folder, "env": environment}


def running_cluster(
    programs: Path,
    unwatched: Callable[[], AbstractContextManager[None]] = nullcontext,
    *,
    lasting: bool = False,
) -> Iterator[PostgresCluster]:
    """Make a cluster, yield it, and take it away."""
    cluster = PostgresCluster(programs, unwatched, lasting=lasting)
    try:
        cluster.create()
        yield cluster
    finally:
        cluster.remove()
