"""Ask people who may know: steps, requests, refusals, and their settings.

Revision ID: b7d1c80f4e35
Revises: b3a9c61e50d4
"""

import sqlalchemy as sa
from alembic import op

revision = "b7d1c80f4e35"
down_revision = "b3a9c61e50d4"
branch_labels = None
depends_on = None

AFTER_THE_LAST_STEP = 5


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    time = sa.DateTime(timezone=True)
    op.create_table(
        "ask_routes",
        sa.Column("ask_id", number, autoincrement=False, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("next_step", number, nullable=False),
        sa.Column("due_at", time, nullable=True),
        sa.Column("is_hurried", sa.Boolean(), nullable=False),
        sa.Column("has_open_notice", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ask_id"], ["asks.id"], name="fk_ask_routes_ask_id"),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_ask_routes_installation_id",
        ),
        sa.PrimaryKeyConstraint("ask_id", name="pk_ask_routes"),
    )
    op.create_index(
        "ix_ask_routes_installation_id_due_at",
        "ask_routes",
        ["installation_id", "due_at"],
    )
    has_notice = sa.text("has_open_notice")
    op.create_index(
        "ix_ask_routes_notice",
        "ask_routes",
        ["installation_id"],
        sqlite_where=has_notice,
        postgresql_where=has_notice,
    )
    op.create_table(
        "ask_steps",
        sa.Column("ask_id", number, nullable=False),
        sa.Column("step", number, nullable=False),
        sa.Column("taken_at", time, nullable=False),
        sa.Column("request_count", number, nullable=False),
        sa.Column("is_sideways", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ask_id"], ["asks.id"], name="fk_ask_steps_ask_id"),
        sa.PrimaryKeyConstraint("ask_id", "step", name="pk_ask_steps"),
    )
    op.create_table(
        "help_requests",
        sa.Column("id", number, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("ask_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("step", number, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("reason_ask_id", number, nullable=True),
        sa.Column("reason_topic", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("requested_at", time, nullable=False),
        sa.Column("ended_at", time, nullable=True),
        sa.CheckConstraint(
            "outcome IN ('open', 'helping', 'declined', 'over')",
            name="outcome",
        ),
        sa.CheckConstraint(
            "reason IN ('solved', 'helped', 'answered', 'topic', 'active')",
            name="reason",
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_help_requests_installation_id",
        ),
        sa.ForeignKeyConstraint(
            ["ask_id"], ["asks.id"], name="fk_help_requests_ask_id"
        ),
        sa.ForeignKeyConstraint(
            ["reason_ask_id"], ["asks.id"], name="fk_help_requests_reason_ask_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_help_requests"),
        sa.UniqueConstraint("ask_id", "member", name="uq_help_requests_ask_id_member"),
        # Old rows are deleted, and the outbox remembers their ids: none comes again.
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_help_requests_installation_id_member_requested_at",
        "help_requests",
        ["installation_id", "member", "requested_at"],
    )
    is_open = sa.text("outcome = 'open'")
    op.create_index(
        "ix_help_requests_open",
        "help_requests",
        ["installation_id", "ask_id"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "refused_channels",
        sa.Column("channel_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("refused_at", time, nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_refused_channels_channel_id"
        ),
        sa.PrimaryKeyConstraint("channel_id", "member", name="pk_refused_channels"),
    )
    for column in (
        sa.Column("routes_asks", sa.Boolean(), nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("holidays_of", sa.String(), nullable=True),
        sa.Column("days_off", sa.JSON(), nullable=False, server_default="[]"),
    ):
        op.add_column("channels", column)
    op.add_column(
        "member_settings",
        sa.Column("topics_refused", sa.JSON(), nullable=False, server_default="[]"),
    )
    # Nobody is asked about what was asked before.
    op.execute(
        sa.text(
            "INSERT INTO ask_routes"
            " (ask_id, installation_id, next_step, due_at, is_hurried, has_open_notice)"
            " SELECT id, installation_id, :next_step, NULL, false, false FROM asks"
        ).bindparams(next_step=AFTER_THE_LAST_STEP)
    )


def downgrade() -> None:
    op.drop_column("member_settings", "topics_refused")
    for name in ("days_off", "holidays_of", "zone", "routes_asks"):
        op.drop_column("channels", name)
    for table in ("refused_channels", "help_requests", "ask_steps", "ask_routes"):
        op.drop_table(table)
