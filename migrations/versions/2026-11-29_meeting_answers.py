"""Store whether people met in a circle, and counts of whether it was worth it.

Revision ID: 8e5b1c7a92d4
Revises: f1c84e7b20d5
"""

import sqlalchemy as sa
from alembic import op

revision = "8e5b1c7a92d4"
down_revision = "f1c84e7b20d5"
branch_labels = None
depends_on = None

_COUNTS = ("worth_yes", "worth_so_so", "worth_no")


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "meeting_answers",
        sa.Column("meeting_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("event_micros", number, nullable=False),
        sa.Column("has_rated", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "answer IN ('all', 'part', 'none')", name="ck_meeting_answers_answer"
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["circle_meetings.id"],
            name="fk_meeting_answers_meeting_id",
        ),
        sa.PrimaryKeyConstraint("meeting_id", "member", name="pk_meeting_answers"),
    )
    op.create_index("ix_meeting_answers_member", "meeting_answers", ["member"])
    for name in _COUNTS:
        op.add_column(
            "circle_meetings",
            sa.Column(name, number, nullable=False, server_default="0"),
        )
    op.add_column(
        "circle_meetings",
        sa.Column(
            "took_place", sa.Boolean(), nullable=False, server_default=sa.false()
        ),
    )
    # Until now a meeting that began and ended counted.
    op.execute(
        sa.text(
            "UPDATE circle_meetings SET took_place = true"
            " WHERE started_at IS NOT NULL AND ended_at IS NOT NULL"
        )
    )


def downgrade() -> None:
    for name in ("took_place", *_COUNTS):
        op.drop_column("circle_meetings", name)
    op.drop_table("meeting_answers")
