"""Create the table of what circles write in their weeks in writing.

Revision ID: 9c2e51f7a0d8
Revises: e2a7c94f1b60
"""

import sqlalchemy as sa
from alembic import op

revision = "9c2e51f7a0d8"
down_revision = "e2a7c94f1b60"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "meeting_entries",
        sa.Column("meeting_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "stage IN ('issues', 'questions', 'ideas', 'thanks')",
            name=op.f("ck_meeting_entries_stage"),
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["circle_meetings.id"], name="fk_meeting_entries_meeting_id"
        ),
        sa.PrimaryKeyConstraint(
            "meeting_id", "member", "stage", "about", name="pk_meeting_entries"
        ),
    )
    op.create_index("ix_meeting_entries_member", "meeting_entries", ["member"])


def downgrade() -> None:
    op.drop_table("meeting_entries")
