"""Store organisations that installed the app, and their workspaces.

Revision ID: 3c7f0b9a5e18
Revises: 3f7a1c9be524
"""

import sqlalchemy as sa
from alembic import op

revision = "3c7f0b9a5e18"
down_revision = "3f7a1c9be524"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column(
        "installations",
        sa.Column(
            "is_organisation", sa.Boolean(), nullable=False, server_default=sa.false()
        ),
    )
    op.create_table(
        "organisation_workspaces",
        sa.Column("installation_id", number, nullable=False),
        sa.Column("organisation_id", number, nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_organisation_workspaces_installation_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["installations.id"],
            name="fk_organisation_workspaces_organisation_id",
        ),
        sa.PrimaryKeyConstraint("installation_id", name="pk_organisation_workspaces"),
    )
    op.create_index(
        "ix_organisation_workspaces_organisation_id",
        "organisation_workspaces",
        ["organisation_id"],
    )


def downgrade() -> None:
    op.drop_table("organisation_workspaces")
    op.drop_column("installations", "is_organisation")
