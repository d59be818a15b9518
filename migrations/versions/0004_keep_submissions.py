"""Keep what citizens state, hand it to systems in order, answer repeated calls alike.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "submission",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("submission_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("purpose_id", sa.String(length=64), nullable=False),
        sa.Column("purposes", JSON, nullable=False),
        sa.Column("consent_text", sa.String(length=64), nullable=False),
        sa.Column("consent_given_at", TIME, nullable=False),
        sa.Column("strength", sa.String(length=40), nullable=False),
        sa.Column("stated_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("withdrawn_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["municipality", "subject_id"],
            ["subject.municipality", "subject.subject_id"],
            name=op.f("fk_submission_municipality_subject"),
        ),
        sa.PrimaryKeyConstraint("municipality", "submission_id", name=op.f("pk_submission")),
    )
    op.create_index(
        op.f("ix_submission_municipality_subject_id"),
        "submission",
        ["municipality", "subject_id"],
    )
    op.create_index(op.f("ix_submission_expires_at"), "submission", ["expires_at"])

    op.create_table(
        "submission_part",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("submission_id", sa.String(length=32), nullable=False),
        sa.Column("group_ref", sa.String(length=80), nullable=False),
        sa.Column("secret_version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["municipality", "submission_id"],
            ["submission.municipality", "submission.submission_id"],
            name=op.f("fk_submission_part_municipality_submission"),
        ),
        sa.PrimaryKeyConstraint(
            "municipality", "submission_id", "group_ref", name=op.f("pk_submission_part")
        ),
    )

    op.create_table(
        "outbox",
        sa.Column("sequence", SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("submission_id", sa.String(length=32), nullable=False),
        sa.Column("group_ref", sa.String(length=80), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("adapter_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("delivered_at", TIME, nullable=True),
        sa.Column("parked_at", TIME, nullable=True),
        sa.Column("cancelled_at", TIME, nullable=True),
        sa.Column("reason", sa.String(length=100), nullable=True),
        sa.Column("receipt", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["municipality", "submission_id", "group_ref"],
            [
                "submission_part.municipality",
                "submission_part.submission_id",
                "submission_part.group_ref",
            ],
            name=op.f("fk_outbox_municipality_submission_part"),
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    op.create_index(
        op.f("ix_outbox_municipality_subject_id_adapter_id"),
        "outbox",
        ["municipality", "subject_id", "adapter_id"],
    )
    op.create_index(op.f("ix_outbox_due_at"), "outbox", ["due_at"])

    op.create_table(
        "idempotency",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("operation", sa.String(length=40), nullable=False),
        sa.Column("key_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint(
            "client_id", "operation", "key_digest", name=op.f("pk_idempotency")
        ),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"])


def downgrade() -> None:
    for table in ("idempotency", "outbox", "submission_part", "submission"):
        op.drop_table(table)
