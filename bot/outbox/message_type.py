"""The type of a message: its rendering, and hooks for each outcome."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from bot import visibility
from bot.outbox.queue import Delivery
from bot.slack.actions import Reschedule, SlackAction
from models import Channel


def do_nothing(*_: object) -> None:
    return None


def _no_channels(_session: Session, _delivery: Delivery) -> Collection[int]:
    return ()


def _send_now(_session: Session, delivery: Delivery) -> datetime:
    return delivery.started_at


@dataclass(frozen=True, slots=True)
class MessageType:
    """How one kind of promise is kept.

    `draw` gives what to send, None where it is no longer true, or `Later` where it is
    to be looked at again. `due` is when the recipient takes it: now, or later.
    `of` names the channels, by their rows, whose words it draws for one person. Who may
    not see all of them gets what `outside` draws: nothing, or what tells none of them.
    `delivered`, `parked` and `unknown` run in the transaction that records the
    outcome, with what Slack gave back or its error name. `hold` runs before it and
    locks what they change, so that locks are always taken from the ask to its promises.
    """

    render: Callable[[Session, Delivery], SlackAction | Reschedule | None]
    # What to do when nobody knows whether it was done: look for the message, do it
    # again because that changes nothing, or leave it.
    if_unconfirmed: Literal["look", "repeat", "leave"] = "look"
    on_sent: Callable[[Session, Delivery, Any, datetime], None] = do_nothing
    on_rejected: Callable[[Session, Delivery, str, datetime], None] = do_nothing
    on_lost: Callable[[Session, Delivery, str, datetime], None] = do_nothing
    lock: Callable[[Session, Delivery], None] = do_nothing
    send_after: Callable[[Session, Delivery], datetime] = _send_now
    quoted_channels: Callable[[Session, Delivery], Collection[int]] = _no_channels
    render_without_access: Callable[
        [Session, Delivery], SlackAction | Reschedule | None
    ] = do_nothing

    def render_visible(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | Reschedule | None:
        """Draw what its recipient may see of it. Raises MembershipUnknown."""
        channels = [
            session.get_one(Channel, row)
            for row in self.quoted_channels(session, delivery)
        ]
        seen = visibility.visible_channels(
            session,
            channels,
            delivery.recipient,
            now=delivery.rendered_at or delivery.started_at,
        )
        is_inside = all(channel.id in seen for channel in channels)
        return (self.render if is_inside else self.render_without_access)(
            session, delivery
        )

    def render_when_due(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | Reschedule | None:
        """What to send now, None for nothing any more, or when to look again."""
        operation = self.render_visible(session, delivery)
        if operation is None or isinstance(operation, Reschedule):
            return operation
        at = self.send_after(session, delivery)
        return Reschedule(at) if at > delivery.started_at else operation
