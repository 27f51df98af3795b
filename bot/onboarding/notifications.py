"""Draw what the outbox has promised to newcomers, from what is true now."""

from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import visibility
from bot.onboarding import blocks
from bot.onboarding.service import introduction_note
from bot.outbox import enqueue
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.permissions import Action, Role, is_allowed
from bot.runtime import Workspace
from bot.slack.actions import PostMessage, SlackAction, UpdateMessage
from bot.workspace import channels, contact_hours, member_settings, roles
from models import Ask, Channel, ChannelIntroduction, OutboxItem


class OnboardingRenderer:
    """The draw functions, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def message_types(self) -> dict[str, MessageType]:
        return {
            "newcomer.preview": MessageType(
                self.render_preview, quoted_channels=_channel_ids
            ),
            "newcomer.previewed": MessageType(
                self.render_preview_update, "repeat", quoted_channels=_channel_ids
            ),
            "newcomer.introduction": MessageType(
                self.render_introduction,
                on_rejected=self._on_rejected,
                on_lost=self._on_lost,
            ),
            "newcomer.not_posted": MessageType(
                self.render_not_posted, quoted_channels=_channel_ids
            ),
            "newcomer.greeting": MessageType(
                self.render_greeting,
                on_sent=self._on_greeted,
                on_lost=self._on_greeted,
                send_after=contact_hours.send_after,
            ),
        }

    def render_preview(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        channel = session.get_one(Channel, delivery.subject_id)
        said = session.get_one(ChannelIntroduction, channel.id)
        held = roles.in_channel(
            session, channel, delivery.recipient, author=said.inviter
        )
        if said.posted_at is not None or not is_allowed(Action.INTRODUCE, held):
            return None
        text, drawn = blocks.preview(
            channel.id, channel.slack_id, channel.name, introduction_note(channel)[1]
        )
        return PostMessage(delivery.recipient, text, drawn)

    def render_preview_update(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        """The preview without its buttons, once somebody else has posted it."""
        channel = session.get_one(Channel, delivery.subject_id)
        sent = session.execute(
            select(OutboxItem.slack_channel, OutboxItem.ts).filter_by(
                installation_id=delivery.installation_id,
                key=f"newcomer.preview:{channel.id}:{delivery.recipient}",
                state="sent",
            )
        ).first()
        if sent is None or not (sent[0] and sent[1]):
            return None
        if session.get_one(ChannelIntroduction, channel.id).posted_at is None:
            return None
        note = blocks.already_posted(channel.slack_id, channel.name)
        return UpdateMessage(sent[0], sent[1], *note)

    def render_introduction(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        channel = session.get_one(Channel, delivery.subject_id)
        text, drawn = introduction_note(channel)
        return PostMessage(channel.slack_id, text, drawn)

    def _on_rejected(
        self, session: Session, delivery: Delivery, error: str, now: datetime
    ) -> None:
        """Slack would not have it: whoever wanted it may try again."""
        said = session.get_one(
            ChannelIntroduction, delivery.subject_id, with_for_update=True
        )
        said.posted_at = None
        self._notify_not_posted(session, said, error, now=now)

    def _on_lost(
        self, session: Session, delivery: Delivery, _error: str, now: datetime
    ) -> None:
        said = session.get_one(ChannelIntroduction, delivery.subject_id)
        self._notify_not_posted(session, said, "unknown", now=now)

    def _notify_not_posted(
        self,
        session: Session,
        introduction: ChannelIntroduction,
        error: str,
        *,
        now: datetime,
    ) -> None:
        if introduction.posted_by is None:
            return
        enqueue.enqueue(
            session,
            "newcomer.not_posted",
            introduction.channel_id,
            introduction.posted_by,
            installation_id=self._workspace.id,
            now=now,
            payload={"error": error},
            occurrence=f"{now:%Y%m%dT%H%M%S}",
        )

    def render_not_posted(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        channel = session.get_one(Channel, delivery.subject_id)
        text, drawn = blocks.not_posted(
            channel.slack_id, channel.name, delivery.payload["error"]
        )
        return PostMessage(delivery.recipient, text, drawn)

    def render_greeting(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        # The one that they have been in longest, of those where it can be said.
        joined = sorted(delivery.payload["joined"].items(), key=itemgetter(1))
        found = (session.get_one(Channel, int(channel)) for channel, _ in joined)
        wanted = [
            c for c in found if self._wants_greeting(session, c, delivery.recipient)
        ]
        seen = visibility.visible_channels(
            session, wanted, delivery.recipient, now=delivery.started_at
        )
        channel = next((c for c in wanted if c.id in seen), None)
        if channel is None:
            return None
        text, drawn = blocks.greeting(
            channel.slack_id,
            channel.name,
            channels.helpful_emoji(channel),
            channels.solved_emoji(channel),
        )
        return PostMessage(delivery.recipient, text, drawn)

    def _wants_greeting(self, session: Session, channel: Channel, member: str) -> bool:
        if not channel.is_joined or channel.is_archived:
            return False
        held = roles.in_workspace(session, self._workspace.id, member)
        if not is_allowed(Action.ASK, held):
            return False
        if Role.GUEST in held and not channel.guests_may_ask:
            return False
        chosen = member_settings.get(session, self._workspace.id, member)
        if chosen.is_greeted or not chosen.wants_greetings:
            return False
        # Whoever has asked by now knows how, and needs no rules.
        asked = select(Ask.id).filter_by(
            installation_id=self._workspace.id, asker=member
        )
        return session.scalar(asked.limit(1)) is None

    def _on_greeted(
        self, session: Session, delivery: Delivery, _outcome: Any, now: datetime
    ) -> None:
        member_settings.update(
            session, self._workspace.id, delivery.recipient, greeted_at=now
        )


def _channel_ids(_session: Session, delivery: Delivery) -> list[int]:
    return [delivery.subject_id]
