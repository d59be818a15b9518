"""Add how many refusals a row of the audit record stands for.

The default is a constant, so that no row is rewritten, and a gateway of the release before goes on
writing while others are renewed.

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "audit", sa.Column("occurrences", sa.Integer(), nullable=False, server_default="1")
    )


def downgrade() -> None:
    op.drop_column("audit", "occurrences")
