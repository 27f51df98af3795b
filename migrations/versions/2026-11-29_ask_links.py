"""Links to asks in other channels.

Revision ID: c94e0d2a7f51
Revises: 4d7e1b90a6c2
"""

import sqlalchemy as sa
from alembic import op

revision = "c94e0d2a7f51"
down_revision = "4d7e1b90a6c2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "ask_links",
        sa.Column("id", number, nullable=False),
        sa.Column("ask_id", number, nullable=False),
        sa.Column("channel_id", number, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ts", sa.String(), nullable=True),
        sa.CheckConstraint("state IN ('posting', 'posted', 'gone')", name="state"),
        sa.ForeignKeyConstraint(["ask_id"], ["asks.id"], name="fk_ask_links_ask_id"),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_ask_links_channel_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ask_links"),
        sa.UniqueConstraint(
            "ask_id", "channel_id", name="uq_ask_links_ask_id_channel_id"
        ),
    )
    op.create_index("ix_ask_links_channel_id", "ask_links", ["channel_id"])


def downgrade() -> None:
    op.drop_table("ask_links")
