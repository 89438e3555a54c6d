"""What operators see, put together: logs, figures, spans, events of runs and the audit trail.

::

    with watching(settings) as watch:                     # before anything else is opened
        async with telling(watch, store, ledger, …) as told:   # once the store is open
            told.events   publish and subscribe           services, the live stream
            told.ledger   a ledger whose rows are told    the metered client
            watch.door    lines and figures of requests   the door
            watch.figures.exposition                      /metrics
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from reviewer.errors import UserError
from reviewer.ports.clock import Clock
from reviewer.ports.door_watch import DoorWatch, Field, Level
from reviewer.ports.engine import Duties, Engine
from reviewer.ports.identification import Identification
from reviewer.ports.installed_hosts import InstalledHosts
from reviewer.ports.ledger import Ledger
from reviewer.ports.onlooker import Onlooker
from reviewer.ports.progress import Progress
from reviewer.ports.run_events import RunEvents
from reviewer.ports.store import Store
from reviewer.ports.telemetry import NoTelemetry, Telemetry, Tracing
from reviewer.server_settings import ServerSettings

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from reviewer.adapters.logs.door_log import DoorLog
    from reviewer.adapters.metrics.counting import DoorCounter
    from reviewer.adapters.metrics.figures import Figures
    from reviewer.domain.operator_configuration import OperatorConfiguration

_LOG = logging.getLogger("reviewer.operations")

_SECRET = "get_secret_value"  # noqa: S105 - a method of its name

#: How long the last audit entries and spans may take when the service stops.
_LAST_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Watching:
    """What watches the process itself.

    Args:
        figures: Everything that is counted; ``figures.exposition`` is for ``/metrics``.
        door: Takes notes of what the door does.
        identification: Names the work at hand in every line of the log.
        calls: Opens spans of calls to others.
        work: Opens traces of runs and deliveries, and spans of work inside the process.
    """

    figures: Figures
    door: DoorWatch
    identification: Identification
    calls: Telemetry
    work: Tracing


@dataclass(frozen=True, kw_only=True)
class Telling:
    """Where runs tell what happens in them.

    Args:
        events: Publishes, and lets others listen to runs of any process.
        ledger: Tells every call once it is written down.
        progress: Makes what tells the stages of one run, by its id.
        onlooker: Makes what tells who looks and what answers in one run, by its id.
        store: The store, watched.
        close_streams: Ends every live stream; for the moment at which the service is told to stop.
    """

    events: RunEvents
    ledger: Ledger
    progress: Callable[[str], Progress]
    onlooker: Callable[[str], Onlooker]
    store: Store
    close_streams: Callable[[], None]


class _Door:
    """Lines of the log and figures, as the door's one watcher; implements `DoorWatch`."""

    def __init__(self, lines: DoorLog, counts: DoorCounter) -> None:
        self._lines = lines
        self._counts = counts

    def bound(self, **ids: str | int) -> AbstractContextManager[None]:
        """Let every line of the block carry ids."""
        return self._lines.bound(**ids)

    def log(self, level: Level, event: str, **fields: Field) -> None:
        """Write a line."""
        self._lines.log(level, event, **fields)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._counts.answered(route, method, status, seconds)

    def received(self, name: str, outcome: str, seconds: float) -> None:
        """Count a delivery."""
        self._counts.received(name, outcome, seconds)


def secrets_of(settings: ServerSettings, others: Sequence[str] = ()) -> tuple[str, ...]:
    """Return every value that may stand in no line, no figure and no span.

    Args:
        settings: The service's settings; of a database's address, the password is one by itself.
        others: Keys of models.
    """
    from reviewer.adapters.database.address import read_address

    values = [getattr(settings, name) for name in type(settings).model_fields]
    parts = [part for value in values for part in (value if isinstance(value, tuple) else (value,))]
    # pydantic's SecretStr is the only kind of value that has something to hide.
    found = [*others, *(part.get_secret_value() for part in parts if hasattr(part, _SECRET))]
    for url in (settings.database_url, settings.engine_url):
        if url is not None:
            # An address that is none is told by whoever opens it.
            with suppress(UserError):
                found.append(read_address(url.get_secret_value()).url.password or "")
    return tuple(dict.fromkeys(secret for secret in found if secret))


