"""Store the counts that a season's leads see, and the answers that these have.

Revision ID: 3f7a1c9be524
Revises: 5b1c7ae0d936
"""

import sqlalchemy as sa
from alembic import op

revision = "3f7a1c9be524"
down_revision = "5b1c7ae0d936"
branch_labels = None
depends_on = None

_COUNTS = ("worth_yes", "worth_so_so", "worth_no")


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    with op.batch_alter_table("circle_seasons") as table:
        for name in _COUNTS:
            table.add_column(
                sa.Column(name, number, nullable=False, server_default="0")
            )
    with op.batch_alter_table("meeting_answers") as table:
        table.add_column(
            sa.Column(
                "is_published", sa.Boolean(), nullable=False, server_default=sa.false()
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("meeting_answers") as table:
        table.drop_column("is_published")
    with op.batch_alter_table("circle_seasons") as table:
        for name in _COUNTS:
            table.drop_column(name)
