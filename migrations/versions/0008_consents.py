"""Keep consents, and on what ground a purpose may have facts of tax and of another organ.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("consent_id", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("purpose_id", sa.String(length=64), nullable=False),
        sa.Column("items", JSON, nullable=False),
        sa.Column("text", sa.String(length=64), nullable=False),
        sa.Column("given_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("withdrawn_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.client_id"], name=op.f("fk_consent_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["municipality", "subject_id"],
            ["subject.municipality", "subject.subject_id"],
            name=op.f("fk_consent_municipality_subject_id_subject"),
        ),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consent")),
    )
    op.create_index(
        op.f("ix_consent_municipality_subject_id_client_id_purpose_id"),
        "consent",
        ["municipality", "subject_id", "client_id", "purpose_id"],
    )
    op.add_column(
        "grant", sa.Column("consent", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "purpose",
        sa.Column("organ_kind", sa.String(length=20), nullable=False, server_default="general"),
    )
    op.add_column("purpose", sa.Column("tax_basis", sa.String(length=400), nullable=True))
    op.add_column("purpose", sa.Column("provision_basis", sa.String(length=400), nullable=True))


def downgrade() -> None:
    op.drop_column("purpose", "provision_basis")
    op.drop_column("purpose", "tax_basis")
    op.drop_column("purpose", "organ_kind")
    op.drop_column("grant", "consent")
    op.drop_table("consent")