@contextmanager
def watching(
    settings: ServerSettings,
    clock: Clock,
    *,
    keys: Sequence[str] = (),
    by_repository: bool = False,
    stream: TextIO | None = None,
) -> Iterator[Watching]:
    """Set logs, figures and spans up for the time of the block.

    Args:
        settings: The service's settings.
        clock: Tells the time.
        keys: Keys of models, which are written nowhere.
        by_repository: Whether figures of runs and costs name repositories.
        stream: Where lines of the log go; None for the standard error stream.

    Raises:
        UserError: Spans are to be sent and the SDK is not installed.
    """
    from reviewer.adapters.logs.door_log import DoorLog
    from reviewer.adapters.logs.identification import LoggedIdentification
    from reviewer.adapters.logs.json_lines import LogSettings, json_logs
    from reviewer.adapters.metrics.counting import DoorCounter
    from reviewer.adapters.metrics.figures import Figures

    secrets = secrets_of(settings, keys)
    figures = Figures(by_repository=by_repository)
    lines = LogSettings(
        level=settings.log_level,
        secrets=secrets,
        stream=stream,
        time=clock.monotonic,
        now=clock.now,
        counted=lambda level: figures.log_lines.labels(level=level).inc(),
        trace_id=_trace_id_of(settings),
    )
    with json_logs(lines), _spans(settings, secrets) as (calls, work):
        yield Watching(
            figures=figures,
            door=_Door(DoorLog(), DoorCounter(figures)),
            identification=LoggedIdentification(),
            calls=calls,
            work=work,
        )


@asynccontextmanager
async def telling(
    watch: Watching,
    *,
    store: Store,
    ledger: Ledger,
    engine: Engine | None = None,
    clock: Clock,
    settings: ServerSettings,
) -> AsyncIterator[Telling]:
    """Pass the events of runs on for the time of the block.

    Runs that are under way when the service stops tell their ends, too: enter this before the
    engine is opened, so that it is left after the engine has closed.

    Args:
        watch: Logs and figures.
        store: Keeps the audit trail and every run.
        ledger: Keeps every call.
        engine: Is asked what waits, where it is open already; else see `queue_watched`.
        clock: Tells and passes the time.
        settings: The service's settings.
    """
    from reviewer.adapters.events.audit import AuditHandler
    from reviewer.adapters.events.bus import BusBounds, EventBus
    from reviewer.adapters.events.following import FollowedRunEvents
    from reviewer.adapters.events.tellers import ToldLedger, ToldOnlooker, ToldProgress
    from reviewer.adapters.logs.run_event_log import RunEventLog
    from reviewer.adapters.metrics.counting import EventCounter
    from reviewer.adapters.telemetry.watched_store import WatchedStore

    figures = watch.figures
    system = "postgresql" if settings.on_postgresql else "sqlite"
    watched = WatchedStore(store, watch.calls, system=system)
    audit = AuditHandler(watched, clock, lost=figures.audit_lost.inc)
    bus = EventBus(
        (RunEventLog(), EventCounter(figures), audit),
        bounds=BusBounds(listeners=settings.listeners),
        dropped=lambda _: figures.listeners_dropped.inc(),
    )
    told = ToldLedger(ledger, bus, clock)
    events = FollowedRunEvents(bus, watched, told, clock, most_listeners=settings.listeners)
    writing = asyncio.create_task(audit.work())
    writing.add_done_callback(_tell_defect)
    try:
        async with nullcontext() if engine is None else queue_watched(watch, engine, clock):
            yield Telling(
                events=events,
                ledger=told,
                progress=lambda run_id: ToldProgress(bus, clock, run_id),
                onlooker=lambda run_id: ToldOnlooker(bus, clock, run_id),
                store=watched,
                close_streams=events.close,
            )
    finally:
        events.close()
        audit.close()
        await asyncio.wait([writing], timeout=_LAST_SECONDS)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        if audit.waiting:
            figures.audit_lost.inc(audit.waiting)
            _LOG.error("audit entries of runs could not be written", extra={"lost": audit.waiting})


