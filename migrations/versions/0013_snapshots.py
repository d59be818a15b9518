"""Add snapshots: what systems that only give files have delivered.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "snapshot",
        sa.Column("snapshot_id", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("adapter_id", sa.String(length=64), nullable=False),
        sa.Column("adapter_version", sa.String(length=40), nullable=False),
        sa.Column("mapping_version", sa.String(length=40), nullable=False),
        sa.Column("sealed_by", sa.Integer(), nullable=False),
        sa.Column("as_of", TIME, nullable=True),
        sa.Column("touched_at", TIME, nullable=False),
        sa.Column("loaded_at", TIME, nullable=True),
        sa.Column("loaded_by", sa.String(length=100), nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("snapshot_id", name=op.f("pk_snapshot")),
    )
    op.create_index(
        op.f("ix_snapshot_municipality_adapter_id"), "snapshot", ["municipality", "adapter_id"]
    )
    op.create_table(
        "snapshot_record",
        sa.Column("snapshot_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("group_ref", sa.String(length=80), nullable=False),
        sa.Column("record_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "snapshot_id", "number", "group_ref", "record_key", name=op.f("pk_snapshot_record")
        ),
    )


def downgrade() -> None:
    op.drop_table("snapshot_record")
    op.drop_table("snapshot")
