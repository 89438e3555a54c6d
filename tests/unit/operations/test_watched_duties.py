"""Duties that are watched: one trace each, ids in every line, one line a delivery."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from opentelemetry.trace import StatusCode

from reviewer.adapters.telemetry.opentelemetry_spans import current_trace_id
from reviewer.adapters.telemetry.otlp import SpanExport, export_spans
from reviewer.adapters.telemetry.watched_duties import WorkWatch
from reviewer.domain.delivery import Delivery
from reviewer.domain.event import CheckEvent, CommentEvent, Event, MergeGroupEvent, OtherEvent
from reviewer.domain.pull_request import Account, PullRequestName, Repository
from reviewer.domain.review_order import Followup, ReviewOrder, RunEnd
from reviewer.domain.status import RunState
from reviewer.errors import GitHubError, ReviewerError
from reviewer.ports.engine import Duties
from reviewer.ports.telemetry import NoTelemetry
from tests.guards import CANARIES, find_canary
from tests.unit.run_example import build_delivery, build_order, push
from tests.unit.server_stage import RecordingWatch

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

pytest.importorskip("opentelemetry.sdk", reason="the extra `telemetry` is not installed")

RUN_ID = "77-5-12-abc"
REPOSITORY = Repository(owner="acme", name="shop")
ALICE = Account(id=1, login="alice")


@dataclass
class Named:
    """Implements `ports.identification.Identification` by remembering."""

    now: dict[str, object] = field(default_factory=dict)

    @contextmanager
    def working_on(
        self,
        *,
        request_id: str | None = None,
        delivery_id: str | None = None,
        run_id: str | None = None,
        installation_id: int | None = None,
    ) -> Iterator[None]:
        before = self.now
        given = {
            "request_id": request_id,
            "delivery_id": delivery_id,
            "run_id": run_id,
            "installation_id": installation_id,
        }
        self.now = {**before, **{name: value for name, value in given.items() if value}}
        yield
        self.now = before


@dataclass
class Office:
    """Duties that remember the ids under which they were done, and do what a test says."""

    named: Named = field(default_factory=Named)
    done: list[tuple[str, dict[str, object], str]] = field(default_factory=list)
    trouble: BaseException | None = None

    def _do(self, what: str) -> None:
        self.done.append((what, dict(self.named.now), current_trace_id()))
        if self.trouble is not None:
            raise self.trouble

    async def handle(self, _: Delivery) -> Followup:
        self._do("handle")
        return Followup(outcome="a review was ordered")

    async def undone(self, _: Delivery, __: str) -> None:
        self._do("undone")

    async def queued(self, _: ReviewOrder, __: str) -> None:
        self._do("queued")

    async def review(self, _: ReviewOrder, __: str) -> RunEnd:
        self._do("review")
        return RunEnd(state=RunState.PARTIAL, reason="something is missing")

    async def end(self, _: ReviewOrder, __: str, ___: RunEnd) -> None:
        self._do("end")

    async def nothing(self) -> None:
        self._do("nothing")

    @property
    def duties(self) -> Duties:
        return Duties(
            handle=self.handle,
            undone=self.undone,
            queued=self.queued,
            review=self.review,
            end=self.end,
            sweep=self.nothing,
            forget=self.nothing,
        )


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    return InMemorySpanExporter()


@pytest.fixture
def export(exporter: InMemorySpanExporter) -> Iterator[SpanExport]:
    spans = export_spans("", secrets=tuple(CANARIES.values()), exporter=exporter)
    yield spans
    spans.close()


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def notes() -> RecordingWatch:
    return RecordingWatch()


@pytest.fixture
def watched(office: Office, notes: RecordingWatch, export: SpanExport) -> Duties:
    watch = WorkWatch(tracing=export.work, identification=office.named, notes=notes)
    return watch.over(office.duties)


def told(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


async def test_a_run_is_one_trace_however_often_it_is_taken_up(
    watched: Duties, office: Office, export: SpanExport, exporter: InMemorySpanExporter
) -> None:
    await watched.queued(build_order(), RUN_ID)
    office.trouble = GitHubError("away")
    with pytest.raises(GitHubError):
        await watched.review(build_order(), RUN_ID)
    office.trouble = None
    # Whatever is under way around it, a run is no part of that.
    with export.work.span("something else", {}):
        await watched.review(build_order(), RUN_ID)
    await watched.end(build_order(), RUN_ID, RunEnd(state=RunState.FAILED))
    spans = [span for span in exporter.get_finished_spans() if span.name != "something else"]
    assert [span.name for span in spans] == ["queue", "review", "review", "end"]
    assert all(span.parent is None for span in spans)
    assert len({span.context.trace_id for span in spans if span.context is not None}) == 1
    assert [told(span).get("reviewer.state") for span in spans] == [
        None,
        "paused",
        "partial",
        "failed",
    ]
    assert spans[1].status.status_code is StatusCode.ERROR
    await watched.review(build_order(), "another-run")
    other = exporter.get_finished_spans()[-1].context
    assert other is not None
    assert spans[0].context is not None
    assert other.trace_id != spans[0].context.trace_id


async def test_a_run_s_root_says_which_run_and_no_word_of_anybody(
    watched: Duties, office: Office, exporter: InMemorySpanExporter
) -> None:
    order = build_order()
    await watched.review(order, RUN_ID)
    (root,) = exporter.get_finished_spans()
    assert told(root) == {
        "reviewer.run_id": RUN_ID,
        "reviewer.delivery_id": order.delivery_id,
        "reviewer.installation_id": order.installation_id,
        "reviewer.repository": str(order.pull_request.repository),
        "reviewer.repository_id": order.repository_id,
        "reviewer.pull_request": order.pull_request.number,
        "reviewer.trigger": order.trigger,
        "reviewer.state": "partial",
    }
    ((_, ids, trace_id),) = office.done
    assert ids["run_id"] == RUN_ID
    assert ids["installation_id"] == order.installation_id
    assert root.context is not None
    assert trace_id == f"{root.context.trace_id:032x}"


async def test_a_delivery_ends_in_one_line_with_its_outcome(
    watched: Duties, office: Office, notes: RecordingWatch, exporter: InMemorySpanExporter
) -> None:
    delivery = build_delivery(push())
    await watched.handle(delivery)
    ((level, event, fields),) = notes.lines
    assert (level, event) == ("info", "delivery handled")
    assert fields["outcome"] == "a review was ordered"
    assert fields["repository_id"] == delivery.repository_id
    assert "/" in str(fields["repository"])
    ((_, ids, _),) = office.done
    assert ids == {"delivery_id": delivery.id, "installation_id": delivery.installation_id}
    (span,) = exporter.get_finished_spans()
    assert told(span)["reviewer.outcome"] == "a review was ordered"


@pytest.mark.parametrize(
    ("event", "repository"),
    [
        (
            CommentEvent(
                action="created",
                comment_id=1,
                body="words",
                author=ALICE,
                sender=ALICE,
                pull_request=PullRequestName(repository=REPOSITORY, number=1),
            ),
            "acme/shop",
        ),
        (
            CheckEvent(
                action="rerequested",
                repository=REPOSITORY,
                head_sha="a" * 40,
                app_id=1,
                numbers=(),
                sender=ALICE,
            ),
            "acme/shop",
        ),
        (
            MergeGroupEvent(
                action="checks_requested",
                repository=REPOSITORY,
                head_sha="a" * 40,
                head_ref="refs/heads/x",
            ),
            "acme/shop",
        ),
        (OtherEvent(name="ping", action=""), None),
    ],
)
async def test_the_line_names_the_repository_where_the_event_does(
    watched: Duties, notes: RecordingWatch, event: Event, repository: str | None
) -> None:
    delivery = Delivery(
        id="d-1",
        name="anything",
        action="",
        received_at=datetime(2026, 11, 20, tzinfo=UTC),
        installation_id=None,
        repository_id=None,
        event=event,
    )
    await watched.handle(delivery)
    ((_, _, fields),) = notes.lines
    assert fields.get("repository") == repository
    assert "words" not in str(fields)


async def test_a_delivery_that_is_tried_again_has_no_line_and_one_that_is_given_up_has(
    watched: Duties, office: Office, notes: RecordingWatch
) -> None:
    office.trouble = GitHubError("away")
    with pytest.raises(GitHubError):
        await watched.handle(build_delivery(push()))
    assert notes.lines == []
    office.trouble = None
    await watched.undone(build_delivery(push()), "it was tried too often")
    ((level, event, fields),) = notes.lines
    assert (level, event) == ("warning", "delivery given up")
    assert fields["outcome"] == "failed: it was tried too often"


async def test_an_error_is_told_by_its_kind_alone(
    watched: Duties, office: Office, exporter: InMemorySpanExporter
) -> None:
    office.trouble = ReviewerError(f"words with {CANARIES['GH_TOKEN']}")
    with pytest.raises(ReviewerError):
        await watched.review(build_order(), RUN_ID)
    (span,) = exporter.get_finished_spans()
    assert told(span)["error.type"] == "ReviewerError"
    assert "words" not in span.to_json()
    assert not find_canary(span.to_json())


async def test_what_comes_round_by_the_clock_is_passed_on(watched: Duties, office: Office) -> None:
    await watched.sweep()
    await watched.forget()
    assert [what for what, _, _ in office.done] == ["nothing", "nothing"]


async def test_without_a_collector_duties_are_done_all_the_same(
    office: Office, notes: RecordingWatch
) -> None:
    watch = WorkWatch(tracing=NoTelemetry(), identification=office.named, notes=notes)
    end = await watch.over(office.duties).review(build_order(), RUN_ID)
    assert end.state is RunState.PARTIAL
