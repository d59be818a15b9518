"""Create every table of the first version.

A change that waits for a table longer than the lock timeout set in env.py fails and leaves
everything as it was. Add columns as nullable, fill them in batches, tighten in a later revision.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("sequence", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("audit_id", sa.String(length=40), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("subject_key", sa.String(length=64), nullable=True),
        sa.Column("purpose_id", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("my_number", sa.Boolean(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit")),
        sa.UniqueConstraint("audit_id", name=op.f("uq_audit_audit_id")),
    )
    op.create_index(op.f("ix_audit_municipality_at"), "audit", ["municipality", "at"])
    op.create_index(
        op.f("ix_audit_municipality_client_id_at"), "audit", ["municipality", "client_id", "at"]
    )
    op.create_index(
        op.f("ix_audit_municipality_subject_key"), "audit", ["municipality", "subject_key"]
    )

    op.create_table(
        "client",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("jwks", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_client")),
    )
    op.create_table(
        "flag_copy",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("adapter_id", sa.String(length=64), nullable=False),
        sa.Column("as_of", TIME, nullable=True),
        sa.Column("retrieved_at", TIME, nullable=False),
        sa.Column("flag_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "adapter_id", name=op.f("pk_flag_copy")),
    )
    op.create_table(
        "protection_flag",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("adapter_id", sa.String(length=64), nullable=False),
        sa.Column("numbering", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint(
            "municipality",
            "adapter_id",
            "numbering",
            "number",
            "kind",
            name=op.f("pk_protection_flag"),
        ),
    )
    op.create_index(
        op.f("ix_protection_flag_municipality_numbering_number"),
        "protection_flag",
        ["municipality", "numbering", "number"],
    )

    op.create_table(
        "purpose",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("purpose_id", sa.String(length=64), nullable=False),
        sa.Column("name_ja", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("legal_basis", sa.String(length=400), nullable=False),
        sa.Column("organ", sa.String(length=200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("municipality", "purpose_id", name=op.f("pk_purpose")),
    )
    op.create_table(
        "route",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("group_ref", sa.String(length=80), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("adapter_id", sa.String(length=64), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("changed_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "group_ref", name=op.f("pk_route")),
    )
    op.create_table(
        "subject",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("municipality", "subject_id", name=op.f("pk_subject")),
    )
    op.create_table(
        "used_assertion",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("jti", sa.String(length=128), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "jti", name=op.f("pk_used_assertion")),
    )
    op.create_index(op.f("ix_used_assertion_expires_at"), "used_assertion", ["expires_at"])

    op.create_table(
        "grant",
        sa.Column("grant_id", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("purpose_id", sa.String(length=64), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("items", JSON, nullable=False),
        sa.Column("intersect", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("proposed_by", sa.String(length=100), nullable=False),
        sa.Column("approved_by", sa.String(length=100), nullable=True),
        sa.Column("approved_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.client_id"], name=op.f("fk_grant_client_id_client")
        ),
        sa.ForeignKeyConstraint(
            ["municipality", "purpose_id"],
            ["purpose.municipality", "purpose.purpose_id"],
            name=op.f("fk_grant_municipality_purpose_id_purpose"),
        ),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_grant")),
    )
    op.create_index(
        op.f("ix_grant_municipality_client_id_purpose_id"),
        "grant",
        ["municipality", "client_id", "purpose_id"],
    )

    op.create_table(
        "source_number",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("numbering", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("strength", sa.String(length=40), nullable=False),
        sa.Column("linked_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality", "subject_id"],
            ["subject.municipality", "subject.subject_id"],
            name=op.f("fk_source_number_municipality_subject_id_subject"),
        ),
        sa.PrimaryKeyConstraint(
            "municipality", "numbering", "number", name=op.f("pk_source_number")
        ),
    )
    op.create_index(
        op.f("ix_source_number_municipality_subject_id"),
        "source_number",
        ["municipality", "subject_id"],
    )


def downgrade() -> None:
    for table in (
        "source_number",
        "grant",
        "used_assertion",
        "subject",
        "route",
        "purpose",
        "protection_flag",
        "flag_copy",
        "client",
        "audit",
    ):
        op.drop_table(table)
