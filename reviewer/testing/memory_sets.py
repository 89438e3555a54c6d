"""The sets of rows of a `MemoryStore`: each changes the rows of the transaction that it is in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reviewer.domain.audit import AuditEntry
from reviewer.domain.budget import Scope
from reviewer.domain.delivery import Delivery, DeliveryRecord
from reviewer.domain.dismissal_record import DismissalRecord
from reviewer.domain.finding import OutcomeKind, PlacedFinding
from reviewer.domain.history import History, KnownState
from reviewer.domain.history_record import HistoryRecord
from reviewer.domain.installation import Installation, InstalledRepository
from reviewer.domain.pull_request import Account, Repository
from reviewer.domain.run import FindingRecord, RuleVerdict, RunQuery, RunRecord
from reviewer.domain.spending import SpendingLimit
from reviewer.domain.status import TRANSITIONS
from reviewer.testing.memory_rows import Rows


class MemoryDeliveries:
    """`ports.store.Deliveries` in memory."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows.deliveries
        self._uninstalled = rows.uninstalled

    async def add(self, delivery: Delivery) -> bool:
        """Write a delivery down; False where it stands there already."""
        if delivery.id in self._rows:
            return False
        if delivery.installation_id in self._uninstalled:
            delivery = replace(delivery, installation_id=None, repository_id=None)
        self._rows[delivery.id] = DeliveryRecord(
            id=delivery.id,
            name=delivery.name,
            action=delivery.action,
            received_at=delivery.received_at,
            installation_id=delivery.installation_id,
            repository_id=delivery.repository_id,
        )
        return True

    async def handled(self, delivery_id: str, outcome: str, at: datetime) -> None:
        """Say what became of a delivery, in a few words; the first word stays."""
        record = self._rows.get(delivery_id)
        if record is not None and record.handled_at is None:
            self._rows[delivery_id] = replace(record, outcome=outcome, handled_at=at)

    async def get(self, delivery_id: str) -> DeliveryRecord | None:
        """Return what is kept of a delivery."""
        return self._rows.get(delivery_id)

    async def known(self, delivery_ids: Collection[str]) -> frozenset[str]:
        """Return those of the deliveries that stand there."""
        return frozenset(self._rows) & frozenset(delivery_ids)


