"""Duties of the engine, watched: each is one trace, with its ids in every line of the log.

A delivery ends in one line that says what became of it, a run in the events that it tells itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from reviewer.domain.delivery import Delivery
from reviewer.domain.event import (
    CheckEvent,
    CommentEvent,
    MergeGroupEvent,
    PullRequestEvent,
    ThreadEvent,
)
from reviewer.domain.pull_request import PullRequestName
from reviewer.domain.review_order import Followup, ReviewOrder, RunEnd
from reviewer.errors import CommunicationError, ResourceError
from reviewer.ports.door_watch import GIVEN_UP, HANDLED, DoorWatch, Field
from reviewer.ports.engine import Duties
from reviewer.ports.identification import Identification
from reviewer.ports.telemetry import Attribute, Span, Tracing

_PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkWatch:
    """Watches what the engine has done.

    Args:
        tracing: Opens a trace for each piece of work.
        identification: Names it in every line of the log.
        notes: Takes the line of a delivery.
    """

    tracing: Tracing
    identification: Identification
    notes: DoorWatch

    def over(self, duties: Duties) -> Duties:
        """Return the same duties, watched.

        Args:
            duties: What the engine calls.
        """
        watched = _WatchedDuties(duties, self)
        return replace(
            duties,
            handle=watched.handle,
            undone=watched.undone,
            queued=watched.queued,
            review=watched.review,
            end=watched.end,
        )

    @contextmanager
    def delivery(self, delivery: Delivery) -> Iterator[Span]:
        """Watch the handling of a delivery."""
        named = self.identification.working_on(
            delivery_id=delivery.id, installation_id=delivery.installation_id
        )
        told: dict[str, str | int | None] = {
            "reviewer.delivery_id": delivery.id,
            "reviewer.event": delivery.name,
            "reviewer.action": delivery.action,
            "reviewer.installation_id": delivery.installation_id,
            "reviewer.repository_id": delivery.repository_id,
        }
        with named, self.tracing.trace("delivery", _known(told), key=delivery.id) as span:
            yield span

    @contextmanager
    def run(self, name: str, order: ReviewOrder, run_id: str) -> Iterator[Span]:
        """Watch a piece of work for a run."""
        named = self.identification.working_on(
            delivery_id=order.delivery_id, run_id=run_id, installation_id=order.installation_id
        )
        told: dict[str, str | int | None] = {
            "reviewer.run_id": run_id,
            "reviewer.delivery_id": order.delivery_id,
            "reviewer.installation_id": order.installation_id,
            "reviewer.repository": str(order.pull_request.repository),
            "reviewer.repository_id": order.repository_id,
            "reviewer.pull_request": order.pull_request.number,
            "reviewer.trigger": order.trigger,
        }
        with named, self.tracing.trace(name, _known(told), key=run_id) as span:
            yield span

    def told(self, delivery: Delivery, outcome: str, *, given_up: bool = False) -> None:
        """Write the one line that says what became of a delivery."""
        repository = _repository_of(delivery)
        fields: dict[str, Field] = {"name": delivery.name, "action": delivery.action}
        if delivery.repository_id is not None:
            fields["repository_id"] = delivery.repository_id
        if repository:
            fields["repository"] = repository
        if given_up:
            self.notes.log("warning", GIVEN_UP, **fields, outcome=outcome)
        else:
            self.notes.log("info", HANDLED, **fields, outcome=outcome)


class _WatchedDuties:
    """The duties that are watched.

    Args:
        duties: Do the work.
        watch: Watches it.
    """

    def __init__(self, duties: Duties, watch: WorkWatch) -> None:
        self._duties = duties
        self._watch = watch

    async def handle(self, delivery: Delivery) -> Followup:
        """Handle a delivery, and say what became of it."""
        with self._watch.delivery(delivery) as span:
            followup = await self._duties.handle(delivery)
            span.describe({"reviewer.outcome": followup.outcome})
            self._watch.told(delivery, followup.outcome)
        return followup

    async def undone(self, delivery: Delivery, why: str) -> None:
        """Give a delivery up, and say why."""
        with self._watch.delivery(delivery):
            await self._duties.undone(delivery, why)
            self._watch.told(delivery, f"failed: {why}", given_up=True)

    async def queued(self, order: ReviewOrder, run_id: str) -> None:
        """Queue a run."""
        with self._watch.run("queue", order, run_id):
            await self._duties.queued(order, run_id)

    async def review(self, order: ReviewOrder, run_id: str) -> RunEnd:
        """Carry a run out; the span says where it stands when it ends."""
        with self._watch.run("review", order, run_id) as span:
            try:
                end = await self._duties.review(order, run_id)
            except (CommunicationError, ResourceError):
                span.describe({"reviewer.state": _PAUSED})
                raise
            span.describe({"reviewer.state": end.state.value})
        return end

    async def end(self, order: ReviewOrder, run_id: str, end: RunEnd) -> None:
        """End a run that could not end itself."""
        with self._watch.run("end", order, run_id) as span:
            span.describe({"reviewer.state": end.state.value})
            await self._duties.end(order, run_id, end)


def _repository_of(delivery: Delivery) -> str:
    """Return the repository by name; empty where the event names none."""
    match delivery.event:
        case PullRequestEvent(pull_request=pull_request):
            return str(pull_request.name.repository)
        case CommentEvent(pull_request=PullRequestName() as name):
            return str(name.repository)
        case ThreadEvent(pull_request=name):
            return str(name.repository)
        case CheckEvent(repository=repository) | MergeGroupEvent(repository=repository):
            return str(repository)
        case _:
            return ""


def _known(told: Mapping[str, str | int | None]) -> dict[str, Attribute]:
    return {name: value for name, value in told.items() if value is not None and value != ""}
