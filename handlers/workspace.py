"""Handle events about channels, users and the app's installation."""

from collections.abc import Callable
from typing import Any

from slack_bolt import App
from sqlalchemy import Row, update

from bot.clock import ts_to_datetime
from bot.runtime import Runtime, Workspace
from bot.workspace import channels, members, sync
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
    listeners = WorkspaceListeners(rt)
    bolt.event("user_change")(listeners.user_changed)
    bolt.event("team_join")(listeners.user_changed)
    bolt.event("member_joined_channel")(listeners.member_joined)
    bolt.event("member_left_channel")(listeners.member_left)
    bolt.event("channel_id_changed")(listeners.channel_id_changed)
    bolt.event("channel_shared")(listeners.update_channel(is_shared=True))
    bolt.event("channel_unshared")(listeners.channel_unshared)
    # Private channels have `group_…` events, except for sharing.
    for kind in ("channel", "group"):
        bolt.event(f"{kind}_left")(listeners.update_channel(is_joined=False))
        archived = listeners.update_channel(is_archived=True)
        bolt.event(f"{kind}_archive")(archived)
        bolt.event(f"{kind}_deleted")(archived)
        unarchived = listeners.update_channel(is_archived=False)
        bolt.event(f"{kind}_unarchive")(unarchived)
        bolt.event(f"{kind}_rename")(listeners.channel_renamed)
    bolt.event("app_uninstalled")(listeners.app_uninstalled)
    bolt.event("tokens_revoked")(listeners.tokens_revoked)


class WorkspaceListeners:
    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    def user_changed(self, event: Event, workspace: Workspace) -> None:
        """Store changes of the profile. Most events, such as for huddles, have none."""
        user = UserChange.model_validate(event).user.model_dump()
        with self._rt.autocommit.connect() as connection:
            row = members.find_row(connection, workspace.id, user["id"])
        if not _has_changes(workspace, row, user):
            return
        with self._rt.write(workspace) as tx:
            # The member may have been erased meanwhile.
            if _has_changes(workspace, members.find(tx, user["id"]), user):
                sync.store_user(tx, user)

    def member_joined(self, event: Event, workspace: Workspace) -> None:
        membership = MembershipChange.model_validate(event)
        if membership.user == workspace.bot_user_id:
            self._bot_joined(membership, workspace)
            return
        external_members.record_external_author(self._rt, workspace, membership)
        with self._rt.write(workspace) as tx:
            tx.features.on_member_joined(
                tx,
                membership.channel,
                membership.user,
                ts_to_datetime(membership.event_ts),
            )

    def _bot_joined(self, membership: MembershipChange, workspace: Workspace) -> None:
        with self._rt.write(workspace) as tx:
            channel = channels.get_or_create(tx, membership.channel)
            channel.is_joined = True
            # The channel is fetched again when it is needed.
            channel.fetched_at = None
            tx.features.on_bot_joined(tx, channel, membership.inviter)

    def member_left(self, event: Event, workspace: Workspace) -> None:
        """Record that a person left; for the bot, Slack sends other events."""
        membership = MembershipChange.model_validate(event)
        with self._rt.write(workspace) as tx:
            tx.features.on_member_left(
                tx,
                membership.channel,
                membership.user,
                ts_to_datetime(membership.event_ts),
            )

    def update_channel(self, **values: object) -> Callable[[Event, Workspace], None]:
        """Return a listener for an event that says this of a channel."""

        def listener(event: Event, workspace: Workspace) -> None:
            channel = ChannelEvent.model_validate(event).channel
            self._update_channel(workspace, channel, **values)

        return listener

    def channel_renamed(self, event: Event, workspace: Workspace) -> None:
        channel = ChannelRenamed.model_validate(event).channel
        self._update_channel(workspace, channel.id, name=channel.name)

    def channel_id_changed(self, event: Event, workspace: Workspace) -> None:
        change = ChannelIdChanged.model_validate(event)
        if self._find_channel(workspace, change.old_channel_id) is None:
            return
        with self._rt.write(workspace) as tx:
            channels.change_slack_id(tx, change.old_channel_id, change.new_channel_id)

    def channel_unshared(self, event: Event, workspace: Workspace) -> None:
        unshared = ChannelUnshared.model_validate(event)
        self._update_channel(
            workspace, unshared.channel, is_shared=unshared.is_ext_shared
        )

    def app_uninstalled(self, workspace: Workspace) -> None:
        self._disable(workspace, "app_uninstalled")

    def tokens_revoked(self, event: Event, workspace: Workspace) -> None:
        # The event lists the ids of users and bots whose tokens were revoked.
        match event:
            case {"tokens": {"bot": [_, *_]}}:
                self._disable(workspace, "token_revoked")

    def _find_channel(self, workspace: Workspace, slack_id: str) -> Row[Any] | None:
        with self._rt.autocommit.connect() as connection:
            return channels.find_row(connection, workspace.id, slack_id)

    def _update_channel(
        self, workspace: Workspace, slack_id: str, **values: object
    ) -> None:
        row = self._find_channel(workspace, slack_id)
        if row is None or all(
            getattr(row, name) == value for name, value in values.items()
        ):
            return
        with self._rt.write(workspace) as tx:
            channels.update_channel(tx, slack_id, **values)

    def _disable(self, workspace: Workspace, reason: str) -> None:
        with self._rt.write(workspace) as tx:
            tx.session.execute(
                update(Installation)
                .where(Installation.id == tx.workspace.id)
                .values(disabled_reason=reason)
            )


def _has_changes(
    workspace: Workspace, row: Row[Any] | Member | None, user: dict[str, Any]
) -> bool:
    """Return True if Slack's `user` has values to store that differ from the row.

    Nothing is stored about erased members. Among unknown users, only bots and
    external members are stored, before their messages or reactions could count.
    """
    new = members.profile_columns(user, workspace.team_id, workspace.enterprise_id)
    if row is None:
        return bool(new["is_bot"] or new.get("is_external"))
    if row.erased_at is not None:
        return False
    return row.fetched_at is None or any(
        getattr(row, name) != value for name, value in new.items()
    )
