"""Create the tables of asks without a name, and their settings.

Revision ID: 339f4484f6e0
Revises: a6f3c2d81e97
"""

import sqlalchemy as sa
from alembic import op

revision = "339f4484f6e0"
down_revision = "a6f3c2d81e97"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "secret_keys",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("previous_fingerprint", sa.String(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_secret_keys"),
    )
    op.create_table(
        "anonymous_counts",
        sa.Column("installation_id", number, nullable=False),
        sa.Column("blind_index", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_anonymous_counts_installation_id",
        ),
        sa.PrimaryKeyConstraint(
            "installation_id", "blind_index", "day", name="pk_anonymous_counts"
        ),
    )
    op.create_table(
        "anonymous_blocks",
        sa.Column("id", number, autoincrement=False, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("blind_index", sa.String(), nullable=False),
        sa.Column("channel_id", number, nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_anonymous_blocks_channel_id"
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_anonymous_blocks_installation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_anonymous_blocks"),
    )
    op.create_index(
        "ix_anonymous_blocks_installation_id_blind_index",
        "anonymous_blocks",
        ["installation_id", "blind_index"],
    )
    op.create_table(
        "anonymous_drafts",
        sa.Column("id", number, autoincrement=False, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("channel_id", number, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("topics", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("author", sa.LargeBinary(), nullable=False),
        sa.Column("blind_index", sa.String(), nullable=False),
        sa.Column("source_index", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'reviewed', 'refused')",
            name="ck_anonymous_drafts_state",
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_anonymous_drafts_channel_id"
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_anonymous_drafts_installation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_anonymous_drafts"),
        sa.UniqueConstraint(
            "installation_id",
            "source_index",
            name="uq_anonymous_drafts_installation_id_source_index",
        ),
    )
    op.create_index(
        "ix_anonymous_drafts_blind_index", "anonymous_drafts", ["blind_index"]
    )
    op.create_index(
        "ix_anonymous_drafts_installation_id_due_at",
        "anonymous_drafts",
        ["installation_id", "due_at"],
    )
    op.create_table(
        "anonymous_links",
        sa.Column("ask_id", number, nullable=False),
        sa.Column("installation_id", number, nullable=False),
        sa.Column("author", sa.LargeBinary(), nullable=False),
        sa.Column("blind_index", sa.String(), nullable=False),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_count", number, nullable=False),
        sa.Column("noticed_count", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["ask_id"], ["asks.id"], name="fk_anonymous_links_ask_id"
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_anonymous_links_installation_id",
        ),
        sa.PrimaryKeyConstraint("ask_id", name="pk_anonymous_links"),
    )
    op.create_index("ix_anonymous_links_cut_at", "anonymous_links", ["cut_at"])
    op.create_index(
        "ix_anonymous_links_installation_id_blind_index",
        "anonymous_links",
        ["installation_id", "blind_index"],
    )
    op.create_table(
        "anonymous_replies",
        sa.Column("id", number, autoincrement=False, nullable=False),
        sa.Column("ask_id", number, nullable=False),
        sa.Column("source_index", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ask_id"], ["asks.id"], name="fk_anonymous_replies_ask_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_anonymous_replies"),
        sa.UniqueConstraint("source_index", name="uq_anonymous_replies_source_index"),
    )
    op.create_index("ix_anonymous_replies_ask_id", "anonymous_replies", ["ask_id"])
    op.create_index("ix_anonymous_replies_due_at", "anonymous_replies", ["due_at"])
    op.create_table(
        "anonymous_reviews",
        sa.Column("ask_id", number, nullable=False),
        sa.Column("reporters", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_cleared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ask_id"], ["asks.id"], name="fk_anonymous_reviews_ask_id"
        ),
        sa.PrimaryKeyConstraint("ask_id", name="pk_anonymous_reviews"),
    )
    op.add_column(
        "channels",
        sa.Column("anonymous_asks", sa.String(), nullable=False, server_default="off"),
    )
    with op.batch_alter_table("workspace_settings") as batch:
        batch.add_column(sa.Column("anonymous_asks", sa.Boolean(), nullable=True))
        batch.add_column(sa.Column("anonymous_link_days", number, nullable=True))
        batch.add_column(sa.Column("anonymous_help_line", sa.String(), nullable=True))
        batch.create_check_constraint(
            "anonymous_link_days", "anonymous_link_days BETWEEN 7 AND 180"
        )


def downgrade() -> None:
    with op.batch_alter_table("workspace_settings") as batch:
        batch.drop_constraint("ck_workspace_settings_anonymous_link_days")
        batch.drop_column("anonymous_help_line")
        batch.drop_column("anonymous_link_days")
        batch.drop_column("anonymous_asks")
    op.drop_column("channels", "anonymous_asks")
    for table in (
        "anonymous_reviews",
        "anonymous_replies",
        "anonymous_links",
        "anonymous_drafts",
        "anonymous_blocks",
        "anonymous_counts",
        "secret_keys",
    ):
        op.drop_table(table)
