"""Store the votes of circles, and when a circle is looked at and ends.

Revision ID: c3f80a7d92b5
Revises: 3c7d51f0a9e4
"""

import sqlalchemy as sa
from alembic import op

revision = "c3f80a7d92b5"
down_revision = "3c7d51f0a9e4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    op.add_column("circles", sa.Column("check_at", moment, nullable=True))
    op.add_column("circles", sa.Column("ends_on", sa.Date(), nullable=True))
    op.create_table(
        "circle_votes",
        sa.Column("id", number, nullable=False),
        sa.Column("circle_id", number, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("answer_until", moment, nullable=False),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("done_at", moment, nullable=True),
        sa.CheckConstraint(
            "kind IN ('quiet', 'break', 'place')", name="ck_circle_votes_kind"
        ),
        sa.CheckConstraint(
            "result IN ('continue', 'time', 'join', 'break', 'end', 'yes', 'no')",
            name="ck_circle_votes_result",
        ),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name="fk_circle_votes_circle_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_circle_votes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_circle_votes_circle_id", "circle_votes", ["circle_id"])
    op.create_index("ix_circle_votes_member", "circle_votes", ["member"])
    op.create_index(
        "uq_circle_votes_open",
        "circle_votes",
        ["circle_id", "kind", "member"],
        unique=True,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_table(
        "circle_vote_answers",
        sa.Column("vote_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("event_micros", number, nullable=False),
        sa.CheckConstraint(
            "answer IN ('continue', 'time', 'join', 'break', 'end', 'yes', 'no')",
            name="ck_circle_vote_answers_answer",
        ),
        sa.ForeignKeyConstraint(
            ["vote_id"], ["circle_votes.id"], name="fk_circle_vote_answers_vote_id"
        ),
        sa.PrimaryKeyConstraint("vote_id", "member", name="pk_circle_vote_answers"),
    )
    op.create_index("ix_circle_vote_answers_member", "circle_vote_answers", ["member"])


def downgrade() -> None:
    for table in ("circle_vote_answers", "circle_votes"):
        op.drop_table(table)
    op.drop_column("circles", "ends_on")
    op.drop_column("circles", "check_at")
