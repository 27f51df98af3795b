"""What happens to the workspace itself: its channels, its people, our installation."""

from typing import Any

from slack_bolt import App
from sqlalchemy import Row, update
from sqlalchemy.orm import Session

from bot.asks import posting
from bot.channels import service as channels
from bot.checkins import replies, seats
from bot.clock import micros, moment
from bot.facts import service as facts
from bot.home import places
from bot.members import service as members
from bot.newcomers import service as newcomers
from bot.runtime import Runtime
from bot.settings import service as settings
from handlers import outsiders
from handlers.payloads import (
    Described,
    InChannel,
    Joined,
    Moved,
    Renamed,
    Unshared,
)
from models import Installation, Member

Event = dict[str, Any]


def register(bolt: App, rt: Runtime) -> None:
    seen = Listeners(rt)
    bolt.event("user_change")(seen.described)
    bolt.event("team_join")(seen.described)
    bolt.event("member_joined_channel")(seen.joined)
    bolt.event("member_left_channel")(seen.somebody_left)
    bolt.event("channel_id_changed")(seen.moved)
    bolt.event("channel_shared")(seen.shared)
    bolt.event("channel_unshared")(seen.unshared)
    # Private channels have events of their own, but for sharing.
    for kind in ("channel", "group"):
        bolt.event(f"{kind}_left")(seen.left)
        bolt.event(f"{kind}_archive")(seen.archived)
        bolt.event(f"{kind}_deleted")(seen.archived)
        bolt.event(f"{kind}_unarchive")(seen.unarchived)
        bolt.event(f"{kind}_rename")(seen.renamed)
    bolt.event("app_uninstalled")(seen.uninstalled)
    bolt.event("tokens_revoked")(seen.revoked)


def _channel(event: Event) -> str:
    return InChannel.model_validate(event).channel


class Listeners:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def described(self, event: Event) -> None:
        """Slack tells of each huddle and status: most of it is nothing that we keep."""
        user = Described.model_validate(event).user.model_dump()
        ours = self._rt.workspace
        with self._rt.lookups.connect() as connection:
            known = members.look(connection, ours.id, user["id"])
        if not self._is_news(known, user):
            return
        with self._rt.sessions.begin() as session:
            # Perhaps they were forgotten a moment ago.
            if self._is_news(members.find(session, ours.id, user["id"]), user):
                facts.learn_member(session, ours, user, now=self._rt.clock())

    def _is_news(self, known: Row[Any] | Member | None, user: dict[str, Any]) -> bool:
        """Whether there is something to be kept that we don't know.

        Nothing is kept of people whom we have not met, or have forgotten. That somebody
        is a bot, or of another organisation, is to be known before what they say is
        taken for an ask, or what they mark counts.
        """
        ours = self._rt.workspace
        says = members.described(user, ours.team_id, ours.enterprise_id)
        if known is None:
            return bool(says["is_bot"] or says.get("is_stranger"))
        if known.forgotten_at is not None:
            return False
        return known.looked_up_at is None or any(
            getattr(known, name) != value for name, value in says.items()
        )

    def joined(self, event: Event) -> None:
        seen = Joined.model_validate(event)
        if seen.user == self._rt.workspace.bot_user_id:
            self._arrived(seen)
            return
        outsiders.learn_from(self._rt, seen.user, {"team": seen.team})
        with self._rt.sessions.begin() as session:
            now = self._rt.clock()
            self._place(session, seen, is_in=True)
            newcomers.greet(
                session,
                self._rt.workspace,
                seen.channel,
                seen.user,
                joined_at=moment(seen.event_ts),
                now=now,
            )

    def _arrived(self, seen: Joined) -> None:
        with self._rt.sessions.begin() as session:
            now = self._rt.clock()
            channel = channels.note(session, self._rt.workspace.id, seen.channel)
            channel.is_joined = True
            # The rest is looked up when it is needed.
            channel.looked_up_at = None
            posting.read_again(session, channel, now=now)
            replies.read_again(session, channel, now=now)
            settings.begin(session, channel, now=now)
            newcomers.arrive(session, channel, inviter=seen.inviter, now=now)
            places.forget_freshness(session, self._rt.workspace.id)

    def somebody_left(self, event: Event) -> None:
        """Of the bot itself Slack tells by other events."""
        seen = Joined.model_validate(event)
        with self._rt.sessions.begin() as session:
            self._place(session, seen, is_in=False)
            now = self._rt.clock()
            seats.leave_channel(
                session,
                self._rt.workspace,
                seen.channel,
                seen.user,
                left_at=moment(seen.event_ts),
                now=now,
            )
            newcomers.left(
                session,
                self._rt.workspace,
                seen.channel,
                seen.user,
                left_at=moment(seen.event_ts),
                now=now,
            )

    def _place(self, session: Session, seen: Joined, *, is_in: bool) -> None:
        places.moved(
            session,
            self._rt.workspace.id,
            seen.channel,
            seen.user,
            is_in=is_in,
            at_us=micros(seen.event_ts),
            now=self._rt.clock(),
        )

    def left(self, event: Event) -> None:
        self._change(_channel(event), is_joined=False)

    def archived(self, event: Event) -> None:
        self._change(_channel(event), is_archived=True)

    def unarchived(self, event: Event) -> None:
        self._change(_channel(event), is_archived=False)

    def renamed(self, event: Event) -> None:
        channel = Renamed.model_validate(event).channel
        self._change(channel.id, name=channel.name)

    def moved(self, event: Event) -> None:
        moved = Moved.model_validate(event)
        if self._known(moved.old_channel_id) is None:
            return
        with self._rt.sessions.begin() as session:
            channels.move(
                session,
                self._rt.workspace.id,
                moved.old_channel_id,
                moved.new_channel_id,
            )

    def shared(self, event: Event) -> None:
        self._change(_channel(event), is_shared=True)

    def unshared(self, event: Event) -> None:
        unshared = Unshared.model_validate(event)
        self._change(unshared.channel, is_shared=unshared.is_ext_shared)

    def uninstalled(self) -> None:
        self._pause("app_uninstalled")

    def revoked(self, event: Event) -> None:
        # It names the people and bots whose tokens ended, not the tokens.
        match event:
            case {"tokens": {"bot": [_, *_]}}:
                self._pause("token_revoked")

    def _known(self, slack_id: str) -> Row[Any] | None:
        with self._rt.lookups.connect() as connection:
            return channels.look(connection, self._rt.workspace.id, slack_id)

    def _change(self, slack_id: str, **values: object) -> None:
        known = self._known(slack_id)
        if known is None or all(
            getattr(known, name) == value for name, value in values.items()
        ):
            return
        with self._rt.sessions.begin() as session:
            channels.change(session, self._rt.workspace.id, slack_id, **values)

    def _pause(self, why: str) -> None:
        with self._rt.sessions.begin() as session:
            session.execute(
                update(Installation)
                .where(Installation.id == self._rt.workspace.id)
                .values(paused_because=why)
            )
