"""Add representations: who may act for whom, and whom measures of protection name.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MEASURES = ("protection_flag", "protection_measure")


def upgrade() -> None:
    for table in MEASURES:
        op.add_column(table, sa.Column("other_parties", JSON, nullable=True))
    op.create_table(
        "representation",
        sa.Column("representation_id", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("representative_id", sa.String(length=32), nullable=False),
        sa.Column("represented_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("purposes", JSON, nullable=True),
        sa.Column("items", JSON, nullable=True),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("proposed_by", sa.String(length=100), nullable=False),
        sa.Column("proposed_at", TIME, nullable=False),
        sa.Column("approved_by", sa.String(length=100), nullable=True),
        sa.Column("approved_at", TIME, nullable=True),
        sa.Column("ended_by", sa.String(length=100), nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("representation_id", name=op.f("pk_representation")),
        sa.ForeignKeyConstraint(
            ["municipality", "representative_id"],
            ["subject.municipality", "subject.subject_id"],
            name=op.f("fk_representation_municipality_representative_id_subject"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality", "represented_id"],
            ["subject.municipality", "subject.subject_id"],
            name=op.f("fk_representation_municipality_represented_id_subject"),
        ),
    )
    op.create_index(
        op.f("ix_representation_municipality_representative_id"),
        "representation",
        ["municipality", "representative_id"],
    )


def downgrade() -> None:
    op.drop_table("representation")
    for table in MEASURES:
        op.drop_column(table, "other_parties")
