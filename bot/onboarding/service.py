"""Introduce the bot to each channel once, and greet each newcomer once."""

from datetime import datetime, timedelta

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.asks import emoji_rules
from bot.clock import datetime_to_micros
from bot.db.statements import upsert
from bot.errors import UserError
from bot.onboarding import blocks
from bot.onboarding.message_kinds import (
    ONBOARDING_GREETING,
    ONBOARDING_INTRODUCTION,
    ONBOARDING_PREVIEW,
    ONBOARDING_UPDATE_PREVIEW,
)
from bot.onboarding.permissions import INTRODUCE
from bot.outbox.enqueue import dedup_key
from bot.permissions import EDIT_OWN_SETTINGS, require
from bot.programs import defaults
from bot.programs import service as programs
from bot.programs.rules import Texts
from bot.runtime import Transaction
from bot.slack.blocks import NOT_IN_CHANNEL, Note
from bot.workspace import channels, leads, member_settings, members, roles
from models import Channel, ChannelIntroduction, OutboxItem

CHANNEL_NOT_FOUND = "I no longer know that channel."


def on_bot_joined(tx: Transaction, channel: Channel, *, inviter: str | None) -> None:
    """On the bot's first join of a channel, ask its inviter about the introduction.

    Repeated events change nothing; only the first inviter is asked.
    """
    result = tx.session.execute(
        upsert(tx.session, ChannelIntroduction)
        .values(channel_id=channel.id, inviter=inviter)
        .on_conflict_do_nothing()
        .returning(ChannelIntroduction.channel_id)
    )
    if result.first() is None or inviter is None:
        return
    members.ensure(tx, [inviter])
    tx.enqueue(ONBOARDING_PREVIEW, channel.id, to=inviter)


def introduction_note(tx: Transaction, channel: Channel) -> Note:
    """Return the bot's introduction for the channel."""
    return blocks.introduction(program_texts(tx, channel))


def program_texts(tx: Transaction, channel: Channel) -> Texts:
    """Return the texts of the workspace's own program, with the channel's emoji."""
    return defaults.program_texts(
        programs.find_workspace_program(tx),
        helpful=emoji_rules.helpful(channel.helpful_emoji),
        solved=emoji_rules.solved(channel.solved_emoji),
    )


def settings_section(tx: Transaction, channel: Channel) -> list[Block]:
    """Return the section of the channel's settings; empty after the introduction."""
    introduction = tx.session.get(ChannelIntroduction, channel.id)
    is_posted = introduction is not None and introduction.posted_at is not None
    return [] if is_posted else blocks.settings_offer(channel.id)


def preview_form(tx: Transaction, channel_id: int, *, by: str) -> View:
    """Return the preview for those who may post it; raises UserError."""
    channel = _channel(tx, channel_id)
    _require_permission(
        tx, channel, tx.session.get(ChannelIntroduction, channel.id), by
    )
    return blocks.preview_modal(channel.id, introduction_note(tx, channel)[1])


def post(tx: Transaction, channel_id: int, *, by: str) -> Note:
    """Introduce the bot in the channel, once; return the note for the preview's place.

    Raises UserError if `by` may not, or if the bot can't post in the channel.
    """
    channel = _channel(tx, channel_id)
    introduction = _lock_introduction(tx.session, channel)
    _require_permission(tx, channel, introduction, by)
    if introduction.posted_at is not None:
        return blocks.already_posted(channel.slack_id, channel.name)
    if not channel.is_joined:
        raise UserError(NOT_IN_CHANNEL)
    if channel.is_archived:
        raise UserError("This channel is archived.")
    introduction.posted_by, introduction.posted_at = by, tx.now
    tx.enqueue(
        ONBOARDING_INTRODUCTION,
        channel.id,
        to=channel.slack_id,
        occurrence=str(datetime_to_micros(tx.now)),
    )
    if introduction.inviter is not None and introduction.inviter != by:
        tx.enqueue_update(
            ONBOARDING_UPDATE_PREVIEW, channel.id, to=introduction.inviter
        )
    return blocks.posted(channel.slack_id, channel.name)


def dismiss_introduction(tx: Transaction, channel_id: int, *, by: str) -> Note:
    """Post no introduction; return the answer. Raises UserError if they may not."""
    channel = _channel(tx, channel_id)
    introduction = tx.session.get(ChannelIntroduction, channel.id)
    _require_permission(tx, channel, introduction, by)
    if introduction is not None and introduction.posted_at is not None:
        return blocks.already_posted(channel.slack_id, channel.name)
    return blocks.not_now(channel.id, channel.slack_id, channel.name)


