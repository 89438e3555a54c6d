"""Every figure that the service tells Prometheus, in a registry of its own.

Names and units follow https://prometheus.io/docs/practices/naming/. Buckets stand where the
objectives of ``deploy/alerts.yml`` are: a delivery within 1 s, a review begun within 2 minutes and
done within 10. No label has an unbounded set of values, and repositories are named only where the
operator says so.
"""

from __future__ import annotations

import math

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from reviewer import __version__
from reviewer.adapters.metrics.labels import BoundedLabel
from reviewer.domain.run_event import ENDINGS, FailureCause
from reviewer.ports.engine import Backlog

#: How a delivery ends at the door, as far as an alert asks.
_DOOR_OUTCOMES = ("accepted", "known", "unavailable", "unsigned")
#: How a run ends.
_ENDS = tuple(state.value for state in ENDINGS)

#: The cause of a failure that whoever tells it does not name.
UNKNOWN_CAUSE = "unknown"

_ACKNOWLEDGE_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_WAIT_SECONDS = (1, 5, 15, 30, 45, 60, 90, 120, 180, 300, 600, 1800, 3600)
_REVIEW_SECONDS = (5, 15, 30, 60, 120, 180, 300, 450, 600, 900, 1800, 3600)
_MODEL_SECONDS = (0.5, 1, 2.5, 5, 10, 20, 30, 60, 90, 120, 180, 300)
_CALL_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90)
_ANSWER_SECONDS = (0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30)


