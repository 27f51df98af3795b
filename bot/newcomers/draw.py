"""Draw what the outbox has promised to newcomers, from what is true now."""

from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import hours, outbox, visibility
from bot.channels import service as channels
from bot.delivery import Notice
from bot.lanes import Claim
from bot.members import service as members
from bot.members.rules import Action, Role, may
from bot.newcomers import blocks
from bot.newcomers.service import introduction
from bot.operations import Operation, Post, Update
from bot.preferences import service as preferences
from bot.runtime import Workspace
from models import Ask, Channel, Introduction, OutboxItem


class Drawing:
    """The draw functions, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def notices(self) -> dict[str, Notice]:
        return {
            "newcomer.preview": Notice(self.preview, of=_of_channel),
            "newcomer.previewed": Notice(self.previewed, "repeat", of=_of_channel),
            "newcomer.introduction": Notice(
                self.introduction,
                parked=self._refused,
                unknown=self._perhaps_posted,
            ),
            "newcomer.not_posted": Notice(self.not_posted, of=_of_channel),
            "newcomer.greeting": Notice(
                self.greeting,
                delivered=self._greeted,
                unknown=self._greeted,
                due=hours.due,
            ),
        }

    def preview(self, session: Session, claim: Claim) -> Operation | None:
        channel = session.get_one(Channel, claim.subject_id)
        said = session.get_one(Introduction, channel.id)
        held = members.roles(session, channel, claim.recipient, author=said.inviter)
        if said.posted_at is not None or not may(Action.INTRODUCE, held):
            return None
        text, drawn = blocks.preview(
            channel.id, channel.slack_id, channel.name, introduction(channel)[1]
        )
        return Post(claim.recipient, text, drawn)

    def previewed(self, session: Session, claim: Claim) -> Operation | None:
        """The preview without its buttons, once somebody else has posted it."""
        channel = session.get_one(Channel, claim.subject_id)
        sent = session.execute(
            select(OutboxItem.slack_channel, OutboxItem.ts).filter_by(
                installation_id=claim.installation_id,
                key=f"newcomer.preview:{channel.id}:{claim.recipient}",
                state="sent",
            )
        ).first()
        if sent is None or not (sent[0] and sent[1]):
            return None
        if session.get_one(Introduction, channel.id).posted_at is None:
            return None
        note = blocks.posted_before(channel.slack_id, channel.name)
        return Update(sent[0], sent[1], *note)

    def introduction(self, session: Session, claim: Claim) -> Operation | None:
        channel = session.get_one(Channel, claim.subject_id)
        text, drawn = introduction(channel)
        return Post(channel.slack_id, text, drawn)

    def _refused(
        self, session: Session, claim: Claim, error: str, now: datetime
    ) -> None:
        """Slack would not have it: whoever wanted it may try again."""
        said = session.get_one(Introduction, claim.subject_id, with_for_update=True)
        said.posted_at = None
        self._tell(session, said, error, now=now)

    def _perhaps_posted(
        self, session: Session, claim: Claim, _error: str, now: datetime
    ) -> None:
        said = session.get_one(Introduction, claim.subject_id)
        self._tell(session, said, "unknown", now=now)

    def _tell(
        self, session: Session, said: Introduction, error: str, *, now: datetime
    ) -> None:
        if said.posted_by is None:
            return
        outbox.promise(
            session,
            "newcomer.not_posted",
            said.channel_id,
            said.posted_by,
            installation_id=self._workspace.id,
            now=now,
            detail={"error": error},
            occasion=f"{now:%Y%m%dT%H%M%S}",
        )

    def not_posted(self, session: Session, claim: Claim) -> Operation | None:
        channel = session.get_one(Channel, claim.subject_id)
        text, drawn = blocks.not_posted(
            channel.slack_id, channel.name, claim.detail["error"]
        )
        return Post(claim.recipient, text, drawn)

    def greeting(self, session: Session, claim: Claim) -> Operation | None:
        # The one that they have been in longest, of those where it can be said.
        joined = sorted(claim.detail["joined"].items(), key=itemgetter(1))
        found = (session.get_one(Channel, int(channel)) for channel, _ in joined)
        wanted = [c for c in found if self._wants_greeting(session, c, claim.recipient)]
        seen = visibility.seen(session, wanted, claim.recipient, now=claim.claimed_at)
        channel = next((c for c in wanted if c.id in seen), None)
        if channel is None:
            return None
        text, drawn = blocks.greeting(
            channel.slack_id,
            channel.name,
            channels.helpful_emoji(channel),
            channels.solved_emoji(channel),
        )
        return Post(claim.recipient, text, drawn)

    def _wants_greeting(self, session: Session, channel: Channel, member: str) -> bool:
        if not channel.is_joined or channel.is_archived:
            return False
        held = members.roles_in_workspace(session, self._workspace.id, member)
        if not may(Action.ASK, held):
            return False
        if Role.GUEST in held and not channel.guests_may_ask:
            return False
        chosen = preferences.of(session, self._workspace.id, member)
        if chosen.is_greeted or not chosen.wants_greetings:
            return False
        # Whoever has asked by now knows how, and needs no rules.
        asked = select(Ask.id).filter_by(
            installation_id=self._workspace.id, asker=member
        )
        return session.scalar(asked.limit(1)) is None

    def _greeted(
        self, session: Session, claim: Claim, _outcome: Any, now: datetime
    ) -> None:
        preferences.choose(session, self._workspace.id, claim.recipient, greeted_at=now)


def _of_channel(_session: Session, claim: Claim) -> list[int]:
    return [claim.subject_id]
