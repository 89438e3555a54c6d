"""The App before a GitHub: signed deliveries into the application, everything behind it real.

The store is SQLite in the tests' folder, GitHub is reached over loopback with tokens that the App
mints, models are reached over loopback. Only the engine is another one: it does at once, or when
told to, what the durable one does when it is its turn, and keeps nothing.
"""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI
from typing_extensions import override

from reviewer.adapters.system_clock import SystemClock
from reviewer.bootstrap.door import Services
from reviewer.bootstrap.server import open_services
from reviewer.config import Settings
from reviewer.domain.delivery import Delivery
from reviewer.domain.review_order import ReviewOrder, RunEnd
from reviewer.domain.run import RunQuery, RunRecord
from reviewer.domain.status import RunState
from reviewer.entrypoints.server.application import create_application
from reviewer.errors import CommunicationError, ResourceError
from reviewer.ports.engine import Backlog, Duties
from reviewer.server_settings import ServerSettings
from reviewer.testing.fake_github import (
    FakeComment,
    FakeGitHub,
    FakePullRequest,
    FakeRepository,
)
from tests.redteam.action_stage import STATE_KEY, Files
from tests.redteam.model_door import Answerer, ModelDoor
from tests.redteam.told import Told

OWNER = "octo-app"
WEBHOOK_SECRET = "webhook-secret-of-the-red-team-tests-01"
_PATIENCE_SECONDS = 120.0
_TRIES = 2
_REPOSITORIES_EACH = 20
Result = TypeVar("Result")


#: Whether a wait is over at once: where work is done, and not where something looks every so often.
_HURRIED = ContextVar("_HURRIED", default=False)


class HurriedClock(SystemClock):
    """The system's time, in which waits of the work are over at once; its seconds know of them."""

    def __init__(self) -> None:
        self._passed = 0.0

    @override
    def monotonic(self) -> float:
        return super().monotonic() + self._passed

    @override
    async def sleep(self, seconds: float) -> None:
        if not _HURRIED.get():
            await super().sleep(seconds)
            return
        self._passed += seconds
        await super().sleep(0)


class PromptEngine:
    """Does what was accepted when it is told to; implements `bootstrap.server.WorkingEngine`.

    As the durable one: a delivery is taken once, deliveries come before reviews, of the pushes of
    a pull request the last one counts, what a person asked for is never put together.
    """

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._deliveries: list[Delivery] = []
        self._orders: dict[str, ReviewOrder] = {}
        self._duties: Duties | None = None
        self.defects: list[BaseException] = []

    async def open(self) -> None:
        """Be ready."""

    async def work(self, duties: Duties) -> None:
        """Take the duties; see `work_off`."""
        self._duties = duties

    async def close(self, *, grace_seconds: float) -> None:
        """End."""

    async def accept(self, delivery: Delivery) -> bool:
        """Keep a delivery for the next `work_off`."""
        fresh = delivery.id not in self._known
        self._known.add(delivery.id)
        if fresh:
            self._deliveries.append(delivery)
        return fresh

    async def review_soon(self, wanted: ReviewOrder, *, delay_seconds: float) -> None:
        """Keep an order for the next `work_off`."""
        asked = wanted.asked or delay_seconds <= 0
        self._orders[f"{wanted.place}:{wanted.delivery_id}" if asked else wanted.place] = wanted

    async def cancel(self, run_id: str) -> bool:
        """Nothing is under way between two calls."""
        del run_id
        return False

    async def backlog(self) -> Backlog:
        """Count."""
        return Backlog(queued=len(self._deliveries), running=0, oldest_seconds=0)

    async def check(self) -> None:
        """Give a sign of life."""

    async def work_off(self) -> None:
        """Handle every delivery, then carry out what follows."""
        duties = self._duties
        assert duties is not None
        _HURRIED.set(True)
        while self._deliveries or self._orders:
            deliveries, self._deliveries = self._deliveries, []
            for delivery in deliveries:
                await self._handle(duties, delivery)
            orders, self._orders = self._orders, {}
            for order in orders.values():
                await self._review(duties, order)

    async def _handle(self, duties: Duties, delivery: Delivery) -> None:
        try:
            followup = await duties.handle(delivery)
        except (CommunicationError, ResourceError) as error:
            await duties.undone(delivery, str(error))
            return
        for number, order in enumerate(followup.orders):
            await self.review_soon(order, delay_seconds=0 if order.asked else 1)
            assert number == 0 or order.asked

    async def _review(self, duties: Duties, order: ReviewOrder) -> None:
        run_id = f"{order.place}-{order.delivery_id}"
        await duties.queued(order, run_id)
        why = ""
        for _ in range(_TRIES):
            try:
                await duties.review(order, run_id)
            except (CommunicationError, ResourceError) as error:
                why = str(error)
            else:
                return
        await duties.end(order, run_id, RunEnd(state=RunState.FAILED, reason=why))


