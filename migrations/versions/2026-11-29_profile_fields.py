"""Fields of profiles with people's teams and levels.

Revision ID: 91c7e35d0a4f
Revises: 4b7f0d92c6e1
"""

import sqlalchemy as sa
from alembic import op

revision = "91c7e35d0a4f"
down_revision = "4b7f0d92c6e1"
branch_labels = None
depends_on = None

FIELDS = ("profile_team", "profile_level")


def upgrade() -> None:
    for name in FIELDS:
        op.add_column("workspace_settings", sa.Column(name, sa.String(), nullable=True))
    op.add_column(
        "member_attributes",
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    op.drop_column("member_attributes", "read_at")
    for name in FIELDS:
        op.drop_column("workspace_settings", name)
