"""Store the last change of each part of a program, and the form that made it.

Revision ID: ed5e8dffbd3e
Revises: 7d4e9a1c52b8
"""

import sqlalchemy as sa
from alembic import op

revision = "ed5e8dffbd3e"
down_revision = "7d4e9a1c52b8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "program_changes",
        sa.Column("program_id", number, nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("version", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_program_changes_program_id"
        ),
        sa.PrimaryKeyConstraint("program_id", "part", name="pk_program_changes"),
    )
    op.create_index("ix_program_changes_changed_by", "program_changes", ["changed_by"])
    op.add_column("programs", sa.Column("source", sa.String(), nullable=True))
    op.create_index(
        "uq_programs_source", "programs", ["installation_id", "source"], unique=True
    )


def downgrade() -> None:
    op.drop_index("uq_programs_source", "programs")
    op.drop_column("programs", "source")
    op.drop_table("program_changes")
