"""Note the items of submissions and statements: a mandate for some ends nothing that holds others.

Of what was made before, and by a gateway of the release before while others are renewed, nothing is
known: the default stays. No table is made anew, which other tables refer to.

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
        op.add_column(table, sa.Column("items", JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_column(table, "items")
