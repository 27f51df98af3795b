"""Personal data in check-ins, and messages about it."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import delete, exists, or_, select

from bot.checkins.message_kinds import (
    CHECKIN_ASK_CREATED,
    CHECKIN_DIGEST,
    CHECKIN_INVITE,
    CHECKIN_NOT_POSTED,
    CHECKIN_OFFER_ASK,
    CHECKIN_PAUSED,
    CHECKIN_POST,
    CHECKIN_REMINDER,
    CHECKIN_REMINDERS_STOPPED,
    CHECKIN_RESPONSE,
    CHECKIN_SKIPPED,
    CHECKIN_SYNC_THREAD,
    CHECKIN_UPDATE_RESPONSE,
)
from bot.personal_data import Erasure, MessagePolicy, TablePolicy
from bot.runtime import Transaction
from models import (
    Answer,
    Ask,
    Channel,
    CheckIn,
    CheckInReply,
    Participant,
    Round,
    Schedule,
)

_LEFT_KEPT_FOR = timedelta(days=365)


def _affected_rounds(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    """Return the rounds whose digest may name the member.

    They shared in it, or answered an ask that was made of a blocker.
    """
    return tx.session.scalars(
        select(CheckIn.round_id)
        .join(Round, Round.id == CheckIn.round_id)
        .join(Channel, Channel.id == Round.channel_id)
        .outerjoin(Answer, Answer.ask_id == CheckIn.ask_id)
        .where(
            Channel.installation_id == tx.workspace.id,
            or_(CheckIn.member == erasure.member, Answer.author == erasure.member),
        )
        .distinct()
    )


def _affected_checkins(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    """Return the member's responses, and those whose ask's text is erased."""
    return tx.session.scalars(
        select(CheckIn.id)
        .join(Round, Round.id == CheckIn.round_id)
        .join(Channel, Channel.id == Round.channel_id)
        .outerjoin(Ask, Ask.id == CheckIn.ask_id)
        .where(
            Channel.installation_id == tx.workspace.id,
            or_(CheckIn.member == erasure.member, Ask.asker == erasure.member),
        )
    )


def _lock_rounds(tx: Transaction, erasure: Erasure) -> None:
    """Lock the rounds with a response by the member, before it changes."""
    channel_ids = select(Channel.id).filter_by(installation_id=tx.workspace.id)
    tx.session.execute(
        select(Round.id)
        .where(
            Round.id.in_(select(CheckIn.round_id).filter_by(member=erasure.member)),
            Round.channel_id.in_(channel_ids),
        )
        .order_by(Round.id)
        .with_for_update(key_share=True)
    )


PERSONAL_DATA = (
    TablePolicy(
        model=Schedule,
        contents="Check-ins: the questions, when the bot asks, and who set them up.",
        purpose="Ask, and tell the person who set it up if that can't go on.",
        stays="One for each check-in.",
        owner_columns=("owner",),
        non_personal=(
            "question",
            "hint",
            "reflections",
            "every",
            "weekdays",
            "zone",
            "skip_dates",
            "holidays_of",
            "state",
            "pause_reason",
        ),
        key_columns=("source",),
    ),
    TablePolicy(
        model=Participant,
        contents="Who joined a check-in, left it, or was asked whether to join.",
        purpose="Remind only people who joined, and ask nobody twice to join.",
        retention="A year after they left, or after the last time of a check-in that"
        " was deleted.",
        stays="One for each person who is in a check-in, or was asked.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=Round,
        contents="Each time that a channel was asked, and the message.",
        purpose="Collect what people share there.",
        stays="One for each time; its message in Slack stays, too.",
        non_personal=("question", "hint", "reflection", "state", "reason", "ts"),
    ),
    TablePolicy(
        model=CheckIn,
        row_names=("check-in", "check-ins"),
        contents="What each member shared in the form, and whether they shared.",
        purpose="Show it in the thread, and remind once.",
        stays="Their messages in Slack stay, too.",
        owner_columns=("member",),
        text_columns={
            "working_on": "member",
            "stuck_on": "member",
            "proud_of": "member",
            "reflection": "member",
        },
        non_personal=("state", "ts", "reply_ts", "ask_state"),
        before_erasure=_lock_rounds,
    ),
    TablePolicy(
        model=CheckInReply,
        contents="Replies to a check-in: the message's id and author. Not their text.",
        purpose="Know who has shared something.",
        stays="Those messages in Slack stay, too.",
        owner_columns=("author",),
        non_personal=("ts",),
    ),
)


def purge(tx: Transaction) -> None:
    """Delete participants who left long ago, or whose check-in was deleted then."""
    before = tx.now - _LEFT_KEPT_FOR
    has_recent = exists().where(
        Round.schedule_id == Schedule.id, Round.closes_at >= before
    )
    schedules = select(Schedule.id).where(Schedule.installation_id == tx.workspace.id)
    over = schedules.where(Schedule.state == "deleted", ~has_recent)
    tx.session.execute(
        delete(Participant).where(
            Participant.schedule_id.in_(schedules),
            or_(
                Participant.is_active.is_(False) & (Participant.left_at < before),
                Participant.schedule_id.in_(over),
            ),
        )
    )


MESSAGES = (
    MessagePolicy(frozenset({CHECKIN_POST, CHECKIN_DIGEST}), _affected_rounds),
    MessagePolicy(
        frozenset({CHECKIN_RESPONSE, CHECKIN_UPDATE_RESPONSE}), _affected_checkins
    ),
    # These messages name no member but their recipient, or have no text.
    MessagePolicy(
        frozenset(
            {
                CHECKIN_ASK_CREATED,
                CHECKIN_INVITE,
                CHECKIN_NOT_POSTED,
                CHECKIN_REMINDER,
                CHECKIN_PAUSED,
                CHECKIN_SYNC_THREAD,
                CHECKIN_SKIPPED,
                CHECKIN_REMINDERS_STOPPED,
                CHECKIN_OFFER_ASK,
            }
        )
    ),
)

ERASURE_LINES = ("I remove the text and your name from what you shared in check-ins.",)
