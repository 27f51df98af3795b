"""Store a lead's questions for the meetings of a season of circles.

Revision ID: b90d7e15f2a6
Revises: d7a92c4e61b8
"""

import sqlalchemy as sa
from alembic import op

revision = "b90d7e15f2a6"
down_revision = "d7a92c4e61b8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "circle_seasons",
        sa.Column("questions", sa.String(), nullable=False, server_default=""),
    )


def downgrade() -> None:
    op.drop_column("circle_seasons", "questions")
