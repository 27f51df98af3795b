"""when people joined a check-in, and left it

Revision ID: 7b1c0de5a2f4
Revises: f4c0461eae3d
"""

import sqlalchemy as sa
from alembic import op

revision = "7b1c0de5a2f4"
down_revision = "f4c0461eae3d"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("checkin_seats", schema=None) as batch_op:
        for name in ("joined_at", "left_at"):
            batch_op.add_column(
                sa.Column(name, sa.DateTime(timezone=True), nullable=True)
            )


def downgrade() -> None:
    with op.batch_alter_table("checkin_seats", schema=None) as batch_op:
        batch_op.drop_column("left_at")
        batch_op.drop_column("joined_at")
