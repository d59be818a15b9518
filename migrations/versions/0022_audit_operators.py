"""Add which resident an operator is, to tell of looks at people like them.

Revision ID: 0022
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_operator",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("operator", sa.String(length=100), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("surname", sa.Boolean(), nullable=False),
        sa.Column("added_by", sa.String(length=100), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "operator", name=op.f("pk_audit_operator")),
    )


def downgrade() -> None:
    op.drop_table("audit_operator")
