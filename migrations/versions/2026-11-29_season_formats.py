"""Store the format of a season's meetings, and the holidays that they skip.

Revision ID: 7c02d9e8b4f1
Revises: f4871bebbc73
"""

import sqlalchemy as sa
from alembic import op

revision = "7c02d9e8b4f1"
down_revision = "f4871bebbc73"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "circle_seasons",
        sa.Column("format", sa.String(), nullable=False, server_default="turns"),
    )
    op.add_column(
        "circle_seasons", sa.Column("holidays_of", sa.String(), nullable=True)
    )


def downgrade() -> None:
    for name in ("holidays_of", "format"):
        op.drop_column("circle_seasons", name)
