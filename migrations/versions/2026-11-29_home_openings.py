"""Drop the times at which members opened their Home tabs; nothing reads them.

Revision ID: 0c7d4f92ab15
Revises: 6b1e8d5c0f37
"""

import sqlalchemy as sa
from alembic import op

revision = "0c7d4f92ab15"
down_revision = "6b1e8d5c0f37"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("home_views", "opened_at")


def downgrade() -> None:
    with op.batch_alter_table("home_views") as batch:
        batch.add_column(
            sa.Column(
                "opened_at",
                sa.DateTime(timezone=True),
                nullable=False,
                server_default=sa.text("CURRENT_TIMESTAMP"),
            )
        )
    with op.batch_alter_table("home_views") as batch:
        batch.alter_column("opened_at", server_default=None)
