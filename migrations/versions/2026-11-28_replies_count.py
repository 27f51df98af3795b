"""replies in a check-in count for everybody who may take part

Revision ID: 8d41c7a95e02
Revises: 5e0f2a86c41d
"""

import sqlalchemy as sa
from alembic import op

revision = "8d41c7a95e02"
down_revision = "5e0f2a86c41d"
branch_labels = None
depends_on = None


def upgrade() -> None:
    checkins = sa.table(
        "checkins", sa.column("state"), sa.column("member"), sa.column("round_id")
    )
    rounds = sa.table("checkin_rounds", sa.column("id"), sa.column("channel_id"))
    channels = sa.table(
        "channels",
        sa.column("id"),
        sa.column("installation_id"),
        sa.column("guests_may_ask"),
    )
    members = sa.table(
        "members",
        sa.column("installation_id"),
        sa.column("slack_id"),
        sa.column("is_bot"),
        sa.column("is_guest"),
        sa.column("is_stranger"),
    )
    may_not_take_part = sa.exists().where(
        rounds.c.id == checkins.c.round_id,
        channels.c.id == rounds.c.channel_id,
        members.c.installation_id == channels.c.installation_id,
        members.c.slack_id == checkins.c.member,
        members.c.is_bot
        | members.c.is_stranger
        | (members.c.is_guest & ~channels.c.guests_may_ask),
    )
    has_replied = checkins.c.state == "visiting"
    op.execute(checkins.delete().where(has_replied, may_not_take_part))
    op.execute(checkins.update().where(has_replied).values(state="shared"))
    _states("'waiting', 'shared', 'silent', 'away'")


def downgrade() -> None:
    _states("'waiting', 'visiting', 'shared', 'silent', 'away'")


def _states(allowed: str) -> None:
    with op.batch_alter_table("checkins", schema=None) as batch_op:
        batch_op.drop_constraint("state", type_="check")
        batch_op.create_check_constraint("state", f"state IN ({allowed})")
