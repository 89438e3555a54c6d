"""Counts what happens: events of runs, answers of the door, the engine's backlog."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from reviewer.adapters.metrics.figures import UNKNOWN_CAUSE, Figures
from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import OutcomeKind
from reviewer.domain.persona import Severity
from reviewer.domain.run_event import Datum, EventKind, EventStatus, FailureCause, RunEvent
from reviewer.domain.spending import most_spent
from reviewer.errors import ReviewerError
from reviewer.ports.clock import Clock
from reviewer.ports.engine import Engine
from reviewer.ports.store import Store

#: Runs that are taken for under way; one whose end is never told makes room for a later one.
_MOST_IN_FLIGHT = 1_000

#: Data of a call, by the bucket of tokens that it counts in.
_BUCKETS = {
    "tokens_input": "input",
    "tokens_cache_read": "cache_read",
    "tokens_cache_write": "cache_write",
    "tokens_output": "output",
}
_PERSONA_ENDS = frozenset({EventKind.PERSONA_COMPLETED, EventKind.PERSONA_FAILED})
_CAUSES = frozenset(cause.value for cause in FailureCause)
_INCOMPLETE = frozenset({EventStatus.FAILED, EventStatus.PARTIAL})

BACKLOG_EVERY_SECONDS = 10.0
#: A sum over the month's calls; money does not run out in five minutes.
BUDGET_EVERY_SECONDS = 300.0


class EventCounter:
    """Counts events of runs; implements `ports.run_events.EventHandler`.

    Args:
        figures: Where it counts.
    """

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._in_flight: OrderedDict[str, None] = OrderedDict()

    def heard(self, event: RunEvent) -> None:
        """Count an event by its kind and status."""
        if event.final:
            self._ended(event)
        elif event.kind is EventKind.REVIEW_STARTED:
            self._started(event)
        elif event.kind is EventKind.COMPLETION_COMPLETED:
            self._called(event)
        elif event.kind in _PERSONA_ENDS:
            self._judged(event)
        elif event.kind is EventKind.RUN_PAUSED:
            self._leave(event)
            self._figures.paused.inc()
        elif event.kind is EventKind.RUN_RESUMED:
            self._enter(event)

    def _enter(self, event: RunEvent) -> None:
        self._in_flight[event.run_id] = None
        if len(self._in_flight) > _MOST_IN_FLIGHT:
            self._in_flight.popitem(last=False)
        self._figures.in_flight.set(len(self._in_flight))

    def _leave(self, event: RunEvent) -> None:
        self._in_flight.pop(event.run_id, None)
        self._figures.in_flight.set(len(self._in_flight))

    def _started(self, event: RunEvent) -> None:
        waited = _figure(event.data, "queue_seconds")
        if waited is not None and event.run_id not in self._in_flight:
            self._figures.queue_wait.observe(waited)
        self._enter(event)

    def _ended(self, event: RunEvent) -> None:
        figures, data, state = self._figures, event.data, event.status.value
        self._leave(event)
        labels = {"state": state, "trigger": figures.trigger(_text(data, "trigger"))}
        if figures.by_repository:
            labels["repository"] = figures.repository(_text(data, "repository"))
        figures.runs.labels(**labels).inc()
        if (seconds := _figure(data, "review_seconds")) is not None:
            figures.review.labels(state=state).observe(seconds)
        if (seconds := _figure(data, "run_seconds")) is not None:
            figures.run.labels(state=state).observe(seconds)
        if event.status in _INCOMPLETE:
            cause = _text(data, "cause")
            figures.failures.labels(cause=cause if cause in _CAUSES else UNKNOWN_CAUSE).inc()
        for outcome in OutcomeKind:
            number = _figure(data, f"findings_{outcome.value}") or 0
            figures.findings.labels(outcome=outcome.value).inc(number)
        for severity in Severity:
            number = _figure(data, f"shown_{severity.value}") or 0
            figures.shown.labels(severity=severity.value).inc(number)

    def _called(self, event: RunEvent) -> None:
        figures, data = self._figures, event.data
        who = {
            "provider": figures.word(_text(data, "provider")),
            "model": figures.model(_text(data, "model")),
        }
        purpose = figures.word(_text(data, "purpose"))
        figures.model_calls.labels(**who, purpose=purpose, outcome=event.status.value).inc()
        if event.status is EventStatus.FAILED:
            failure = figures.word(_text(data, "failure"))
            figures.model_failures.labels(**who, failure=failure).inc()
        if event.status is EventStatus.CACHED:
            return  # what a kept answer once used was counted then
        if (seconds := _figure(data, "latency_seconds")) is not None:
            figures.model_seconds.labels(**who).observe(seconds)
        used = {bucket: _figure(data, name) or 0 for name, bucket in _BUCKETS.items()}
        for bucket, number in used.items():
            figures.tokens.labels(**who, bucket=bucket).inc(number)
        cost = _figure(data, "cost_dollars")
        if cost is None:
            figures.unpriced.labels(**who).inc(1 if any(used.values()) else 0)
            return
        if figures.by_repository:
            who["repository"] = figures.repository(_text(data, "repository"))
        figures.cost.labels(**who).inc(cost)

    def _judged(self, event: RunEvent) -> None:
        figures = self._figures
        persona = figures.persona(_text(event.data, "persona"))
        figures.personas.labels(persona=persona, status=event.status.value).inc()
        for verdict in Verdict:
            number = _figure(event.data, f"rules_{verdict.value}") or 0
            figures.rules.labels(verdict=verdict.value).inc(number)


class DoorCounter:
    """Counts what the door answers: the figures of `ports.door_watch.DoorWatch`.

    Args:
        figures: Where it counts.
    """

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answer."""
        figures = self._figures
        figures.answers.labels(
            route=figures.route(route), method=figures.word(method), status=figures.word(status)
        ).observe(seconds)

    def received(self, name: str, outcome: str, seconds: float) -> None:
        """Count a delivery."""
        figures, outcome = self._figures, self._figures.word(outcome)
        figures.acknowledge.labels(outcome=outcome).observe(seconds)
        figures.webhooks.labels(event=figures.event(name), outcome=outcome).inc()


