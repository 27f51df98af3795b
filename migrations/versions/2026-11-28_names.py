"""people of the same name are told apart

Revision ID: 5d0a7c31e8b4
Revises: 8d41c7a95e02
"""

import sqlalchemy as sa
from alembic import op

revision = "5d0a7c31e8b4"
down_revision = "8d41c7a95e02"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("members", schema=None) as batch_op:
        for name in ("full_name", "handle"):
            batch_op.add_column(
                sa.Column(name, sa.String(), nullable=False, server_default="")
            )


def downgrade() -> None:
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_column("handle")
        batch_op.drop_column("full_name")