@dataclass
class _Running:
    loop: asyncio.AbstractEventLoop
    services: Services
    application: FastAPI
    stop: asyncio.Event


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What the door answered to one request.

    Args:
        status: The status.
        text: The body.
    """

    status: int
    text: str = field(repr=False)


class AppStage:
    """The service, which runs in a thread of its own, and repositories that have the App.

    Args:
        hub: The GitHub.
        url: Where it is served.
        folder: The service's state.
        models: Where models are reached.
    """

    def __init__(self, hub: FakeGitHub, url: str, folder: Path, models: ModelDoor) -> None:
        self.hub, self.url, self.models = hub, url, models
        self._installations: dict[str, int] = {}
        self.engine = PromptEngine()
        self.private_key = _private_key()
        self._log = io.StringIO()
        self._folder = folder
        self._count = 0
        self._running: _Running | None = None
        self._operator_file = folder / "operator.toml"
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def running(self) -> Iterator[AppStage]:
        """Let it run for the time of the block."""
        begun, failed = threading.Event(), list[BaseException]()
        thread = threading.Thread(target=self._serve, args=(begun, failed), daemon=True)
        thread.start()
        assert begun.wait(_PATIENCE_SECONDS)
        assert not failed, failed
        try:
            yield self
        finally:
            running = self._now
            running.loop.call_soon_threadsafe(running.stop.set)
            thread.join(_PATIENCE_SECONDS)
            assert not thread.is_alive()

    def _serve(self, begun: threading.Event, failed: list[BaseException]) -> None:
        async def serve() -> None:
            settings = ServerSettings(
                app_id="1",
                private_key=self.private_key,  # type: ignore[arg-type]  # pydantic hides it
                webhook_secret=WEBHOOK_SECRET,  # type: ignore[arg-type]
                state_key=STATE_KEY,  # type: ignore[arg-type]
                github_api_url=self.url,
                github_graphql_url=f"{self.url}/graphql",
                github_server_url=self.url,
                data_folder=self._folder,
                webhook_burst=100_000,
                webhook_burst_by_address=100_000,
            )
            shared = Settings.from_environment(
                {
                    **_model_keys(),
                    "REVIEWER_CONFIG": str(self._operator_file),
                    "REVIEWER_STATE": str(self._folder / "state"),
                }
            )
            async with open_services(
                settings, shared, engine=self.engine, clock=HurriedClock(), stream=self._log
            ) as services:
                self._running = _Running(
                    asyncio.get_running_loop(),
                    services,
                    create_application(services),
                    asyncio.Event(),
                )
                begun.set()
                await self._running.stop.wait()

        self._configure("")
        try:
            asyncio.run(serve())
        except BaseException as error:
            failed.append(error)
            begun.set()
            raise

    @property
    def _now(self) -> _Running:
        assert self._running is not None
        return self._running

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do something inside of the service's loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._now.loop).result(_PATIENCE_SECONDS)

    def installation_of(self, pull: FakePullRequest) -> int:
        """Return where the App is installed for a pull request."""
        return self._installations[pull.repository.full_name.split("/")[0]]

    def repository(self, files: Files | None = None) -> FakeRepository:
        """Make a repository that has the App; alice writes in it.

        Every few of them are another tenant's: an installation may write so much an hour.
        """
        owner = f"{OWNER}-{self._count // _REPOSITORIES_EACH}"
        if owner not in self._installations:
            self._installations[owner] = self.hub.install(owner)
        self._count += 1
        repository = self.hub.repository(
            f"{owner}/shop{self._count}", files={"README.md": "# Shop\n", **(files or {})}
        )
        repository.permission("alice", "write")
        return repository

    def send(self, headers: Mapping[str, str], body: bytes) -> Answered:
        """Knock with exactly these bytes."""

        async def knock() -> Answered:
            transport = httpx.ASGITransport(self._now.application, client=("198.51.100.7", 4711))
            async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
                answer = await client.post("/webhooks/github", content=body, headers=headers)
            return Answered(status=answer.status_code, text=answer.text)

        return self.do(knock())

    def event(
        self,
        pull: FakePullRequest,
        name: str,
        action: str,
        *,
        comment: FakeComment | None = None,
        sender: str = "",
    ) -> Mapping[str, object]:
        """Return what GitHub would tell now."""
        return self.hub.event(
            name,
            action,
            pull,
            comment=comment,
            sender=sender,
            installation=self.installation_of(pull),
        )

    def deliver(self, event: Mapping[str, object]) -> Answered:
        """Deliver an event, signed."""
        return self.send(*self.hub.signed(event, WEBHOOK_SECRET))

    def listen(
        self,
        pull: FakePullRequest,
        model: Answerer | None,
        event: Mapping[str, object] | None = None,
        *,
        suggestions: bool = False,
        deliver: bool = True,
    ) -> Told:
        """Deliver an event, do what follows, and tell what came of it.

        Args:
            pull: The pull request that is told about.
            model: Who answers; None for nobody.
            event: What happened; None for: it was opened.
            suggestions: Whether the operator lets findings propose new lines.
            deliver: Whether it is delivered here; False where it was before.
        """
        name = "" if model is None else self.models.introduce(model)
        self._configure(name, suggestions=suggestions)
        asked = len(self.models.requests(name)) if name else 0
        begun, logged = len(self.hub.journal), self._log.tell()
        runs = {run.id for run in self.runs(pull)}
        if deliver:
            answer = self.deliver(event or self.event(pull, "pull_request", "opened"))
            assert answer.status in {200, 202}, answer
        self.do(self.engine.work_off())
        made = [run for run in self.runs(pull) if run.id not in runs]
        last = made[0] if made else None
        return Told(
            state="" if last is None else last.state.value,
            verdicts={} if last is None else self._verdicts(last),
            requests=self.models.requests(name)[asked:] if name else [],
            texts={"log": self._log.getvalue()[logged:]},
            pull=pull,
            exchanges=self.hub.journal[begun:],
        )

    def runs(self, pull: FakePullRequest) -> list[RunRecord]:
        """Return the runs on a pull request, newest first."""

        async def find() -> list[RunRecord]:
            query = RunQuery(repository_id=pull.repository.id, number=pull.number, limit=500)
            async with self._now.services.store.look() as work:
                return list(await work.runs.find(query))

        return self.do(find())

    def _verdicts(self, run: RunRecord) -> dict[tuple[str, str], str]:
        async def find() -> dict[tuple[str, str], str]:
            async with self._now.services.store.look() as work:
                kept = await work.runs.verdicts(run.id)
            return {(each.persona, each.rule_id): each.verdict.value for each in kept}

        return self.do(find())

    def _configure(self, name: str, *, suggestions: bool = False) -> None:
        """Write the operator's file; it is read anew for every run."""
        lines = ["schema = 1", "[model]"]
        if name:
            lines.append(f"name = {json.dumps(name)}")
        lines.append(f"suggestions = {str(suggestions).lower()}")
        # A local server has no price: tokens bound it.
        lines += ["[budget.run]", "tokens = 5000000"]
        self._operator_file.write_text("\n".join(lines) + "\n")

    @property
    def log(self) -> str:
        """Everything that it ever logged."""
        return self._log.getvalue()

    def secrets(self) -> list[str]:
        """Return what of ours may stand nowhere."""
        return [
            WEBHOOK_SECRET,
            STATE_KEY,
            *self.hub.tokens,
            *self.private_key.splitlines()[1:-1],
        ]

    def files_with_secrets(self) -> list[str]:
        """Return the files of the service in which a secret of ours stands."""
        found = []
        for file in self._folder.rglob("*"):
            content = file.read_bytes() if file.is_file() else b""
            found += [
                f"{file.name}: {secret[:8]}"
                for secret in self.secrets()
                if secret.encode() in content
            ]
        return found


def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _model_keys() -> dict[str, str]:
    from tests.guards import CANARIES

    return {name: CANARIES[name] for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY")}
