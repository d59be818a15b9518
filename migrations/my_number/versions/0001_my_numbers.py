"""Create the table of My Numbers.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "my_number",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("numbering", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("secret_version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "numbering", "number", name=op.f("pk_my_number")),
    )
    op.create_index(
        op.f("ix_my_number_municipality_digest"), "my_number", ["municipality", "digest"]
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_my_number_municipality_digest"), table_name="my_number")
    op.drop_table("my_number")
