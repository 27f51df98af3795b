"""Store which asks circles may think about, since their members said yes.

Revision ID: 71c0e4d9a3f8
Revises: 2ab6f09d3c18
"""

import sqlalchemy as sa
from alembic import op

revision = "71c0e4d9a3f8"
down_revision = "2ab6f09d3c18"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "circle_ask_offers",
        sa.Column("id", number, nullable=False),
        sa.Column("meeting_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("ask_id", number, nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("event_micros", number, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "answer IN ('fine', 'another', 'none')", name="ck_circle_ask_offers_answer"
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["circle_meetings.id"],
            name="fk_circle_ask_offers_meeting_id",
        ),
        sa.ForeignKeyConstraint(
            ["ask_id"], ["asks.id"], name="fk_circle_ask_offers_ask_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_circle_ask_offers"),
        sa.UniqueConstraint(
            "meeting_id", "ask_id", name="uq_circle_ask_offers_meeting_id_ask_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_circle_ask_offers_member", "circle_ask_offers", ["member"])
    op.add_column(
        "circle_meetings",
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    op.drop_column("circle_meetings", "offered_at")
    op.drop_table("circle_ask_offers")
