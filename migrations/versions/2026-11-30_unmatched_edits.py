"""Store when a message that is no ask yet was edited.

Revision ID: e7b2d4f61a93
Revises: c4e19b7d2f60
"""

import sqlalchemy as sa
from alembic import op

revision = "e7b2d4f61a93"
down_revision = "c4e19b7d2f60"
branch_labels = None
depends_on = None


def upgrade() -> None:
    micros = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column(
        "unmatched_messages",
        sa.Column("edited_at_micros", micros, nullable=False, server_default="0"),
    )


def downgrade() -> None:
    op.drop_column("unmatched_messages", "edited_at_micros")
