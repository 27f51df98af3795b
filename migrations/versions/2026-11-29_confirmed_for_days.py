"""Store after how many days an answer needs a confirmation.

Revision ID: b3a9c61e50d4
Revises: e2f6a94c71b8
"""

import sqlalchemy as sa
from alembic import op

revision = "b3a9c61e50d4"
down_revision = "e2f6a94c71b8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column(
        "workspace_settings", sa.Column("confirmed_for_days", number, nullable=True)
    )


def downgrade() -> None:
    op.drop_column("workspace_settings", "confirmed_for_days")
