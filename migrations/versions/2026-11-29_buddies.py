"""Let people who came some months ago be buddies of newcomers.

Revision ID: 3c7d51f0a9e4
Revises: 3c7f0b9a5e18
"""

import sqlalchemy as sa
from alembic import op

revision = "3c7d51f0a9e4"
down_revision = "3c7f0b9a5e18"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    time = sa.DateTime(timezone=True)
    op.create_table(
        "buddy_offers",
        sa.Column("installation_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("is_in", sa.Boolean(), nullable=False),
        sa.Column("event_micros", number, nullable=False),
        sa.Column("paused_at", time, nullable=True),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_buddy_offers_installation_id",
        ),
        sa.PrimaryKeyConstraint("installation_id", "member", name="pk_buddy_offers"),
    )
    op.create_table(
        "buddy_wishes",
        sa.Column("installation_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("asked_at", time, nullable=True),
        sa.Column("event_micros", number, nullable=False),
        sa.Column("wanted_at", time, nullable=True),
        sa.Column("changed_at", time, nullable=False),
        sa.Column("looked_at", time, nullable=True),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_buddy_wishes_installation_id",
        ),
        sa.PrimaryKeyConstraint("installation_id", "member", name="pk_buddy_wishes"),
    )
    op.create_table(
        "buddy_questions",
        sa.Column("id", number, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("buddy", sa.String(), nullable=False),
        sa.Column("newcomer", sa.String(), nullable=False),
        sa.Column("asked_at", time, nullable=False),
        sa.Column("sent_at", time, nullable=True),
        sa.Column("ends_at", time, nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answer_micros", number, nullable=False),
        sa.CheckConstraint("answer IN ('yes', 'not_now')", name="answer"),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_buddy_questions_installation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_buddy_questions"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "buddy_pairs",
        sa.Column("id", number, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("newcomer", sa.String(), nullable=False),
        sa.Column("buddy", sa.String(), nullable=False),
        sa.Column("begun_at", time, nullable=False),
        sa.Column("ends_at", time, nullable=False),
        sa.Column("is_cut_short", sa.Boolean(), nullable=False),
        sa.Column("told_of_ask_at", time, nullable=True),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_buddy_pairs_installation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_buddy_pairs"),
        sqlite_autoincrement=True,
    )
    for table, columns in (
        ("buddy_questions", ("buddy", "newcomer")),
        ("buddy_pairs", ("newcomer", "buddy", "ends_at")),
    ):
        for column in columns:
            op.create_index(
                f"ix_{table}_installation_id_{column}",
                table,
                ["installation_id", column],
            )
    with op.batch_alter_table("workspace_settings") as batch:
        batch.add_column(sa.Column("buddies", sa.String(), nullable=True))
        batch.create_check_constraint("buddies", "buddies IN ('off', 'auto', 'on')")


def downgrade() -> None:
    with op.batch_alter_table("workspace_settings") as batch:
        batch.drop_constraint("ck_workspace_settings_buddies")
        batch.drop_column("buddies")
    for table in ("buddy_pairs", "buddy_questions", "buddy_wishes", "buddy_offers"):
        op.drop_table(table)
