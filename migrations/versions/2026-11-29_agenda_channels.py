"""Store the conversation in which Slack put a meeting's agenda.

Revision ID: 5b1c7ae0d936
Revises: 8e3b5d0c71f4
"""

import sqlalchemy as sa
from alembic import op

revision = "5b1c7ae0d936"
down_revision = "8e3b5d0c71f4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "circle_meeting_messages",
        sa.Column("slack_channel", sa.String(), nullable=True),
    )


def downgrade() -> None:
    op.drop_column("circle_meeting_messages", "slack_channel")
