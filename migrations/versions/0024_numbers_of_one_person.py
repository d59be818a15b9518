"""Add which number goes before a registered one (名寄せ先), so that flags of either count for both.

Revision ID: 0024
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("numbered_person", sa.Column("merged_into", sa.String(15), nullable=True))
    op.create_index(
        op.f("ix_numbered_person_municipality_merged_into"),
        "numbered_person",
        ["municipality", "merged_into"],
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_numbered_person_municipality_merged_into"), table_name="numbered_person")
    op.drop_column("numbered_person", "merged_into")
