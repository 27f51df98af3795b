"""Store the times of the latest events about a channel.

Revision ID: c5e08b41f7d3
Revises: 3f6a90c2d7be
"""

import sqlalchemy as sa
from alembic import op

revision = "c5e08b41f7d3"
down_revision = "3f6a90c2d7be"
branch_labels = None
depends_on = None


def upgrade() -> None:
    micros = sa.JSON(none_as_null=True)
    column = sa.Column("event_micros", micros, nullable=False, server_default="{}")
    op.add_column("channels", column)


def downgrade() -> None:
    op.drop_column("channels", "event_micros")
