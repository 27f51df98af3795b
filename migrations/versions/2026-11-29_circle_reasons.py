"""Keep no reasons of circles: they are found when a message shows them.

Revision ID: 9e2b6f40c817
Revises: 8e5b1c7a92d4
"""

import sqlalchemy as sa
from alembic import op

revision = "9e2b6f40c817"
down_revision = "8e5b1c7a92d4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("circles", "reasons")


def downgrade() -> None:
    op.add_column(
        "circles", sa.Column("reasons", sa.JSON(), nullable=False, server_default="[]")
    )
