"""Tells what the service knows: runs by pages, one run in full, and what days cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reviewer.domain.run import FindingRecord, RuleVerdict, RunCursor, RunQuery, RunRecord
from reviewer.domain.spending import DayCost
from reviewer.ports.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Some runs, newest first.

    Args:
        runs: The runs.
        following: Where the next page begins; None where this is the last one.
    """

    runs: Sequence[RunRecord]
    following: RunCursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAccount:
    """One run, what its rules were answered, and what was found."""

    run: RunRecord
    verdicts: Sequence[RuleVerdict]
    findings: Sequence[FindingRecord]


async def list_runs(store: Store, query: RunQuery) -> RunPage:
    """Return a page of runs.

    Args:
        store: Has them.
        query: Which; its limit is the size of the page.
    """
    async with store.look() as work:
        # One more than is shown tells whether there is another page.
        runs = await work.runs.find(replace(query, limit=query.limit + 1))
    shown = runs[: query.limit]
    more = len(runs) > query.limit
    last = shown[-1] if more else None
    return RunPage(
        runs=shown,
        following=None if last is None else RunCursor(queued_at=last.queued_at, id=last.id),
    )


async def account_for_run(store: Store, run_id: str) -> RunAccount | None:
    """Return one run in full; None for one that nobody knows.

    Args:
        store: Has it.
        run_id: Which.
    """
    async with store.look() as work:
        run = await work.runs.get(run_id)
        if run is None:
            return None
        return RunAccount(
            run=run,
            verdicts=await work.runs.verdicts(run_id),
            findings=await work.findings.of_run(run_id),
        )


async def sum_costs(
    store: Store,
    *,
    since: datetime,
    until: datetime,
    installation_id: int | None,
    repository: str | None,
) -> Sequence[DayCost]:
    """Return what calls cost, by day and repository, oldest first.

    Args:
        store: Has the ledger.
        since: From this moment on.
        until: Up to before this moment.
        installation_id: Of this installation alone.
        repository: Of this repository alone (``owner/name``).
    """
    async with store.look() as work:
        return await work.costs.by_day(
            since=since, until=until, installation_id=installation_id, repository=repository
        )
