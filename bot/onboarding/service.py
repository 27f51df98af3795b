"""The bot introduces itself to a channel once, and greets who is new there once."""

from datetime import datetime, timedelta

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import datetime_to_micros
from bot.db.statements import upsert
from bot.errors import UserError
from bot.onboarding import blocks
from bot.outbox import enqueue
from bot.permissions import Action, require
from bot.runtime import Workspace
from bot.slack.blocks import NOT_IN_CHANNEL, Note
from bot.workspace import channels, member_settings, members, roles
from models import Channel, ChannelIntroduction, OutboxItem

CHANNEL_NOT_FOUND = "I don't know that channel any more."


def on_bot_joined(
    session: Session, channel: Channel, *, inviter: str | None, now: datetime
) -> None:
    """The bot came to a channel for the first time: ask its inviter what to say.

    However often it is told so: the first inviter is the one who is asked.
    """
    added = session.execute(
        upsert(session, ChannelIntroduction)
        .values(channel_id=channel.id, inviter=inviter)
        .on_conflict_do_nothing()
        .returning(ChannelIntroduction.channel_id)
    )
    if added.first() is None or inviter is None:
        return
    members.ensure(session, channel.installation_id, [inviter])
    enqueue.enqueue(
        session,
        "newcomer.preview",
        channel.id,
        inviter,
        installation_id=channel.installation_id,
        now=now,
    )


def introduction_note(channel: Channel) -> Note:
    """What the bot would say in the channel."""
    return blocks.introduction(
        channels.helpful_emoji(channel), channels.solved_emoji(channel)
    )


def settings_section(session: Session, channel: Channel, _now: datetime) -> list[Block]:
    """The section of the channel's settings; empty once the bot has said it."""
    known = session.get(ChannelIntroduction, channel.id)
    is_said = known is not None and known.posted_at is not None
    return [] if is_said else blocks.settings_offer(channel.id)


def preview_form(
    session: Session, workspace: Workspace, channel_id: int, *, by: str, now: datetime
) -> View:
    """What would be posted, to whoever may post it; raises Refusal."""
    channel = _channel(session, workspace, channel_id)
    _require_permission(
        session, channel, session.get(ChannelIntroduction, channel.id), by, now
    )
    return blocks.preview_modal(channel.id, introduction_note(channel)[1])


def post(
    session: Session, workspace: Workspace, channel_id: int, *, by: str, now: datetime
) -> Note:
    """Introduce the bot in the channel, once; what to answer whoever pressed.

    Raises Refusal for whoever may not, and where the bot can't speak.
    """
    channel = _channel(session, workspace, channel_id)
    said = _lock_introduction(session, channel)
    _require_permission(session, channel, said, by, now)
    if said.posted_at is not None:
        return blocks.already_posted(channel.slack_id, channel.name)
    if not channel.is_joined:
        raise UserError(NOT_IN_CHANNEL)
    if channel.is_archived:
        raise UserError("This channel is archived.")
    said.posted_by, said.posted_at = by, now
    enqueue.enqueue(
        session,
        "newcomer.introduction",
        channel.id,
        channel.slack_id,
        installation_id=workspace.id,
        now=now,
        # What Slack refused may be tried again.
        occurrence=str(datetime_to_micros(now)),
    )
    if said.inviter is not None and said.inviter != by:
        enqueue.enqueue_update(
            session,
            "newcomer.previewed",
            channel.id,
            said.inviter,
            installation_id=workspace.id,
            now=now,
        )
    return blocks.posted(channel.slack_id, channel.name)


def dismiss_introduction(
    session: Session, workspace: Workspace, channel_id: int, *, by: str, now: datetime
) -> Note:
    """Say nothing for now; what to answer. Raises Refusal for whoever may not."""
    channel = _channel(session, workspace, channel_id)
    said = session.get(ChannelIntroduction, channel.id)
    _require_permission(session, channel, said, by, now)
    if said is not None and said.posted_at is not None:
        return blocks.already_posted(channel.slack_id, channel.name)
    return blocks.not_now(channel.id, channel.slack_id, channel.name)


def _channel(session: Session, workspace: Workspace, channel_id: int) -> Channel:
    channel = session.get(Channel, channel_id)
    if channel is None or channel.installation_id != workspace.id:
        raise UserError(CHANNEL_NOT_FOUND)
    return channel


