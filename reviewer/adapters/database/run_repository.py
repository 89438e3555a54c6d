"""Reads, adds and advances runs; the transaction around it commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, delete, insert, or_, select, update

from reviewer.adapters.database.insertion import insert_if_absent
from reviewer.adapters.database.installation_repository import name_key
from reviewer.adapters.database.presence import is_present
from reviewer.adapters.database.pull_request_repository import PullRequestRepository
from reviewer.adapters.database.run_row import (
    advanced_columns,
    run_of,
    verdict_columns,
    verdict_of,
)
from reviewer.adapters.database.service_tables import (
    PersonaVerdictRow,
    PullRequestRow,
    RepositoryRow,
    RunRow,
)
from reviewer.adapters.database.session import Session
from reviewer.domain.run import RuleVerdict, RunQuery, RunRecord
from reviewer.domain.status import TRANSITIONS, RunState


class RunRepository:
    """Runs inside one transaction; implements `ports.store.Runs`.

    Args:
        session: The transaction's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, run: RunRecord) -> bool:
        """Add a run; False where its id stands there already, which changes nothing."""
        known = select(RunRow.id).where(RunRow.id == run.id)
        if await self._session.scalar(known) is not None:
            return False
        if not await is_present(self._session, run.installation_id):
            return False
        pull_request_id = await PullRequestRepository(self._session).ensure(
            run.pull_request,
            installation_id=run.installation_id,
            repository_id=run.repository_id,
            title=run.title,
            at=run.queued_at,
        )
        return await insert_if_absent(
            self._session,
            RunRow,
            id=run.id,
            pull_request_id=pull_request_id,
            installation_id=run.installation_id,
            trigger=run.trigger,
            delivery_id=run.delivery_id,
            queued_at=run.queued_at,
            **advanced_columns(run),
        )

    async def advance(self, run: RunRecord) -> bool:
        """Change a run, where the table of states allows the step from where it stands."""
        # Asked before any row is held: whoever uninstalls holds the installation, then its rows.
        if not await is_present(self._session, run.installation_id):
            return False
        allowed = [state.value for state in RunState if run.state in TRANSITIONS[state]]
        if TRANSITIONS[run.state]:
            allowed.append(run.state.value)
        changed = await self._session.execute(
            update(RunRow)
            .where(RunRow.id == run.id, RunRow.state.in_(allowed))
            .values(**advanced_columns(run))
        )
        return changed > 0

    async def get(self, run_id: str) -> RunRecord | None:
        """Return a run."""
        rows = await self._session.rows(_runs().where(RunRow.id == run_id))
        return run_of(*rows[0]) if rows else None

    async def find(self, query: RunQuery) -> Sequence[RunRecord]:
        """Return runs, newest first."""
        rows = await self._session.rows(
            _runs()
            .where(*_conditions(query))
            .order_by(RunRow.queued_at.desc(), RunRow.id.desc())
            .limit(query.limit)
        )
        return [run_of(*row) for row in rows]

    async def keep_verdicts(self, run_id: str, verdicts: Sequence[RuleVerdict]) -> None:
        """Keep what the rules of a run were answered, in place of what was kept before."""
        if not await hold_run(self._session, run_id):
            return
        await self._session.execute(
            delete(PersonaVerdictRow).where(PersonaVerdictRow.run_id == run_id)
        )
        if verdicts:
            rows = [
                verdict_columns(run_id, position, verdict)
                for position, verdict in enumerate(verdicts)
            ]
            await self._session.execute(insert(PersonaVerdictRow), rows)

    async def verdicts(self, run_id: str) -> Sequence[RuleVerdict]:
        """Return what the rules of a run were answered, in their order."""
        rows = await self._session.scalars(
            select(PersonaVerdictRow)
            .where(PersonaVerdictRow.run_id == run_id)
            .order_by(PersonaVerdictRow.position)
        )
        return [verdict_of(row) for row in rows]


async def hold_run(session: Session, run_id: str) -> bool:
    """Let nobody else write what belongs to a run until this transaction ends.

    A worker that was taken for dead may still write the same.

    Args:
        session: The transaction's; on SQLite it holds the whole database anyway.
        run_id: Which run.

    Returns:
        Whether it is there; one that was forgotten meanwhile keeps nothing.
    """
    found = await session.scalars(select(RunRow.id).where(RunRow.id == run_id).with_for_update())
    return bool(found)


def _runs() -> Select[RunRow, PullRequestRow, RepositoryRow]:
    return (
        select(RunRow, PullRequestRow, RepositoryRow)
        .join(PullRequestRow, RunRow.pull_request_id == PullRequestRow.id)
        .join(RepositoryRow, PullRequestRow.repository_id == RepositoryRow.id)
    )


def _conditions(query: RunQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.installation_id is not None:
        conditions.append(RunRow.installation_id == query.installation_id)
    if query.repository is not None:
        conditions.append(RepositoryRow.name_key == name_key(query.repository))
    if query.repository_id is not None:
        conditions.append(PullRequestRow.repository_id == query.repository_id)
    if query.number is not None:
        conditions.append(PullRequestRow.number == query.number)
    if query.states:
        conditions.append(RunRow.state.in_(sorted(state.value for state in query.states)))
    if query.since is not None:
        conditions.append(RunRow.queued_at >= query.since)
    if query.after is not None:
        at, run_id = query.after.queued_at, query.after.id
        older = RunRow.queued_at < at
        conditions.append(or_(older, and_(RunRow.queued_at == at, RunRow.id < run_id)))
    return conditions
