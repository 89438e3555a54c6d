"""A whole door over fakes, and ways to knock on it: politely, and byte by byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    MutableMapping,
    Sequence,
)
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI
from typing_extensions import override

from reviewer.adapters.events.bus import EventBus
from reviewer.adapters.github.webhooks import signature_of
from reviewer.bootstrap.door import Services, tokens_of, webhooks_of
from reviewer.domain.audit import AuditEntry
from reviewer.domain.run import RunRecord
from reviewer.entrypoints.server.application import create_application
from reviewer.ports.door_watch import Field, Level
from reviewer.ports.webhooks import Webhooks
from reviewer.server_settings import ServerSettings
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_engine import FakeEngine
from reviewer.testing.memory_store import MemoryStore

WEBHOOK_SECRET = "the-webhook-secret-of-this-stage"
OPERATOR_TOKEN = "the-operators-token-of-this-stage-and-no-other"
PRIVATE_KEY = (
    "-----BEGIN PRIVATE KEY-----\nthe-private-key-of-this-stage\n-----END PRIVATE KEY-----"
)
SECRETS = (WEBHOOK_SECRET, OPERATOR_TOKEN, "the-private-key-of-this-stage")

DELIVERY = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
PING: Mapping[str, object] = {"zen": "Keep it logically awesome.", "hook_id": 1}

#: One message of ASGI from the client.
Message = MutableMapping[str, Any]


@dataclass
class RecordingWatch:
    """Keeps what the door tells."""

    lines: list[tuple[str, str, dict[str, Field]]] = field(default_factory=list)
    answers: list[tuple[str, str, int]] = field(default_factory=list)
    deliveries: list[tuple[str, str]] = field(default_factory=list)
    ids: dict[str, str | int] = field(default_factory=dict)

    def bound(self, **ids: str | int) -> AbstractContextManager[None]:
        @contextmanager
        def binding() -> Any:  # noqa: ANN401 - a generator
            before = dict(self.ids)
            self.ids.update(ids)
            yield
            self.ids = before

        return binding()

    def log(self, level: Level, event: str, **fields: Field) -> None:
        self.lines.append((level, event, {**fields, **self.ids}))

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        assert seconds >= 0
        self.answers.append((route, method, status))

    def received(self, name: str, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.deliveries.append((name, outcome))

    @override
    def __str__(self) -> str:
        return json.dumps([self.lines, self.answers, self.deliveries], default=str)


@dataclass(kw_only=True)
class Stage:
    """Everything behind a door, and the door."""

    settings: ServerSettings
    engine: FakeEngine
    store: MemoryStore
    events: EventBus
    clock: FakeClock
    watch: RecordingWatch
    application: FastAPI

    async def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, Any] | None = None,
        client: tuple[str, int] = ("198.51.100.7", 4711),
        **content: Any,  # noqa: ANN401 - of httpx
    ) -> httpx.Response:
        """Ask for something, and be sure that the answer keeps every secret."""
        shown = dict(headers or {})
        if token is not None:
            shown["Authorization"] = f"Bearer {token}"
        transport = httpx.ASGITransport(self.application, client=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as asking:
            answer = await asking.request(method, path, headers=shown, **content)
        assert_keeps_secrets(answer.text, str(answer.headers), str(self.watch))
        return answer

    async def deliver(
        self,
        payload: Mapping[str, object] | bytes = PING,
        *,
        name: str = "ping",
        delivery: str = DELIVERY,
        secret: str = WEBHOOK_SECRET,
        headers: Mapping[str, str | None] | None = None,
        client: tuple[str, int] = ("198.51.100.7", 4711),
    ) -> httpx.Response:
        """Deliver as GitHub does; ``headers`` replace its own, None leaves one out."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        shown = {**delivery_headers(body, name=name, delivery=delivery, secret=secret)}
        for key, value in (headers or {}).items():
            shown.pop(key, None)
            if value is not None:
                shown[key] = value
        return await self.ask(
            "POST", "/webhooks/github", headers=shown, content=body, client=client
        )


def delivery_headers(
    body: bytes, *, name: str = "ping", delivery: str = DELIVERY, secret: str = WEBHOOK_SECRET
) -> dict[str, str]:
    """Return the headers that GitHub sends with a body."""
    return {
        "Content-Type": "application/json",
        "X-GitHub-Delivery": delivery,
        "X-GitHub-Event": name,
        "X-Hub-Signature-256": signature_of(body, secret),
    }


def server_settings(**said: object) -> ServerSettings:
    """Return settings of a service that runs here."""
    usual: dict[str, Any] = {
        "app_id": "4711",
        "private_key": PRIVATE_KEY,
        "webhook_secret": WEBHOOK_SECRET,
        "operator_token": OPERATOR_TOKEN,
    }
    return ServerSettings(**{**usual, **said})


def set_up(*, webhooks: Webhooks | None = None, **said: object) -> Stage:
    """Put a door up; what is said are settings."""
    settings = server_settings(**said)
    clock, engine, store, events = FakeClock(), FakeEngine(), MemoryStore(), EventBus()
    watch = RecordingWatch()
    services = Services(
        settings=settings,
        clock=clock,
        engine=engine,
        store=store,
        events=events,
        webhooks=webhooks_of(settings) if webhooks is None else webhooks,
        tokens=tokens_of(settings),
        metrics=lambda: b"# HELP reviewer_up That it is.\nreviewer_up 1\n",
        watch=watch,
    )
    return Stage(
        settings=settings,
        engine=engine,
        store=store,
        events=events,
        clock=clock,
        watch=watch,
        application=create_application(services),
    )


def assert_keeps_secrets(*texts: str) -> None:
    """Be sure that no secret of the stage stands in a text."""
    for text in texts:
        assert [secret for secret in SECRETS if secret in text] == []


@dataclass
class RawAnswer:
    """An answer, message by message."""

    messages: list[Message] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])


async def knock(
    application: FastAPI,
    *,
    method: str = "POST",
    path: str = "/webhooks/github",
    headers: Iterable[tuple[str, str]] = (),
    receive: Callable[[], Awaitable[Message]],
    answer: RawAnswer | None = None,
) -> RawAnswer:
    """Send a request whose body comes as ``receive`` says."""
    answer = RawAnswer() if answer is None else answer

    async def send(message: Message) -> None:
        answer.messages.append(message)
        answer.more.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
        "client": ("198.51.100.7", 4711),
        "server": ("door", 80),
        "state": {},
    }
    await application(scope, receive, send)
    return answer


@asynccontextmanager
async def lifespan(application: FastAPI) -> AsyncIterator[None]:
    """Run an application's lifespan round a block."""
    async with application.router.lifespan_context(application):
        yield


async def add(stage: Stage, *runs: RunRecord) -> None:
    """Let the store have runs."""
    async with stage.store.begin() as work:
        for run in runs:
            await work.runs.add(run)


async def audited(stage: Stage) -> Sequence[AuditEntry]:
    """Return what stands in the audit trail."""
    async with stage.store.look() as work:
        return await work.audit.find()


async def get(stage: Stage, path: str) -> Any:  # noqa: ANN401 - JSON
    """Return what the operator is told."""
    answer = await stage.ask("GET", path, token=OPERATOR_TOKEN)
    assert answer.status_code == 200, answer.text
    return answer.json()
