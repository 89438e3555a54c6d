"""MemoryStore: what the service remembers, in memory; a transaction that fails leaves nothing.

One transaction at a time, as on SQLite; those that only read see the rows of their beginning.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from reviewer.domain.attempt import Attempt
from reviewer.domain.spending import DayCost
from reviewer.domain.status import TRANSITIONS
from reviewer.errors import ReviewerError
from reviewer.testing.memory_ledger import MemoryLedger
from reviewer.testing.memory_rows import Rows
from reviewer.testing.memory_sets import (
    MemoryAuditTrail,
    MemoryBudgets,
    MemoryDeliveries,
    MemoryDismissals,
    MemoryFindings,
    MemoryHistories,
    MemoryInstallations,
    MemoryRuns,
)


class MemoryStore:
    """Keeps rows in memory; implements `ports.store.Store`.

    Args:
        ledger: What costs are summed of; a new one by default.
    """

    def __init__(self, ledger: MemoryLedger | None = None) -> None:
        self.ledger = MemoryLedger() if ledger is None else ledger
        #: What the next transactions meet instead of a database that works; None for none.
        self.trouble: ReviewerError | None = None
        self._rows = Rows()
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryUnitOfWork]:
        """Begin a transaction that is committed at the end of its block, or undone by an error."""
        async with self._lock:
            self._meet_trouble()
            rows, calls = self._rows.copied(), list(self.ledger.rows)
            before = {row.id for row in calls}
            yield MemoryUnitOfWork.on(rows, calls)
            self._rows = rows
            self.ledger.gone = {*rows.uninstalled}
            # Calls go on being written down beside a transaction.
            gone = before - {row.id for row in calls}
            self.ledger.rows[:] = [row for row in self.ledger.rows if row.id not in gone]

    @asynccontextmanager
    async def look(self) -> AsyncIterator[MemoryUnitOfWork]:
        """Begin a transaction that only reads."""
        self._meet_trouble()
        yield MemoryUnitOfWork.on(self._rows.copied(), list(self.ledger.rows))

    async def check(self) -> None:
        """Give a sign of life."""
        self._meet_trouble()

    def _meet_trouble(self) -> None:
        if self.trouble is not None:
            raise self.trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUnitOfWork:
    """The sets of one transaction; implements `ports.store.UnitOfWork`."""

    deliveries: MemoryDeliveries
    installations: MemoryInstallations
    runs: MemoryRuns
    findings: MemoryFindings
    dismissals: MemoryDismissals
    histories: MemoryHistories
    budgets: MemoryBudgets
    audit: MemoryAuditTrail
    costs: _Costs
    retention: _Retention

    @classmethod
    def on(cls, rows: Rows, calls: list[Attempt]) -> MemoryUnitOfWork:
        """Return the sets over a transaction's rows.

        Args:
            rows: The rows.
            calls: The ledger's.
        """
        return cls(
            deliveries=MemoryDeliveries(rows),
            installations=MemoryInstallations(rows),
            runs=MemoryRuns(rows),
            findings=MemoryFindings(rows),
            dismissals=MemoryDismissals(rows),
            histories=MemoryHistories(rows),
            budgets=MemoryBudgets(rows),
            audit=MemoryAuditTrail(rows),
            costs=_Costs(calls),
            retention=_Retention(rows, calls),
        )


class _Costs:
    def __init__(self, calls: list[Attempt]) -> None:
        self._calls = calls

    async def by_day(
        self,
        *,
        since: datetime,
        until: datetime,
        installation_id: int | None = None,
        repository: str | None = None,
    ) -> Sequence[DayCost]:
        days: dict[tuple[str, int, str], DayCost] = {}
        for row in self._calls:
            same = repository is None or row.repository.lower() == repository.lower()
            if since <= row.started_at < until and same:
                if installation_id not in (None, row.installation):
                    continue
                day = row.started_at.astimezone(UTC).date()
                key = (day.isoformat(), row.installation or 0, row.repository)
                none = DayCost(
                    day=day,
                    installation_id=row.installation,
                    repository=row.repository,
                    calls=0,
                    tokens=0,
                    dollars=Decimal(0),
                )
                days[key] = _with_call(days.get(key, none), row)
        return [cost for _, cost in sorted(days.items())]


class _Retention:
    def __init__(self, rows: Rows, calls: list[Attempt]) -> None:
        self._rows = rows
        self._calls = calls

    async def forget_before(
        self, moment: datetime, *, accounts_before: datetime | None = None
    ) -> Mapping[str, int]:
        rows = self._rows
        counts = self._forget_runs(
            [
                run.id
                for run in rows.runs.values()
                if not TRANSITIONS[run.state] and (run.ended_at or run.queued_at) < moment
            ]
        )
        used = {(run.repository_id, run.pull_request.number) for run in rows.runs.values()}
        self._forget_pull_requests(
            {key for key, at in rows.changed.items() if at < moment and key not in used}
        )
        left = {repository_id for repository_id, _ in rows.changed}
        for repository_id in rows.taken - left:
            del rows.repositories[repository_id]
        rows.taken &= set(rows.repositories)
        for installation_id in [key for key, at in rows.uninstalled.items() if at < moment]:
            del rows.uninstalled[installation_id]
        old = [key for key, each in rows.deliveries.items() if each.received_at < moment]
        for key in old:
            del rows.deliveries[key]
        if accounts_before is not None:
            rows.audit[:] = [entry for entry in rows.audit if entry.at >= accounts_before]
            self._calls[:] = [row for row in self._calls if row.started_at >= accounts_before]
        return {**counts, "delivery": len(old)}

    async def forget_installation(
        self, installation_id: int, *, uninstalled_at: datetime | None = None
    ) -> Mapping[str, int]:
        rows = self._rows
        if uninstalled_at is not None:
            rows.uninstalled[installation_id] = uninstalled_at
        theirs = {
            each.id
            for each in rows.repositories.values()
            if each.installation_id == installation_id
        }
        runs = {
            run.id
            for run in rows.runs.values()
            if run.installation_id == installation_id or run.repository_id in theirs
        }
        self._calls[:] = [
            row
            for row in self._calls
            if row.installation != installation_id and row.run_id not in runs
        ]
        counts = self._forget_runs(runs)
        self._forget_pull_requests({key for key in rows.changed if key[0] in theirs})
        rows.dismissals[:] = [
            each for each in rows.dismissals if each.installation_id != installation_id
        ]
        for delivery in list(rows.deliveries.values()):
            if delivery.installation_id == installation_id or delivery.repository_id in theirs:
                del rows.deliveries[delivery.id]
        for key in [key for key in rows.budgets if key[0] == installation_id]:
            del rows.budgets[key]
        rows.audit[:] = [
            entry
            for entry in rows.audit
            if entry.installation_id != installation_id and entry.repository_id not in theirs
        ]
        for repository_id in theirs:
            del rows.repositories[repository_id]
        rows.taken -= theirs
        gone = rows.installations.pop(installation_id, None)
        return {**counts, "installation": 0 if gone is None else 1}

    def _forget_runs(self, run_ids: Collection[str]) -> dict[str, int]:
        findings = 0
        for run_id in run_ids:
            del self._rows.runs[run_id]
            self._rows.verdicts.pop(run_id, None)
            findings += len(self._rows.findings.pop(run_id, ()))
        return {"run": len(run_ids), "finding": findings}

    def _forget_pull_requests(self, keys: Collection[tuple[int, int]]) -> None:
        rows = self._rows
        for key in keys:
            del rows.changed[key], rows.titles[key]
            rows.histories.pop(key, None)
        rows.dismissals[:] = [
            each
            for each in rows.dismissals
            if (each.repository_id, each.pull_request.number) not in keys
        ]


def _with_call(cost: DayCost, row: Attempt) -> DayCost:
    return replace(
        cost,
        calls=cost.calls + 1,
        tokens=cost.tokens + row.usage.total,
        dollars=cost.dollars + (row.cost or Decimal(0)),
        unpriced=cost.unpriced + (row.cost is None),
    )
