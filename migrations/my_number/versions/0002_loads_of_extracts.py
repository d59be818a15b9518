"""Loads of extracts, and the records of which nothing was taken.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("my_number", sa.Column("stored_by", sa.String(length=32), nullable=True))
    op.add_column("my_number", sa.Column("said_by", sa.String(length=32), nullable=True))
    op.create_table(
        "number_load",
        sa.Column("load_id", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("adapter_id", sa.String(length=64), nullable=False),
        sa.Column("group_ref", sa.String(length=64), nullable=False),
        sa.Column("numbering", sa.String(length=40), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("checkpoint", sa.String(), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("load_id", name=op.f("pk_number_load")),
    )
    op.create_index(
        op.f("ix_number_load_municipality_adapter_id_group_ref"),
        "number_load",
        ["municipality", "adapter_id", "group_ref"],
    )
    op.create_table(
        "quarantined_number",
        sa.Column("load_id", sa.String(length=32), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("load_id", "serial", name=op.f("pk_quarantined_number")),
    )


def downgrade() -> None:
    op.drop_table("quarantined_number")
    op.drop_index(
        op.f("ix_number_load_municipality_adapter_id_group_ref"), table_name="number_load"
    )
    op.drop_table("number_load")
    with op.batch_alter_table("my_number") as batch:
        batch.drop_column("said_by")
        batch.drop_column("stored_by")
