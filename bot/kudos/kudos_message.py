"""The message with kudos in a channel: post it, and keep it up to date."""

from sqlalchemy import func, select

from bot.kudos import blocks, history, reactions, rules, service
from bot.kudos.blocks import KudosView
from bot.kudos.message_kinds import KUDOS_NOT_POSTED, KUDOS_POST, KUDOS_UPDATE
from bot.messages import tracked_messages
from bot.outbox.posted_message import LOST, PostedMessage
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.blocks import Note
from bot.workspace import members
from models import Channel, Kudos, KudosThanks


def _lock(tx: Transaction, kudos_id: int) -> None:
    """Lock the kudos' channel and then the kudos, as all transactions do."""
    channel_id = tx.session.get_one(Kudos, kudos_id).channel_id
    if channel_id is not None:
        tracked_messages.lock_channel(tx.session, channel_id)
    tx.session.execute(
        select(Kudos.id).filter_by(id=kudos_id).with_for_update(key_share=True)
    )


def _render_post(tx: Transaction, kudos: Kudos, _delivery: Delivery) -> Note | None:
    if kudos.taken_back_at is not None or kudos.channel_id is None:
        return None
    return _note(tx, kudos)


def _thread_ts(_tx: Transaction, kudos: Kudos) -> str | None:
    return kudos.thread_ts


def _note(tx: Transaction, kudos: Kudos) -> Note:
    channel = tx.session.get_one(Channel, kudos.channel_id)
    join_count = tx.session.scalar(
        select(func.count(func.distinct(KudosThanks.giver))).filter_by(
            kudos_id=kudos.id, is_join=True
        )
    )
    giver, *recipients = members.names_in_order(tx, [kudos.giver, *kudos.recipients])
    view = KudosView(
        id=kudos.id,
        giver=giver,
        recipients=kudos.recipients,
        reason=kudos.reason,
        tags=kudos.tags,
        join_count=join_count or 0,
        join_emoji=rules.join_emoji(channel.join_emoji)[0],
        subject_url=_subject_url(tx, kudos, channel),
        taken_back_by=_taken_back_by(tx, kudos),
    )
    return blocks.summary(view, recipients), blocks.message(view)


def _taken_back_by(tx: Transaction, kudos: Kudos) -> str | None:
    if kudos.taken_back_at is None:
        return None
    by_giver = kudos.taken_back_by in {None, kudos.giver}
    return members.name(tx, kudos.giver) if by_giver else "An admin"


def _subject_url(tx: Transaction, kudos: Kudos, channel: Channel) -> str | None:
    """Return a permalink to the message that the kudos are about.

    None if that is in another private channel.
    """
    if kudos.about_channel_id is None:
        return None
    subject_channel = tx.session.get_one(Channel, kudos.about_channel_id)
    is_public = (
        subject_channel.fetched_at is not None and not subject_channel.is_private
    )
    if subject_channel.id != channel.id and not is_public:
        return None
    return history.subject_url(
        tx.workspace, kudos, {subject_channel.id: subject_channel.slack_id}
    )


def _on_posted(tx: Transaction, kudos: Kudos) -> None:
    """Notify the recipients, who get a link to the message, and count reactions."""
    if kudos.taken_back_at is None:
        service.notify_recipients(tx, kudos, kudos.recipients)
        reactions.attach_reactions(tx, kudos)


def _on_rejected(tx: Transaction, kudos: Kudos, error: str) -> None:
    """Take the kudos back, and send the giver their text."""
    if kudos.taken_back_at is None:
        service.revoke(tx, kudos, by=None)
        _notify_not_posted(tx, kudos, error)


def _on_lost(tx: Transaction, kudos: Kudos) -> None:
    """Keep the kudos, and ask the giver to check whether they were posted."""
    if kudos.taken_back_at is None:
        service.notify_recipients(tx, kudos, kudos.recipients)
        _notify_not_posted(tx, kudos, LOST)


def _notify_not_posted(tx: Transaction, kudos: Kudos, error: str) -> None:
    tx.enqueue(KUDOS_NOT_POSTED, kudos.id, to=kudos.giver, payload={"error": error})


KUDOS_MESSAGE = PostedMessage(
    model=Kudos,
    lock=_lock,
    post=KUDOS_POST,
    render_post=_render_post,
    thread_ts=_thread_ts,
    on_posted=_on_posted,
    on_rejected=_on_rejected,
    on_lost=_on_lost,
    update=KUDOS_UPDATE,
    render_update=_note,
)
