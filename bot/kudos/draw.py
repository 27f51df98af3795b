"""Draw what the outbox has promised about kudos, from what is true now."""

from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import visibility
from bot.channels import service as channels
from bot.delivery import MessageType
from bot.kudos import blocks, lists, notes, posting
from bot.kudos.blocks import KudosView
from bot.kudos.notes import Note
from bot.lanes import Delivery
from bot.members import service as members
from bot.operations import (
    PostEphemeral,
    PostIfNotMember,
    PostMessage,
    SlackAction,
    UpdateMessage,
)
from bot.runtime import Workspace
from models import Channel, Kudos, KudosThanks


class KudosRenderer:
    """The draw functions, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def message_types(self) -> dict[str, MessageType]:
        return {
            "kudos.post": MessageType(
                self.render_post,
                "look",
                on_sent=partial(posting.on_posted, workspace=self._workspace),
                on_rejected=posting.on_rejected,
                on_lost=posting.on_lost,
                lock=posting.lock_kudos,
            ),
            "kudos.show": MessageType(self.render_update, "repeat"),
            "kudos.received": MessageType(
                self.render_received,
                on_sent=posting.on_recipient_notified,
                lock=posting.lock_kudos,
            ),
            "kudos.retell": MessageType(self.render_recipient_update, "repeat"),
            # A line that is gone on reload is not worth being there twice.
            "kudos.given": MessageType(
                self.render_receipt,
                "leave",
                on_sent=posting.on_receipt_sent,
                on_rejected=posting.on_receipt_rejected,
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
        sent = posting.find_sent(session, kudos, "kudos.received", delivery.recipient)
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
        sent = posting.find_sent(session, kudos, "kudos.given", delivery.recipient)
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
        return lists.subject_url(self._workspace, kudos, {there.id: there.slack_id})

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
        about = lists.subject_url(self._workspace, kudos, slack_ids)
        if kudos.emoji is not None:
            return notes.received_by_reaction(giver, kudos.emoji, about)
        return notes.received(
            giver,
            kudos.reason,
            tags=kudos.tags,
            url=lists.kudos_url(self._workspace, kudos, slack_ids),
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