class MemoryInstallations:
    """`ports.store.Installations` in memory."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def put(self, installation: Installation) -> None:
        """Add an installation, or change it."""
        if installation.id in self._rows.uninstalled:
            return
        self._rows.installations[installation.id] = installation

    async def uninstalled(self, installation_id: int) -> bool:
        """Tell whether an installation is gone for good."""
        return installation_id in self._rows.uninstalled

    async def get(self, installation_id: int) -> Installation | None:
        """Return an installation; None for one that nobody told of."""
        return self._rows.installations.get(installation_id)

    async def all(self) -> Sequence[Installation]:
        """Return all of them, by number."""
        return [installation for _, installation in sorted(self._rows.installations.items())]

    async def put_repositories(self, repositories: Sequence[InstalledRepository]) -> None:
        """Add repositories to installations, or change them."""
        for repository in repositories:
            if repository.installation_id in self._rows.uninstalled:
                continue
            account = Account(id=0, login=repository.name.owner)
            self._rows.installations.setdefault(
                repository.installation_id,
                Installation(id=repository.installation_id, account=account),
            )
            self._rows.repositories[repository.id] = repository
            self._rows.taken.discard(repository.id)

    async def take_repositories(
        self, installation_id: int, repository_ids: Collection[int]
    ) -> None:
        """Take repositories away from an installation; their runs stay until retention."""
        theirs = {each.id for each in await self.repositories(installation_id)}
        self._rows.taken.update(theirs & set(repository_ids))

    async def repositories(self, installation_id: int) -> Sequence[InstalledRepository]:
        """Return what an installation may work on, by number."""
        return [each for each in self._installed() if each.installation_id == installation_id]

    async def repository(self, repository_id: int) -> InstalledRepository | None:
        """Return the repository with a number; None where no installation has it."""
        return next((each for each in self._installed() if each.id == repository_id), None)

    async def named(self, name: Repository) -> InstalledRepository | None:
        """Return the repository of a name, in any spelling; None where no installation has it."""
        wanted = str(name).lower()
        found = [each for each in self._installed() if str(each.name).lower() == wanted]
        return found[-1] if found else None

    def _installed(self) -> list[InstalledRepository]:
        rows = self._rows
        return [each for id_, each in sorted(rows.repositories.items()) if id_ not in rows.taken]


class MemoryRuns:
    """`ports.store.Runs` in memory."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def add(self, run: RunRecord) -> bool:
        """Add a run; False where its id stands there already, which changes nothing."""
        if run.id in self._rows.runs or run.installation_id in self._rows.uninstalled:
            return False
        self._rows.ensure(run, run.title, run.queued_at)
        self._rows.runs[run.id] = run
        return True

    async def advance(self, run: RunRecord) -> bool:
        """Change a run, where the table of `domain.status` allows the step from where it stands."""
        before = self._rows.runs.get(run.id)
        if before is None:
            return False
        goes_on = before.state is run.state and bool(TRANSITIONS[run.state])
        if not goes_on and run.state not in TRANSITIONS[before.state]:
            return False
        self._rows.runs[run.id] = replace(
            before,
            head_sha=run.head_sha,
            state=run.state,
            reason=run.reason,
            conclusion=run.conclusion,
            score=run.score,
            tokens=run.tokens,
            cost=run.cost,
            started_at=run.started_at,
            ended_at=run.ended_at,
        )
        return True

    async def get(self, run_id: str) -> RunRecord | None:
        """Return a run."""
        run = self._rows.runs.get(run_id)
        return None if run is None else self._rows.run(run)

    async def find(self, query: RunQuery) -> Sequence[RunRecord]:
        """Return runs, newest first."""
        runs = [self._rows.run(run) for run in self._rows.runs.values()]
        runs.sort(key=lambda run: (run.queued_at, run.id), reverse=True)
        return [run for run in runs if _matches(run, query)][: query.limit]

    async def keep_verdicts(self, run_id: str, verdicts: Sequence[RuleVerdict]) -> None:
        """Keep what the rules of a run were answered, in place of what was kept before."""
        if run_id in self._rows.runs:
            self._rows.verdicts[run_id] = tuple(verdicts)

    async def verdicts(self, run_id: str) -> Sequence[RuleVerdict]:
        """Return what the rules of a run were answered, in their order."""
        return list(self._rows.verdicts.get(run_id, ()))


class MemoryFindings:
    """`ports.store.Findings` in memory."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def keep(self, run_id: str, findings: Sequence[PlacedFinding]) -> None:
        """Keep the findings of a run, in place of what was kept before."""
        if run_id in self._rows.runs:
            self._rows.findings[run_id] = tuple(_found(placed) for placed in findings)

    async def of_run(self, run_id: str) -> Sequence[FindingRecord]:
        """Return the findings of a run, in their order."""
        return list(self._rows.findings.get(run_id, ()))

    async def mark(self, repository_id: int, number: int, states: Mapping[str, KnownState]) -> None:
        """Say where findings of a pull request stand now, by fingerprint, in all its runs."""
        for run in self._rows.runs.values():
            if (run.repository_id, run.pull_request.number) == (repository_id, number):
                self._rows.findings[run.id] = tuple(
                    replace(found, state=states.get(found.placed.finding.fingerprint, found.state))
                    for found in self._rows.findings.get(run.id, ())
                )


class MemoryDismissals:
    """`ports.store.Dismissals` in memory."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def add(self, dismissal: DismissalRecord) -> None:
        """Write a dismissal down."""
        if dismissal.installation_id in self._rows.uninstalled:
            return
        self._rows.ensure(dismissal, "", dismissal.at)
        self._rows.dismissals.append(dismissal)

    async def withdraw(
        self, repository_id: int, number: int, fingerprint: str, *, by: str, at: datetime
    ) -> None:
        """Take every dismissal of a finding back that holds."""
        self._rows.dismissals[:] = [
            replace(each, withdrawn_by=by, withdrawn_at=at)
            if _stands_on(each, repository_id, number)
            and each.fingerprint == fingerprint
            and each.withdrawn_at is None
            else each
            for each in self._rows.dismissals
        ]

    async def of(self, repository_id: int, number: int) -> Sequence[DismissalRecord]:
        """Return every dismissal on a pull request, oldest first, those taken back too."""
        repositories = self._rows.repositories
        found = [
            replace(
                each,
                pull_request=replace(
                    each.pull_request, repository=repositories[each.repository_id].name
                ),
            )
            for each in self._rows.dismissals
            if _stands_on(each, repository_id, number)
        ]
        return sorted(found, key=lambda each: each.at)


