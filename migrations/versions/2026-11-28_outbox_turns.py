"""what is new goes before what is shown again, and clocks that are set back are noticed

Revision ID: c27b90e4f518
Revises: 5d0a7c31e8b4
"""

import sqlalchemy as sa
from alembic import op

revision = "c27b90e4f518"
down_revision = "5d0a7c31e8b4"
branch_labels = None
depends_on = None

WAITING = sa.text("finished_at IS NULL")


def upgrade() -> None:
    op.drop_index("ix_outbox_due_at_id", table_name="outbox")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        # What is shown again by and by gets its 1 when it is next to be shown.
        batch_op.add_column(
            sa.Column(
                "priority",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=False,
                server_default="0",
            )
        )
        batch_op.add_column(
            sa.Column("due_set_at", sa.DateTime(timezone=True), nullable=True)
        )
    op.create_index(
        "ix_outbox_priority_due_at_id",
        "outbox",
        ["priority", "due_at", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_priority_due_at_id", table_name="outbox")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("due_set_at")
        batch_op.drop_column("priority")
    op.create_index(
        "ix_outbox_due_at_id",
        "outbox",
        ["due_at", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
