"""Let a grant name the bases of households.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("grant", sa.Column("bases", JSON, server_default="[]", nullable=False))


def downgrade() -> None:
    op.drop_column("grant", "bases")
