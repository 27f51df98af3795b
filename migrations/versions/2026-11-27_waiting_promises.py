"""the next promise to keep is found as quickly among many as among few

Revision ID: 5e0f2a86c41d
Revises: 3c9e51d07b6a
"""

import sqlalchemy as sa
from alembic import op

revision = "5e0f2a86c41d"
down_revision = "3c9e51d07b6a"
branch_labels = None
depends_on = None

WAITING = ("pending", "sending", "unverified")


def upgrade() -> None:
    outbox = sa.table(
        "outbox", sa.column("state"), sa.column("created_at"), sa.column("finished_at")
    )
    is_waiting = outbox.c.state.in_(WAITING)
    op.execute(outbox.update().where(is_waiting).values(finished_at=None))
    op.execute(
        outbox.update()
        .where(~is_waiting, outbox.c.finished_at.is_(None))
        .values(finished_at=outbox.c.created_at)
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_check_constraint(
            "finished",
            "(finished_at IS NULL) = (state IN ('pending', 'sending', 'unverified'))",
        )
    op.create_index(
        "ix_outbox_due_at_id",
        "outbox",
        ["due_at", "id"],
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_due_at_id", table_name="outbox")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_constraint("finished", type_="check")
