"""earlier asks that were suggested, and whether they are still right

Revision ID: a7e02f4d9c18
Revises: 4be8d20c61f7
"""

import sqlalchemy as sa
from alembic import op

revision = "a7e02f4d9c18"
down_revision = "4be8d20c61f7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "ask_suggestions",
        sa.Column("ask_id", number, nullable=False),
        sa.Column("entry_id", number, nullable=False),
        sa.Column("position", number, nullable=False),
        sa.Column("is_dismissed", sa.Boolean(), nullable=False),
        sa.Column("suggested_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["ask_id"], ["asks.id"], name="fk_ask_suggestions_ask_id"
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["asks.id"], name="fk_ask_suggestions_entry_id"
        ),
        sa.PrimaryKeyConstraint("ask_id", "entry_id", name="pk_ask_suggestions"),
    )
    op.create_index("ix_ask_suggestions_entry_id", "ask_suggestions", ["entry_id"])
    op.create_table(
        "entry_reviews",
        sa.Column("ask_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column("event_micros", number, nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('works', 'outdated')", name="ck_entry_reviews_verdict"
        ),
        sa.ForeignKeyConstraint(
            ["ask_id"], ["asks.id"], name="fk_entry_reviews_ask_id"
        ),
        sa.PrimaryKeyConstraint("ask_id", "member", name="pk_entry_reviews"),
    )
    op.create_index("ix_entry_reviews_member", "entry_reviews", ["member"])
    op.add_column(
        "channels",
        sa.Column(
            "suggests_entries", sa.Boolean(), nullable=False, server_default=sa.true()
        ),
    )


def downgrade() -> None:
    op.drop_column("channels", "suggests_entries")
    op.drop_table("entry_reviews")
    op.drop_table("ask_suggestions")
