"""Add named sets of items, and which of them a grant was made of.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "field_set",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("set_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("items", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("retired_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("municipality", "set_id", name=op.f("pk_field_set")),
    )
    op.add_column("grant", sa.Column("field_sets", JSON, server_default="[]", nullable=False))


def downgrade() -> None:
    op.drop_column("grant", "field_sets")
    op.drop_table("field_set")
