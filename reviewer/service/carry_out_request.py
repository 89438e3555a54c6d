"""Carries out what people and other services ask of the service itself, each time on record.

The audit trail is written first: what cannot be written down is not done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from reviewer.domain.access import Caller, Request
from reviewer.domain.audit import AuditEntry
from reviewer.domain.pull_request import PullRequestName
from reviewer.domain.review_order import ReviewOrder
from reviewer.domain.run import RunCursor, RunQuery, RunRecord
from reviewer.domain.status import TRANSITIONS
from reviewer.ports.clock import Clock
from reviewer.ports.engine import Engine
from reviewer.ports.store import Store

#: What a review says that was asked for in this way.
TRIGGER = "api"

_UNDER_WAY = frozenset(state for state, following in TRANSITIONS.items() if following)
_AT_ONCE = 200


class Answer(StrEnum):
    """What became of a request."""

    DONE = "done"
    UNKNOWN = "unknown"
    TOO_LATE = "too late"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedReview:
    """A review that somebody asks for.

    Args:
        pull_request: Of which pull request.
        full: Whether everything is looked at again.
        personas: By exactly these; empty lets the change decide.
        panel: By a panel; None for none.
    """

    pull_request: PullRequestName
    full: bool = False
    personas: tuple[str, ...] = ()
    panel: str | None = None


class CarryOutRequest:
    """Carries requests out.

    Args:
        store: Has runs and installations, and keeps the audit trail.
        engine: Does the work.
        clock: Dates the entries.
    """

    def __init__(self, store: Store, engine: Engine, clock: Clock) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock

    async def refuse(self, caller: Caller, request: Request, *, about: str) -> None:
        """Write down that somebody asked for what they may not.

        Args:
            caller: Who.
            request: For what.
            about: The run, pull request or installation, as they named it.
        """
        entry = self._entry(caller, request, detail=about, allowed=False)
        async with self._store.begin() as work:
            await work.audit.add(entry)

    async def cancel_run(self, caller: Caller, run_id: str) -> Answer:
        """Give a run up.

        Args:
            caller: Who asks.
            run_id: Which.

        Returns:
            ``unknown`` where there is none, ``too late`` where it has ended.
        """
        async with self._store.begin() as work:
            run = await work.runs.get(run_id)
            if run is None:
                return Answer.UNKNOWN
            late = run.state not in _UNDER_WAY
            detail = f"it was {run.state.value} already" if late else ""
            await work.audit.add(
                self._entry(caller, Request.CANCEL_RUN, run=run, detail=detail, allowed=not late)
            )
        if late or not await self._engine.cancel(run_id):
            return Answer.TOO_LATE
        return Answer.DONE

    async def order_review(self, caller: Caller, wanted: WantedReview, *, order_id: str) -> Answer:
        """Order a review.

        Args:
            caller: Who asks.
            wanted: What.
            order_id: Names the request, as a delivery's id names what came from the host.

        Returns:
            ``unknown`` where the App is not installed there, ``suspended`` where it may not work.
        """
        name = wanted.pull_request
        async with self._store.begin() as work:
            repository = await work.installations.named(name.repository)
            if repository is None:
                return Answer.UNKNOWN
            installation = await work.installations.get(repository.installation_id)
            suspended = installation is not None and installation.suspended
            await work.audit.add(
                AuditEntry(
                    at=self._clock.now(),
                    actor=caller.name,
                    action=_action(Request.ORDER_REVIEW),
                    allowed=not suspended,
                    detail="the installation is suspended" if suspended else "",
                    installation_id=repository.installation_id,
                    repository_id=repository.id,
                    number=name.number,
                    delivery_id=order_id,
                )
            )
        if suspended:
            return Answer.SUSPENDED
        order = ReviewOrder(
            installation_id=repository.installation_id,
            repository_id=repository.id,
            pull_request=PullRequestName(repository=repository.name, number=name.number),
            head_sha="",
            trigger=TRIGGER,
            delivery_id=order_id,
            asked=True,
            full=wanted.full,
            personas=wanted.personas,
            panel=wanted.panel,
        )
        await self._engine.review_soon(order, delay_seconds=0)
        return Answer.DONE

    async def forget_installation(self, caller: Caller, installation_id: int) -> Mapping[str, int]:
        """Give up what an installation has under way and delete everything that is its own.

        Args:
            caller: Who asks.
            installation_id: Which.

        Returns:
            How many rows of each kind went.
        """
        request = Request.FORGET_INSTALLATION
        about = f"installation {installation_id}"
        async with self._store.begin() as work:
            await work.audit.add(self._entry(caller, request, detail=about))
        await self._cancel_all(installation_id)
        async with self._store.begin() as work:
            gone = await work.retention.forget_installation(installation_id)
            # Its own entries went with it: this one is the service's.
            detail = f"{about}: {sum(gone.values())} rows went"
            await work.audit.add(self._entry(caller, request, detail=detail))
        return gone

    async def _cancel_all(self, installation_id: int) -> None:
        query = RunQuery(installation_id=installation_id, states=_UNDER_WAY, limit=_AT_ONCE)
        while True:
            async with self._store.look() as work:
                runs = await work.runs.find(query)
            for run in runs:
                await self._engine.cancel(run.id)
            if len(runs) < _AT_ONCE:
                return
            last = runs[-1]
            query = replace(query, after=RunCursor(queued_at=last.queued_at, id=last.id))

    def _entry(
        self,
        caller: Caller,
        request: Request,
        *,
        run: RunRecord | None = None,
        detail: str = "",
        allowed: bool = True,
    ) -> AuditEntry:
        return AuditEntry(
            at=self._clock.now(),
            actor=caller.name,
            action=_action(request),
            allowed=allowed,
            detail=detail,
            installation_id=None if run is None else run.installation_id,
            repository_id=None if run is None else run.repository_id,
            number=None if run is None else run.pull_request.number,
            run_id="" if run is None else run.id,
        )


def _action(request: Request) -> str:
    return f"api {request.value}"
