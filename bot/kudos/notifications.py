"""Draw what the outbox has promised about kudos, from what is true now."""

from datetime import datetime
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import visibility
from bot.kudos import blocks, history, notes, reactions, rules
from bot.kudos import service as kudos_
from bot.kudos.blocks import KudosView
from bot.messages import tracked_messages
from bot.outbox import enqueue
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.runtime import Workspace
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


class KudosRenderer:
    """The draw functions, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def message_types(self) -> dict[str, MessageType]:
        return {
            "kudos.post": MessageType(
                self.render_post,
                "look",
                on_sent=partial(on_posted, workspace=self._workspace),
                on_rejected=on_rejected,
                on_lost=on_lost,
                lock=lock_kudos,
            ),
            "kudos.show": MessageType(self.render_update, "repeat"),
            "kudos.received": MessageType(
                self.render_received,
                on_sent=on_recipient_notified,
                lock=lock_kudos,
            ),
            "kudos.retell": MessageType(self.render_recipient_update, "repeat"),
            # A line that is gone on reload is not worth being there twice.
            "kudos.given": MessageType(
                self.render_receipt,
                "leave",
                on_sent=on_receipt_sent,
                on_rejected=on_receipt_rejected,
            ),
            "kudos.settled": MessageType(self.render_receipt_update, "repeat"),
            "kudos.spent": MessageType(self.render_limit_reached, "leave"),
            "kudos.not_posted": MessageType(self.render_not_posted),
        }

    def render_post(self, session: Session, delivery: Delivery) -> SlackAction | None:
        kudos = session.get_one(Kudos, delivery.subject_id)
        if kudos.taken_back_at is not None or kudos.channel_id is None:
            return None
        channel = session.get_one(Channel, kudos.channel_id)
        text, drawn = self._message(session, kudos, channel)
        return PostMessage(channel.slack_id, text, drawn, kudos.thread_ts)

    def render_update(self, session: Session, delivery: Delivery) -> SlackAction | None:
        kudos = session.get_one(Kudos, delivery.subject_id)
        if kudos.ts is None or kudos.channel_id is None:
            return None
        channel = session.get_one(Channel, kudos.channel_id)
        text, drawn = self._message(session, kudos, channel)
        return UpdateMessage(channel.slack_id, kudos.ts, text, drawn)

    def render_received(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        kudos = session.get_one(Kudos, delivery.subject_id)
        if kudos.taken_back_at is not None:
            return None
        letter = PostMessage(
            delivery.recipient, *self._recipient_note(session, kudos, delivery)
        )
        if kudos.channel_id is None or kudos.ts is None:
            return letter
        # Its message mentions them, and is all that they need who see it.
        channel = session.get_one(Channel, kudos.channel_id)
        reader, now = delivery.recipient, delivery.started_at
        sees_it = visibility.is_member(session, channel, reader, now=now)
        if sees_it is None:
            return PostIfNotMember(letter, channel.slack_id)
        return None if sees_it else letter

    def render_recipient_update(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        kudos = session.get_one(Kudos, delivery.subject_id)
        sent = find_sent(session, kudos, "kudos.received", delivery.recipient)
        if sent is None:
            return None
        if kudos.taken_back_at is None:
            text, drawn = self._recipient_note(session, kudos, delivery)
        else:
            text, drawn = notes.taken_back_received(self._name(session, kudos.giver))
        return UpdateMessage(*sent, text, drawn)

    def render_receipt(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        kudos = session.get_one(Kudos, delivery.subject_id)
        if kudos.taken_back_at is not None:
            return None
        text, drawn = self.receipt_note(
            session,
            kudos,
            remaining=delivery.payload["left"],
            warnings=delivery.payload["dropped"],
        )
        if delivery.recipient == kudos.giver:
            return PostMessage(kudos.giver, text, drawn)
        return PostEphemeral(
            delivery.recipient, kudos.giver, text, drawn, thread_ts=kudos.thread_ts
        )

    def render_receipt_update(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        """The giver's line without its button, which is of no use any more."""
        kudos = session.get_one(Kudos, delivery.subject_id)
        sent = find_sent(session, kudos, "kudos.given", delivery.recipient)
        if sent is None:
            return None
        if kudos.taken_back_at is not None:
            return UpdateMessage(*sent, *notes.taken_back_receipt())
        people = self._names(session, kudos.receivers)
        note = notes.final_receipt(people, is_private=kudos.is_private)
        return UpdateMessage(*sent, *note)

    def receipt_note(
        self, session: Session, kudos: Kudos, *, remaining: int, warnings: list[str]
    ) -> Note:
        """What a giver is answered, wherever that can be."""
        return notes.receipt(
            kudos.id,
            self._names(session, kudos.receivers),
            remaining=remaining,
            warnings=warnings,
            is_private=kudos.is_private,
        )

    def render_limit_reached(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        channel = session.get_one(Channel, delivery.subject_id)
        text, drawn = notes.limit_reached(delivery.payload["why"])
        return PostEphemeral(channel.slack_id, delivery.payload["member"], text, drawn)

    def render_not_posted(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        kudos = session.get_one(Kudos, delivery.subject_id)
        people = self._names(session, kudos.receivers)
        place = self._channel_label(session, kudos)
        error = delivery.payload["error"]
        text, drawn = notes.not_posted(kudos.reason, people, place, error)
        return PostMessage(delivery.recipient, text, drawn)

    def _message(self, session: Session, kudos: Kudos, channel: Channel) -> Note:
        seconds = session.scalar(
            select(func.count(func.distinct(KudosThanks.giver))).filter_by(
                kudos_id=kudos.id, is_second=True
            )
        )
        giver, *receivers = self._names(session, [kudos.giver, *kudos.receivers])
        shown = KudosView(
            id=kudos.id,
            giver=giver,
            recipients=kudos.receivers,
            reason=kudos.reason,
            tags=kudos.tags,
            join_count=seconds or 0,
            join_emoji=channels.join_emoji(channel)[0],
            subject_url=self._subject_url(session, kudos, channel),
            taken_back_by=self._taken_back_by(session, kudos),
        )
        return blocks.summary(shown, receivers), blocks.message(shown)

    def _taken_back_by(self, session: Session, kudos: Kudos) -> str | None:
        if kudos.taken_back_at is None:
            return None
        by_giver = kudos.taken_back_by in {None, kudos.giver}
        return self._name(session, kudos.giver) if by_giver else "An admin"

    def _subject_url(
        self, session: Session, kudos: Kudos, channel: Channel
    ) -> str | None:
        """Not where it would tell the channel of a message in a private one."""
        if kudos.about_channel_id is None:
            return None
        there = session.get_one(Channel, kudos.about_channel_id)
        is_open = there.looked_up_at is not None and not there.is_private
        if there.id != channel.id and not is_open:
            return None
        return history.subject_url(self._workspace, kudos, {there.id: there.slack_id})

    def _recipient_note(
        self, session: Session, kudos: Kudos, delivery: Delivery
    ) -> Note:
        """The words are for its receiver, wherever they are; the links need not be."""
        giver = self._name(session, kudos.giver)
        places = [
            session.get_one(Channel, channel_id)
            for channel_id in {kudos.channel_id, kudos.about_channel_id} - {None}
        ]
        now = delivery.rendered_at or delivery.started_at
        seen = visibility.visible_channels(session, places, delivery.recipient, now=now)
        slack_ids = {place.id: place.slack_id for place in places if place.id in seen}
        about = history.subject_url(self._workspace, kudos, slack_ids)
        if kudos.emoji is not None:
            return notes.received_by_reaction(giver, kudos.emoji, about)
        return notes.received(
            giver,
            kudos.reason,
            tags=kudos.tags,
            url=history.kudos_url(self._workspace, kudos, slack_ids),
            channel=self._channel_label(session, kudos),
            subject_url=about,
        )

    def _channel_label(self, session: Session, kudos: Kudos) -> str:
        """A receiver need not be in a private channel, so it is not named."""
        if kudos.channel_id is None:
            return ""
        channel = session.get_one(Channel, kudos.channel_id)
        return "a private channel" if channel.is_private else f"#{channel.name}"

    def _name(self, session: Session, slack_id: str) -> str:
        return members.name(session, self._workspace.id, slack_id)

    def _names(self, session: Session, people: list[str]) -> list[str]:
        called = members.names(session, self._workspace.id, people)
        return [called[slack_id] for slack_id in people]


def lock_kudos(session: Session, delivery: Delivery) -> None:
    """Lock the kudos as everybody does: their channel first."""
    channel_id = session.get_one(Kudos, delivery.subject_id).channel_id
    if channel_id is not None:
        tracked_messages.lock_channel(session, channel_id)
    _lock(session, delivery)


def _lock(session: Session, delivery: Delivery) -> Kudos:
    return session.scalars(
        select(Kudos)
        .filter_by(id=delivery.subject_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def on_posted(
    session: Session,
    delivery: Delivery,
    sent: tuple[str, str],
    now: datetime,
    workspace: Workspace,
) -> None:
    """Slack has told the message's `ts`: its receivers are told, with a link to it."""
    kudos = _lock(session, delivery)
    kudos.ts = sent[1]
    session.flush()
    if kudos.taken_back_at is None:
        kudos_.notify_recipients(session, kudos, kudos.receivers, now=now)
        reactions.attach_reactions(session, workspace, kudos, now=now)
    else:
        kudos_.update_message(session, kudos, now=now)


def on_rejected(
    session: Session, delivery: Delivery, error: str, now: datetime
) -> None:
    """Slack will not have it: nothing is given, and the giver gets the words back."""
    kudos = _lock(session, delivery)
    if kudos.taken_back_at is None:
        kudos_.revoke(session, kudos, by=None, now=now)
        _notify_not_posted(session, kudos, error, now=now)


def on_lost(session: Session, delivery: Delivery, _error: str, now: datetime) -> None:
    """Nobody can tell whether it is there: the thanks stand, and the giver looks."""
    kudos = _lock(session, delivery)
    if kudos.taken_back_at is None:
        kudos_.notify_recipients(session, kudos, kudos.receivers, now=now)
        _notify_not_posted(session, kudos, "unknown", now=now)


def _notify_not_posted(
    session: Session, kudos: Kudos, error: str, *, now: datetime
) -> None:
    enqueue.enqueue(
        session,
        "kudos.not_posted",
        kudos.id,
        kudos.giver,
        installation_id=kudos.installation_id,
        now=now,
        payload={"error": error},
    )


def on_receipt_rejected(
    session: Session, delivery: Delivery, _error: str, now: datetime
) -> None:
    """The giver is not in the channel that they chose: tell them directly."""
    kudos = session.get_one(Kudos, delivery.subject_id)
    if delivery.recipient != kudos.giver:
        enqueue.enqueue(
            session,
            "kudos.given",
            kudos.id,
            kudos.giver,
            installation_id=kudos.installation_id,
            now=now,
            payload=delivery.payload,
        )


def on_receipt_sent(
    session: Session, delivery: Delivery, sent: tuple[str, str] | None, now: datetime
) -> None:
    """The giver is told where it lasts: the button goes when it is of no use."""
    kudos = session.get_one(Kudos, delivery.subject_id)
    if sent is not None and delivery.recipient == kudos.giver:
        due = max(now, kudos.given_at + rules.TAKE_BACK_WINDOW)
        kudos_.update_receipt(session, kudos, now=now, send_after=due)


def on_recipient_notified(
    session: Session, delivery: Delivery, _sent: tuple[str, str], now: datetime
) -> None:
    """A receiver has their letter; taken back meanwhile, it is to say so."""
    kudos = _lock(session, delivery)
    if kudos.taken_back_at is not None:
        kudos_.update_recipient_message(session, kudos, delivery.recipient, now=now)


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
