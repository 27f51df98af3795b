"""Store when a workspace removed the app.

Revision ID: d7a92c4e61b8
Revises: 71c0e4d9a3f8
"""

import sqlalchemy as sa
from alembic import op

revision = "d7a92c4e61b8"
down_revision = "71c0e4d9a3f8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "installations",
        sa.Column("uninstalled_at", sa.DateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    op.drop_column("installations", "uninstalled_at")
