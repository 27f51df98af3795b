"""what is of before somebody was forgotten stays known as that when they are back

Revision ID: 3c9e51d07b6a
Revises: 7b1c0de5a2f4
"""

import sqlalchemy as sa
from alembic import op

revision = "3c9e51d07b6a"
down_revision = "7b1c0de5a2f4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("counts_from", sa.DateTime(timezone=True), nullable=True)
        )
    op.execute("UPDATE members SET counts_from = forgotten_at")


def downgrade() -> None:
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_column("counts_from")
