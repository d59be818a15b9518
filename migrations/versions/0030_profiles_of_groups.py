"""Keep what a group looked like when it was right last, to know a wrong column on its first day.

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "group_profile",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("adapter_id", sa.String(length=64), nullable=False),
        sa.Column("group_ref", sa.String(length=80), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("profile", JSON, nullable=False),
        sa.PrimaryKeyConstraint(
            "municipality", "adapter_id", "group_ref", name=op.f("pk_group_profile")
        ),
    )


def downgrade() -> None:
    op.drop_table("group_profile")
