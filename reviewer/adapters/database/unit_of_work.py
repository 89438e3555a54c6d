"""DatabaseUnitOfWork: every set of rows of the service, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from reviewer.adapters.database.audit_repository import AuditRepository
from reviewer.adapters.database.budget_repository import BudgetRepository
from reviewer.adapters.database.cost_repository import CostRepository
from reviewer.adapters.database.delivery_repository import DeliveryRepository
from reviewer.adapters.database.dismissal_repository import DismissalRepository
from reviewer.adapters.database.finding_repository import FindingRepository
from reviewer.adapters.database.history_repository import HistoryRepository
from reviewer.adapters.database.installation_repository import InstallationRepository
from reviewer.adapters.database.retention_repository import RetentionRepository
from reviewer.adapters.database.run_repository import RunRepository
from reviewer.adapters.database.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUnitOfWork:
    """The repositories of one transaction; implements `ports.store.UnitOfWork`."""

    deliveries: DeliveryRepository
    installations: InstallationRepository
    runs: RunRepository
    findings: FindingRepository
    dismissals: DismissalRepository
    histories: HistoryRepository
    budgets: BudgetRepository
    audit: AuditRepository
    costs: CostRepository
    retention: RetentionRepository

    @classmethod
    def on(cls, session: Session) -> DatabaseUnitOfWork:
        """Return the repositories of a transaction.

        Args:
            session: The transaction's.
        """
        return cls(
            deliveries=DeliveryRepository(session),
            installations=InstallationRepository(session),
            runs=RunRepository(session),
            findings=FindingRepository(session),
            dismissals=DismissalRepository(session),
            histories=HistoryRepository(session),
            budgets=BudgetRepository(session),
            audit=AuditRepository(session),
            costs=CostRepository(session),
            retention=RetentionRepository(session),
        )
