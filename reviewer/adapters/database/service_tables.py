"""The service's tables: deliveries, installations, runs, what they found, and what people did.

Texts of others that say something of a change or of people are sealed (`SealedText`); names and
numbers that rows are found by are not.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reviewer.adapters.database.column_type import SealedText
from reviewer.adapters.database.tables import Key, Table


class DeliveryRow(Table):
    """One message of the host; what became of it."""

    __tablename__ = "delivery"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    action: Mapped[str]
    installation_id: Mapped[int | None] = mapped_column(index=True)
    repository_id: Mapped[int | None]
    outcome: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(index=True)
    handled_at: Mapped[datetime | None]


class InstallationRow(Table):
    """The App in one account, by the host's number."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[int]
    account_login: Mapped[str]
    account_kind: Mapped[str]
    suspended: Mapped[bool]


class RepositoryRow(Table):
    """A repository, by the host's number; its name is the newest that was heard of."""

    __tablename__ = "repository"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installation.id"), index=True)
    owner: Mapped[str]
    name: Mapped[str]
    #: ``owner/name`` in small letters: the host tells no two names apart by their case.
    name_key: Mapped[str] = mapped_column(index=True)
    private: Mapped[bool]
    #: Whether the installation still has it.
    installed: Mapped[bool]


class PullRequestRow(Table):
    """A pull request that was reviewed or talked about."""

    __tablename__ = "pull_request"
    __table_args__ = (UniqueConstraint("repository_id", "number"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    repository_id: Mapped[int] = mapped_column(ForeignKey("repository.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(SealedText)
    changed_at: Mapped[datetime] = mapped_column(index=True)


class RunRow(Table):
    """One run, where it stands and what it used."""

    __tablename__ = "run"
    __table_args__ = (
        Index(None, "pull_request_id", "queued_at"),
        Index(None, "installation_id", "queued_at"),
        Index(None, "state", "queued_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    pull_request_id: Mapped[int] = mapped_column(ForeignKey("pull_request.id"))
    installation_id: Mapped[int] = mapped_column(ForeignKey("installation.id"))
    head_sha: Mapped[str]
    trigger: Mapped[str]
    delivery_id: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(SealedText)
    conclusion: Mapped[str | None]
    score: Mapped[float | None]
    tokens: Mapped[int]
    cost_dollars: Mapped[Decimal | None]
    queued_at: Mapped[datetime] = mapped_column(index=True)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class PersonaVerdictRow(Table):
    """What one rule of one persona was answered in a run."""

    __tablename__ = "persona_verdict"
    __table_args__ = (UniqueConstraint("run_id", "persona", "rule_id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"))
    position: Mapped[int]
    persona: Mapped[str]
    persona_version: Mapped[int]
    rule_id: Mapped[str]
    severity: Mapped[str]
    verdict: Mapped[str]
    reason: Mapped[str] = mapped_column(SealedText)
    asked: Mapped[bool]


class FindingRow(Table):
    """A finding of a run, its outcome there, and where it stands since."""

    __tablename__ = "finding"
    __table_args__ = (UniqueConstraint("run_id", "position"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"))
    position: Mapped[int]
    fingerprint: Mapped[str] = mapped_column(index=True)
    persona: Mapped[str]
    rule_id: Mapped[str]
    severity: Mapped[str]
    confidence: Mapped[str]
    path: Mapped[str] = mapped_column(SealedText)
    side: Mapped[str | None]
    start_line: Mapped[int | None]
    end_line: Mapped[int | None]
    headline: Mapped[str] = mapped_column(SealedText)
    explanation: Mapped[str] = mapped_column(SealedText)
    remedy: Mapped[str] = mapped_column(SealedText)
    quote: Mapped[str] = mapped_column(SealedText)
    suggestion: Mapped[str] = mapped_column(SealedText)
    sources: Mapped[list[Any]] = mapped_column(JSON)
    co_signers: Mapped[list[Any]] = mapped_column(JSON)
    family: Mapped[str]
    habit_kept: Mapped[bool]
    outcome: Mapped[str]
    outcome_reason: Mapped[str] = mapped_column(SealedText)
    outcome_of: Mapped[str | None]
    state: Mapped[str]


class DismissalRow(Table):
    """A finding that somebody took off."""

    __tablename__ = "dismissal"
    __table_args__ = (Index(None, "pull_request_id", "fingerprint"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    pull_request_id: Mapped[int] = mapped_column(ForeignKey("pull_request.id"))
    installation_id: Mapped[int] = mapped_column(ForeignKey("installation.id"), index=True)
    fingerprint: Mapped[str]
    account_id: Mapped[int]
    account_login: Mapped[str]
    account_kind: Mapped[str]
    reason: Mapped[str] = mapped_column(SealedText)
    authorised: Mapped[bool]
    dismissed_at: Mapped[datetime]
    withdrawn_by: Mapped[str]
    withdrawn_at: Mapped[datetime | None]


class HistoryRow(Table):
    """What reviews of a pull request remember, whole (`domain.history`)."""

    __tablename__ = "history"

    pull_request_id: Mapped[int] = mapped_column(
        Key, ForeignKey("pull_request.id"), primary_key=True, autoincrement=False
    )
    document: Mapped[str] = mapped_column(SealedText)
    changed_at: Mapped[datetime]


class UninstallationRow(Table):
    """An installation that is gone for good: nothing of it is written any more."""

    __tablename__ = "uninstallation"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uninstalled_at: Mapped[datetime]


class BudgetRow(Table):
    """A ceiling that an operator set."""

    __tablename__ = "budget"
    __table_args__ = (UniqueConstraint("installation_id", "repository_id", "scope"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    installation_id: Mapped[int]
    #: 0 for all of the installation's: NULL would not be equal to itself in the constraint.
    repository_id: Mapped[int]
    scope: Mapped[str]
    tokens: Mapped[int | None]
    dollars: Mapped[Decimal | None]
    changed_at: Mapped[datetime]


class AuditRow(Table):
    """Who did what; never changed."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "installation_id", "happened_at"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    happened_at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str]
    actor_id: Mapped[int]
    action: Mapped[str]
    allowed: Mapped[bool]
    detail: Mapped[str] = mapped_column(SealedText)
    installation_id: Mapped[int | None]
    repository_id: Mapped[int | None]
    number: Mapped[int | None]
    delivery_id: Mapped[str]
    run_id: Mapped[str]


class JournalRow(Table):
    """What an action of a run returned, so that it is not done again."""

    __tablename__ = "journal"

    run_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    installation_id: Mapped[int | None] = mapped_column(index=True)
    result: Mapped[str] = mapped_column(SealedText)
    created_at: Mapped[datetime] = mapped_column(index=True)
