"""kudos

Revision ID: 5b0bdaa8806b
Revises: 364f629d5faf
"""

import sqlalchemy as sa
from alembic import op

revision = "5b0bdaa8806b"
down_revision = "364f629d5faf"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "givers",
        sa.Column(
            "installation_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("member", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name=op.f("fk_givers_installation_id"),
        ),
        sa.PrimaryKeyConstraint("installation_id", "member", name=op.f("pk_givers")),
    )
    op.create_table(
        "kudos",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "installation_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column(
            "channel_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("thread_ts", sa.String(), nullable=True),
        sa.Column(
            "about_channel_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        ),
        sa.Column("about_ts", sa.String(), nullable=True),
        sa.Column("about_thread_ts", sa.String(), nullable=True),
        sa.Column("emoji", sa.String(), nullable=True),
        sa.Column("giver", sa.String(), nullable=False),
        sa.Column("receivers", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["about_channel_id"],
            ["channels.id"],
            name=op.f("fk_kudos_about_channel_id"),
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_kudos_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name=op.f("fk_kudos_installation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kudos")),
        sa.UniqueConstraint("channel_id", "ts", name=op.f("uq_kudos_channel_id_ts")),
        sa.UniqueConstraint(
            "installation_id", "source", name=op.f("uq_kudos_installation_id_source")
        ),
    )
    with op.batch_alter_table("kudos", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_kudos_about_channel_id_about_ts"),
            ["about_channel_id", "about_ts"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_kudos_installation_id_giver_given_at"),
            ["installation_id", "giver", "given_at"],
            unique=False,
        )

    op.create_table(
        "kudos_reactions",
        sa.Column(
            "channel_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("message_ts", sa.String(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("emoji", sa.String(), nullable=False),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column(
            "at_us",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_kudos_reactions_channel_id")
        ),
        sa.PrimaryKeyConstraint(
            "channel_id",
            "message_ts",
            "member",
            "emoji",
            name=op.f("pk_kudos_reactions"),
        ),
    )
    op.create_table(
        "kudos_tags",
        sa.Column(
            "kudos_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column(
            "installation_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name=op.f("fk_kudos_tags_installation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["kudos_id"], ["kudos.id"], name=op.f("fk_kudos_tags_kudos_id")
        ),
        sa.PrimaryKeyConstraint("kudos_id", "tag", name=op.f("pk_kudos_tags")),
    )
    with op.batch_alter_table("kudos_tags", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_kudos_tags_installation_id_tag_given_at"),
            ["installation_id", "tag", "given_at"],
            unique=False,
        )

    op.create_table(
        "thanks",
        sa.Column(
            "kudos_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("giver", sa.String(), nullable=False),
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column(
            "installation_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_second", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name=op.f("fk_thanks_installation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["kudos_id"], ["kudos.id"], name=op.f("fk_thanks_kudos_id")
        ),
        sa.PrimaryKeyConstraint(
            "kudos_id", "giver", "receiver", name=op.f("pk_thanks")
        ),
    )
    with op.batch_alter_table("thanks", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_thanks_installation_id_given_at"),
            ["installation_id", "given_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_thanks_installation_id_giver_given_at"),
            ["installation_id", "giver", "given_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_thanks_installation_id_receiver_given_at"),
            ["installation_id", "receiver", "given_at"],
            unique=False,
        )

    with op.batch_alter_table("channels", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("second_emoji", sa.JSON(none_as_null=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column("kudos_emoji", sa.JSON(none_as_null=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column(
                "strangers_get_kudos",
                sa.Boolean(),
                nullable=False,
                server_default=sa.false(),
            )
        )

    with op.batch_alter_table("installations", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "kudos_a_day",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=True,
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("installations", schema=None) as batch_op:
        batch_op.drop_column("kudos_a_day")

    with op.batch_alter_table("channels", schema=None) as batch_op:
        batch_op.drop_column("strangers_get_kudos")
        batch_op.drop_column("kudos_emoji")
        batch_op.drop_column("second_emoji")

    with op.batch_alter_table("thanks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_thanks_installation_id_receiver_given_at"))
        batch_op.drop_index(batch_op.f("ix_thanks_installation_id_giver_given_at"))
        batch_op.drop_index(batch_op.f("ix_thanks_installation_id_given_at"))

    op.drop_table("thanks")
    with op.batch_alter_table("kudos_tags", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kudos_tags_installation_id_tag_given_at"))

    op.drop_table("kudos_tags")
    op.drop_table("kudos_reactions")
    with op.batch_alter_table("kudos", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kudos_installation_id_giver_given_at"))
        batch_op.drop_index(batch_op.f("ix_kudos_about_channel_id_about_ts"))

    op.drop_table("kudos")
    op.drop_table("givers")
