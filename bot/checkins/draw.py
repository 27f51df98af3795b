"""Draw what the outbox has promised about check-ins, from what is true now."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot import hours
from bot.checkins import blocks, notes, posting, recaps
from bot.checkins.blocks import RoundView
from bot.delivery import MessageType
from bot.lanes import Delivery
from bot.operations import PostMessage, SlackAction
from bot.runtime import Workspace
from models import Channel, Round, Schedule


class ScheduleNotifications:
    """The draw functions, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def message_types(self) -> dict[str, MessageType]:
        return {
            "checkin.post": MessageType(
                self.render_post,
                on_sent=posting.on_posted,
                on_rejected=posting.on_rejected,
                on_lost=posting.on_lost,
                lock=posting.lock_with_schedule,
            ),
            "checkin.paused": MessageType(
                self.render_paused,
                send_after=hours.send_after,
                quoted_channels=_channels_of_schedule,
                render_without_access=self.render_paused_outside,
            ),
            "checkin.skipped": MessageType(
                self.render_skipped,
                send_after=hours.send_after,
                quoted_channels=_channels_of_schedule,
            ),
        }

    def render_post(self, session: Session, delivery: Delivery) -> SlackAction | None:
        """The round's one post; too late, it is none."""
        one = session.get_one(Round, delivery.subject_id)
        if one.state == "closed":
            # Only when what it says of somebody is to be reworded.
            return PostMessage(
                delivery.recipient, *recaps.compose(session, self._workspace, one)
            )
        if one.state != "open" or delivery.started_at >= one.post_before:
            return None
        channel = session.get_one(Channel, one.channel_id)
        last = recaps.previous_round(session, self._workspace, one)
        text, drawn = blocks.round_post(view_of(session, one), last)
        return PostMessage(channel.slack_id, text, drawn)

    def render_paused(self, session: Session, delivery: Delivery) -> SlackAction | None:
        schedule = session.get_one(Schedule, delivery.subject_id)
        if schedule.state != "paused" or schedule.paused_because is None:
            return None
        channel = session.get_one(Channel, schedule.channel_id)
        text, drawn = notes.schedule_paused(
            schedule.question, channel.name, schedule.paused_because
        )
        return PostMessage(delivery.recipient, text, drawn)

    def render_paused_outside(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        """Nobody can tell who is in a private channel that the bot has left."""
        schedule = session.get_one(Schedule, delivery.subject_id)
        if schedule.state != "paused" or schedule.paused_because is None:
            return None
        text, drawn = notes.schedule_paused_elsewhere(schedule.paused_because)
        return PostMessage(delivery.recipient, text, drawn)

    def render_skipped(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        schedule = session.get_one(Schedule, delivery.subject_id)
        if schedule.state == "deleted":
            return None
        channel = session.get_one(Channel, schedule.channel_id)
        text, drawn = notes.rounds_skipped(
            schedule.question,
            channel.name,
            first=date.fromisoformat(delivery.payload["first"]),
            last=date.fromisoformat(delivery.payload["last"]),
            count=delivery.payload["count"],
            reason=delivery.payload["reason"],
        )
        return PostMessage(delivery.recipient, text, drawn)


def _channels_of_schedule(session: Session, delivery: Delivery) -> list[int]:
    return [session.get_one(Schedule, delivery.subject_id).channel_id]


def view_of(session: Session, round_: Round) -> RoundView:
    """What a round asks, as its channel is to see it."""
    schedule = session.get_one(Schedule, round_.schedule_id)
    return RoundView(
        id=round_.id,
        question=round_.question,
        hint=round_.hint,
        reflection=round_.reflection,
        closes_at=round_.closes_at,
        zone=ZoneInfo(schedule.zone),
    )
