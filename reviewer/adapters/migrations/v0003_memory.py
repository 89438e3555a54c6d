"""What reviews of a pull request remember, and installations that are gone for good."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "history",
        sa.Column("pull_request_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pull_request_id", name="pk_history"),
        sa.ForeignKeyConstraint(
            ["pull_request_id"],
            ["pull_request.id"],
            name="fk_history_pull_request_id_pull_request",
        ),
    )
    op.create_table(
        "uninstallation",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uninstalled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_uninstallation"),
    )


def downgrade() -> None:
    """Drop the tables: what reviews remember then stands on the pull requests alone."""
    op.drop_table("uninstallation")
    op.drop_table("history")
