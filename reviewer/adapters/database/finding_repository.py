"""Reads, keeps and marks findings; the transaction around it commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert, select, update

from reviewer.adapters.database.finding_row import finding_columns, record_of
from reviewer.adapters.database.parts import in_parts
from reviewer.adapters.database.pull_request_repository import is_pull_request
from reviewer.adapters.database.run_repository import hold_run
from reviewer.adapters.database.service_tables import FindingRow, PullRequestRow, RunRow
from reviewer.adapters.database.session import Session
from reviewer.domain.finding import PlacedFinding
from reviewer.domain.history import KnownState
from reviewer.domain.run import FindingRecord


class FindingRepository:
    """Findings inside one transaction; implements `ports.store.Findings`.

    Args:
        session: The transaction's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def keep(self, run_id: str, findings: Sequence[PlacedFinding]) -> None:
        """Keep the findings of a run, in place of what was kept before."""
        if not await hold_run(self._session, run_id):
            return
        await self._session.execute(delete(FindingRow).where(FindingRow.run_id == run_id))
        if findings:
            rows = [
                finding_columns(run_id, position, placed)
                for position, placed in enumerate(findings)
            ]
            await self._session.execute(insert(FindingRow), rows)

    async def of_run(self, run_id: str) -> Sequence[FindingRecord]:
        """Return the findings of a run, in their order."""
        rows = await self._session.scalars(
            select(FindingRow).where(FindingRow.run_id == run_id).order_by(FindingRow.position)
        )
        return [record_of(row) for row in rows]

    async def mark(self, repository_id: int, number: int, states: Mapping[str, KnownState]) -> None:
        """Say where findings of a pull request stand now, by fingerprint, in all its runs."""
        runs = (
            select(RunRow.id)
            .join(PullRequestRow, RunRow.pull_request_id == PullRequestRow.id)
            .where(*is_pull_request(repository_id, number))
        )
        for state in KnownState:
            fingerprints = sorted(name for name, now in states.items() if now is state)
            for some in in_parts(fingerprints):
                await self._session.execute(
                    update(FindingRow)
                    .where(FindingRow.run_id.in_(runs), FindingRow.fingerprint.in_(some))
                    .values(state=state.value)
                )
