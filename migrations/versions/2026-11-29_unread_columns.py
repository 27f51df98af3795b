"""Drop two columns that nothing reads.

Revision ID: 4d7e1b90a6c2
Revises: b7d1c80f4e35
"""

from datetime import UTC, datetime, time

import sqlalchemy as sa
from alembic import op

revision = "4d7e1b90a6c2"
down_revision = "b7d1c80f4e35"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_RUNS = sa.table(
    "mentor_runs", sa.column("period", sa.Date), sa.column("ran_at", _TIME)
)


def upgrade() -> None:
    op.drop_column("outbox", "sent_version")
    op.drop_column("mentor_runs", "ran_at")


def downgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column(
        "outbox",
        sa.Column("sent_version", number, nullable=False, server_default="0"),
    )
    op.add_column("mentor_runs", sa.Column("ran_at", _TIME, nullable=True))
    connection = op.get_bind()
    for period in connection.scalars(sa.select(_RUNS.c.period).distinct()).all():
        connection.execute(
            sa.update(_RUNS)
            .where(_RUNS.c.period == period)
            .values(ran_at=datetime.combine(period, time(), UTC))
        )
    with op.batch_alter_table("mentor_runs") as batch_op:
        batch_op.alter_column("ran_at", existing_type=_TIME, nullable=False)
