"""Register systems of the national linkage face and the numbers given to 住登外者.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "linkage_system",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("business", sa.String(length=3), nullable=False),
        sa.Column("numbering", sa.String(length=40), nullable=False),
        sa.Column("purpose_id", sa.String(length=64), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("secret_version", sa.Integer(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.client_id"], name=op.f("fk_linkage_system_client_id_client")
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_linkage_system")),
    )
    op.create_table(
        "linkage_token",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("issued_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["linkage_system.client_id"],
            name=op.f("fk_linkage_token_client_id_linkage_system"),
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_linkage_token")),
    )
    op.create_index(op.f("ix_linkage_token_expires_at"), "linkage_token", ["expires_at"])
    op.create_table(
        "linkage_assertion",
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("jti", sa.String(length=128), nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "jti", name=op.f("pk_linkage_assertion")),
    )
    op.create_index(op.f("ix_linkage_assertion_expires_at"), "linkage_assertion", ["expires_at"])
    op.create_table(
        "number_series",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("next_serial", sa.BigInteger(), nullable=False),
        sa.Column("last_serial", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("remainder_one", sa.String(length=12), nullable=False),
        sa.Column("numbering", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("municipality", name=op.f("pk_number_series")),
    )
    op.create_table(
        "numbered_person",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("number", sa.String(length=15), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("business", sa.String(length=3), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("name_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("birth_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("secret_version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("registered_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint(
            "municipality", "number", "version", name=op.f("pk_numbered_person")
        ),
    )
    for key in ("name_key", "birth_key"):
        op.create_index(
            op.f(f"ix_numbered_person_municipality_{key}"), "numbered_person", ["municipality", key]
        )


def downgrade() -> None:
    for table in (
        "numbered_person",
        "number_series",
        "linkage_assertion",
        "linkage_token",
        "linkage_system",
    ):
        op.drop_table(table)