def _lock_introduction(session: Session, channel: Channel) -> ChannelIntroduction:
    """The channel's row, made where the bot came unheard; of two clicks one waits."""
    session.execute(
        upsert(session, ChannelIntroduction)
        .values(channel_id=channel.id)
        .on_conflict_do_nothing()
    )
    return session.scalars(
        select(ChannelIntroduction).filter_by(channel_id=channel.id).with_for_update()
    ).one()


def _require_permission(
    session: Session,
    channel: Channel,
    introduction: ChannelIntroduction | None,
    by: str,
    now: datetime,
) -> None:
    inviter = introduction.inviter if introduction else None
    roles.authorize(
        session,
        channel,
        Action.INTRODUCE,
        by,
        now=now,
        author=inviter,
        denial=CHANNEL_NOT_FOUND,
    )


def greet(
    session: Session,
    workspace: Workspace,
    slack_channel: str,
    member: str,
    *,
    joined_at: datetime,
    now: datetime,
) -> None:
    """Somebody joined a channel: greet them in their daytime, if they are new to it.

    Once ever, whichever channels they join; who they are is known when it is sent.
    """
    channel = channels.find(session, workspace.id, slack_channel)
    if channel is None or not channel.is_joined:
        return
    if not is_newcomer(joined_at, channel.arrived_at):
        return
    known = members.find(session, workspace.id, member)
    # Nobody who has had themselves forgotten is written to, until they use the bot.
    if known is not None and known.forgotten_at is not None:
        return
    if members.is_before_erasure(
        session, workspace.id, member, event_micros=datetime_to_micros(joined_at)
    ):
        return
    chosen = member_settings.get(session, workspace.id, member)
    if chosen.is_greeted or not chosen.wants_greetings:
        return
    members.ensure(session, workspace.id, [member])
    waiting = _pending_greeting(session, workspace, member)
    joined = dict(waiting.detail["joined"]) if waiting else {}
    # JSON has no other keys than text.
    key = str(channel.id)
    joined[key] = max(datetime_to_micros(joined_at), joined.get(key, 0))
    enqueue.enqueue(
        session,
        "newcomer.greeting",
        # About no channel in particular, or there would be one for each.
        0,
        member,
        installation_id=workspace.id,
        now=now,
        # When they joined each channel that they may be welcomed to, in microseconds.
        payload={"joined": joined},
    )


def on_member_left(
    session: Session,
    workspace: Workspace,
    slack_channel: str,
    member: str,
    *,
    left_at: datetime,
    now: datetime,
) -> None:
    """Somebody left a channel: they are not welcomed to it any more."""
    channel = channels.find(session, workspace.id, slack_channel)
    waiting = _pending_greeting(session, workspace, member)
    if channel is None or waiting is None:
        return
    joined = dict(waiting.detail["joined"])
    joined_us = joined.pop(str(channel.id), None)
    # What is told late may be of before they joined again.
    if joined_us is None or datetime_to_micros(left_at) < joined_us:
        return
    if joined:
        waiting.detail = {"joined": joined}
    else:
        waiting.state, waiting.finished_at = "withdrawn", now


def _pending_greeting(
    session: Session, workspace: Workspace, member: str
) -> OutboxItem | None:
    return session.scalar(
        select(OutboxItem)
        .filter_by(
            installation_id=workspace.id,
            key=f"newcomer.greeting:0:{member}",
            state="pending",
        )
        .with_for_update()
    )


def opt_out_of_greetings(session: Session, workspace: Workspace, *, by: str) -> Note:
    """Raises Refusal for who is no member."""
    require(Action.EDIT_OWN_SETTINGS, roles.in_workspace(session, workspace.id, by))
    member_settings.update(session, workspace.id, by, wants_greetings=False)
    return blocks.greetings_off()


# Whoever is invited along with the bot, when a channel is set up, comes within it.
SETUP_PERIOD = timedelta(minutes=5)


def is_newcomer(joined_at: datetime, bot_joined_at: datetime | None) -> bool:
    """Whether somebody who joined then found the bot there already.

    `bot_arrived_at` is None where the bot came before it took note of that.
    """
    return bot_joined_at is None or joined_at >= bot_joined_at + SETUP_PERIOD
