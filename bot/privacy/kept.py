"""What is kept of people apart from what they do; and all that is kept, in one list."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.answers import kept as answers
from bot.asks import kept as asks
from bot.checkins import kept as checkins
from bot.db import table
from bot.home import kept as home
from bot.kept import Kept, Leaving, Told
from bot.kudos import kept as kudos
from bot.mentors import kept as mentors
from bot.newcomers import kept as newcomers
from bot.policies import kept as policies
from bot.preferences import kept as preferences
from models import (
    Champion,
    Channel,
    Installation,
    Lane,
    Member,
    OutboxItem,
    Pause,
)

UNTIL_CHANNEL = "The database is deleted."


def _leave_a_trace(session: Session, leaving: Leaving) -> None:
    """Only that they were forgotten: what Slack delivers late brings nothing back."""
    member = table(Member)
    session.execute(
        update(member)
        .where(
            member.c.installation_id == leaving.installation_id,
            member.c.slack_id == leaving.member,
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
            forgotten_at=leaving.now,
            counts_from=leaving.now,
        )
    )


_OWN: Sequence[Kept] = (
    Kept(
        model=Member,
        what="People: what Slack's profile says of them: names, time zone, guest,"
        " admin or bot; when they were deactivated.",
        why="To call them by their name without notifying them; to know who may do"
        " what.",
        until="The person is forgotten: then only the id stays, for 7 days, so that"
        " what Slack delivers late brings nothing back.",
        owners=("slack_id",),
        neutral=("name", "full_name", "handle", "tz"),
        when_forgotten="trace",
        before=_leave_a_trace,
    ),
    Kept(
        model=Champion,
        what="Who looks after a channel.",
        why="They may close and solve asks for others, and change its settings.",
        until="It is taken back, or the person is forgotten.",
        owners=("member",),
        when_forgotten="delete",
    ),
    Kept(
        model=Channel,
        what="Channels: what Slack's channel list says of them; their settings.",
        why="To know where the bot may do what.",
        until=UNTIL_CHANNEL,
        neutral=(
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
    Kept(
        model=Installation,
        what="The workspace: its id, name and address, and the bot's ids there. No"
        " token.",
        why="To make links to messages.",
        until=UNTIL_CHANNEL,
        neutral=(
            "team_id",
            "enterprise_id",
            "bot_id",
            "bot_user_id",
            "team_name",
            "team_url",
            "paused_because",
        ),
    ),
    Kept(
        model=OutboxItem,
        what="What was sent: what it was about, to whom, and where it stands. Not its"
        " words, which are drawn when it is sent.",
        why="So that nothing is said twice, and what was said can be reworded.",
        until="The recipient is forgotten; its details go 30 days after the sending.",
        owners=("recipient",),
        json=("detail",),
        keys=("key",),
        neutral=("kind", "state", "operation", "error", "slack_channel", "ts"),
    ),
    Kept(
        model=Lane,
        what="When the next message may go to a channel or a person.",
        why="Slack takes one a second.",
        until="The person is forgotten.",
        owners=("recipient",),
        when_forgotten="delete",
    ),
    Kept(
        model=Pause,
        what="Until when Slack does not want to be called with a method.",
        why="Slack asks for it.",
        until=UNTIL_CHANNEL,
        neutral=("method",),
    ),
)

# In the order in which locks are taken.
EVERYTHING: Sequence[Kept] = (
    *home.KEPT,
    *asks.KEPT,
    *answers.KEPT,
    *kudos.KEPT,
    *mentors.KEPT,
    *checkins.KEPT,
    *newcomers.KEPT,
    *preferences.KEPT,
    *policies.KEPT,
    *_OWN,
)

TOLD: Sequence[Told] = (
    *asks.TOLD,
    *answers.TOLD,
    *kudos.TOLD,
    *mentors.TOLD,
    *checkins.TOLD,
    *newcomers.TOLD,
    *home.TOLD,
    # To one person, about nobody.
    Told(frozenset({"privacy.my_data", "privacy.reword"})),
)
