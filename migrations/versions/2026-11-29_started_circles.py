"""Store the places of a circle that a member starts.

Revision ID: 2ab6f09d3c18
Revises: 2f6a9d3b81c5
"""

import sqlalchemy as sa
from alembic import op

revision = "2ab6f09d3c18"
down_revision = "2f6a9d3b81c5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("circle_seasons", sa.Column("places", number, nullable=True))


def downgrade() -> None:
    op.drop_column("circle_seasons", "places")
