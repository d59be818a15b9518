"""Keep who signs the logins of citizens, and what grants ask of a login.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "login_provider",
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("jwks", JSON, nullable=False),
        sa.Column("levels", JSON, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("municipality", "issuer", name=op.f("pk_login_provider")),
    )
    op.add_column("grant", sa.Column("login_level", sa.Integer(), nullable=True))
    op.add_column("grant", sa.Column("login_max_age_s", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("grant", "login_max_age_s")
    op.drop_column("grant", "login_level")
    op.drop_table("login_provider")
