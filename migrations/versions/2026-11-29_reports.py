"""Add what reports of asks without a name and the daily note need.

Revision ID: 5b1d70c2e9a4
Revises: 0c7d4f92ab15
"""

import sqlalchemy as sa
from alembic import op

revision = "5b1d70c2e9a4"
down_revision = "0c7d4f92ab15"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table, column, default in (
        ("asks", "is_hidden", sa.false()),
        ("anonymous_reviews", "is_stopped", sa.false()),
        ("member_settings", "wants_anonymous_notices", sa.true()),
    ):
        op.add_column(
            table,
            sa.Column(column, sa.Boolean(), nullable=False, server_default=default),
        )
    op.add_column("anonymous_links", sa.Column("noticed_on", sa.Date(), nullable=True))
    op.add_column("anonymous_drafts", sa.Column("noticed_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("anonymous_drafts", "noticed_on")
    op.drop_column("anonymous_links", "noticed_on")
    op.drop_column("member_settings", "wants_anonymous_notices")
    op.drop_column("anonymous_reviews", "is_stopped")
    op.drop_column("asks", "is_hidden")
