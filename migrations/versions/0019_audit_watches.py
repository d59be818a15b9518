"""Add lists of people whom officers must not look up without a reason.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "audit_watch",
        sa.Column("watch_id", sa.String(length=16), nullable=False),
        sa.Column("subject_key", sa.String(length=64), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("operator", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("added_by", sa.String(length=100), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("watch_id", "subject_key", name=op.f("pk_audit_watch")),
    )
    op.create_index(
        op.f("ix_audit_watch_municipality_ended_at"), "audit_watch", ["municipality", "ended_at"]
    )


def downgrade() -> None:
    op.drop_table("audit_watch")
