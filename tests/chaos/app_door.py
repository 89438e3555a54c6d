"""The App in this process: its application, its durable engine, its store; GitHub on loopback."""

from __future__ import annotations

import asyncio
import io
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import httpx
from fastapi import FastAPI

from reviewer.adapters.durable.engine import DbosEngine
from reviewer.adapters.durable.settings import EngineSettings, Retries
from reviewer.bootstrap.door import Services
from reviewer.bootstrap.server import open_services
from reviewer.config import Settings
from reviewer.domain.attempt import Attempt
from reviewer.domain.run import RunQuery, RunRecord
from reviewer.domain.status import TRANSITIONS
from reviewer.entrypoints.server.application import create_application
from reviewer.server_settings import ServerSettings
from reviewer.testing.fake_github import FakeGitHub
from tests.chaos.course import Told
from tests.chaos.swift_clock import SwiftClock
from tests.e2e.service_scene import SECRET, private_key

OWNER = "octo"
#: Between two queues nothing waits for a moment.
_CALM_LOOKS = 4
#: A whole seed of the App takes a few seconds; whoever waits so long waits in vain.
PATIENCE_SECONDS = 45.0

_QUICK = {
    "debounce_seconds": 0.3,
    "debounce_most_seconds": 2.0,
    "poll_seconds": 0.05,
    "look_seconds": 0.1,
    "beat_seconds": 0.5,
    "silence_seconds": 3.0,
    "retries": Retries(attempts=7, first_wait_seconds=0.05),
}
#: A key is slow to make, and no two seeds need different ones.
_KEYS: list[str] = []


@dataclass(kw_only=True)
class AppDoor:
    """One service, which can be stopped and started again.

    Args:
        hub: The GitHub.
        url: Where it is.
        folder: Takes its databases.
        model: Which model is asked, as configuration writes it.
        tokens: The ceiling of a pull request; None for none.
    """

    hub: FakeGitHub
    url: str
    folder: Path
    model: str
    tokens: int | None = None
    clock: SwiftClock = field(default_factory=SwiftClock)
    log: io.StringIO = field(default_factory=io.StringIO)
    refused: list[Told] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    _stack: AsyncExitStack | None = None
    _services: Services | None = None
    _application: FastAPI | None = None

    def __post_init__(self) -> None:
        """Write the operator's file; GitHub lives in the same time."""
        if not _KEYS:
            _KEYS.append(private_key())
        (self.folder / "data").mkdir(parents=True)
        self.hub.wall_clock = lambda: self.clock.now().timestamp()
        ceiling = "" if self.tokens is None else f"[budget.pull_request]\ntokens = {self.tokens}\n"
        (self.folder / "operator.toml").write_text(f"schema = 1\n{ceiling}")

    # --- life ----------------------------------------------------------------------------------
    async def start(self) -> None:
        """Start the service."""
        data = self.folder / "data"
        settings = ServerSettings(
            app_id="1",
            private_key=_KEYS[0],  # type: ignore[arg-type]  # read by pydantic
            webhook_secret=SECRET,  # type: ignore[arg-type]
            github_api_url=self.url,
            github_graphql_url=f"{self.url}/graphql",
            github_server_url=self.url,
            data_folder=data,
            resolve_threads=True,
            shutdown_seconds=1,
        )
        shared = Settings(
            model=self.model,
            operator_file=self.folder / "operator.toml",
            operator_file_named=True,
            state_folder=self.folder / "state",
        )
        engine = DbosEngine(
            EngineSettings(database=f"sqlite:///{data / 'engine.sqlite3'}", **_QUICK)  # type: ignore[arg-type]
        )
        self._stack = AsyncExitStack()
        self._services = await self._stack.enter_async_context(
            open_services(settings, shared, engine=engine, clock=self.clock, stream=self.log)
        )
        self._application = create_application(self._services)

    async def stop(self) -> None:
        """Stop it, as an operator would."""
        if self._stack is not None:
            await self._stack.aclose()
        self._stack = self._services = self._application = None

    # --- deliveries ----------------------------------------------------------------------------
    async def deliver(self, told: Told) -> None:
        """Deliver once; what is not taken is kept for the sweep."""
        headers, body = self.hub.signed(told.payload, SECRET, delivery=told.id)
        status = await self._post({**headers, "X-GitHub-Event": told.name}, body)
        if status in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
            self.accepted.append(told.id)
        else:
            self.refused.append(told)

    async def sweep(self) -> None:
        """Deliver again what was not taken, as GitHub does when our sweep asks it to."""
        for told in list(self.refused):
            self.refused.remove(told)
            await self.deliver(told)

    async def _post(self, headers: dict[str, str], body: bytes) -> int:
        if self._application is None:
            return HTTPStatus.SERVICE_UNAVAILABLE
        transport = httpx.ASGITransport(self._application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as asking:
            answer = await asking.post("/webhooks/github", headers=headers, content=body)
        return answer.status_code

    # --- what came of it -----------------------------------------------------------------------
    @property
    def services(self) -> Services:
        """What stands behind the door; it has to be started."""
        assert self._services is not None
        return self._services

    async def unhandled(self) -> list[str]:
        """Return the accepted deliveries of which nothing says what came of them."""
        wanted = dict.fromkeys(self.accepted)
        with closing(sqlite3.connect(self.folder / "data" / "service.sqlite3")) as database:
            rows = database.execute("SELECT id FROM delivery WHERE outcome != ''").fetchall()
        known = {row[0] for row in rows}
        return [each for each in wanted if each not in known]

    async def quiet(self, seconds: float = PATIENCE_SECONDS) -> str:
        """Wait until nothing waits or is under way; return what is, where that is in vain."""
        deadline = time.monotonic() + seconds
        calm = 0
        while calm < _CALM_LOOKS:
            backlog = await self.services.engine.backlog()
            active = [run.id for run in await self.runs() if TRANSITIONS[run.state]]
            waiting = backlog.queued + backlog.running, active, await self.unhandled()
            calm = 0 if any(waiting) else calm + 1
            if time.monotonic() > deadline:
                return f"{backlog}, runs {active}, deliveries {waiting[2]} after {seconds:.0f} s"
            await asyncio.sleep(0.05)
        return ""

    async def runs(self) -> Sequence[RunRecord]:
        """Return every run, the newest first."""
        async with self.services.store.look() as work:
            return await work.runs.find(RunQuery(limit=500))

    async def attempts(self) -> Sequence[Attempt]:
        """Return every attempt that the ledger knows of."""
        from reviewer.adapters.database.service_store import open_service_store

        url = f"sqlite:///{self.folder / 'data' / 'service.sqlite3'}"
        async with open_service_store(url) as store:
            return await store.ledger.attempts()

    def lock(self, name: str, seconds: float) -> threading.Thread:
        """Let somebody hold one of the files for a while."""

        def hold() -> None:
            with closing(sqlite3.connect(self.folder / "data" / name, timeout=5)) as other:
                other.execute("BEGIN IMMEDIATE")
                time.sleep(seconds)
                other.rollback()

        holder = threading.Thread(target=hold)
        holder.start()
        return holder
