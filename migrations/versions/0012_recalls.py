"""Add recalls: what consumers must erase, and of whom recalls were made.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "recall_mark",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("marked_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("municipality", "subject_id", name=op.f("pk_recall_mark")),
    )
    op.create_table(
        "recall",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("marked_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("acknowledged_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_recall")),
        sa.UniqueConstraint("event_id", name=op.f("uq_recall_event_id")),
        sa.UniqueConstraint(
            "municipality",
            "subject_id",
            "client_id",
            "marked_at",
            name=op.f("uq_recall_municipality_subject_id_client_id_marked_at"),
        ),
    )
    op.create_index(
        op.f("ix_recall_municipality_client_id_sequence"),
        "recall",
        ["municipality", "client_id", "sequence"],
    )


def downgrade() -> None:
    op.drop_table("recall")
    op.drop_table("recall_mark")
