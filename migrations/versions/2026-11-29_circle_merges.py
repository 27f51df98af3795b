"""Create the tables of merges of circles.

Revision ID: a95d2c7e10f4
Revises: 9c2e51f7a0d8
"""

import sqlalchemy as sa
from alembic import op

revision = "a95d2c7e10f4"
down_revision = "9c2e51f7a0d8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "circle_merges",
        sa.Column("id", number, nullable=False),
        sa.Column("season_id", number, nullable=False),
        sa.Column("small_id", number, nullable=False),
        sa.Column("partner_id", number, nullable=False),
        sa.Column("answer_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_accepted", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["circles.id"], name="fk_circle_merges_partner_id"
        ),
        sa.ForeignKeyConstraint(
            ["season_id"], ["circle_seasons.id"], name="fk_circle_merges_season_id"
        ),
        sa.ForeignKeyConstraint(
            ["small_id"], ["circles.id"], name="fk_circle_merges_small_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_circle_merges"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_circle_merges_partner_id", "circle_merges", ["partner_id"], unique=False
    )
    op.create_index(
        "ix_circle_merges_season_id", "circle_merges", ["season_id"], unique=False
    )
    op.create_index(
        "ix_circle_merges_small_id", "circle_merges", ["small_id"], unique=False
    )
    op.create_table(
        "circle_merge_answers",
        sa.Column("merge_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("is_yes", sa.Boolean(), nullable=False),
        sa.Column("event_micros", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["merge_id"], ["circle_merges.id"], name="fk_circle_merge_answers_merge_id"
        ),
        sa.PrimaryKeyConstraint("merge_id", "member", name="pk_circle_merge_answers"),
    )
    op.create_index(
        "ix_circle_merge_answers_member",
        "circle_merge_answers",
        ["member"],
        unique=False,
    )


def downgrade() -> None:
    for table in (
        "circle_merge_answers",
        "circle_merges",
    ):
        op.drop_table(table)