class Figures:
    """All figures of one process, and their exposition.

    Args:
        by_repository: Whether runs and costs are told by repository.
        most_repositories: So many repositories at most; the rest is counted as ``other``.
        process: Whether memory, processor time and the collector of the process are told, too.
    """

    def __init__(
        self, *, by_repository: bool = False, most_repositories: int = 200, process: bool = True
    ) -> None:
        # When a counter began is told by its reset; a second series for each would say it again.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.by_repository = by_repository
        self.registry = CollectorRegistry()
        self.model = BoundedLabel(40)
        self.persona = BoundedLabel(40)
        self.trigger = BoundedLabel(30)
        self.event = BoundedLabel(40)
        self.route = BoundedLabel(60)
        self.word = BoundedLabel(200)
        self.repository = BoundedLabel(most_repositories)
        self._door()
        self._runs()
        self._models()
        self._around()
        self._begin()
        if process:
            ProcessCollector(registry=self.registry)
            PlatformCollector(registry=self.registry)
            GCCollector(registry=self.registry)

    def exposition(self) -> bytes:
        """Write all figures in the text format.

        https://prometheus.io/docs/instrumenting/exposition_formats/
        """
        return generate_latest(self.registry)

    def backlog(self, backlog: Backlog | None) -> None:
        """Set what waits and what is under way; None where the engine does not answer."""
        self.engine_up.set(0 if backlog is None else 1)
        if backlog is not None:
            self.queue_length.set(backlog.queued)
            self.queue_running.set(backlog.running)
            self.queue_age.set(max(0.0, backlog.oldest_seconds))

    def code_host_called(self, operation: str, outcome: str, seconds: float) -> None:
        """Count a call of the code host.

        Args:
            operation: Its name, of ours.
            outcome: ``answered``, or how it was refused.
            seconds: How long it took, waiting included.
        """
        labels = {"operation": self.word(operation), "outcome": self.word(outcome)}
        self.code_host.labels(**labels).observe(seconds)

    def budget(self, scope: str, *, limit_dollars: float | None) -> None:
        """Set a ceiling of the operator's (``repository_day``, ``installation_month``, …)."""
        value = math.inf if limit_dollars is None else limit_dollars
        self.budget_limit.labels(scope=self.word(scope)).set(value)

    def spent(self, scope: str, dollars: float) -> None:
        """Set what whoever is nearest to a ceiling has spent of it."""
        self.budget_spent.labels(scope=self.word(scope)).set(dollars)

    def _begin(self) -> None:
        """Begin what alerts ask for at 0: a series that begins with its first failure hides it."""
        for outcome in _DOOR_OUTCOMES:
            self.acknowledge.labels(outcome=outcome)
        for state in _ENDS:
            self.review.labels(state=state)
            self.run.labels(state=state)
        for cause in (*FailureCause, UNKNOWN_CAUSE):
            self.failures.labels(cause=str(cause))
        for level in ("info", "warning", "error", "critical"):
            self.log_lines.labels(level=level)

    def _door(self) -> None:
        self.acknowledge = Histogram(
            "reviewer_webhook_acknowledge_seconds",
            "From the request of a delivery to the decision about it.",
            ["outcome"],
            buckets=_ACKNOWLEDGE_SECONDS,
            registry=self.registry,
        )
        self.webhooks = Counter(
            "reviewer_webhooks_total",
            "Deliveries by kind of event and by what was answered.",
            ["event", "outcome"],
            registry=self.registry,
        )
        self.answers = Histogram(
            "reviewer_http_answer_seconds",
            "From a request to the beginning of its answer.",
            ["route", "method", "status"],
            buckets=_ANSWER_SECONDS,
            registry=self.registry,
        )

    def _runs(self) -> None:
        repository = ["repository"] if self.by_repository else []
        self.runs = Counter(
            "reviewer_runs_total",
            "Runs that ended, by state and by what triggered them.",
            ["state", "trigger", *repository],
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "reviewer_runs_in_flight", "Runs under way in this process.", registry=self.registry
        )
        self.queue_wait = Histogram(
            "reviewer_run_queue_seconds",
            "From what triggered a run to its beginning, the pause for more pushes included.",
            buckets=_WAIT_SECONDS,
            registry=self.registry,
        )
        self.review = Histogram(
            "reviewer_review_seconds",
            "From what triggered a run to its end, by state.",
            ["state"],
            buckets=_REVIEW_SECONDS,
            registry=self.registry,
        )
        self.run = Histogram(
            "reviewer_run_seconds",
            "From the beginning of a run to its end, by state.",
            ["state"],
            buckets=_REVIEW_SECONDS,
            registry=self.registry,
        )
        self.failures = Counter(
            "reviewer_failures_total",
            "Runs that could not do all of their work, by cause.",
            ["cause"],
            registry=self.registry,
        )
        self.paused = Counter(
            "reviewer_runs_paused_total", "Times that a run had to wait.", registry=self.registry
        )
        self.findings = Counter(
            "reviewer_findings_total",
            "Findings by what became of them.",
            ["outcome"],
            registry=self.registry,
        )
        self.shown = Counter(
            "reviewer_findings_shown_total",
            "Findings that people see, by severity.",
            ["severity"],
            registry=self.registry,
        )
        self.personas = Counter(
            "reviewer_personas_total",
            "Personas that looked, by how far they came.",
            ["persona", "status"],
            registry=self.registry,
        )
        self.rules = Counter(
            "reviewer_rules_total",
            "Rules by how they were answered.",
            ["verdict"],
            registry=self.registry,
        )

    def _models(self) -> None:
        repository = ["repository"] if self.by_repository else []
        self.model_calls = Counter(
            "reviewer_model_calls_total",
            "Attempts of calls by how they ended.",
            ["provider", "model", "purpose", "outcome"],
            registry=self.registry,
        )
        self.model_failures = Counter(
            "reviewer_model_failures_total",
            "Attempts that failed, by kind of failure.",
            ["provider", "model", "failure"],
            registry=self.registry,
        )
        self.model_seconds = Histogram(
            "reviewer_model_call_seconds",
            "From sending a call to the last byte of its answer.",
            ["provider", "model"],
            buckets=_MODEL_SECONDS,
            registry=self.registry,
        )
        self.tokens = Counter(
            "reviewer_tokens_total",
            "Tokens by bucket: input, cache_read, cache_write, output.",
            ["provider", "model", "bucket"],
            registry=self.registry,
        )
        self.cost = Counter(
            "reviewer_cost_dollars_total",
            "US dollars of calls whose price is known.",
            ["provider", "model", *repository],
            registry=self.registry,
        )
        self.unpriced = Counter(
            "reviewer_unpriced_calls_total",
            "Calls that used tokens of unknown price.",
            ["provider", "model"],
            registry=self.registry,
        )
        self.budget_limit = Gauge(
            "reviewer_budget_limit_dollars",
            "Ceilings that the operator set, in US dollars; +Inf for none.",
            ["scope"],
            registry=self.registry,
        )

        self.budget_spent = Gauge(
            "reviewer_budget_spent_dollars",
            "What whoever spent most has spent of a ceiling that holds for a day or a month.",
            ["scope"],
            registry=self.registry,
        )

    def _around(self) -> None:
        self.code_host = Histogram(
            "reviewer_code_host_call_seconds",
            "Calls of the code host, by operation and by how they ended.",
            ["operation", "outcome"],
            buckets=_CALL_SECONDS,
            registry=self.registry,
        )
        self.engine_up = Gauge(
            "reviewer_engine_up", "Whether the engine answered last time.", registry=self.registry
        )
        self.queue_length = Gauge(
            "reviewer_queue_length", "Runs and deliveries that wait.", registry=self.registry
        )
        self.queue_running = Gauge(
            "reviewer_queue_running", "Runs under way in all processes.", registry=self.registry
        )
        self.queue_age = Gauge(
            "reviewer_queue_age_seconds",
            "How long the oldest that waits has waited.",
            registry=self.registry,
        )
        self.listeners_dropped = Counter(
            "reviewer_listeners_dropped_total",
            "Live streams that did not keep up and were dropped.",
            registry=self.registry,
        )
        self.audit_lost = Counter(
            "reviewer_audit_entries_lost_total",
            "Audit entries of runs that could not be written.",
            registry=self.registry,
        )
        self.log_lines = Counter(
            "reviewer_log_lines_total",
            "Lines of the log by level.",
            ["level"],
            registry=self.registry,
        )
        Info("reviewer_build", "Which version runs.", registry=self.registry).info(
            {"version": __version__}
        )
