"""The versions of the program that have used the database.

Revision ID: e2a7c94f1b60
Revises: 8d2e61f0b7a4
"""

import sqlalchemy as sa
from alembic import op

revision = "e2a7c94f1b60"
down_revision = "8d2e61f0b7a4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "program_versions",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_program_versions")),
    )


def downgrade() -> None:
    op.drop_table("program_versions")
