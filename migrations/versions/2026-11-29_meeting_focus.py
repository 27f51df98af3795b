"""Store the goal and the scope of circles' open discussions.

Revision ID: 2f6a9d3b81c5
Revises: 5e0b7d92c1af
"""

import sqlalchemy as sa
from alembic import op

revision = "2f6a9d3b81c5"
down_revision = "5e0b7d92c1af"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("goal", "scope"):
        op.add_column(
            "circle_meetings",
            sa.Column(name, sa.String(), nullable=False, server_default=""),
        )
    op.add_column("circle_meetings", sa.Column("focus_by", sa.String(), nullable=True))


def downgrade() -> None:
    for name in ("focus_by", "scope", "goal"):
        op.drop_column("circle_meetings", name)
