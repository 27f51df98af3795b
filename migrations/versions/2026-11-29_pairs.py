"""Match members in pairs: opt-ins, rounds, matches, and the settings of peer coffee.

Revision ID: 8c41e6d07b92
Revises: c41d7e0a9b36
"""

import sqlalchemy as sa
from alembic import op

revision = "8c41e6d07b92"
down_revision = "c41d7e0a9b36"
branch_labels = None
depends_on = None

SETTINGS = {
    "coffee": "coffee IN ('off', 'auto', 'on')",
    "coffee_weeks": "coffee_weeks BETWEEN 1 AND 8",
    "coffee_weekday": "coffee_weekday BETWEEN 1 AND 5",
    "coffee_hour": "coffee_hour BETWEEN 0 AND 23",
}


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    time = sa.DateTime(timezone=True)
    op.create_table(
        "pair_rounds",
        sa.Column("id", number, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("formed_at", time, nullable=False),
        sa.Column("people", number, nullable=False),
        sa.Column("unmatched", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_pair_rounds_installation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_pair_rounds"),
        sa.UniqueConstraint(
            "installation_id",
            "kind",
            "day",
            name="uq_pair_rounds_installation_id_kind_day",
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "pair_opt_ins",
        sa.Column("installation_id", number, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("is_in", sa.Boolean(), nullable=False),
        sa.Column("event_micros", number, nullable=False),
        sa.Column("paused_at", time, nullable=True),
        sa.Column("waits_in", number, nullable=True),
        sa.Column("rounds_left_out", number, nullable=False),
        sa.CheckConstraint("kind IN ('coffee')", name="kind"),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_pair_opt_ins_installation_id",
        ),
        sa.ForeignKeyConstraint(
            ["waits_in"], ["pair_rounds.id"], name="fk_pair_opt_ins_waits_in"
        ),
        sa.PrimaryKeyConstraint(
            "installation_id", "kind", "member", name="pk_pair_opt_ins"
        ),
    )
    op.create_index("ix_pair_opt_ins_waits_in", "pair_opt_ins", ["waits_in"])
    op.create_table(
        "pair_matches",
        sa.Column("id", number, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("round_id", number, nullable=False),
        sa.Column("formed_at", time, nullable=False),
        sa.Column("first_writer", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_pair_matches_installation_id",
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["pair_rounds.id"], name="fk_pair_matches_round_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_pair_matches"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_pair_matches_installation_id", "pair_matches", ["installation_id"]
    )
    op.create_index("ix_pair_matches_round_id", "pair_matches", ["round_id"])
    op.create_table(
        "pair_match_members",
        sa.Column("match_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("round_id", number, nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answer_micros", number, nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("outcome_micros", number, nullable=False),
        sa.Column("fit", sa.String(), nullable=True),
        sa.Column("fit_micros", number, nullable=False),
        sa.CheckConstraint("answer IN ('time', 'cant')", name="answer"),
        sa.CheckConstraint(
            "outcome IN ('met', 'not_yet', 'wont')",
            name="outcome",
        ),
        sa.CheckConstraint("fit IN ('yes', 'so_so', 'no')", name="fit"),
        sa.ForeignKeyConstraint(
            ["match_id"], ["pair_matches.id"], name="fk_pair_match_members_match_id"
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["pair_rounds.id"], name="fk_pair_match_members_round_id"
        ),
        sa.PrimaryKeyConstraint("match_id", "member", name="pk_pair_match_members"),
    )
    is_current = sa.text("is_current")
    op.create_index(
        "uq_pair_match_members_current",
        "pair_match_members",
        ["round_id", "member"],
        unique=True,
        sqlite_where=is_current,
        postgresql_where=is_current,
    )
    op.create_index(
        "ix_pair_match_members_member_match_id",
        "pair_match_members",
        ["member", "match_id"],
    )
    with op.batch_alter_table("workspace_settings") as batch:
        for name, check in SETTINGS.items():
            kind = sa.String() if name == "coffee" else number
            batch.add_column(sa.Column(name, kind, nullable=True))
            batch.create_check_constraint(name, check)


def downgrade() -> None:
    with op.batch_alter_table("workspace_settings") as batch:
        for name in SETTINGS:
            batch.drop_constraint(f"ck_workspace_settings_{name}")
            batch.drop_column(name)
    op.drop_table("pair_match_members")
    op.drop_table("pair_matches")
    op.drop_table("pair_opt_ins")
    op.drop_table("pair_rounds")
