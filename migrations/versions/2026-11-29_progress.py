"""Seal what authors of asks without a name have seen, and were told.

What was stored in plain is deleted, so an author may read once more that there is news.

Revision ID: 7be4a91c5d20
Revises: 5a0c7be2d914
"""

import sqlalchemy as sa
from alembic import op

revision = "7be4a91c5d20"
down_revision = "5a0c7be2d914"
branch_labels = None
depends_on = None

_TABLES = ("anonymous_links", "anonymous_drafts")
_COUNTS = ("seen_count", "noticed_count")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("progress", sa.LargeBinary(), nullable=True))
        op.drop_column(table, "noticed_on")
    for column in _COUNTS:
        op.drop_column("anonymous_links", column)


def downgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for column in _COUNTS:
        op.add_column(
            "anonymous_links",
            sa.Column(column, number, nullable=False, server_default="0"),
        )
    for table in _TABLES:
        op.add_column(table, sa.Column("noticed_on", sa.Date(), nullable=True))
        op.drop_column(table, "progress")
