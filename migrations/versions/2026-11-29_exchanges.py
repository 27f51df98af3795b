"""Let two members learn from each other: wishes, exchanges, agreements.

Revision ID: 5d91b3e70c26
Revises: b90d7e15f2a6
"""

import sqlalchemy as sa
from alembic import op

revision = "5d91b3e70c26"
down_revision = "b90d7e15f2a6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    time = sa.DateTime(timezone=True)
    op.create_table(
        "exchange_wishes",
        sa.Column("installation_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("is_in", sa.Boolean(), nullable=False),
        sa.Column("event_micros", number, nullable=False),
        sa.Column("hours_a_month", number, nullable=False),
        sa.Column("max_exchanges", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_exchange_wishes_installation_id",
        ),
        sa.PrimaryKeyConstraint("installation_id", "member", name="pk_exchange_wishes"),
    )
    op.create_table(
        "exchanges",
        sa.Column("id", number, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("asker", sa.String(), nullable=False),
        sa.Column("peer", sa.String(), nullable=False),
        sa.Column("asked_at", time, nullable=False),
        sa.Column("begun_at", time, nullable=True),
        sa.Column("agreed_at", time, nullable=True),
        sa.Column("ends_at", time, nullable=False),
        sa.Column("is_cut_short", sa.Boolean(), nullable=False),
        sa.Column("version", number, nullable=False),
        sa.Column("edited_by", sa.String(), nullable=True),
        sa.Column("weeks_between", number, nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("how_we_meet", sa.String(), nullable=False),
        sa.Column("stays_between", sa.String(), nullable=False),
        sa.CheckConstraint("weeks_between BETWEEN 1 AND 4", name="weeks_between"),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_exchanges_installation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_exchanges"),
        sqlite_autoincrement=True,
    )
    for column in ("asker", "peer", "ends_at"):
        op.create_index(
            f"ix_exchanges_installation_id_{column}",
            "exchanges",
            ["installation_id", column],
        )
    op.create_table(
        "exchange_members",
        sa.Column("exchange_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answer_micros", number, nullable=False),
        sa.Column("hopes", sa.String(), nullable=False),
        sa.Column("brings", sa.String(), nullable=False),
        sa.Column("agreed_version", number, nullable=True),
        sa.Column("first_meeting", sa.String(), nullable=True),
        sa.Column("midpoint", sa.String(), nullable=True),
        sa.Column("got", sa.String(), nullable=False),
        sa.Column("gave", sa.String(), nullable=False),
        sa.Column("goes_on", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "answer IN ('yes', 'not_now', 'not_this', 'taken_back')", name="answer"
        ),
        sa.CheckConstraint(
            "first_meeting IN ('good', 'not_sure', 'not_for_me')", name="first_meeting"
        ),
        sa.CheckConstraint("midpoint IN ('good', 'change')", name="midpoint"),
        sa.ForeignKeyConstraint(
            ["exchange_id"],
            ["exchanges.id"],
            name="fk_exchange_members_exchange_id",
        ),
        sa.PrimaryKeyConstraint("exchange_id", "member", name="pk_exchange_members"),
    )
    op.create_index("ix_exchange_members_member", "exchange_members", ["member"])
    with op.batch_alter_table("workspace_settings") as batch:
        batch.add_column(sa.Column("exchange", sa.String(), nullable=True))
        batch.create_check_constraint("exchange", "exchange IN ('off', 'auto', 'on')")


def downgrade() -> None:
    with op.batch_alter_table("workspace_settings") as batch:
        batch.drop_constraint("ck_workspace_settings_exchange")
        batch.drop_column("exchange")
    op.drop_table("exchange_members")
    op.drop_table("exchanges")
    op.drop_table("exchange_wishes")
