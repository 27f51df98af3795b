"""Draw what the outbox has promised about check-ins, from what is true now."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot import hours
from bot.checkins import blocks, notes, posting, recaps
from bot.checkins.blocks import Asked
from bot.delivery import Notice
from bot.lanes import Claim
from bot.operations import Operation, Post
from bot.runtime import Workspace
from models import Channel, Round, Schedule


class Drawing:
    """The draw functions, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def notices(self) -> dict[str, Notice]:
        return {
            "checkin.post": Notice(
                self.post,
                delivered=posting.posted,
                parked=posting.not_posted,
                unknown=posting.perhaps_posted,
                hold=posting.held,
            ),
            "checkin.paused": Notice(
                self.paused,
                due=hours.due,
                of=_of_schedule,
                outside=self.paused_outside,
            ),
            "checkin.skipped": Notice(self.skipped, due=hours.due, of=_of_schedule),
        }

    def post(self, session: Session, claim: Claim) -> Operation | None:
        """The round's one post; too late, it is none."""
        one = session.get_one(Round, claim.subject_id)
        if one.state == "closed":
            # Only when what it says of somebody is to be reworded.
            return Post(claim.recipient, *recaps.recap(session, self._workspace, one))
        if one.state != "open" or claim.claimed_at >= one.post_before:
            return None
        channel = session.get_one(Channel, one.channel_id)
        last = recaps.last_time(session, self._workspace, one)
        text, drawn = blocks.post(asked(session, one), last)
        return Post(channel.slack_id, text, drawn)

    def paused(self, session: Session, claim: Claim) -> Operation | None:
        schedule = session.get_one(Schedule, claim.subject_id)
        if schedule.state != "paused" or schedule.paused_because is None:
            return None
        channel = session.get_one(Channel, schedule.channel_id)
        text, drawn = notes.paused(
            schedule.question, channel.name, schedule.paused_because
        )
        return Post(claim.recipient, text, drawn)

    def paused_outside(self, session: Session, claim: Claim) -> Operation | None:
        """Nobody can tell who is in a private channel that the bot has left."""
        schedule = session.get_one(Schedule, claim.subject_id)
        if schedule.state != "paused" or schedule.paused_because is None:
            return None
        text, drawn = notes.paused_somewhere(schedule.paused_because)
        return Post(claim.recipient, text, drawn)

    def skipped(self, session: Session, claim: Claim) -> Operation | None:
        schedule = session.get_one(Schedule, claim.subject_id)
        if schedule.state == "deleted":
            return None
        channel = session.get_one(Channel, schedule.channel_id)
        text, drawn = notes.skipped(
            schedule.question,
            channel.name,
            first=date.fromisoformat(claim.detail["first"]),
            last=date.fromisoformat(claim.detail["last"]),
            count=claim.detail["count"],
            reason=claim.detail["reason"],
        )
        return Post(claim.recipient, text, drawn)


def _of_schedule(session: Session, claim: Claim) -> list[int]:
    return [session.get_one(Schedule, claim.subject_id).channel_id]


def asked(session: Session, one: Round) -> Asked:
    """What a round asks, as its channel is to see it."""
    schedule = session.get_one(Schedule, one.schedule_id)
    return Asked(
        id=one.id,
        question=one.question,
        hint=one.hint,
        reflection=one.reflection,
        closes_at=one.closes_at,
        zone=ZoneInfo(schedule.zone),
    )
