"""Add the setting within which time asks without a name are posted.

Revision ID: c4a9e07d51b8
Revises: ed5e8dffbd3e
"""

import sqlalchemy as sa
from alembic import op

revision = "c4a9e07d51b8"
down_revision = "ed5e8dffbd3e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    with op.batch_alter_table("workspace_settings") as batch:
        batch.add_column(sa.Column("anonymous_delay_minutes", number, nullable=True))
        batch.create_check_constraint(
            "anonymous_delay_minutes", "anonymous_delay_minutes IN (5, 30, 60, 120)"
        )


def downgrade() -> None:
    with op.batch_alter_table("workspace_settings") as batch:
        batch.drop_constraint("ck_workspace_settings_anonymous_delay_minutes")
        batch.drop_column("anonymous_delay_minutes")