async def watch_backlog(engine: Engine, figures: Figures, clock: Clock) -> None:
    """Set what waits and what is under way every few seconds, until this is cancelled."""
    while True:
        try:
            figures.backlog(await engine.backlog())
        except ReviewerError:
            figures.backlog(None)
        await clock.sleep(BACKLOG_EVERY_SECONDS)


async def watch_budget(
    limits: Callable[[], Mapping[str, float | None]], store: Store, figures: Figures, clock: Clock
) -> None:
    """Set ceilings and what is spent of them every few minutes, until this is cancelled.

    Args:
        limits: Reads the operator's ceilings in US dollars by scope; None for no bound.
        store: Sums what calls cost.
        figures: Where it is set.
        clock: Tells the date, and passes the time.
    """
    while True:
        # A file that is wrong now, or a database that is away, is told by whoever needs it.
        with suppress(ReviewerError):
            for scope, dollars in limits().items():
                figures.budget(scope, limit_dollars=dollars)
            for scope, spent in (await _spent(store, clock.now())).items():
                figures.spent(scope, float(spent))
        await clock.sleep(BUDGET_EVERY_SECONDS)


async def _spent(store: Store, now: datetime) -> Mapping[str, Decimal]:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    async with store.look() as work:
        costs = await work.costs.by_day(since=today.replace(day=1), until=today + timedelta(days=1))
    return most_spent(costs, today=today.date())


def _figure(data: Mapping[str, Datum], name: str) -> float | None:
    """Return a figure; None where there is none, or one that no counter takes."""
    value = data.get(name)
    return value if isinstance(value, int | float) and value >= 0 else None


def _text(data: Mapping[str, Datum], name: str) -> str:
    return str(data.get(name, ""))
