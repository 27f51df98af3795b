"""Create the tables of circles' meetings.

Revision ID: 4b7f0d92c6e1
Revises: 6d20b9f4c7a1
"""

import sqlalchemy as sa
from alembic import op

revision = "4b7f0d92c6e1"
down_revision = "6d20b9f4c7a1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    time = sa.DateTime(timezone=True)
    op.create_table(
        "circle_meetings",
        sa.Column("id", number, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("circle_id", number, nullable=False),
        sa.Column("number", number, nullable=False),
        sa.Column("planned_at", time, nullable=False),
        sa.Column("minutes", number, nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("rota", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("presses", sa.JSON(), nullable=False),
        sa.Column("due_at", time, nullable=True),
        sa.Column("announced_at", time, nullable=True),
        sa.Column("posted_at", time, nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("started_at", time, nullable=True),
        sa.Column("ended_at", time, nullable=True),
        sa.Column("facilitator", sa.String(), nullable=True),
        sa.CheckConstraint(
            "format IN ('turns', 'case_clinic', 'discussion')",
            name=op.f("ck_circle_meetings_format"),
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_circle_meetings_installation_id",
        ),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name="fk_circle_meetings_circle_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_circle_meetings"),
        sa.UniqueConstraint(
            "circle_id", "number", name="uq_circle_meetings_circle_id_number"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_circle_meetings_open",
        "circle_meetings",
        ["circle_id"],
        unique=True,
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_index(
        "ix_circle_meetings_installation_id_due_at",
        "circle_meetings",
        ["installation_id", "due_at"],
    )
    op.create_index(
        "ix_circle_meetings_facilitator", "circle_meetings", ["facilitator"]
    )
    op.create_table(
        "circle_meeting_messages",
        sa.Column("id", number, nullable=False),
        sa.Column("meeting_id", number, nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("reposts", number, nullable=False),
        sa.Column("edited_at", time, nullable=True),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["circle_meetings.id"],
            name="fk_circle_meeting_messages_meeting_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_circle_meeting_messages"),
        sa.UniqueConstraint(
            "meeting_id",
            "recipient",
            name="uq_circle_meeting_messages_meeting_id_recipient",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_circle_meeting_messages_recipient", "circle_meeting_messages", ["recipient"]
    )
    op.create_table(
        "meeting_turns",
        sa.Column("meeting_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("had_at", time, nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["circle_meetings.id"], name="fk_meeting_turns_meeting_id"
        ),
        sa.PrimaryKeyConstraint("meeting_id", "member", name="pk_meeting_turns"),
    )
    op.create_index("ix_meeting_turns_member", "meeting_turns", ["member"])
    op.create_table(
        "circle_actions",
        sa.Column("id", number, nullable=False),
        sa.Column("circle_id", number, nullable=False),
        sa.Column("meeting_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("event_micros", number, nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'done', 'dropped')", name=op.f("ck_circle_actions_state")
        ),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name="fk_circle_actions_circle_id"
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["circle_meetings.id"], name="fk_circle_actions_meeting_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_circle_actions"),
        sa.UniqueConstraint(
            "meeting_id", "member", name="uq_circle_actions_meeting_id_member"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_circle_actions_circle_id", "circle_actions", ["circle_id"])
    op.create_index("ix_circle_actions_member", "circle_actions", ["member"])
    op.create_table(
        "circle_questions",
        sa.Column("id", number, nullable=False),
        sa.Column("circle_id", number, nullable=False),
        sa.Column("meeting_id", number, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("member", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name="fk_circle_questions_circle_id"
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["circle_meetings.id"],
            name="fk_circle_questions_meeting_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_circle_questions"),
        sa.UniqueConstraint(
            "meeting_id", "member", name="uq_circle_questions_meeting_id_member"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_circle_questions_key",
        "circle_questions",
        ["circle_id", "key"],
        unique=True,
        sqlite_where=sa.text("key <> ''"),
        postgresql_where=sa.text("key <> ''"),
    )
    op.create_index("ix_circle_questions_member", "circle_questions", ["member"])


def downgrade() -> None:
    for table in (
        "circle_questions",
        "circle_actions",
        "meeting_turns",
        "circle_meeting_messages",
        "circle_meetings",
    ):
        op.drop_table(table)
