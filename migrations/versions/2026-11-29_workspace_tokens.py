"""Create the tables of workspaces' tokens and of installations in progress.

Revision ID: c4d8f1a27b93
Revises: a95d2c7e10f4
"""

import sqlalchemy as sa
from alembic import op

revision = "c4d8f1a27b93"
down_revision = "a95d2c7e10f4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "oauth_states",
        sa.Column("state_hash", sa.String(), nullable=False),
        sa.Column("browser_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name="pk_oauth_states"),
    )
    op.create_index("ix_oauth_states_created_at", "oauth_states", ["created_at"])
    op.create_table(
        "workspace_tokens",
        sa.Column("installation_id", number, nullable=False),
        sa.Column("access_token", sa.LargeBinary(), nullable=False),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", number, nullable=False),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refreshing_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_workspace_tokens_installation_id",
        ),
        sa.PrimaryKeyConstraint("installation_id", name="pk_workspace_tokens"),
    )


def downgrade() -> None:
    op.drop_table("workspace_tokens")
    op.drop_table("oauth_states")
