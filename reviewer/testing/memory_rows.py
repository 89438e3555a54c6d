"""The rows of a `MemoryStore`: plain values in dictionaries, copied for each transaction."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from reviewer.domain.audit import AuditEntry
from reviewer.domain.budget import Scope
from reviewer.domain.delivery import DeliveryRecord
from reviewer.domain.dismissal_record import DismissalRecord
from reviewer.domain.history import History
from reviewer.domain.history_record import HistoryRecord
from reviewer.domain.installation import Installation, InstalledRepository
from reviewer.domain.pull_request import Account
from reviewer.domain.run import FindingRecord, RuleVerdict, RunRecord
from reviewer.domain.spending import SpendingLimit

_PullRequest = tuple[int, int]
_Budget = tuple[int, int | None, Scope]


@dataclass(slots=True)
class Rows:
    """Everything that a transaction may change."""

    deliveries: dict[str, DeliveryRecord] = field(default_factory=dict)
    installations: dict[int, Installation] = field(default_factory=dict)
    repositories: dict[int, InstalledRepository] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    titles: dict[_PullRequest, str] = field(default_factory=dict)
    changed: dict[_PullRequest, datetime] = field(default_factory=dict)
    runs: dict[str, RunRecord] = field(default_factory=dict)
    verdicts: dict[str, tuple[RuleVerdict, ...]] = field(default_factory=dict)
    findings: dict[str, tuple[FindingRecord, ...]] = field(default_factory=dict)
    dismissals: list[DismissalRecord] = field(default_factory=list)
    histories: dict[_PullRequest, History] = field(default_factory=dict)
    uninstalled: dict[int, datetime] = field(default_factory=dict)
    budgets: dict[_Budget, SpendingLimit] = field(default_factory=dict)
    audit: list[AuditEntry] = field(default_factory=list)

    def copied(self) -> Rows:
        """Return a copy that can be changed without this one; the records themselves are frozen."""
        return Rows(**{each.name: copy(getattr(self, each.name)) for each in fields(self)})

    def ensure(
        self, record: RunRecord | DismissalRecord | HistoryRecord, title: str, at: datetime
    ) -> None:
        """Add what a run or a dismissal stands on, where it is missing."""
        name = record.pull_request.repository
        self.installations.setdefault(
            record.installation_id,
            Installation(id=record.installation_id, account=Account(id=0, login=name.owner)),
        )
        known = self.repositories.get(record.repository_id)
        self.repositories[record.repository_id] = InstalledRepository(
            id=record.repository_id,
            name=name,
            installation_id=record.installation_id,
            private=True if known is None else known.private,
        )
        key = (record.repository_id, record.pull_request.number)
        self.titles[key] = title or self.titles.get(key, "")
        self.changed[key] = at

    def run(self, run: RunRecord) -> RunRecord:
        """Return a run with the names of today."""
        name = self.repositories[run.repository_id].name
        key = (run.repository_id, run.pull_request.number)
        return replace(
            run,
            pull_request=replace(run.pull_request, repository=name),
            title=self.titles[key],
        )
