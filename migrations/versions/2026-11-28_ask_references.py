"""asks that an earlier ask solved

Revision ID: 83f1c6b0d92a
Revises: d9a378e46af6
"""

import sqlalchemy as sa
from alembic import op

revision = "83f1c6b0d92a"
down_revision = "d9a378e46af6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "ask_references",
        sa.Column("ask_id", number, nullable=False),
        sa.Column("earlier_ask_id", number, nullable=False),
        sa.Column("answer_id", number, nullable=True),
        sa.Column("found_by", sa.String(), nullable=True),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_ts", sa.String(), nullable=True),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column("event_micros", number, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["ask_id"], ["asks.id"], name="fk_ask_references_ask_id"
        ),
        sa.ForeignKeyConstraint(
            ["earlier_ask_id"], ["asks.id"], name="fk_ask_references_earlier_ask_id"
        ),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name="fk_ask_references_answer_id"
        ),
        sa.PrimaryKeyConstraint("ask_id", name="pk_ask_references"),
    )
    for column in ("earlier_ask_id", "answer_id"):
        op.create_index(f"ix_ask_references_{column}", "ask_references", [column])


def downgrade() -> None:
    op.drop_table("ask_references")
