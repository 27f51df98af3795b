"""Store a fingerprint of the answer that a member can take back after a meeting.

Revision ID: 5d9b3c60e7a2
Revises: 7c02d9e8b4f1
"""

import sqlalchemy as sa
from alembic import op

revision = "5d9b3c60e7a2"
down_revision = "7c02d9e8b4f1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("meeting_answers") as table:
        table.add_column(sa.Column("receipt", sa.String()))


def downgrade() -> None:
    with op.batch_alter_table("meeting_answers") as table:
        table.drop_column("receipt")
