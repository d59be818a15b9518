"""Add the tree over the audit record, what searches need of it, and holds of disclosure.

The two new columns of ``audit`` repeat what the entry of each row says; rows that are there
already are filled in batches.

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

TIME = sa.DateTime(timezone=True)
BATCH = 50_000


def upgrade() -> None:
    op.create_table(
        "audit_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_sequence", sa.BigInteger(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("level", "position", name=op.f("pk_audit_tile")),
    )
    op.create_table(
        "audit_head",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("signed", sa.Text(), nullable=False),
        sa.Column("anchored_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_head")),
    )
    op.create_index(op.f("ix_audit_head_anchored_at"), "audit_head", ["anchored_at"])
    op.create_table(
        "disclosure_hold",
        sa.Column("hold_id", sa.String(length=32), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("purpose_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("held_from", sa.Date(), nullable=False),
        sa.Column("held_until", sa.Date(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("lifted_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["municipality", "purpose_id"],
            ["purpose.municipality", "purpose.purpose_id"],
            name=op.f("fk_disclosure_hold_municipality_purpose_id_purpose"),
        ),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_disclosure_hold")),
    )
    op.create_index(
        op.f("ix_disclosure_hold_municipality_purpose_id"),
        "disclosure_hold",
        ["municipality", "purpose_id"],
    )
    op.add_column("audit", sa.Column("terminal", sa.String(length=100), nullable=True))
    op.add_column("audit", sa.Column("function", sa.String(length=40), nullable=True))
    _fill()
    op.drop_index(op.f("ix_audit_municipality_subject_key"), table_name="audit")
    op.drop_index(op.f("ix_audit_municipality_client_id_at"), table_name="audit")
    for columns in _SEARCHED:
        op.create_index(
            op.f(f"ix_audit_{'_'.join(columns)}"), "audit", list(columns), if_not_exists=True
        )


_SEARCHED = (
    ("municipality", "subject_key", "at"),
    ("municipality", "client_id", "at", "subject_key", "outcome"),
    ("municipality", "kind", "at"),
)


def _fill() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        member = "substr(entry::json ->> '{0}', 1, 100)"
    else:
        member = "substr(json_extract(entry, '$.{0}'), 1, 100)"
    fill = sa.text(
        f"UPDATE audit SET terminal = {member.format('terminal')}, "  # noqa: S608 - no values in it
        f"function = {member.format('function')} WHERE sequence >= :first AND sequence < :end"
    )
    first, last = connection.execute(
        sa.text("SELECT coalesce(min(sequence), 0), coalesce(max(sequence), -1) FROM audit")
    ).one()
    for begin in range(first, last + 1, BATCH):
        connection.execute(fill, {"first": begin, "end": begin + BATCH})


def downgrade() -> None:
    for columns in _SEARCHED:
        op.drop_index(op.f(f"ix_audit_{'_'.join(columns)}"), table_name="audit")
    op.create_index(
        op.f("ix_audit_municipality_subject_key"), "audit", ["municipality", "subject_key"]
    )
    op.create_index(
        op.f("ix_audit_municipality_client_id_at"), "audit", ["municipality", "client_id", "at"]
    )
    with op.batch_alter_table("audit") as table:
        table.drop_column("function")
        table.drop_column("terminal")
    op.drop_table("disclosure_hold")
    op.drop_table("audit_head")
    op.drop_table("audit_tile")
