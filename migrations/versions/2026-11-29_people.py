"""Teams and levels, whom not to match, and who has met.

Revision ID: 3f8c15ad6e29
Revises: 8c41e6d07b92
"""

import sqlalchemy as sa
from alembic import op

revision = "3f8c15ad6e29"
down_revision = "8c41e6d07b92"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "member_attributes",
        sa.Column("installation_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("manager", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("own_team", sa.String(), nullable=True),
        sa.Column("own_level", sa.String(), nullable=True),
        sa.Column("is_team_hidden", sa.Boolean(), nullable=False),
        sa.Column("is_level_hidden", sa.Boolean(), nullable=False),
        sa.CheckConstraint("source IN ('file', 'profile')", name="source"),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_member_attributes_installation_id",
        ),
        sa.PrimaryKeyConstraint(
            "installation_id", "member", name="pk_member_attributes"
        ),
    )
    op.create_index(
        "ix_member_attributes_installation_id_manager",
        "member_attributes",
        ["installation_id", "manager"],
    )
    op.create_table(
        "do_not_pair",
        sa.Column("installation_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.CheckConstraint("source IN ('own', 'fit')", name="source"),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_do_not_pair_installation_id",
        ),
        sa.PrimaryKeyConstraint(
            "installation_id", "member", "other", name="pk_do_not_pair"
        ),
    )
    op.create_index(
        "ix_do_not_pair_installation_id_other",
        "do_not_pair",
        ["installation_id", "other"],
    )
    op.create_table(
        "peer_meetings",
        sa.Column("installation_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=False),
        sa.Column("last_met_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_peer_meetings_installation_id",
        ),
        sa.PrimaryKeyConstraint(
            "installation_id", "member", "other", name="pk_peer_meetings"
        ),
    )
    op.create_index(
        "ix_peer_meetings_installation_id_other",
        "peer_meetings",
        ["installation_id", "other"],
    )


def downgrade() -> None:
    for table in ("peer_meetings", "do_not_pair", "member_attributes"):
        op.drop_table(table)