def _channel(tx: Transaction, channel_id: int) -> Channel:
    channel = tx.session.scalar(
        select(Channel).filter_by(id=channel_id, installation_id=tx.workspace.id)
    )
    if channel is None:
        raise UserError(CHANNEL_NOT_FOUND)
    return channel


def _lock_introduction(session: Session, channel: Channel) -> ChannelIntroduction:
    """Lock the channel's row, which is created if the bot's join event was missed."""
    session.execute(
        upsert(session, ChannelIntroduction)
        .values(channel_id=channel.id)
        .on_conflict_do_nothing()
    )
    return session.scalars(
        select(ChannelIntroduction).filter_by(channel_id=channel.id).with_for_update()
    ).one()


def _require_permission(
    tx: Transaction, channel: Channel, introduction: ChannelIntroduction | None, by: str
) -> None:
    inviter = introduction.inviter if introduction else None
    roles.authorize(
        tx, channel, INTRODUCE, by, author=inviter, denial=CHANNEL_NOT_FOUND
    )


def greet(
    tx: Transaction, slack_channel: str, member: str, *, joined_at: datetime
) -> None:
    """Enqueue the greeting of a member who joined a channel, if they are a newcomer.

    A member is greeted only once, whichever channels they join. The greeting is sent in
    their daytime, and only if they still want greetings then.
    """
    channel = channels.find(tx, slack_channel)
    if channel is None or not channel.is_joined:
        return
    if not is_newcomer(joined_at, channel.bot_joined_at):
        return
    row = members.find(tx, member)
    # Erased members get no messages until they use the bot again.
    if row is not None and row.erased_at is not None:
        return
    if members.is_before_erasure(
        tx, member, event_micros=datetime_to_micros(joined_at)
    ):
        return
    settings = member_settings.get(tx, member)
    if settings.is_greeted or not settings.wants_greetings:
        return
    members.ensure(tx, [member])
    # The greeting offers to join it.
    leads.workspace_program_id(tx)
    pending = _pending_greeting(tx, member)
    joined = dict(pending.payload["joined"]) if pending else {}
    # Keys of JSON objects are strings.
    key = str(channel.id)
    joined[key] = max(datetime_to_micros(joined_at), joined.get(key, 0))
    tx.enqueue(ONBOARDING_GREETING, 0, to=member, payload={"joined": joined})


def on_member_left(
    tx: Transaction, slack_channel: str, member: str, *, left_at: datetime
) -> None:
    """Remove the channel from the member's pending greeting."""
    channel = channels.find(tx, slack_channel)
    pending = _pending_greeting(tx, member)
    if channel is None or pending is None:
        return
    joined = dict(pending.payload["joined"])
    joined_at_micros = joined.pop(str(channel.id), None)
    # A late event may be from before they joined again.
    if joined_at_micros is None or datetime_to_micros(left_at) < joined_at_micros:
        return
    if joined:
        pending.payload = {"joined": joined}
    else:
        pending.state, pending.finished_at = "cancelled", tx.now


def _pending_greeting(tx: Transaction, member: str) -> OutboxItem | None:
    return tx.session.scalar(
        select(OutboxItem)
        .filter_by(
            installation_id=tx.workspace.id,
            dedup_key=dedup_key(ONBOARDING_GREETING, 0, member),
            state="pending",
        )
        .with_for_update()
    )


def opt_out_of_greetings(tx: Transaction, *, by: str) -> Note:
    """Turn greetings off for a member. Raises UserError for non-members."""
    require(EDIT_OWN_SETTINGS, roles.in_workspace(tx, by))
    member_settings.update(tx, by, wants_greetings=False)
    return blocks.greetings_off()


# Members who join within this time after the bot were invited along with it, when the
# channel was set up; they are no newcomers.
SETUP_PERIOD = timedelta(minutes=5)


def is_newcomer(joined_at: datetime, bot_joined_at: datetime | None) -> bool:
    """Return True if the member joined after SETUP_PERIOD.

    `bot_joined_at` is None if the bot joined before it recorded joins.
    """
    return bot_joined_at is None or joined_at >= bot_joined_at + SETUP_PERIOD
