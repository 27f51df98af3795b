"""Store which asks their askers have confirmed.

Revision ID: a6f3c2d81e97
Revises: c94e0d2a7f51
"""

import sqlalchemy as sa
from alembic import op

revision = "a6f3c2d81e97"
down_revision = "c94e0d2a7f51"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "asks",
        sa.Column(
            "is_confirmed", sa.Boolean(), nullable=False, server_default=sa.true()
        ),
    )
    op.execute(sa.text("UPDATE asks SET is_confirmed = NOT is_captured"))


def downgrade() -> None:
    op.drop_column("asks", "is_confirmed")
