"""Store newcomers and assignments, and not who left a suggestion undone.

Revision ID: c3f0a86d2e17
Revises: c4a9e07d51b8
"""

import sqlalchemy as sa
from alembic import op

revision = "c3f0a86d2e17"
down_revision = "c4a9e07d51b8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "newcomers",
        sa.Column("channel_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_newcomers_channel_id"
        ),
        sa.PrimaryKeyConstraint("channel_id", "member", name="pk_newcomers"),
    )
    op.create_index("ix_newcomers_joined_at", "newcomers", ["joined_at"])
    op.create_index("ix_newcomers_member", "newcomers", ["member"])
    op.create_table(
        "work_assignments",
        sa.Column("id", number, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_work_assignments_installation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_work_assignments"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_work_assignments_installation_id_assigned_at",
        "work_assignments",
        ["installation_id", "assigned_at"],
    )
    op.create_index("ix_work_assignments_member", "work_assignments", ["member"])
    with op.batch_alter_table(
        "work_items", table_kwargs={"sqlite_autoincrement": True}
    ) as batch:
        batch.alter_column("champion", existing_type=sa.String(), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM work_items WHERE champion IS NULL")
    with op.batch_alter_table(
        "work_items", table_kwargs={"sqlite_autoincrement": True}
    ) as batch:
        batch.alter_column("champion", existing_type=sa.String(), nullable=False)
    op.drop_table("work_assignments")
    op.drop_table("newcomers")
