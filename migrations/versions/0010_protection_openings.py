"""Add named exemptions from protection and its lifts for a time.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "protection_opening",
        sa.Column("opening_id", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("purpose_id", sa.String(length=64), nullable=False),
        sa.Column("items", JSON, nullable=False),
        sa.Column("legal_basis", sa.String(length=400), nullable=False),
        sa.Column("numbering", sa.String(length=40), nullable=True),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("lasts_s", sa.Integer(), nullable=True),
        sa.Column("opens_at", TIME, nullable=True),
        sa.Column("closes_at", TIME, nullable=True),
        sa.Column("proposed_by", sa.String(length=100), nullable=False),
        sa.Column("proposed_at", TIME, nullable=False),
        sa.Column("approved_by", sa.String(length=100), nullable=True),
        sa.Column("approved_at", TIME, nullable=True),
        sa.Column("ended_by", sa.String(length=100), nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.client_id"], name=op.f("fk_protection_opening_client_id_client")
        ),
        sa.PrimaryKeyConstraint("opening_id", name=op.f("pk_protection_opening")),
    )
    op.create_index(
        op.f("ix_protection_opening_municipality_client_id_purpose_id"),
        "protection_opening",
        ["municipality", "client_id", "purpose_id"],
    )


def downgrade() -> None:
    op.drop_table("protection_opening")
