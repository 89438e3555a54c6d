"""Deletes what is too old, or somebody's; the transaction around it commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, text

from reviewer.adapters.database.presence import keep_out, say_gone
from reviewer.adapters.database.service_tables import (
    AuditRow,
    BudgetRow,
    DeliveryRow,
    DismissalRow,
    FindingRow,
    HistoryRow,
    InstallationRow,
    JournalRow,
    PersonaVerdictRow,
    PullRequestRow,
    RepositoryRow,
    RunRow,
    UninstallationRow,
)
from reviewer.adapters.database.session import Session
from reviewer.adapters.database.tables import KeptCompletion, LlmCall, Table
from reviewer.domain.status import TRANSITIONS

_UNFINISHED = sorted(state.value for state, following in TRANSITIONS.items() if following)

#: From which table, and which of its rows.
Deletion = tuple[type[Table], ColumnElement[bool]]

#: Deleting takes longer than everything else; more than this would be a fault.
_MOST_SECONDS = 55


class RetentionRepository:
    """Forgetting inside one transaction; implements `ports.store.Retention`.

    Args:
        session: The transaction's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        #: Whether anything was asked to be forgotten.
        self.used = False

    async def forget_before(
        self, moment: datetime, *, accounts_before: datetime | None = None
    ) -> Mapping[str, int]:
        """Delete what ended before a moment."""
        runs = select(RunRow.id).where(
            RunRow.state.not_in(_UNFINISHED),
            func.coalesce(RunRow.ended_at, RunRow.queued_at) < moment,
        )
        unfinished = select(RunRow.id).where(RunRow.state.in_(_UNFINISHED))
        pull_requests = select(PullRequestRow.id).where(
            PullRequestRow.changed_at < moment,
            ~exists().where(RunRow.pull_request_id == PullRequestRow.id),
        )
        empty = ~exists().where(PullRequestRow.repository_id == RepositoryRow.id)
        deletions: list[Deletion] = [
            *_of_runs(runs),
            (
                JournalRow,
                and_(JournalRow.created_at < moment, JournalRow.run_id.not_in(unfinished)),
            ),
            (RunRow, RunRow.id.in_(runs)),
            (DismissalRow, DismissalRow.pull_request_id.in_(pull_requests)),
            (HistoryRow, HistoryRow.pull_request_id.in_(pull_requests)),
            (PullRequestRow, PullRequestRow.id.in_(pull_requests)),
            (UninstallationRow, UninstallationRow.uninstalled_at < moment),
            (RepositoryRow, and_(RepositoryRow.installed.is_(False), empty)),
            (DeliveryRow, DeliveryRow.received_at < moment),
            (KeptCompletion, KeptCompletion.created_at < moment),
        ]
        if accounts_before is not None:
            deletions += [
                (LlmCall, LlmCall.started_at < accounts_before),
                (AuditRow, AuditRow.happened_at < accounts_before),
            ]
        return await self._carry_out(deletions)

    async def forget_installation(
        self, installation_id: int, *, uninstalled_at: datetime | None = None
    ) -> Mapping[str, int]:
        """Delete everything that is an installation's."""
        await keep_out(self._session, installation_id)
        if uninstalled_at is not None:
            await say_gone(self._session, installation_id, uninstalled_at)
        repositories = select(RepositoryRow.id).where(
            RepositoryRow.installation_id == installation_id
        )
        pull_requests = select(PullRequestRow.id).where(
            PullRequestRow.repository_id.in_(repositories)
        )
        runs = select(RunRow.id).where(
            or_(
                RunRow.installation_id == installation_id, RunRow.pull_request_id.in_(pull_requests)
            )
        )
        # In the order in which a run is added, so that neither waits for the other for good.
        await self._session.scalars(repositories.order_by(RepositoryRow.id).with_for_update())
        await self._session.scalars(runs.order_by(RunRow.id).with_for_update())
        return await self._carry_out(
            [
                *_of_runs(runs),
                (JournalRow, JournalRow.installation_id == installation_id),
                (LlmCall, or_(LlmCall.installation == installation_id, LlmCall.run_id.in_(runs))),
                (RunRow, RunRow.id.in_(runs)),
                (
                    DismissalRow,
                    or_(
                        DismissalRow.installation_id == installation_id,
                        DismissalRow.pull_request_id.in_(pull_requests),
                    ),
                ),
                (
                    DeliveryRow,
                    or_(
                        DeliveryRow.installation_id == installation_id,
                        DeliveryRow.repository_id.in_(repositories),
                    ),
                ),
                (
                    AuditRow,
                    or_(
                        AuditRow.installation_id == installation_id,
                        AuditRow.repository_id.in_(repositories),
                    ),
                ),
                (HistoryRow, HistoryRow.pull_request_id.in_(pull_requests)),
                (PullRequestRow, PullRequestRow.id.in_(pull_requests)),
                (RepositoryRow, RepositoryRow.installation_id == installation_id),
                (BudgetRow, BudgetRow.installation_id == installation_id),
                (KeptCompletion, KeptCompletion.installation == installation_id),
                (InstallationRow, InstallationRow.id == installation_id),
            ]
        )

    async def _carry_out(self, deletions: list[Deletion]) -> Mapping[str, int]:
        self.used = True
        if self._session.dialect == "postgresql":
            await self._session.execute(text(f"SET LOCAL statement_timeout = '{_MOST_SECONDS}s'"))
        counts: dict[str, int] = {}
        for table, condition in deletions:
            count = await self._session.execute(delete(table).where(condition))
            name = table.__tablename__
            counts[name] = counts.get(name, 0) + count
        return counts


def _of_runs(runs: Select[str]) -> list[Deletion]:
    """Return what deletes everything that belongs to runs, apart from themselves."""
    return [
        (FindingRow, FindingRow.run_id.in_(runs)),
        (PersonaVerdictRow, PersonaVerdictRow.run_id.in_(runs)),
        (JournalRow, JournalRow.run_id.in_(runs)),
    ]
