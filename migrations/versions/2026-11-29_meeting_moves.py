"""Store proposals to move meetings of circles.

Revision ID: f4871bebbc73
Revises: c3f80a7d92b5
"""

import sqlalchemy as sa
from alembic import op

revision = "f4871bebbc73"
down_revision = "c3f80a7d92b5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meeting_moves",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "meeting_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_accepted", sa.Boolean(), nullable=True),
        sa.Column("moved_from", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["circle_meetings.id"],
            name=op.f("fk_meeting_moves_meeting_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_moves")),
        sa.UniqueConstraint(
            "meeting_id",
            "proposed_by",
            name=op.f("uq_meeting_moves_meeting_id_proposed_by"),
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("meeting_moves", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_meeting_moves_proposed_by"), ["proposed_by"], unique=False
        )

    op.create_table(
        "meeting_move_answers",
        sa.Column(
            "move_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("is_yes", sa.Boolean(), nullable=False),
        sa.Column(
            "event_micros",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["move_id"],
            ["meeting_moves.id"],
            name=op.f("fk_meeting_move_answers_move_id"),
        ),
        sa.PrimaryKeyConstraint(
            "move_id", "member", name=op.f("pk_meeting_move_answers")
        ),
    )
    with op.batch_alter_table("meeting_move_answers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_meeting_move_answers_member"), ["member"], unique=False
        )

    with op.batch_alter_table("circle_meetings", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("moved_from", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column("moved_to", sa.DateTime(timezone=True), nullable=True)
        )


def downgrade() -> None:
    with op.batch_alter_table("circle_meetings", schema=None) as batch_op:
        batch_op.drop_column("moved_to")
        batch_op.drop_column("moved_from")

    with op.batch_alter_table("meeting_move_answers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_move_answers_member"))

    op.drop_table("meeting_move_answers")
    with op.batch_alter_table("meeting_moves", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_moves_proposed_by"))

    op.drop_table("meeting_moves")
