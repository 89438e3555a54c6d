"""The ledger and the kept answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the four tables."""
    op.create_table(
        "model_version",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("base_url", sa.String(), nullable=False),
        sa.Column("asked_name", sa.String(), nullable=False),
        sa.Column("answered_name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_version"),
        sa.UniqueConstraint(
            "provider",
            "base_url",
            "asked_name",
            "answered_name",
            name="uq_model_version_provider_base_url_asked_name_answered_name",
        ),
    )
    op.create_table(
        "prompt_version",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_prompt_version"),
        sa.UniqueConstraint(
            "name", "version", "sha256", name="uq_prompt_version_name_version_sha256"
        ),
    )
    op.create_table(
        "llm_call",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("attempt_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("pull_request", sa.BigInteger(), nullable=True),
        sa.Column("installation", sa.BigInteger(), nullable=True),
        sa.Column("persona", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("prompt_version_id", _KEY, nullable=False),
        sa.Column("model_version_id", _KEY, nullable=False),
        sa.Column("max_output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("temperature", sa.Double(), nullable=True),
        sa.Column("top_p", sa.Double(), nullable=True),
        sa.Column("effort", sa.String(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("failure", sa.String(), nullable=False),
        sa.Column("finish", sa.String(), nullable=False),
        sa.Column("fresh_input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_read_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("reasoning_tokens", sa.BigInteger(), nullable=False),
        sa.Column("usage_known", sa.Boolean(), nullable=False),
        sa.Column("cost_dollars", sa.String(), nullable=True),
        sa.Column("latency_seconds", sa.Double(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_llm_call"),
        sa.ForeignKeyConstraint(
            ["prompt_version_id"],
            ["prompt_version.id"],
            name="fk_llm_call_prompt_version_id_prompt_version",
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_version.id"],
            name="fk_llm_call_model_version_id_model_version",
        ),
        sa.UniqueConstraint("attempt_id", name="uq_llm_call_attempt_id"),
    )
    op.create_index("ix_llm_call_run_id", "llm_call", ["run_id"])
    op.create_index("ix_llm_call_started_at", "llm_call", ["started_at"])
    op.create_index("ix_llm_call_repository_started_at", "llm_call", ["repository", "started_at"])
    op.create_index(
        "ix_llm_call_installation_started_at", "llm_call", ["installation", "started_at"]
    )
    op.create_table(
        "completion_cache",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("completion", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_completion_cache"),
    )


def downgrade() -> None:
    """Drop the four tables, with what is in them."""
    op.drop_table("completion_cache")
    op.drop_table("llm_call")
    op.drop_table("prompt_version")
    op.drop_table("model_version")