class MemoryHistories:
    """`ports.store.Histories` in memory."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def put(self, record: HistoryRecord) -> None:
        """Keep what is remembered now, in place of what was before."""
        if record.installation_id in self._rows.uninstalled:
            return
        self._rows.ensure(record, "", record.at)
        key = (record.repository_id, record.pull_request.number)
        self._rows.histories[key] = replace(record.history, trusted=True)

    async def of(self, repository_id: int, number: int) -> History | None:
        """Return what is remembered; None for nothing."""
        return self._rows.histories.get((repository_id, number))

    async def held(self, installation_id: int, repository_id: int, number: int) -> History | None:
        """Return what is remembered; one transaction writes at a time anyway."""
        del installation_id
        return await self.of(repository_id, number)


class MemoryBudgets:
    """`ports.store.Budgets` in memory."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows.budgets
        self._uninstalled = rows.uninstalled

    async def put(self, limit: SpendingLimit) -> None:
        """Set a ceiling, in place of the one for the same scope."""
        if limit.installation_id not in self._uninstalled:
            self._rows[limit.installation_id, limit.repository_id, limit.scope] = limit

    async def remove(self, limit: SpendingLimit) -> None:
        """Take the ceiling of this installation, repository and scope away."""
        self._rows.pop((limit.installation_id, limit.repository_id, limit.scope), None)

    async def of(
        self, installation_id: int, repository_id: int | None = None
    ) -> Sequence[SpendingLimit]:
        """Return the ceilings that hold: a repository's own in place of the installation's."""
        held = (
            self._rows.get((installation_id, repository_id, scope))
            or self._rows.get((installation_id, None, scope))
            for scope in Scope
        )
        return [limit for limit in held if limit is not None]


class MemoryAuditTrail:
    """`ports.store.AuditTrail` in memory."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows.audit
        self._uninstalled = rows.uninstalled

    async def add(self, entry: AuditEntry) -> None:
        """Write an entry down."""
        if entry.installation_id not in self._uninstalled:
            self._rows.append(entry)

    async def find(
        self, *, installation_id: int | None = None, since: datetime | None = None, limit: int = 100
    ) -> Sequence[AuditEntry]:
        """Return entries, newest first."""
        found = [
            entry
            for entry in reversed(self._rows)
            if installation_id in (None, entry.installation_id)
            and (since is None or entry.at >= since)
        ]
        return sorted(found, key=lambda entry: entry.at, reverse=True)[:limit]


def _stands_on(each: DismissalRecord, repository_id: int, number: int) -> bool:
    return (each.repository_id, each.pull_request.number) == (repository_id, number)


def _found(placed: PlacedFinding) -> FindingRecord:
    dismissed = placed.outcome.kind is OutcomeKind.DISMISSED
    return FindingRecord(
        placed=placed, state=KnownState.DISMISSED if dismissed else KnownState.OPEN
    )


def _matches(run: RunRecord, query: RunQuery) -> bool:
    same_name = (
        query.repository is None
        or str(query.repository).lower() == str(run.pull_request.repository).lower()
    )
    after = query.after
    return (
        same_name
        and query.installation_id in (None, run.installation_id)
        and query.repository_id in (None, run.repository_id)
        and query.number in (None, run.pull_request.number)
        and (not query.states or run.state in query.states)
        and (query.since is None or run.queued_at >= query.since)
        and (after is None or (run.queued_at, run.id) < (after.queued_at, after.id))
    )
