"""Store once per member, not per program, when they were asked as a lead.

Revision ID: 5a0c7be2d914
Revises: c3f0a86d2e17
"""

import sqlalchemy as sa
from alembic import op

revision = "5a0c7be2d914"
down_revision = "c3f0a86d2e17"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("program_leads", "prompted_at")
    op.drop_column("program_leads", "wants_prompts")
    _add(
        "member_settings",
        sa.Column("lead_prompted_at", sa.DateTime(timezone=True), nullable=True),
    )
    _add_wish("member_settings", "wants_lead_prompts")


def downgrade() -> None:
    op.drop_column("member_settings", "wants_lead_prompts")
    op.drop_column("member_settings", "lead_prompted_at")
    _add(
        "program_leads",
        sa.Column("prompted_at", sa.DateTime(timezone=True), nullable=True),
    )
    _add_wish("program_leads", "wants_prompts")


def _add_wish(table: str, name: str) -> None:
    """Add a column for something that each of the existing members wants."""
    _add(table, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table(table) as batch:
        batch.alter_column(name, server_default=None)


def _add(table: str, column: sa.Column) -> None:
    with op.batch_alter_table(table) as batch:
        batch.add_column(column)
