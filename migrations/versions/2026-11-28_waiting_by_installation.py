"""each workspace's next message is found without reading those of the others

Revision ID: 1f6d80c2b7ae
Revises: 7c1e9a4f62d8
"""

import sqlalchemy as sa
from alembic import op

revision = "1f6d80c2b7ae"
down_revision = "7c1e9a4f62d8"
branch_labels = None
depends_on = None

WAITING = sa.text("finished_at IS NULL")


def upgrade() -> None:
    op.drop_index("ix_outbox_priority_due_at_id", table_name="outbox")
    op.create_index(
        "ix_outbox_installation_id_priority_due_at_id",
        "outbox",
        ["installation_id", "priority", "due_at", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_installation_id_priority_due_at_id", table_name="outbox")
    op.create_index(
        "ix_outbox_priority_due_at_id",
        "outbox",
        ["priority", "due_at", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
