"""Draw what the outbox has promised about kudos, from what is true now."""

from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import visibility
from bot.channels import service as channels
from bot.delivery import Notice
from bot.kudos import blocks, lists, notes, posting
from bot.kudos.blocks import Shown
from bot.kudos.notes import Note
from bot.lanes import Claim
from bot.members import service as members
from bot.operations import Operation, Post, PostIfOut, Update, Whisper
from bot.runtime import Workspace
from models import Channel, Kudos, Thanks


class Drawing:
    """The draw functions, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def notices(self) -> dict[str, Notice]:
        return {
            "kudos.post": Notice(
                self.post,
                "look",
                delivered=partial(posting.posted, workspace=self._workspace),
                parked=posting.not_posted,
                unknown=posting.perhaps_posted,
                hold=posting.hold,
            ),
            "kudos.show": Notice(self.show, "repeat"),
            "kudos.received": Notice(
                self.received, delivered=posting.told, hold=posting.hold
            ),
            "kudos.retell": Notice(self.retell, "repeat"),
            # A line that is gone on reload is not worth being there twice.
            "kudos.given": Notice(
                self.given,
                "leave",
                delivered=posting.given,
                parked=posting.not_whispered,
            ),
            "kudos.settled": Notice(self.settled, "repeat"),
            "kudos.spent": Notice(self.spent, "leave"),
            "kudos.not_posted": Notice(self.not_posted),
        }

    def post(self, session: Session, claim: Claim) -> Operation | None:
        kudos = session.get_one(Kudos, claim.subject_id)
        if kudos.taken_back_at is not None or kudos.channel_id is None:
            return None
        channel = session.get_one(Channel, kudos.channel_id)
        text, drawn = self._message(session, kudos, channel)
        return Post(channel.slack_id, text, drawn, kudos.thread_ts)

    def show(self, session: Session, claim: Claim) -> Operation | None:
        kudos = session.get_one(Kudos, claim.subject_id)
        if kudos.ts is None or kudos.channel_id is None:
            return None
        channel = session.get_one(Channel, kudos.channel_id)
        text, drawn = self._message(session, kudos, channel)
        return Update(channel.slack_id, kudos.ts, text, drawn)

    def received(self, session: Session, claim: Claim) -> Operation | None:
        kudos = session.get_one(Kudos, claim.subject_id)
        if kudos.taken_back_at is not None:
            return None
        letter = Post(claim.recipient, *self._letter(session, kudos, claim))
        if kudos.channel_id is None or kudos.ts is None:
            return letter
        # Its message mentions them, and is all that they need who see it.
        channel = session.get_one(Channel, kudos.channel_id)
        reader, now = claim.recipient, claim.claimed_at
        sees_it = visibility.seat(session, channel, reader, now=now)
        if sees_it is None:
            return PostIfOut(letter, channel.slack_id)
        return None if sees_it else letter

    def retell(self, session: Session, claim: Claim) -> Operation | None:
        kudos = session.get_one(Kudos, claim.subject_id)
        sent = posting.letter(session, kudos, "kudos.received", claim.recipient)
        if sent is None:
            return None
        if kudos.taken_back_at is None:
            text, drawn = self._letter(session, kudos, claim)
        else:
            text, drawn = notes.taken_back(self._name(session, kudos.giver))
        return Update(*sent, text, drawn)

    def given(self, session: Session, claim: Claim) -> Operation | None:
        kudos = session.get_one(Kudos, claim.subject_id)
        if kudos.taken_back_at is not None:
            return None
        text, drawn = self.given_note(
            session, kudos, left=claim.detail["left"], dropped=claim.detail["dropped"]
        )
        if claim.recipient == kudos.giver:
            return Post(kudos.giver, text, drawn)
        return Whisper(
            claim.recipient, kudos.giver, text, drawn, thread_ts=kudos.thread_ts
        )

    def settled(self, session: Session, claim: Claim) -> Operation | None:
        """The giver's line without its button, which is of no use any more."""
        kudos = session.get_one(Kudos, claim.subject_id)
        sent = posting.letter(session, kudos, "kudos.given", claim.recipient)
        if sent is None:
            return None
        if kudos.taken_back_at is not None:
            return Update(*sent, *notes.taken_back_by_giver())
        people = self._names(session, kudos.receivers)
        note = notes.given_before(people, is_private=kudos.is_private)
        return Update(*sent, *note)

    def given_note(
        self, session: Session, kudos: Kudos, *, left: int, dropped: list[str]
    ) -> Note:
        """What a giver is answered, wherever that can be."""
        return notes.given(
            kudos.id,
            self._names(session, kudos.receivers),
            left=left,
            dropped=dropped,
            is_private=kudos.is_private,
        )

    def spent(self, session: Session, claim: Claim) -> Operation | None:
        channel = session.get_one(Channel, claim.subject_id)
        text, drawn = notes.spent(claim.detail["why"])
        return Whisper(channel.slack_id, claim.detail["member"], text, drawn)

    def not_posted(self, session: Session, claim: Claim) -> Operation | None:
        kudos = session.get_one(Kudos, claim.subject_id)
        people = self._names(session, kudos.receivers)
        place = self._place(session, kudos)
        error = claim.detail["error"]
        text, drawn = notes.not_posted(kudos.reason, people, place, error)
        return Post(claim.recipient, text, drawn)

    def _message(self, session: Session, kudos: Kudos, channel: Channel) -> Note:
        seconds = session.scalar(
            select(func.count(func.distinct(Thanks.giver))).filter_by(
                kudos_id=kudos.id, is_second=True
            )
        )
        giver, *receivers = self._names(session, [kudos.giver, *kudos.receivers])
        shown = Shown(
            id=kudos.id,
            giver=giver,
            receivers=kudos.receivers,
            reason=kudos.reason,
            tags=kudos.tags,
            seconds=seconds or 0,
            second_emoji=channels.second_emoji(channel)[0],
            about=self._about(session, kudos, channel),
            taken_back_by=self._undone_by(session, kudos),
        )
        return blocks.summary(shown, receivers), blocks.message(shown)

    def _undone_by(self, session: Session, kudos: Kudos) -> str | None:
        if kudos.taken_back_at is None:
            return None
        by_giver = kudos.taken_back_by in {None, kudos.giver}
        return self._name(session, kudos.giver) if by_giver else "An admin"

    def _about(self, session: Session, kudos: Kudos, channel: Channel) -> str | None:
        """Not where it would tell the channel of a message in a private one."""
        if kudos.about_channel_id is None:
            return None
        there = session.get_one(Channel, kudos.about_channel_id)
        is_open = there.looked_up_at is not None and not there.is_private
        if there.id != channel.id and not is_open:
            return None
        return lists.about(self._workspace, kudos, {there.id: there.slack_id})

    def _letter(self, session: Session, kudos: Kudos, claim: Claim) -> Note:
        """The words are for its receiver, wherever they are; the links need not be."""
        giver = self._name(session, kudos.giver)
        places = [
            session.get_one(Channel, channel_id)
            for channel_id in {kudos.channel_id, kudos.about_channel_id} - {None}
        ]
        now = claim.looked_at or claim.claimed_at
        seen = visibility.seen(session, places, claim.recipient, now=now)
        slack_ids = {place.id: place.slack_id for place in places if place.id in seen}
        about = lists.about(self._workspace, kudos, slack_ids)
        if kudos.emoji is not None:
            return notes.received_by_reaction(giver, kudos.emoji, about)
        return notes.received(
            giver,
            kudos.reason,
            tags=kudos.tags,
            url=lists.url(self._workspace, kudos, slack_ids),
            place=self._place(session, kudos),
            about=about,
        )

    def _place(self, session: Session, kudos: Kudos) -> str:
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
