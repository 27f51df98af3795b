"""Draw what people share in check-ins, and what they are told."""

from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import hours, rich
from bot.checkins import (
    admission,
    answers,
    attendance,
    blockers,
    closing,
    letters,
    nudges,
    recaps,
    replies,
    seats,
    sharing,
)
from bot.checkins.answers import Asked
from bot.checkins.letters import Note
from bot.delivery import Notice
from bot.errors import Refusal
from bot.lanes import Claim
from bot.members import service as members
from bot.operations import (
    Delete,
    Later,
    Operation,
    Post,
    PostIfIn,
    ReadThread,
    Update,
)
from bot.runtime import Workspace
from bot.text import is_forgotten, permalink
from models import Ask, Channel, CheckIn, OutboxItem, Round, Schedule


class Telling:
    """The draw functions, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def notices(self) -> dict[str, Notice]:
        return {
            "checkin.show": Notice(
                self.show, "repeat", parked=closing.not_found, hold=closing.hold
            ),
            "checkin.answer": Notice(
                self.answer,
                delivered=sharing.posted,
                parked=sharing.not_posted,
                unknown=sharing.perhaps_posted,
                hold=sharing.hold,
            ),
            "checkin.not_posted": Notice(
                self.not_posted, of=_of_checkin, outside=self.not_posted_outside
            ),
            "checkin.reword": Notice(
                self.reword, "repeat", parked=sharing.gone, hold=sharing.hold
            ),
            "checkin.read": Notice(
                self.read,
                "repeat",
                delivered=partial(replies.take_in, workspace=self._workspace),
                parked=closing.not_found,
                hold=closing.hold,
            ),
            "checkin.stuck": Notice(
                self.stuck,
                delivered=sharing.offered,
                hold=sharing.hold,
                of=_of_checkin,
            ),
            "checkin.asked": Notice(self.asked, "repeat", of=_of_its_ask),
            "checkin.invite": Notice(
                self.invite, delivered=seats.was_asked, of=_of_schedule
            ),
            "checkin.nudge": Notice(
                self.nudge,
                delivered=partial(nudges.sent, workspace=self._workspace),
                hold=nudges.hold,
            ),
            "checkin.stopped": Notice(
                self.stopped,
                due=hours.due,
                delivered=partial(nudges.sent, workspace=self._workspace),
                hold=nudges.hold,
            ),
        }

    # In the channel

    def show(self, session: Session, claim: Claim) -> Operation | None:
        one = session.get_one(Round, claim.subject_id)
        if one.state != "closed" or one.ts is None:
            return None
        return Update(
            claim.recipient, one.ts, *recaps.recap(session, self._workspace, one)
        )

    def answer(self, session: Session, claim: Claim) -> Operation | None:
        found = session.get(CheckIn, claim.subject_id)
        if found is None or not found.is_written or is_forgotten(found.member):
            return None
        one = session.get_one(Round, found.round_id)
        text, drawn = self._answer(session, one, found)
        return Post(claim.recipient, text, drawn, one.ts)

    def reword(self, session: Session, claim: Claim) -> Operation | None:
        found = session.get(CheckIn, claim.subject_id)
        if found is None or found.ts is None:
            return None
        if not found.is_written or is_forgotten(found.member):
            return Delete(claim.recipient, found.ts)
        one = session.get_one(Round, found.round_id)
        return Update(claim.recipient, found.ts, *self._answer(session, one, found))

    def _answer(self, session: Session, one: Round, found: CheckIn) -> Note:
        return answers.message(
            found.member,
            members.name(session, self._workspace.id, found.member),
            sharing.asked(one),
            sharing.said(found),
            blockers.shown(session, self._workspace, found),
        )

    def read(self, session: Session, claim: Claim) -> Operation | None:
        one = session.get_one(Round, claim.subject_id)
        return None if one.ts is None else ReadThread(claim.recipient, one.ts)

    # To one person

    def not_posted(self, session: Session, claim: Claim) -> Operation | None:
        found = session.get(CheckIn, claim.subject_id)
        if found is None or not found.is_written or found.ts is not None:
            return None
        one = session.get_one(Round, found.round_id)
        channel = session.get_one(Channel, one.channel_id)
        _, drawn = self._answer(session, one, found)
        error = claim.detail["error"]
        return _letter(claim, letters.not_posted(f"#{channel.name}", drawn, error))

    def not_posted_outside(self, session: Session, claim: Claim) -> Operation | None:
        """Whoever has left a private channel gets their own words back, and no more."""
        found = session.get(CheckIn, claim.subject_id)
        if found is None or not found.is_written or found.ts is not None:
            return None
        _, drawn = answers.message(
            found.member,
            members.name(session, self._workspace.id, found.member),
            Asked(""),
            sharing.said(found),
            None,
        )
        error = claim.detail["error"]
        return _letter(claim, letters.not_posted("a private channel", drawn, error))

    def stuck(self, session: Session, claim: Claim) -> Operation | None:
        found = session.get(CheckIn, claim.subject_id)
        if found is None or not found.stuck_on or blockers.has_asked(session, found):
            return None
        return _letter(claim, letters.stuck(found.id, found.stuck_on))

    def asked(self, session: Session, claim: Claim) -> Operation | None:
        """In place of the offer, wherever that was sent."""
        found = session.get(CheckIn, claim.subject_id)
        sent = session.scalar(
            select(OutboxItem).filter_by(
                installation_id=self._workspace.id,
                key=f"checkin.stuck:{claim.subject_id}:{claim.recipient}",
            )
        )
        if found is None or sent is None or not (sent.slack_channel and sent.ts):
            return None
        ask = session.get(Ask, found.ask_id) if found.ask_id else None
        if ask is None or ask.deleted_at is not None:
            note = letters.stuck(found.id, found.stuck_on)
        elif ask.ts is None:
            # Its address is known in a moment.
            title = members.with_names(session, ask.installation_id, ask.title)
            note = letters.asked(title, "")
        else:
            asked_in = session.get_one(Channel, ask.channel_id)
            url = permalink(self._workspace.team_url, asked_in.slack_id, ask.ts)
            title = members.with_names(session, ask.installation_id, ask.title)
            note = letters.asked(title, url)
        return Update(sent.slack_channel, sent.ts, *note)

    def invite(self, session: Session, claim: Claim) -> Operation | None:
        schedule = session.get_one(Schedule, claim.subject_id)
        channel = session.get_one(Channel, schedule.channel_id)
        seat = attendance.seat(session, schedule.id, claim.recipient)
        found = attendance.of(session, claim.detail["round"], claim.recipient)
        if schedule.state == "deleted" or (seat and (seat.is_in or seat.is_asked)):
            return None
        if found is None or found.state != "shared":
            return None
        try:
            admission.may_take_part(session, channel, claim.recipient)
        except Refusal:
            return None
        note = letters.invite(found.round_id, schedule.question, channel=channel.name)
        return _letter(claim, note)

    def nudge(self, session: Session, claim: Claim) -> Operation | Later | None:
        one = session.get_one(Round, claim.subject_id)
        now, member = claim.claimed_at, claim.recipient
        if now >= one.closes_at:
            return None
        if not nudges.is_wanted(session, self._workspace, one, member):
            return None
        person = hours.reachable(session, self._workspace.id, member, now=now)
        at = person.welcome_at(now)
        if at > now:
            return Later(at) if at < one.closes_at else None
        channel = session.get_one(Channel, one.channel_id)
        zone = members.zone(session, self._workspace.id, member)
        note = letters.nudge(
            one.id,
            one.schedule_id,
            one.question,
            channel=channel.name,
            url=permalink(self._workspace.team_url, channel.slack_id, one.ts or ""),
            until=rich.when(one.closes_at, zone),
        )
        return _to_who_is_in(claim, channel, note)

    def stopped(self, session: Session, claim: Claim) -> Operation | None:
        if not nudges.is_told(session, claim):
            return None
        schedule = session.get_one(Schedule, claim.subject_id)
        channel = session.get_one(Channel, schedule.channel_id)
        note = letters.stopped(schedule.id, schedule.question, channel=channel.name)
        return _to_who_is_in(claim, channel, note)


def _of_checkin(session: Session, claim: Claim) -> list[int]:
    found = session.get(CheckIn, claim.subject_id)
    return [session.get_one(Round, found.round_id).channel_id] if found else []


def _of_its_ask(session: Session, claim: Claim) -> list[int]:
    """The channel of a check-in, and the one in which it became an ask."""
    found = session.get(CheckIn, claim.subject_id)
    ask = session.get(Ask, found.ask_id) if found and found.ask_id else None
    return [*_of_checkin(session, claim), *([ask.channel_id] if ask else [])]


def _of_schedule(session: Session, claim: Claim) -> list[int]:
    return [session.get_one(Schedule, claim.subject_id).channel_id]


def _letter(claim: Claim, note: Note) -> Post:
    text, drawn = note
    return Post(claim.recipient, text, drawn)


def _to_who_is_in(claim: Claim, channel: Channel, note: Note) -> Post | PostIfIn:
    """What is asked in a private channel is told to none but the people in it."""
    letter = _letter(claim, note)
    return PostIfIn(letter, channel.slack_id) if channel.is_private else letter
