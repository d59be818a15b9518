"""Note which signed statements were released, so that they can be taken back.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("evidence_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("purpose_id", sa.String(length=64), nullable=False),
        sa.Column("statement", sa.String(length=20), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("year", "place", name=op.f("pk_evidence")),
    )
    op.create_index(
        op.f("ix_evidence_municipality_evidence_id"),
        "evidence",
        ["municipality", "evidence_id"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("evidence")
