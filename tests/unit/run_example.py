"""A pull request of an installation, and desks that handle deliveries and runs there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from reviewer.domain.delivery import Delivery
from reviewer.domain.event import Event, PullRequestEvent
from reviewer.domain.finding import OutcomeKind
from reviewer.domain.material import Material
from reviewer.domain.posting import Permission
from reviewer.domain.pull_request import PullRequestName
from reviewer.domain.review import Review
from reviewer.domain.review_order import ReviewOrder
from reviewer.domain.run import RunRecord
from reviewer.domain.run_event import RunEvent
from reviewer.domain.status import RunState
from reviewer.llm.journal import JustRun
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.ports.installed_hosts import Hosted
from reviewer.ports.journal import Journal
from reviewer.ports.run_events import Listener
from reviewer.service.carry_out_command import CommandDesk
from reviewer.service.handle_delivery import DeliveryDesk
from reviewer.service.run_review import RunDesk
from reviewer.testing.builders import HEAD, build_change
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_code_host import FakeCodeHost
from reviewer.testing.fake_workspace import FakeWorkspace
from reviewer.testing.memory_store import MemoryStore
from reviewer.testing.scripted_analyser import ScriptedAnalyser
from tests.unit.publishing_example import (
    ALICE,
    KEY,
    PERSONA,
    REPOSITORY_ID,
    REQUEST,
    build_findings,
    build_host,
    build_reviewed,
    build_source,
)

INSTALLATION_ID = 77
APP_ID = 4242
RUN_ID = f"{INSTALLATION_ID}-{REPOSITORY_ID}-12-0123456789abcdef"


async def app_id() -> int:
    """Return the App's number, as the host tells it."""
    return APP_ID


OUTAGE = CodeHostError(Refusal.UNAVAILABLE, "Bad Gateway", status=502)
GONE = CodeHostError(Refusal.NOT_FOUND, "Not Found", status=404)


@dataclass(kw_only=True)
class OpenHosts:
    """Implements `ports.installed_hosts.InstalledHosts` with one pull request.

    Args:
        host: The pull request.
        refusal: What the host says instead of a token; None where it gives one.
    """

    host: FakeCodeHost
    refusal: CodeHostError | None = None
    opened: list[tuple[int, int, PullRequestName]] = field(default_factory=list)

    @asynccontextmanager
    async def on(
        self, installation_id: int, repository_id: int, name: PullRequestName
    ) -> AsyncIterator[Hosted]:
        """Open it."""
        self.opened.append((installation_id, repository_id, name))
        if self.refusal is not None:
            raise self.refusal
        yield Hosted(
            host=self.host,
            discussion=self.host,
            workspace=lambda _: FakeWorkspace(given=self.host.change),
            repository_url="https://host.example/octo/shop",
        )


class HeardEvents:
    """Implements `ports.run_events.RunEvents` for those who only tell."""

    def __init__(self) -> None:
        self.heard: list[RunEvent] = []

    async def publish(self, event: RunEvent) -> None:
        """Remember it."""
        self.heard.append(event)

    def subscribe(self, run_id: str, *, after: int = 0) -> Listener:
        """Nobody listens here."""
        raise NotImplementedError((run_id, after))

    @property
    def kinds(self) -> list[str]:
        """What was told, in order."""
        return [event.kind.value for event in self.heard]


@dataclass(kw_only=True)
class Service:
    """Everything around one pull request of one installation.

    Args:
        host: The pull request.
        analyser: Reviews.
        journal: Keeps what commands did.
    """

    host: FakeCodeHost
    analyser: ScriptedAnalyser
    journal: Journal = field(default_factory=JustRun)
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: FakeClock = field(default_factory=FakeClock)
    events: HeardEvents = field(default_factory=HeardEvents)

    def __post_init__(self) -> None:
        """Open the pull request to both desks."""
        self.hosts = OpenHosts(host=self.host)

    @property
    def runs(self) -> RunDesk:
        """What runs work with."""
        return RunDesk(
            store=self.store,
            hosts=self.hosts,
            events=self.events,
            clock=self.clock,
            analyser=lambda _: self.analyser,
            state_key=KEY,
        )

    @property
    def deliveries(self) -> DeliveryDesk:
        """What deliveries are handled with."""
        return DeliveryDesk(
            store=self.store,
            hosts=self.hosts,
            clock=self.clock,
            commands=self._commands,
            journal=lambda _: self.journal,
            app_id=app_id,
        )

    def _commands(self, hosted: Hosted, _: Delivery) -> CommandDesk:
        return CommandDesk(
            host=hosted.host,
            discussion=hosted.discussion,
            analyser=self.analyser,
            clock=self.clock,
            workspace=hosted.workspace,
            built_in=(PERSONA,),
            state_key=KEY,
        )

    async def run(self, run_id: str = RUN_ID) -> RunRecord:
        """Return a run as it is kept."""
        async with self.store.look() as work:
            run = await work.runs.get(run_id)
        assert run is not None
        return run

    async def outcome(self, delivery_id: str) -> str:
        """Return what is kept of a delivery's end."""
        async with self.store.look() as work:
            record = await work.deliveries.get(delivery_id)
        assert record is not None
        return record.outcome


def build_service(*, findings: int = 2) -> Service:
    """Build a pull request on which a review finds so many things."""
    file = build_source(5)
    change = build_change(file)
    found = build_findings(file, list(range(1, findings + 1)))

    def reviewing(material: Material) -> Review:
        return build_reviewed(material.change, found, OutcomeKind.INLINE)

    host = replace_permissions(build_host(change))
    return Service(host=host, analyser=ScriptedAnalyser(reviewing=reviewing))


def replace_permissions(host: FakeCodeHost) -> FakeCodeHost:
    """Let Alice write."""
    host.permissions = {ALICE.login: Permission.WRITE}
    return host


def build_order(**more: object) -> ReviewOrder:
    """Build the order that a push gives."""
    order = ReviewOrder(
        installation_id=INSTALLATION_ID,
        repository_id=REPOSITORY_ID,
        pull_request=REQUEST.name,
        head_sha=HEAD,
        trigger="synchronize",
        delivery_id="d-1",
        title="Add a listing",
        description="",
        sender=ALICE,
    )
    return replace(order, **more)  # type: ignore[arg-type]  # checked by what reads it


def build_delivery(event: Event, delivery_id: str = "d-1") -> Delivery:
    """Build a delivery of an event."""
    return Delivery(
        id=delivery_id,
        name="pull_request",
        action=getattr(event, "action", ""),
        received_at=FakeClock().now(),
        installation_id=INSTALLATION_ID,
        repository_id=REPOSITORY_ID,
        event=event,
    )


def push(head_sha: str = HEAD, action: str = "synchronize") -> PullRequestEvent:
    """Build what the host tells of a push."""
    return PullRequestEvent(
        action=action, pull_request=replace(REQUEST, head_sha=head_sha), sender=ALICE
    )


def build_run(
    state: RunState = RunState.RUNNING, head_sha: str = HEAD, **more: object
) -> RunRecord:
    """Build a run of the pull request."""
    run = RunRecord(
        id=RUN_ID,
        installation_id=INSTALLATION_ID,
        repository_id=REPOSITORY_ID,
        pull_request=REQUEST.name,
        head_sha=head_sha,
        trigger="synchronize",
        state=state,
        queued_at=FakeClock().now(),
    )
    return replace(run, **more)  # type: ignore[arg-type]  # as above
