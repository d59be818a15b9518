"""Add legal holds over records that are past their time, and find the messages of a submission.

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "retention_hold",
        sa.Column("hold_id", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("record", sa.String(length=200), nullable=True),
        sa.Column("subject_id", sa.String(length=32), nullable=True),
        sa.Column("subject_key", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("set_by", sa.String(length=100), nullable=False),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("release_proposed_by", sa.String(length=100), nullable=True),
        sa.Column("released_by", sa.String(length=100), nullable=True),
        sa.Column("released_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_retention_hold")),
    )
    op.create_index(
        op.f("ix_retention_hold_municipality_released_at"),
        "retention_hold",
        ["municipality", "released_at"],
    )
    op.create_index(
        op.f("ix_outbox_municipality_submission_id"), "outbox", ["municipality", "submission_id"]
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_outbox_municipality_submission_id"), table_name="outbox")
    op.drop_table("retention_hold")
