"""What happens to the workspace itself: its channels, its people, our installation."""

from typing import Any

from slack_bolt import App
from sqlalchemy import Row, update

from bot import sync
from bot.asks import ask_message
from bot.checkins import participants, responses
from bot.clock import ts_to_datetime, ts_to_micros
from bot.home import memberships
from bot.onboarding import service as onboarding
from bot.runtime import Runtime, Transaction
from bot.settings import service as settings
from bot.workspace import channels, members
from handlers import external_members
from handlers.payloads import (
    ChannelEvent,
    ChannelIdChanged,
    ChannelRenamed,
    ChannelUnshared,
    MembershipChange,
    UserChange,
)
from models import Installation, Member

Event = dict[str, Any]


def register(bolt: App, rt: Runtime) -> None:
    seen = WorkspaceListeners(rt)
    bolt.event("user_change")(seen.user_changed)
    bolt.event("team_join")(seen.user_changed)
    bolt.event("member_joined_channel")(seen.member_joined)
    bolt.event("member_left_channel")(seen.member_left)
    bolt.event("channel_id_changed")(seen.channel_id_changed)
    bolt.event("channel_shared")(seen.channel_shared)
    bolt.event("channel_unshared")(seen.channel_unshared)
    # Private channels have events of their own, but for sharing.
    for kind in ("channel", "group"):
        bolt.event(f"{kind}_left")(seen.bot_left)
        bolt.event(f"{kind}_archive")(seen.channel_archived)
        bolt.event(f"{kind}_deleted")(seen.channel_archived)
        bolt.event(f"{kind}_unarchive")(seen.channel_unarchived)
        bolt.event(f"{kind}_rename")(seen.channel_renamed)
    bolt.event("app_uninstalled")(seen.app_uninstalled)
    bolt.event("tokens_revoked")(seen.tokens_revoked)


def _channel_id(event: Event) -> str:
    return ChannelEvent.model_validate(event).channel


class WorkspaceListeners:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def user_changed(self, event: Event) -> None:
        """Slack tells of each huddle and status: most of it is nothing that we keep."""
        user = UserChange.model_validate(event).user.model_dump()
        ours = self._rt.workspace
        with self._rt.autocommit.connect() as connection:
            known = members.find_row(connection, ours.id, user["id"])
        if not self._has_changes(known, user):
            return
        with self._rt.write(self._rt.workspace) as tx:
            # Perhaps they were forgotten a moment ago.
            if self._has_changes(members.find(tx, user["id"]), user):
                sync.store_user(tx, user)

    def _has_changes(self, row: Row[Any] | Member | None, user: dict[str, Any]) -> bool:
        """Whether there is something to be kept that we don't know.

        Nothing is kept of people whom we have not met, or have forgotten. That somebody
        is a bot, or of another organisation, is to be known before what they say is
        taken for an ask, or what they mark counts.
        """
        ours = self._rt.workspace
        says = members.profile_columns(user, ours.team_id, ours.enterprise_id)
        if row is None:
            return bool(says["is_bot"] or says.get("is_stranger"))
        if row.forgotten_at is not None:
            return False
        return row.looked_up_at is None or any(
            getattr(row, name) != value for name, value in says.items()
        )

    def member_joined(self, event: Event) -> None:
        seen = MembershipChange.model_validate(event)
        if seen.user == self._rt.workspace.bot_user_id:
            self._bot_joined(seen)
            return
        external_members.record_external_author(
            self._rt, seen.user, {"team": seen.team}
        )
        with self._rt.write(self._rt.workspace) as tx:
            self._record_membership(tx, seen, is_member=True)
            onboarding.greet(
                tx, seen.channel, seen.user, joined_at=ts_to_datetime(seen.event_ts)
            )

    def _bot_joined(self, membership: MembershipChange) -> None:
        with self._rt.write(self._rt.workspace) as tx:
            channel = channels.get_or_create(tx, membership.channel)
            channel.is_joined = True
            # The rest is looked up when it is needed.
            channel.looked_up_at = None
            ask_message.resync_open_threads(tx, channel)
            responses.resync_open_threads(tx, channel)
            settings.apply_channel_defaults(tx, channel)
            onboarding.on_bot_joined(tx, channel, inviter=membership.inviter)
            memberships.invalidate(tx)

    def member_left(self, event: Event) -> None:
        """Of the bot itself Slack tells by other events."""
        seen = MembershipChange.model_validate(event)
        with self._rt.write(self._rt.workspace) as tx:
            self._record_membership(tx, seen, is_member=False)
            participants.leave_channel(
                tx, seen.channel, seen.user, left_at=ts_to_datetime(seen.event_ts)
            )
            onboarding.on_member_left(
                tx, seen.channel, seen.user, left_at=ts_to_datetime(seen.event_ts)
            )

    def _record_membership(
        self, tx: Transaction, membership: MembershipChange, *, is_member: bool
    ) -> None:
        memberships.on_membership_event(
            tx,
            membership.channel,
            membership.user,
            is_member=is_member,
            event_micros=ts_to_micros(membership.event_ts),
        )

    def bot_left(self, event: Event) -> None:
        self._update_channel(_channel_id(event), is_joined=False)

    def channel_archived(self, event: Event) -> None:
        self._update_channel(_channel_id(event), is_archived=True)

    def channel_unarchived(self, event: Event) -> None:
        self._update_channel(_channel_id(event), is_archived=False)

    def channel_renamed(self, event: Event) -> None:
        channel = ChannelRenamed.model_validate(event).channel
        self._update_channel(channel.id, name=channel.name)

    def channel_id_changed(self, event: Event) -> None:
        moved = ChannelIdChanged.model_validate(event)
        if self._find_channel(moved.old_channel_id) is None:
            return
        with self._rt.write(self._rt.workspace) as tx:
            channels.change_slack_id(tx, moved.old_channel_id, moved.new_channel_id)

    def channel_shared(self, event: Event) -> None:
        self._update_channel(_channel_id(event), is_shared=True)

    def channel_unshared(self, event: Event) -> None:
        unshared = ChannelUnshared.model_validate(event)
        self._update_channel(unshared.channel, is_shared=unshared.is_ext_shared)

    def app_uninstalled(self) -> None:
        self._disable("app_uninstalled")

    def tokens_revoked(self, event: Event) -> None:
        # It names the people and bots whose tokens ended, not the tokens.
        match event:
            case {"tokens": {"bot": [_, *_]}}:
                self._disable("token_revoked")

    def _find_channel(self, slack_id: str) -> Row[Any] | None:
        with self._rt.autocommit.connect() as connection:
            return channels.find_row(connection, self._rt.workspace.id, slack_id)

    def _update_channel(self, slack_id: str, **values: object) -> None:
        known = self._find_channel(slack_id)
        if known is None or all(
            getattr(known, name) == value for name, value in values.items()
        ):
            return
        with self._rt.write(self._rt.workspace) as tx:
            channels.update_channel(tx, slack_id, **values)

    def _disable(self, reason: str) -> None:
        with self._rt.write(self._rt.workspace) as tx:
            tx.session.execute(
                update(Installation)
                .where(Installation.id == tx.workspace.id)
                .values(paused_because=reason)
            )
