"""Note the items of submissions and statements: a mandate for some ends nothing that holds others.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
TABLES = ("submission", "evidence")


def upgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as altered:
            altered.add_column(sa.Column("items", JSON, nullable=False, server_default="[]"))
        with op.batch_alter_table(table) as altered:
            altered.alter_column("items", server_default=None)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_column(table, "items")
