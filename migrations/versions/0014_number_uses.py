"""Note on what provision a purpose uses My Numbers, and which ordinance.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("purpose") as purpose:
        purpose.add_column(sa.Column("number_use", sa.String(length=64), nullable=True))
        purpose.add_column(sa.Column("number_ordinance", sa.String(length=400), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("purpose") as purpose:
        purpose.drop_column("number_ordinance")
        purpose.drop_column("number_use")
