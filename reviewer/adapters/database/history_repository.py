"""Reads and keeps what reviews remember of pull requests; the transaction around it commits."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from reviewer.adapters.database.insertion import insert_or_change
from reviewer.adapters.database.presence import is_present
from reviewer.adapters.database.pull_request_repository import (
    PullRequestRepository,
    is_pull_request,
)
from reviewer.adapters.database.service_tables import HistoryRow, PullRequestRow
from reviewer.adapters.database.session import Session
from reviewer.domain.history import History
from reviewer.domain.history_record import HistoryRecord
from reviewer.domain.history_text import RECORD_LIMITS, decode, history_text


class HistoryRepository:
    """Histories inside one transaction; implements `ports.store.Histories`.

    Args:
        session: The transaction's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def put(self, record: HistoryRecord) -> None:
        """Keep what is remembered now, in place of what was before."""
        if not await is_present(self._session, record.installation_id):
            return
        pull_request_id = await PullRequestRepository(self._session).ensure(
            record.pull_request,
            installation_id=record.installation_id,
            repository_id=record.repository_id,
            title="",
            at=record.at,
        )
        await insert_or_change(
            self._session,
            HistoryRow,
            key=("pull_request_id",),
            pull_request_id=pull_request_id,
            document=history_text(record.history),
            changed_at=record.at,
        )

    async def of(self, repository_id: int, number: int) -> History | None:
        """Return what is remembered; None for nothing."""
        document = await self._session.scalar(
            select(HistoryRow.document)
            .join(PullRequestRow, HistoryRow.pull_request_id == PullRequestRow.id)
            .where(*is_pull_request(repository_id, number))
        )
        # What another version of this program has written is nothing to start from.
        history = None if document is None else decode(document, RECORD_LIMITS)
        return None if history is None else replace(history, trusted=True)

    async def held(self, installation_id: int, repository_id: int, number: int) -> History | None:
        """Return what is remembered, and let nobody else change it until the transaction ends."""
        await is_present(self._session, installation_id)
        pull_request = select(PullRequestRow.id).where(*is_pull_request(repository_id, number))
        await self._session.scalars(pull_request.with_for_update())
        return await self.of(repository_id, number)
