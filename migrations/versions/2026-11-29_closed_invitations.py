"""Store when the invitations to a program that is over lost their buttons.

Revision ID: c41d7e0a9b36
Revises: e81c5a0d3b79
"""

import sqlalchemy as sa
from alembic import op

revision = "c41d7e0a9b36"
down_revision = "e81c5a0d3b79"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "programs",
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    op.drop_column("programs", "closed_at")
