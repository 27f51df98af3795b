"""Store the first names of members, as Slack knows them.

Revision ID: 8d2e61f0b7a4
Revises: 91c7e35d0a4f
"""

import sqlalchemy as sa
from alembic import op

revision = "8d2e61f0b7a4"
down_revision = "91c7e35d0a4f"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "members",
        sa.Column("first_name", sa.String(), nullable=False, server_default=""),
    )


def downgrade() -> None:
    op.drop_column("members", "first_name")
