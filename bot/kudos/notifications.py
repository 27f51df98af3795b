"""Draw what the outbox has promised about kudos, from what is true now."""

from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import visibility
from bot.kudos import blocks, history, notes, reactions, rules
from bot.kudos import service as kudos_
from bot.kudos.blocks import KudosView
from bot.kudos.message_kinds import (
    KUDOS_LIMIT_REACHED,
    KUDOS_NOT_POSTED,
    KUDOS_POST,
    KUDOS_RECEIPT,
    KUDOS_RECEIVED,
    KUDOS_UPDATE,
    KUDOS_UPDATE_RECEIPT,
    KUDOS_UPDATE_RECIPIENT,
)
from bot.messages import tracked_messages
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.actions import (
    PostEphemeral,
    PostIfNotMember,
    PostMessage,
    SlackAction,
    UpdateMessage,
)
from bot.slack.blocks import Note
from bot.workspace import channels, members
from models import Channel, Kudos, KudosThanks, OutboxItem


def render_post(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    if kudos.taken_back_at is not None or kudos.channel_id is None:
        return None
    channel = tx.session.get_one(Channel, kudos.channel_id)
    text, drawn = _message(tx, kudos, channel)
    return PostMessage(channel.slack_id, text, drawn, kudos.thread_ts)


def render_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    if kudos.ts is None or kudos.channel_id is None:
        return None
    channel = tx.session.get_one(Channel, kudos.channel_id)
    text, drawn = _message(tx, kudos, channel)
    return UpdateMessage(channel.slack_id, kudos.ts, text, drawn)


def render_received(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    if kudos.taken_back_at is not None:
        return None
    letter = PostMessage(delivery.recipient, *_recipient_note(tx, kudos, delivery))
    if kudos.channel_id is None or kudos.ts is None:
        return letter
    # Its message mentions them, and is all that they need who see it.
    channel = tx.session.get_one(Channel, kudos.channel_id)
    reader, now = delivery.recipient, delivery.started_at
    sees_it = visibility.is_member(replace(tx, now=now), channel, reader)
    if sees_it is None:
        return PostIfNotMember(letter, channel.slack_id)
    return None if sees_it else letter


def render_recipient_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    sent = find_sent(tx.session, kudos, KUDOS_RECEIVED, delivery.recipient)
    if sent is None:
        return None
    if kudos.taken_back_at is None:
        text, drawn = _recipient_note(tx, kudos, delivery)
    else:
        text, drawn = notes.taken_back_received(_name(tx, kudos.giver))
    return UpdateMessage(*sent, text, drawn)


def render_receipt(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    if kudos.taken_back_at is not None:
        return None
    text, drawn = receipt_note(
        tx,
        kudos,
        remaining=delivery.payload["left"],
        warnings=delivery.payload["dropped"],
    )
    if delivery.recipient == kudos.giver:
        return PostMessage(kudos.giver, text, drawn)
    return PostEphemeral(
        delivery.recipient, kudos.giver, text, drawn, thread_ts=kudos.thread_ts
    )


def render_receipt_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """The giver's line without its button, which is of no use any more."""
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    sent = find_sent(tx.session, kudos, KUDOS_RECEIPT, delivery.recipient)
    if sent is None:
        return None
    if kudos.taken_back_at is not None:
        return UpdateMessage(*sent, *notes.taken_back_receipt())
    people = _names(tx, kudos.receivers)
    note = notes.final_receipt(people, is_private=kudos.is_private)
    return UpdateMessage(*sent, *note)


def receipt_note(
    tx: Transaction, kudos: Kudos, *, remaining: int, warnings: list[str]
) -> Note:
    """What a giver is answered, wherever that can be."""
    return notes.receipt(
        kudos.id,
        _names(tx, kudos.receivers),
        remaining=remaining,
        warnings=warnings,
        is_private=kudos.is_private,
    )


def render_limit_reached(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    channel = tx.session.get_one(Channel, delivery.subject_id)
    text, drawn = notes.limit_reached(delivery.payload["why"])
    return PostEphemeral(channel.slack_id, delivery.payload["member"], text, drawn)


def render_not_posted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    people = _names(tx, kudos.receivers)
    place = _channel_label(tx.session, kudos)
    error = delivery.payload["error"]
    text, drawn = notes.not_posted(kudos.reason, people, place, error)
    return PostMessage(delivery.recipient, text, drawn)


def _message(tx: Transaction, kudos: Kudos, channel: Channel) -> Note:
    seconds = tx.session.scalar(
        select(func.count(func.distinct(KudosThanks.giver))).filter_by(
            kudos_id=kudos.id, is_second=True
        )
    )
    giver, *receivers = _names(tx, [kudos.giver, *kudos.receivers])
    shown = KudosView(
        id=kudos.id,
        giver=giver,
        recipients=kudos.receivers,
        reason=kudos.reason,
        tags=kudos.tags,
        join_count=seconds or 0,
        join_emoji=channels.join_emoji(channel)[0],
        subject_url=_subject_url(tx, kudos, channel),
        taken_back_by=_taken_back_by(tx, kudos),
    )
    return blocks.summary(shown, receivers), blocks.message(shown)


def _taken_back_by(tx: Transaction, kudos: Kudos) -> str | None:
    if kudos.taken_back_at is None:
        return None
    by_giver = kudos.taken_back_by in {None, kudos.giver}
    return _name(tx, kudos.giver) if by_giver else "An admin"


def _subject_url(tx: Transaction, kudos: Kudos, channel: Channel) -> str | None:
    """Not where it would tell the channel of a message in a private one."""
    if kudos.about_channel_id is None:
        return None
    there = tx.session.get_one(Channel, kudos.about_channel_id)
    is_open = there.looked_up_at is not None and not there.is_private
    if there.id != channel.id and not is_open:
        return None
    return history.subject_url(tx.workspace, kudos, {there.id: there.slack_id})


def _recipient_note(tx: Transaction, kudos: Kudos, delivery: Delivery) -> Note:
    """The words are for its receiver, wherever they are; the links need not be."""
    giver = _name(tx, kudos.giver)
    places = [
        tx.session.get_one(Channel, channel_id)
        for channel_id in {kudos.channel_id, kudos.about_channel_id} - {None}
    ]
    seen = visibility.visible_channels(tx, places, delivery.recipient)
    slack_ids = {place.id: place.slack_id for place in places if place.id in seen}
    about = history.subject_url(tx.workspace, kudos, slack_ids)
    if kudos.emoji is not None:
        return notes.received_by_reaction(giver, kudos.emoji, about)
    return notes.received(
        giver,
        kudos.reason,
        tags=kudos.tags,
        url=history.kudos_url(tx.workspace, kudos, slack_ids),
        channel=_channel_label(tx.session, kudos),
        subject_url=about,
    )


def _channel_label(session: Session, kudos: Kudos) -> str:
    """A receiver need not be in a private channel, so it is not named."""
    if kudos.channel_id is None:
        return ""
    channel = session.get_one(Channel, kudos.channel_id)
    return "a private channel" if channel.is_private else f"#{channel.name}"


def _name(tx: Transaction, slack_id: str) -> str:
    return members.name(tx, slack_id)


def _names(tx: Transaction, people: list[str]) -> list[str]:
    called = members.names(tx, people)
    return [called[slack_id] for slack_id in people]


def lock_kudos(tx: Transaction, delivery: Delivery) -> None:
    """Lock the kudos as everybody does: their channel first."""
    channel_id = tx.session.get_one(Kudos, delivery.subject_id).channel_id
    if channel_id is not None:
        tracked_messages.lock_channel(tx.session, channel_id)
    _lock(tx, delivery)


def _lock(tx: Transaction, delivery: Delivery) -> Kudos:
    return tx.session.scalars(
        select(Kudos)
        .filter_by(id=delivery.subject_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def on_posted(tx: Transaction, delivery: Delivery, sent: tuple[str, str]) -> None:
    """Slack has told the message's `ts`: its receivers are told, with a link to it."""
    kudos = _lock(tx, delivery)
    kudos.ts = sent[1]
    tx.session.flush()
    if kudos.taken_back_at is None:
        kudos_.notify_recipients(tx, kudos, kudos.receivers)
        reactions.attach_reactions(tx, kudos)
    else:
        kudos_.update_message(tx, kudos)


def on_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    """Slack will not have it: nothing is given, and the giver gets the words back."""
    kudos = _lock(tx, delivery)
    if kudos.taken_back_at is None:
        kudos_.revoke(tx, kudos, by=None)
        _notify_not_posted(tx, kudos, error)


def on_lost(tx: Transaction, delivery: Delivery, _error: str) -> None:
    """Nobody can tell whether it is there: the thanks stand, and the giver looks."""
    kudos = _lock(tx, delivery)
    if kudos.taken_back_at is None:
        kudos_.notify_recipients(tx, kudos, kudos.receivers)
        _notify_not_posted(tx, kudos, "unknown")


def _notify_not_posted(tx: Transaction, kudos: Kudos, error: str) -> None:
    tx.enqueue(KUDOS_NOT_POSTED, kudos.id, to=kudos.giver, payload={"error": error})


def on_receipt_rejected(tx: Transaction, delivery: Delivery, _error: str) -> None:
    """The giver is not in the channel that they chose: tell them directly."""
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    if delivery.recipient != kudos.giver:
        tx.enqueue(KUDOS_RECEIPT, kudos.id, to=kudos.giver, payload=delivery.payload)


def on_receipt_sent(
    tx: Transaction, delivery: Delivery, sent: tuple[str, str] | None
) -> None:
    """The giver is told where it lasts: the button goes when it is of no use."""
    kudos = tx.session.get_one(Kudos, delivery.subject_id)
    if sent is not None and delivery.recipient == kudos.giver:
        due = max(tx.now, kudos.given_at + rules.TAKE_BACK_WINDOW)
        kudos_.update_receipt(tx, kudos, send_after=due)


def on_recipient_notified(
    tx: Transaction, delivery: Delivery, _sent: tuple[str, str]
) -> None:
    """A receiver has their letter; taken back meanwhile, it is to say so."""
    kudos = _lock(tx, delivery)
    if kudos.taken_back_at is not None:
        kudos_.update_recipient_message(tx, kudos, delivery.recipient)


def find_sent(
    session: Session, kudos: Kudos, kind: str, recipient: str
) -> tuple[str, str] | None:
    """Find a letter about the kudos in Slack, if it was sent."""
    found = session.execute(
        select(OutboxItem.slack_channel, OutboxItem.ts).filter_by(
            installation_id=kudos.installation_id,
            key=f"{kind}:{kudos.id}:{recipient}",
            state="sent",
        )
    ).first()
    return (found[0], found[1]) if found and found[0] and found[1] else None


MESSAGE_TYPES = (
    MessageType(
        KUDOS_POST,
        render_post,
        "look",
        on_sent=on_posted,
        on_rejected=on_rejected,
        on_lost=on_lost,
        lock=lock_kudos,
    ),
    MessageType(KUDOS_UPDATE, render_update, "repeat"),
    MessageType(
        KUDOS_RECEIVED,
        render_received,
        on_sent=on_recipient_notified,
        lock=lock_kudos,
    ),
    MessageType(KUDOS_UPDATE_RECIPIENT, render_recipient_update, "repeat"),
    # A line that is gone on reload is not worth being there twice.
    MessageType(
        KUDOS_RECEIPT,
        render_receipt,
        "leave",
        on_sent=on_receipt_sent,
        on_rejected=on_receipt_rejected,
    ),
    MessageType(KUDOS_UPDATE_RECEIPT, render_receipt_update, "repeat"),
    MessageType(KUDOS_LIMIT_REACHED, render_limit_reached, "leave"),
    MessageType(KUDOS_NOT_POSTED, render_not_posted),
)
