"""checkins

Revision ID: eeca3856a47e
Revises: a14f9a097c37
"""

import sqlalchemy as sa
from alembic import op

revision = "eeca3856a47e"
down_revision = "a14f9a097c37"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkin_schedules",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "installation_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "channel_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("reflections", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("every", sa.String(), nullable=False),
        sa.Column("weekdays", sa.JSON(none_as_null=True), nullable=False),
        sa.Column(
            "nth", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("at", sa.Time(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("skip_dates", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("holidays_of", sa.String(), nullable=True),
        sa.Column(
            "open_days",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "nudge_after",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("paused_because", sa.String(), nullable=True),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("next_date", sa.Date(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "every IN ('week', 'two weeks', 'month')",
            name=op.f("ck_checkin_schedules_every"),
        ),
        sa.CheckConstraint(
            "state IN ('on', 'paused', 'deleted')",
            name=op.f("ck_checkin_schedules_state"),
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"],
            ["channels.id"],
            name=op.f("fk_checkin_schedules_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name=op.f("fk_checkin_schedules_installation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkin_schedules")),
        sa.UniqueConstraint(
            "installation_id",
            "source",
            name=op.f("uq_checkin_schedules_installation_id_source"),
        ),
    )
    with op.batch_alter_table("checkin_schedules", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_checkin_schedules_channel_id"), ["channel_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_checkin_schedules_next_at"), ["next_at"], unique=False
        )

    op.create_table(
        "checkin_rounds",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "schedule_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "channel_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("post_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("reflection", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'closed', 'skipped', 'failed')",
            name=op.f("ck_checkin_rounds_state"),
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_checkin_rounds_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["checkin_schedules.id"],
            name=op.f("fk_checkin_rounds_schedule_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkin_rounds")),
        sa.UniqueConstraint(
            "channel_id", "ts", name=op.f("uq_checkin_rounds_channel_id_ts")
        ),
        sa.UniqueConstraint(
            "schedule_id",
            "local_date",
            name=op.f("uq_checkin_rounds_schedule_id_local_date"),
        ),
    )
    with op.batch_alter_table("checkin_rounds", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_checkin_rounds_state_closes_at"),
            ["state", "closes_at"],
            unique=False,
        )

    op.create_table(
        "checkin_seats",
        sa.Column(
            "schedule_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("is_in", sa.Boolean(), nullable=False),
        sa.Column("is_asked", sa.Boolean(), nullable=False),
        sa.Column("counted_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("nudges_stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["checkin_schedules.id"],
            name=op.f("fk_checkin_seats_schedule_id"),
        ),
        sa.PrimaryKeyConstraint("schedule_id", "member", name=op.f("pk_checkin_seats")),
    )
    with op.batch_alter_table("checkin_seats", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_checkin_seats_member"), ["member"], unique=False
        )

    op.create_table(
        "checkin_replies",
        sa.Column(
            "channel_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("ts", sa.String(), nullable=False),
        sa.Column(
            "round_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_checkin_replies_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["checkin_rounds.id"],
            name=op.f("fk_checkin_replies_round_id"),
        ),
        sa.PrimaryKeyConstraint("channel_id", "ts", name=op.f("pk_checkin_replies")),
    )
    with op.batch_alter_table("checkin_replies", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_checkin_replies_author"), ["author"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_checkin_replies_round_id_author"),
            ["round_id", "author"],
            unique=False,
        )

    op.create_table(
        "checkins",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "round_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("working_on", sa.Text(), nullable=False),
        sa.Column("stuck_on", sa.Text(), nullable=False),
        sa.Column("proud_of", sa.Text(), nullable=False),
        sa.Column("reflection", sa.Text(), nullable=False),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("reply_ts", sa.String(), nullable=True),
        sa.Column("nudge_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("was_away", sa.Boolean(), nullable=False),
        sa.Column(
            "ask_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("ask_state", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'visiting', 'shared', 'silent', 'away')",
            name=op.f("ck_checkins_state"),
        ),
        sa.ForeignKeyConstraint(
            ["ask_id"], ["asks.id"], name=op.f("fk_checkins_ask_id")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["checkin_rounds.id"], name=op.f("fk_checkins_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkins")),
        sa.UniqueConstraint("ask_id", name=op.f("uq_checkins_ask_id")),
        sa.UniqueConstraint(
            "round_id", "member", name=op.f("uq_checkins_round_id_member")
        ),
    )
    with op.batch_alter_table("checkins", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_checkins_member"), ["member"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_checkins_nudge_at"), ["nudge_at"], unique=False
        )

    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "is_away", sa.Boolean(), nullable=False, server_default=sa.false()
            )
        )
        batch_op.add_column(
            sa.Column("away_until", sa.DateTime(timezone=True), nullable=True)
        )

    with op.batch_alter_table("asks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origin", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("asks", schema=None) as batch_op:
        batch_op.drop_column("origin")

    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_column("away_until")
        batch_op.drop_column("is_away")

    with op.batch_alter_table("checkins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checkins_nudge_at"))
        batch_op.drop_index(batch_op.f("ix_checkins_member"))

    op.drop_table("checkins")
    with op.batch_alter_table("checkin_replies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checkin_replies_round_id_author"))
        batch_op.drop_index(batch_op.f("ix_checkin_replies_author"))

    op.drop_table("checkin_replies")
    with op.batch_alter_table("checkin_seats", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checkin_seats_member"))

    op.drop_table("checkin_seats")
    with op.batch_alter_table("checkin_rounds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checkin_rounds_state_closes_at"))

    op.drop_table("checkin_rounds")
    with op.batch_alter_table("checkin_schedules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checkin_schedules_next_at"))
        batch_op.drop_index(batch_op.f("ix_checkin_schedules_channel_id"))

    op.drop_table("checkin_schedules")
