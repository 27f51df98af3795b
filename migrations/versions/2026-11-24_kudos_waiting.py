"""kudos waiting

Revision ID: e6ff38e0e57a
Revises: eeca3856a47e
"""

import sqlalchemy as sa
from alembic import op

revision = "e6ff38e0e57a"
down_revision = "eeca3856a47e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("kudos_reactions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("author", sa.String(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "is_waiting", sa.Boolean(), nullable=False, server_default=sa.false()
            )
        )
        batch_op.create_index(
            "ix_kudos_reactions_waiting",
            ["channel_id"],
            unique=False,
            postgresql_where=sa.text("is_waiting"),
            sqlite_where=sa.text("is_waiting"),
        )


def downgrade() -> None:
    with op.batch_alter_table("kudos_reactions", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_kudos_reactions_waiting",
            postgresql_where=sa.text("is_waiting"),
            sqlite_where=sa.text("is_waiting"),
        )
        batch_op.drop_column("is_waiting")
        batch_op.drop_column("author")