@asynccontextmanager
async def queue_watched(watch: Watching, engine: Engine, clock: Clock) -> AsyncIterator[None]:
    """Tell what waits and what is under way for the time of the block.

    Args:
        watch: Figures.
        engine: Is asked, every few seconds; it has to be open.
        clock: Passes the time.
    """
    from reviewer.adapters.metrics.counting import watch_backlog

    async with _beside(watch_backlog(engine, watch.figures, clock)):
        yield


@asynccontextmanager
async def budget_watched(
    watch: Watching, store: Store, clock: Clock, read: Callable[[], OperatorConfiguration]
) -> AsyncIterator[None]:
    """Tell what may be spent and what is spent for the time of the block.

    Args:
        watch: Figures.
        store: Sums what calls cost.
        clock: Passes the time.
        read: Reads the operator's file, anew each time: ceilings may change while we run.

    Raises:
        UserError: The operator's file is wrong.
    """
    from reviewer.adapters.metrics.counting import watch_budget

    def limits() -> dict[str, float | None]:
        table = read().budget
        return {scope: getattr(table, scope).dollars for scope in type(table).model_fields}

    limits()
    async with _beside(watch_budget(limits, store, watch.figures, clock)):
        yield


@asynccontextmanager
async def _beside(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Let something go on beside the block; a defect of it is told at once."""
    looking = asyncio.create_task(work)
    looking.add_done_callback(_tell_defect)
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


def _tell_defect(task: asyncio.Task[None]) -> None:
    """Say at once that what works beside the runs has died, and not when the service stops."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _LOG.critical("a task of the service has died", exc_info=error)


def watched_duties(duties: Duties, watch: Watching) -> Duties:
    """Return duties of which each is one trace, with its ids in every line of the log.

    Args:
        duties: What the engine calls.
        watch: Spans and lines.
    """
    from reviewer.adapters.telemetry.watched_duties import WorkWatch

    return WorkWatch(
        tracing=watch.work, identification=watch.identification, notes=watch.door
    ).over(duties)


def watched_hosts(hosts: InstalledHosts, watch: Watching, clock: Clock) -> InstalledHosts:
    """Return hosts whose every call is a span and a figure.

    Args:
        hosts: Open pull requests.
        watch: Spans and figures.
        clock: Measures.
    """
    from reviewer.adapters.telemetry.watched_hosts import CallWatch, WatchedHosts

    counted = watch.figures.code_host_called
    return WatchedHosts(hosts, CallWatch(telemetry=watch.calls, clock=clock, counted=counted))


@contextmanager
def _spans(settings: ServerSettings, secrets: Sequence[str]) -> Iterator[tuple[Telemetry, Tracing]]:
    if not settings.otlp_endpoint:
        yield NoTelemetry(), NoTelemetry()
        return
    _require_telemetry()
    from reviewer.adapters.telemetry.otlp import export_spans

    export = export_spans(settings.otlp_endpoint, secrets=secrets)
    # The metered client asks OpenTelemetry for the provider of the process.
    export.use_everywhere()
    try:
        yield export.calls, export.work
    finally:
        export.close()


def _trace_id_of(settings: ServerSettings) -> Callable[[], str] | None:
    if not settings.otlp_endpoint:
        return None
    _require_telemetry()
    from reviewer.adapters.telemetry.opentelemetry_spans import current_trace_id

    return current_trace_id


def _require_telemetry() -> None:
    """Say what is missing where spans are to be sent and OpenTelemetry is not installed."""
    from importlib.util import find_spec

    if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
        raise UserError(
            "spans cannot be sent: OpenTelemetry's SDK is not installed",
            hint='Install it with pip install "persona-reviewer[telemetry]", or take'
            " otlp_endpoint out of the settings.",
        )
