"""Store the seats of a circle that a member starts.

Revision ID: 2ab6f09d3c18
Revises: f1c84e7b20d5
"""

import sqlalchemy as sa
from alembic import op

revision = "2ab6f09d3c18"
down_revision = "f1c84e7b20d5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("circle_seasons", sa.Column("seats", number, nullable=True))


def downgrade() -> None:
    op.drop_column("circle_seasons", "seats")
