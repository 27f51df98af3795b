"""Create the table of unasked messages, and the setting of their number.

Revision ID: e2f6a94c71b8
Revises: c5d81e7f3a92
"""

import sqlalchemy as sa
from alembic import op

revision = "e2f6a94c71b8"
down_revision = "c5d81e7f3a92"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "unasked_messages",
        sa.Column("item_id", number, nullable=False),
        sa.Column("version", number, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["outbox.id"],
            name="fk_unasked_messages_item_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_unasked_messages_installation_id",
        ),
        sa.PrimaryKeyConstraint("item_id", "version", name="pk_unasked_messages"),
    )
    op.create_index(
        "ix_unasked_messages_installation_id_member",
        "unasked_messages",
        ["installation_id", "member"],
    )
    op.add_column(
        "workspace_settings", sa.Column("unasked_per_week", number, nullable=True)
    )


def downgrade() -> None:
    op.drop_column("workspace_settings", "unasked_per_week")
    op.drop_table("unasked_messages")
