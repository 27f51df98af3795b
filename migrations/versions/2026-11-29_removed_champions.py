"""Store when a lead removed a champion of a program.

Revision ID: 5e0b7d92c1af
Revises: 9e2b6f40c817
"""

import sqlalchemy as sa
from alembic import op

revision = "5e0b7d92c1af"
down_revision = "9e2b6f40c817"
branch_labels = None
depends_on = None

_CHAMPIONS = sa.table("program_champions", sa.column("removed_at"))


def upgrade() -> None:
    op.add_column(
        "program_champions",
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    op.execute(sa.delete(_CHAMPIONS).where(_CHAMPIONS.c.removed_at.is_not(None)))
    op.drop_column("program_champions", "removed_at")
