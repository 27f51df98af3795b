"""Store when a circle was introduced; drop how people want to meet.

A season decides whether its circles meet in writing or on calls.

Revision ID: f1c84e7b20d5
Revises: c4d8f1a27b93
"""

import sqlalchemy as sa
from alembic import op

revision = "f1c84e7b20d5"
down_revision = "c4d8f1a27b93"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "circles", sa.Column("introduced_at", sa.DateTime(timezone=True), nullable=True)
    )
    # Circles in which all have answered were introduced; nobody knows when.
    op.execute(
        """
        UPDATE circles SET introduced_at = formed_at
        WHERE id IN (
            SELECT circle_id FROM circle_members
            WHERE left_at IS NULL AND taken_at IS NOT NULL
        ) AND id NOT IN (
            SELECT circle_id FROM circle_members
            WHERE left_at IS NULL AND taken_at IS NULL
        )
        """
    )
    with op.batch_alter_table("circle_signups") as batch_op:
        batch_op.drop_constraint(op.f("ck_circle_signups_way"), type_="check")
        batch_op.drop_column("way")


def downgrade() -> None:
    op.add_column(
        "circle_signups",
        sa.Column("way", sa.String(), nullable=False, server_default="either"),
    )
    with op.batch_alter_table("circle_signups") as batch_op:
        batch_op.alter_column("way", existing_type=sa.String(), server_default=None)
        batch_op.create_check_constraint(
            op.f("ck_circle_signups_way"), "way IN ('writing', 'calls', 'either')"
        )
    op.drop_column("circles", "introduced_at")
