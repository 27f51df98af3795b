"""Store when jobs work on each workspace.

Revision ID: 5b1e7d40c9a6
Revises: 4b9e27d1c603
"""

import sqlalchemy as sa
from alembic import op

revision = "5b1e7d40c9a6"
down_revision = "4b9e27d1c603"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "job_runs",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_job_runs_installation_id",
        ),
        sa.PrimaryKeyConstraint("job", "installation_id", name="pk_job_runs"),
    )
    op.create_index("ix_job_runs_installation_id", "job_runs", ["installation_id"])


def downgrade() -> None:
    op.drop_table("job_runs")
