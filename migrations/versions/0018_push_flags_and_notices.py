"""Flags that sources push, what became of flags that went, counts of a day, and notices.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
SUBJECT = (["municipality", "subject_id"], ["subject.municipality", "subject.subject_id"])
DELIVERY = ("municipality", "client_id", "delivery_id")


def upgrade() -> None:
    op.add_column("protection_measure", sa.Column("source", sa.String(length=100), nullable=True))
    op.add_column(
        "protection_measure", sa.Column("source_said", sa.String(length=20), nullable=True)
    )
    op.add_column("protection_measure", sa.Column("source_version", sa.BigInteger(), nullable=True))
    op.add_column("flag_copy", sa.Column("digest", sa.LargeBinary(length=32), nullable=True))
    op.add_column("flag_copy", sa.Column("differs_since", TIME, nullable=True))
    op.create_table(
        "flag_push",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.client_id"], name=op.f("fk_flag_push_client_id_client")
        ),
        sa.PrimaryKeyConstraint("municipality", "client_id", name=op.f("pk_flag_push")),
    )
    op.create_table(
        "protection_count",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("withheld", sa.BigInteger(), nullable=False),
        sa.Column("revealed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "day", name=op.f("pk_protection_count")),
    )
    _create_notices()


def _create_notices() -> None:
    op.create_table(
        "notice_registration",
        sa.Column("registration_id", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("registered_by", sa.String(length=100), nullable=False),
        sa.Column("registered_at", TIME, nullable=False),
        sa.Column("ended_by", sa.String(length=100), nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            *SUBJECT, name=op.f("fk_notice_registration_municipality_subject_id_subject")
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_notice_registration")),
    )
    op.create_index(
        op.f("ix_notice_registration_municipality_subject_id"),
        "notice_registration",
        ["municipality", "subject_id"],
    )
    op.create_table(
        "notice_delivery",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("delivery_id", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        *_of_the_delivery(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            *SUBJECT, name=op.f("fk_notice_delivery_municipality_subject_id_subject")
        ),
        sa.PrimaryKeyConstraint(*DELIVERY, name=op.f("pk_notice_delivery")),
    )
    op.create_table(
        "notice",
        sa.Column("notice_id", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("delivery_id", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        *_of_the_delivery(),
        sa.Column("corrects", sa.String(length=32), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("handed_over_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            list(DELIVERY),
            [f"notice_delivery.{name}" for name in DELIVERY],
            name=op.f("fk_notice_municipality_client_id_delivery_id_notice_delivery"),
        ),
        sa.PrimaryKeyConstraint("notice_id", name=op.f("pk_notice")),
    )
    op.create_index(
        op.f("ix_notice_municipality_handed_over_at"), "notice", ["municipality", "handed_over_at"]
    )


def _of_the_delivery() -> list[sa.Column[object]]:
    return [
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("requester", sa.String(length=40), nullable=False),
    ]


def downgrade() -> None:
    for table in ("notice", "notice_delivery", "notice_registration"):
        op.drop_table(table)
    op.drop_table("protection_count")
    op.drop_table("flag_push")
    op.drop_column("flag_copy", "differs_since")
    op.drop_column("flag_copy", "digest")
    for column in ("source_version", "source_said", "source"):
        op.drop_column("protection_measure", column)
