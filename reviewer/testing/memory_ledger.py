"""MemoryLedger: a ledger in a list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from reviewer.domain.attempt import UNFINISHED, Attempt
from reviewer.ports.ledger import Spent


class MemoryLedger:
    """Keeps every attempt in memory.

    Args:
        attempts: What it holds already.
    """

    def __init__(self, attempts: Sequence[Attempt] = ()) -> None:
        self.rows: list[Attempt] = list(attempts)
        #: Installations of which nothing is written any more.
        self.gone: set[int | None] = set()

    async def begin(self, attempt: Attempt) -> None:
        """Write down what an attempt may cost."""
        await MemoryLedger.record(self, attempt)

    async def record(self, attempt: Attempt) -> None:
        """Write the end of one attempt down."""
        self.rows[:] = [
            row for row in self.rows if row.id != attempt.id or row.failure != UNFINISHED
        ]
        if attempt.installation not in self.gone:
            self.rows.append(attempt)

    async def spent(
        self,
        *,
        since: datetime,
        repository: str | None = None,
        pull_request: int | None = None,
        installation: int | None = None,
    ) -> Spent:
        """Sum the attempts since a time that match everything that is given."""
        rows = [
            row
            for row in self.rows
            if row.started_at >= since
            and repository in (None, row.repository)
            and pull_request in (None, row.pull_request)
            and installation in (None, row.installation)
        ]
        return Spent(
            tokens=sum(row.usage.total for row in rows),
            dollars=sum((row.cost for row in rows if row.cost is not None), Decimal(0)),
        )

    async def attempts(
        self, *, since: datetime | None = None, run_id: str | None = None
    ) -> Sequence[Attempt]:
        """Return attempts in the order in which they began."""
        rows = [
            row
            for row in self.rows
            if (since is None or row.started_at >= since) and run_id in (None, row.run_id)
        ]
        return sorted(rows, key=lambda row: row.started_at)
