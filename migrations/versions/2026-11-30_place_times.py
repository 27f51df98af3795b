"""Store when people came into the channel of a place, or left it.

Revision ID: 3f6a90c2d7be
Revises: a71f3c5e9d20
"""

import sqlalchemy as sa
from alembic import op

revision = "3f6a90c2d7be"
down_revision = "a71f3c5e9d20"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("peer_places") as table:
        table.add_column(
            sa.Column("changed_micros", sa.JSON(), nullable=False, server_default="{}")
        )


def downgrade() -> None:
    with op.batch_alter_table("peer_places") as table:
        table.drop_column("changed_micros")
