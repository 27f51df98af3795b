"""Create the tables of programs, and put their leads into one of them.

Revision ID: 7d4e9a1c52b8
Revises: 5b1d70c2e9a4
"""

import sqlalchemy as sa
from alembic import op

revision = "7d4e9a1c52b8"
down_revision = "5b1d70c2e9a4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "programs",
        sa.Column("id", number, nullable=False),
        sa.Column(
            "installation_id",
            number,
            nullable=False,
        ),
        sa.Column("is_workspace_wide", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("goal", sa.String(), nullable=False),
        sa.Column("time_needed", sa.String(), nullable=False),
        sa.Column("benefit", sa.String(), nullable=False),
        sa.Column("rules", sa.JSON(none_as_null=True), nullable=False),
        sa.Column(
            "rules_version",
            number,
            nullable=False,
        ),
        sa.Column(
            "version",
            number,
            nullable=False,
        ),
        sa.Column("joining", sa.String(), nullable=False),
        sa.Column("guests_may_join", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_without_channel_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "joining IN ('open', 'invitation')", name="ck_programs_joining"
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_programs_installation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_programs"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_programs_installation_id", "programs", ["installation_id"], unique=False
    )
    op.create_index(
        "uq_programs_workspace_wide",
        "programs",
        ["installation_id"],
        unique=True,
        sqlite_where=sa.text("is_workspace_wide"),
        postgresql_where=sa.text("is_workspace_wide"),
    )

    op.create_table(
        "program_champions",
        sa.Column(
            "program_id",
            number,
            nullable=False,
        ),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("invited_by", sa.String(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_willing", sa.Boolean(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["program_id"],
            ["programs.id"],
            name="fk_program_champions_program_id",
        ),
        sa.PrimaryKeyConstraint("program_id", "member", name="pk_program_champions"),
    )
    op.create_index(
        "ix_program_champions_member", "program_champions", ["member"], unique=False
    )

    op.create_table(
        "program_channels",
        sa.Column(
            "program_id",
            number,
            nullable=False,
        ),
        sa.Column(
            "channel_id",
            number,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_program_channels_channel_id"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_program_channels_program_id"
        ),
        sa.PrimaryKeyConstraint("program_id", "channel_id", name="pk_program_channels"),
    )
    op.create_index(
        "ix_program_channels_channel_id",
        "program_channels",
        ["channel_id"],
        unique=False,
    )

    op.create_table(
        "program_invitations",
        sa.Column(
            "program_id",
            number,
            nullable=False,
        ),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("invited_by", sa.String(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"],
            ["programs.id"],
            name="fk_program_invitations_program_id",
        ),
        sa.PrimaryKeyConstraint("program_id", "member", name="pk_program_invitations"),
    )
    op.create_index(
        "ix_program_invitations_member", "program_invitations", ["member"], unique=False
    )

    op.create_table(
        "program_members",
        sa.Column(
            "program_id",
            number,
            nullable=False,
        ),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("is_joined", sa.Boolean(), nullable=False),
        sa.Column(
            "event_micros",
            number,
            nullable=False,
        ),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "rules_version",
            number,
            nullable=False,
        ),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.Column("asked_to_stay_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_program_members_program_id"
        ),
        sa.PrimaryKeyConstraint("program_id", "member", name="pk_program_members"),
    )
    op.create_index(
        "ix_program_members_member", "program_members", ["member"], unique=False
    )

    op.create_table(
        "program_questions",
        sa.Column("id", number, nullable=False),
        sa.Column(
            "program_id",
            number,
            nullable=False,
        ),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["program_id"],
            ["programs.id"],
            name="fk_program_questions_program_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_program_questions"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_program_questions_member", "program_questions", ["member"], unique=False
    )
    op.create_index(
        "ix_program_questions_program_id",
        "program_questions",
        ["program_id"],
        unique=False,
    )

    op.create_table(
        "work_items",
        sa.Column("id", number, nullable=False),
        sa.Column(
            "installation_id",
            number,
            nullable=False,
        ),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column(
            "channel_id",
            number,
            nullable=False,
        ),
        sa.Column("about", sa.String(), nullable=True),
        sa.Column("champion", sa.String(), nullable=False),
        sa.Column("previous_champion", sa.String(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('open', 'done', 'refused', 'over')",
            name="ck_work_items_outcome",
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_work_items_channel_id"
        ),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_work_items_installation_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_work_items"),
        sa.UniqueConstraint(
            "installation_id",
            "kind",
            "subject",
            name="uq_work_items_installation_id_kind_subject",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_work_items_about", "work_items", ["about"], unique=False)
    op.create_index(
        "ix_work_items_channel_id", "work_items", ["channel_id"], unique=False
    )
    op.create_index(
        "ix_work_items_installation_id_champion_outcome",
        "work_items",
        ["installation_id", "champion", "outcome"],
        unique=False,
    )
    op.create_index(
        "ix_work_items_installation_id_outcome_until",
        "work_items",
        ["installation_id", "outcome", "until"],
        unique=False,
    )

    op.add_column(
        "home_views",
        sa.Column("page", sa.String(), nullable=False, server_default="today"),
    )
    with op.batch_alter_table("home_views") as batch:
        batch.alter_column("page", server_default=None)
    with op.batch_alter_table("member_settings") as batch:
        batch.add_column(
            sa.Column(
                "participation", sa.String(), nullable=False, server_default="either"
            )
        )
        batch.add_column(
            sa.Column(
                "wants_work_list",
                sa.Boolean(),
                nullable=False,
                server_default=sa.true(),
            )
        )
        batch.create_check_constraint(
            "ck_member_settings_participation",
            "participation IN ('writing', 'calls', 'either')",
        )
    with op.batch_alter_table("member_settings") as batch:
        batch.alter_column("participation", server_default=None)
        batch.alter_column("wants_work_list", server_default=None)

    op.execute("CREATE TABLE workspace_leads AS SELECT * FROM program_leads")
    op.drop_table("program_leads")
    op.create_table(
        "program_leads",
        sa.Column("program_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("prompted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wants_prompts", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_program_leads_program_id"
        ),
        sa.PrimaryKeyConstraint("program_id", "member", name="pk_program_leads"),
    )
    op.create_index("ix_program_leads_member", "program_leads", ["member"])
    op.execute(
        "INSERT INTO programs (installation_id, is_workspace_wide, name, audience,"
        " goal, time_needed, benefit, rules, rules_version, version, joining,"
        " guests_may_join, opened_at)"
        " SELECT id, TRUE, '', '', '', '', '', '[]', 1, 1,"
        " 'open', FALSE, CURRENT_TIMESTAMP FROM installations"
        " WHERE id IN (SELECT installation_id FROM workspace_leads)"
    )
    op.execute(
        "INSERT INTO program_leads (program_id, member, wants_prompts)"
        " SELECT programs.id, member, TRUE FROM workspace_leads JOIN programs"
        " ON programs.installation_id = workspace_leads.installation_id"
    )
    op.drop_table("workspace_leads")


def downgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.execute("CREATE TABLE leads_of_programs AS SELECT * FROM program_leads")
    op.drop_table("program_leads")
    op.create_table(
        "program_leads",
        sa.Column("installation_id", number, nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"],
            ["installations.id"],
            name="fk_program_leads_installation_id",
        ),
        sa.PrimaryKeyConstraint("installation_id", "member", name="pk_program_leads"),
    )
    # The leads of other programs do not become leads of the workspace.
    op.execute(
        "INSERT INTO program_leads (installation_id, member)"
        " SELECT installation_id, member FROM leads_of_programs JOIN programs"
        " ON programs.id = leads_of_programs.program_id WHERE is_workspace_wide"
    )
    op.drop_table("leads_of_programs")
    with op.batch_alter_table("member_settings") as batch:
        batch.drop_constraint("ck_member_settings_participation", type_="check")
        batch.drop_column("wants_work_list")
        batch.drop_column("participation")
    op.drop_column("home_views", "page")
    for table in (
        "work_items",
        "program_questions",
        "program_members",
        "program_invitations",
        "program_channels",
        "program_champions",
        "programs",
    ):
        op.drop_table(table)
