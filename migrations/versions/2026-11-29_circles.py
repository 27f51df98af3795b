"""Create the tables of circles, their seasons, and who signed up.

Revision ID: e81c5a0d3b79
Revises: 7be4a91c5d20
"""

import sqlalchemy as sa
from alembic import op

revision = "e81c5a0d3b79"
down_revision = "7be4a91c5d20"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "circle_seasons",
        sa.Column("id", number, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("program_id", number, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("theme", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("signup_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("meetings", number, nullable=False),
        sa.Column("weeks_between", number, nullable=False),
        sa.Column("minutes", number, nullable=False),
        sa.Column("is_in_writing", sa.Boolean(), nullable=False),
        sa.Column("formed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_circle_seasons_installation_id",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_circle_seasons_program_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_circle_seasons"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_circle_seasons_ends_on", "circle_seasons", ["ends_on"], unique=False
    )
    op.create_index(
        "ix_circle_seasons_opened_by", "circle_seasons", ["opened_by"], unique=False
    )
    op.create_index(
        "ix_circle_seasons_program_id", "circle_seasons", ["program_id"], unique=False
    )
    op.create_index(
        "uq_circle_seasons_source",
        "circle_seasons",
        ["installation_id", "source"],
        unique=True,
    )
    op.create_table(
        "circle_signups",
        sa.Column("season_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("is_signed_up", sa.Boolean(), nullable=False),
        sa.Column("event_micros", number, nullable=False),
        sa.Column("signed_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("brings", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("never", sa.JSON(none_as_null=True), nullable=False),
        sa.CheckConstraint(
            "way IN ('writing', 'calls', 'either')", name=op.f("ck_circle_signups_way")
        ),
        sa.ForeignKeyConstraint(
            ["season_id"], ["circle_seasons.id"], name="fk_circle_signups_season_id"
        ),
        sa.PrimaryKeyConstraint("season_id", "member", name="pk_circle_signups"),
    )
    op.create_index(
        "ix_circle_signups_member", "circle_signups", ["member"], unique=False
    )
    op.create_table(
        "circles",
        sa.Column("id", number, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("program_id", number, nullable=False),
        sa.Column("season_id", number, nullable=True),
        sa.Column("number", number, nullable=False),
        sa.Column("formed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("goal", sa.String(), nullable=False),
        sa.Column("call_link", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_in_writing", sa.Boolean(), nullable=False),
        sa.Column("calendar_version", number, nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["installations.id"], name="fk_circles_installation_id"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_circles_program_id"
        ),
        sa.ForeignKeyConstraint(
            ["season_id"], ["circle_seasons.id"], name="fk_circles_season_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_circles"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_circles_installation_id", "circles", ["installation_id"], unique=False
    )
    op.create_index("ix_circles_program_id", "circles", ["program_id"], unique=False)
    op.create_index("ix_circles_season_id", "circles", ["season_id"], unique=False)
    op.create_table(
        "circle_members",
        sa.Column("circle_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("season_id", number, nullable=True),
        sa.Column("position", number, nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("take_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["circle_id"], ["circles.id"], name="fk_circle_members_circle_id"
        ),
        sa.ForeignKeyConstraint(
            ["season_id"], ["circle_seasons.id"], name="fk_circle_members_season_id"
        ),
        sa.PrimaryKeyConstraint("circle_id", "member", name="pk_circle_members"),
    )
    op.create_index(
        "ix_circle_members_member", "circle_members", ["member"], unique=False
    )
    op.create_index(
        "uq_circle_members_season",
        "circle_members",
        ["season_id", "member"],
        unique=True,
        sqlite_where=sa.text("left_at IS NULL"),
        postgresql_where=sa.text("left_at IS NULL"),
    )


def downgrade() -> None:
    for table in (
        "circle_members",
        "circles",
        "circle_signups",
        "circle_seasons",
    ):
        op.drop_table(table)
