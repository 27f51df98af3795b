"""Store when the key of asks without a name was lost.

Revision ID: 6b1e8d5c0f37
Revises: 339f4484f6e0
"""

import sqlalchemy as sa
from alembic import op

revision = "6b1e8d5c0f37"
down_revision = "339f4484f6e0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "secret_keys", sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("secret_keys", "lost_at")
