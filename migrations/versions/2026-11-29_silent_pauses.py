"""Store that a member did not choose a pause, but did not answer.

Revision ID: 8e3b5d0c71f4
Revises: 5d91b3e70c26
"""

import sqlalchemy as sa
from alembic import op

revision = "8e3b5d0c71f4"
down_revision = "5d91b3e70c26"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("program_members") as table:
        table.add_column(
            sa.Column(
                "is_paused_by_silence",
                sa.Boolean(),
                nullable=False,
                server_default=sa.false(),
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("program_members") as table:
        table.drop_column("is_paused_by_silence")
