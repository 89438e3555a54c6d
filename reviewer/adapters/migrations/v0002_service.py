"""The service: deliveries, installations, runs and what they found, and what people did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: Newest last: a table stands after those that it refers to.
_TABLES = (
    "audit",
    "budget",
    "delivery",
    "installation",
    "journal",
    "repository",
    "pull_request",
    "dismissal",
    "run",
    "finding",
    "persona_verdict",
)


def upgrade() -> None:
    """Create the tables, and say of kept answers whose they are."""
    op.create_table(
        "audit",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("installation_id", sa.BigInteger(), nullable=True),
        sa.Column("repository_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("delivery_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_happened_at", "audit", ["happened_at"])
    op.create_index(
        "ix_audit_installation_id_happened_at", "audit", ["installation_id", "happened_at"]
    )
    op.create_table(
        "budget",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("installation_id", sa.BigInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=True),
        sa.Column("dollars", sa.String(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_budget"),
        sa.UniqueConstraint(
            "installation_id",
            "repository_id",
            "scope",
            name="uq_budget_installation_id_repository_id_scope",
        ),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("installation_id", sa.BigInteger(), nullable=True),
        sa.Column("repository_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
    )
    op.create_index("ix_delivery_installation_id", "delivery", ["installation_id"])
    op.create_index("ix_delivery_received_at", "delivery", ["received_at"])
    op.create_table(
        "installation",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("account_login", sa.String(), nullable=False),
        sa.Column("account_kind", sa.String(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
    )
    op.create_table(
        "journal",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("installation_id", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "name", name="pk_journal"),
    )
    op.create_index("ix_journal_created_at", "journal", ["created_at"])
    op.create_index("ix_journal_installation_id", "journal", ["installation_id"])
    op.create_table(
        "repository",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("installation_id", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("installed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_repository"),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installation.id"],
            name="fk_repository_installation_id_installation",
        ),
    )
    op.create_index("ix_repository_installation_id", "repository", ["installation_id"])
    op.create_index("ix_repository_name_key", "repository", ["name_key"])
    op.create_table(
        "pull_request",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pull_request"),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name="fk_pull_request_repository_id_repository"
        ),
        sa.UniqueConstraint("repository_id", "number", name="uq_pull_request_repository_id_number"),
    )
    op.create_index("ix_pull_request_changed_at", "pull_request", ["changed_at"])
    op.create_table(
        "dismissal",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("pull_request_id", _KEY, nullable=False),
        sa.Column("installation_id", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("account_login", sa.String(), nullable=False),
        sa.Column("account_kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("authorised", sa.Boolean(), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.String(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_dismissal"),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installation.id"],
            name="fk_dismissal_installation_id_installation",
        ),
        sa.ForeignKeyConstraint(
            ["pull_request_id"],
            ["pull_request.id"],
            name="fk_dismissal_pull_request_id_pull_request",
        ),
    )
    op.create_index("ix_dismissal_installation_id", "dismissal", ["installation_id"])
    op.create_index(
        "ix_dismissal_pull_request_id_fingerprint", "dismissal", ["pull_request_id", "fingerprint"]
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("pull_request_id", _KEY, nullable=False),
        sa.Column("installation_id", sa.BigInteger(), nullable=False),
        sa.Column("head_sha", sa.String(), nullable=False),
        sa.Column("trigger", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("conclusion", sa.String(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_dollars", sa.String(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["installation.id"], name="fk_run_installation_id_installation"
        ),
        sa.ForeignKeyConstraint(
            ["pull_request_id"], ["pull_request.id"], name="fk_run_pull_request_id_pull_request"
        ),
    )
    op.create_index("ix_run_installation_id_queued_at", "run", ["installation_id", "queued_at"])
    op.create_index("ix_run_pull_request_id_queued_at", "run", ["pull_request_id", "queued_at"])
    op.create_index("ix_run_queued_at", "run", ["queued_at"])
    op.create_index("ix_run_state_queued_at", "run", ["state", "queued_at"])
    op.create_table(
        "finding",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("persona", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("confidence", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=True),
        sa.Column("start_line", sa.BigInteger(), nullable=True),
        sa.Column("end_line", sa.BigInteger(), nullable=True),
        sa.Column("headline", sa.String(), nullable=False),
        sa.Column("explanation", sa.String(), nullable=False),
        sa.Column("remedy", sa.String(), nullable=False),
        sa.Column("quote", sa.String(), nullable=False),
        sa.Column("suggestion", sa.String(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("co_signers", sa.JSON(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("habit_kept", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("outcome_reason", sa.String(), nullable=False),
        sa.Column("outcome_of", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_finding"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_finding_run_id_run"),
        sa.UniqueConstraint("run_id", "position", name="uq_finding_run_id_position"),
    )
    op.create_index("ix_finding_fingerprint", "finding", ["fingerprint"])
    op.create_table(
        "persona_verdict",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("persona", sa.String(), nullable=False),
        sa.Column("persona_version", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_persona_verdict"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_persona_verdict_run_id_run"),
        sa.UniqueConstraint(
            "run_id", "persona", "rule_id", name="uq_persona_verdict_run_id_persona_rule_id"
        ),
    )
    op.add_column("completion_cache", sa.Column("installation", sa.BigInteger(), nullable=True))
    op.create_index("ix_completion_cache_installation", "completion_cache", ["installation"])
    op.create_index("ix_completion_cache_created_at", "completion_cache", ["created_at"])


def downgrade() -> None:
    """Drop the tables, with what is in them, and what the program before could not read."""
    # An encrypted answer is a JSON string, a plain one an object.
    op.execute("DELETE FROM completion_cache WHERE CAST(completion AS TEXT) LIKE '\"%'")
    op.drop_index("ix_completion_cache_created_at", "completion_cache")
    op.drop_index("ix_completion_cache_installation", "completion_cache")
    op.drop_column("completion_cache", "installation")
    for table in reversed(_TABLES):
        op.drop_table(table)
