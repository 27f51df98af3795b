"""What is kept of people apart from what they do; and all that is kept, in one list."""

from collections.abc import Sequence

from sqlalchemy import update

from bot.asks import personal_data as asks
from bot.checkins import personal_data as checkins
from bot.db.statements import table
from bot.home import personal_data as home
from bot.kudos import personal_data as kudos
from bot.mentors import personal_data as mentors
from bot.onboarding import personal_data as onboarding
from bot.personal_data import Erasure, MessagePolicy, TablePolicy
from bot.privacy.message_kinds import PRIVACY_DATA_FILE, PRIVACY_REDACT
from bot.runtime import Transaction
from models import (
    Champion,
    Channel,
    Installation,
    Member,
    MemberSettingsRow,
    OutboxChannel,
    OutboxItem,
    ProgramLead,
    RateLimit,
    WorkspaceSettingsRow,
)

UNTIL_DATABASE_DELETED = "The database is deleted."


def _write_tombstone(tx: Transaction, erasure: Erasure) -> None:
    """Only that they were forgotten: what Slack delivers late brings nothing back."""
    member = table(Member)
    tx.session.execute(
        update(member)
        .where(
            member.c.installation_id == tx.workspace.id,
            member.c.slack_id == erasure.member,
        )
        .values(
            name="",
            full_name="",
            handle="",
            tz=None,
            is_bot=False,
            is_deactivated=False,
            is_guest=False,
            is_stranger=False,
            is_admin=False,
            is_away=False,
            away_until=None,
            looked_up_at=None,
            deactivated_at=None,
            forgotten_at=tx.now,
            counts_from=tx.now,
        )
    )


CORE_TABLES: Sequence[TablePolicy] = (
    TablePolicy(
        model=Member,
        contents="People: what Slack's profile says of them: names, time zone, guest,"
        " admin or bot; when they were deactivated.",
        purpose="To call them by their name without notifying them; to know who may do"
        " what.",
        retention="The person is forgotten: then only the id stays, for 7 days, so that"
        " what Slack delivers late brings nothing back.",
        owner_columns=("slack_id",),
        non_personal=("name", "full_name", "handle", "tz"),
        on_erasure="trace",
        before_erasure=_write_tombstone,
    ),
    TablePolicy(
        model=Champion,
        contents="Who looks after a channel.",
        purpose="They may close and solve asks for others, and change its settings.",
        retention="It is taken back, or the person is forgotten.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=Channel,
        contents="Channels: what Slack's channel list says of them; their settings.",
        purpose="To know where the bot may do what.",
        retention=UNTIL_DATABASE_DELETED,
        non_personal=(
            "slack_id",
            "name",
            "capture",
            "captured_sign",
            "helpful_emoji",
            "solved_emoji",
            "kudos_emoji",
            "second_emoji",
            "topics",
        ),
    ),
    TablePolicy(
        model=Installation,
        contents="The workspace: its id, name and address, and the bot's ids there. No"
        " token.",
        purpose="To make links to messages.",
        retention=UNTIL_DATABASE_DELETED,
        non_personal=(
            "team_id",
            "enterprise_id",
            "bot_id",
            "bot_user_id",
            "team_name",
            "team_url",
            "paused_because",
        ),
    ),
    TablePolicy(
        model=OutboxItem,
        contents="What was sent: what it was about, to whom, and where it stands. Not"
        " its words, which are drawn when it is sent.",
        purpose="So that nothing is said twice, and what was said can be reworded.",
        retention="The recipient is forgotten; its details go 30 days after the"
        " sending.",
        owner_columns=("recipient",),
        json_columns=("detail",),
        key_columns=("key",),
        non_personal=("kind", "state", "operation", "error", "slack_channel", "ts"),
    ),
    TablePolicy(
        model=OutboxChannel,
        contents="When the next message may go to a channel or a person.",
        purpose="Slack takes one a second.",
        retention="The person is forgotten.",
        owner_columns=("recipient",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=RateLimit,
        contents="Until when Slack does not want to be called with a method.",
        purpose="Slack asks for it.",
        retention=UNTIL_DATABASE_DELETED,
        non_personal=("method",),
    ),
)

WORKSPACE_SETTINGS = (
    TablePolicy(
        model=WorkspaceSettingsRow,
        contents="What the workspace decided for all of its channels.",
        purpose="To keep to it.",
        retention="The database is deleted.",
        non_personal=("channel_defaults",),
    ),
    TablePolicy(
        model=ProgramLead,
        contents="Who runs the program with the admins.",
        purpose="They may change the workspace's settings.",
        retention="It is taken back, or the person is forgotten.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
)


MEMBER_SETTINGS = (
    TablePolicy(
        model=MemberSettingsRow,
        contents="What members chose for themselves: topics, reminders, quiet hours,"
        " pauses, whether they may be named or asked; when they were greeted.",
        purpose="So that the bot leaves them alone when they wish, and greets them"
        " once.",
        retention="The person is forgotten.",
        owner_columns=("member",),
        non_personal=("topics_known", "topics_wanted", "may_be_named"),
        on_erasure="delete",
    ),
)


# In the order in which locks are taken.
PERSONAL_DATA: Sequence[TablePolicy] = (
    *home.PERSONAL_DATA,
    *asks.PERSONAL_DATA,
    *asks.ANSWER_PERSONAL_DATA,
    *kudos.PERSONAL_DATA,
    *mentors.PERSONAL_DATA,
    *checkins.PERSONAL_DATA,
    *onboarding.PERSONAL_DATA,
    *MEMBER_SETTINGS,
    *WORKSPACE_SETTINGS,
    *CORE_TABLES,
)

MESSAGES: Sequence[MessagePolicy] = (
    *asks.MESSAGES,
    *asks.ANSWER_MESSAGES,
    *kudos.MESSAGES,
    *mentors.MESSAGES,
    *checkins.MESSAGES,
    *onboarding.MESSAGES,
    *home.MESSAGES,
    # To one person, about nobody.
    MessagePolicy(frozenset({PRIVACY_DATA_FILE, PRIVACY_REDACT})),
)
