"""Handle events about channels and users."""

from collections.abc import Callable
from typing import Any

from slack_bolt import App
from sqlalchemy import Row

from bot.clock import ts_to_datetime
from bot.runtime import Runtime, Workspace
from bot.slack.api import SlackError
from bot.workspace import channels, job_runs, members, sync
from handlers import external_members
from handlers.channel_payloads import (
    ChannelEvent,
    ChannelIdChanged,
    ChannelRenamed,
    ChannelUnshared,
    MembershipChange,
)
from handlers.payloads import TimedEvent, UserChange
from models import Member

Event = dict[str, Any]
Listener = Callable[[Runtime, Workspace, Event], None]


def register(bolt: App, rt: Runtime) -> None:
    def on_event(name: str, listener: Listener) -> None:
        def run(event: Event, workspace: Workspace) -> None:
            listener(rt, workspace, event)

        bolt.event(name)(run)

    on_event("user_change", user_changed)
    on_event("team_join", user_changed)
    on_event("member_joined_channel", member_joined)
    on_event("member_left_channel", member_left)
    on_event("channel_id_changed", channel_id_changed)
    on_event("channel_shared", update_channel(is_shared=True))
    on_event("channel_unshared", channel_unshared)
    # Private channels have `group_…` events, except for sharing.
    for kind in ("channel", "group"):
        on_event(f"{kind}_left", update_channel(is_joined=False))
        on_event(f"{kind}_archive", update_channel(is_archived=True))
        on_event(f"{kind}_deleted", update_channel(is_archived=True))
        on_event(f"{kind}_unarchive", update_channel(is_archived=False))
        on_event(f"{kind}_rename", channel_renamed)


def user_changed(rt: Runtime, workspace: Workspace, event: Event) -> None:
    """Store changes of the profile. Most events, such as for huddles, have none."""
    change = UserChange.model_validate(event)
    user, at = change.user.model_dump(), change.time(now=rt.clock())
    with rt.autocommit.connect() as connection:
        row = members.find_row(connection, workspace.id, user["id"])
    if not _has_changes(workspace, row, user):
        return
    with rt.write(workspace) as tx:
        # The member may have been erased meanwhile.
        if _has_changes(workspace, members.find(tx, user["id"]), user):
            sync.apply_change(tx, user, at=at)


def member_joined(rt: Runtime, workspace: Workspace, event: Event) -> None:
    membership = MembershipChange.model_validate(event)
    if membership.user == workspace.bot_user_id:
        if not _is_own_place(rt, workspace, membership):
            _bot_joined(rt, workspace, membership)
        return
    external_members.record_external_author(rt, workspace, membership)
    with rt.write(workspace) as tx:
        tx.features.on_member_joined(
            tx,
            membership.channel,
            membership.user,
            ts_to_datetime(membership.event_ts),
        )


def _is_own_place(
    rt: Runtime, workspace: Workspace, membership: MembershipChange
) -> bool:
    """Return True if the bot made this private channel for a few people.

    It has just made it, or a person brings it back.
    """
    if _is_place(rt, workspace, membership.channel):
        return True
    if membership.channel_type != "G":
        return False
    try:
        conversation = rt.slack_of(workspace).conversation_info(membership.channel)
    except SlackError:
        with rt.write_session.begin() as session:
            job_runs.ask_again(session, job_runs.SYNC_CHANNELS, workspace.id)
        # To other private channels than its own, a person invites it.
        return membership.inviter is None
    return sync.is_own_place(workspace, conversation)


def _is_place(rt: Runtime, workspace: Workspace, channel: str) -> bool:
    with rt.read(workspace) as tx:
        return bool(channels.places_among(tx, [channel]))


def _bot_joined(
    rt: Runtime, workspace: Workspace, membership: MembershipChange
) -> None:
    at = ts_to_datetime(membership.event_ts)
    with rt.write(workspace) as tx:
        channel = channels.get_or_create(tx, membership.channel)
        channels.record_event(tx, membership.channel, at=at, is_joined=True)
        if not channel.is_joined:
            # It was removed again, and that event came first.
            return
        # The channel is fetched again when it is needed.
        channel.fetched_at = None
        tx.features.on_bot_joined(tx, channel, membership.inviter)


def member_left(rt: Runtime, workspace: Workspace, event: Event) -> None:
    """Record that a person left; for the bot, Slack sends other events."""
    membership = MembershipChange.model_validate(event)
    with rt.write(workspace) as tx:
        tx.features.on_member_left(
            tx,
            membership.channel,
            membership.user,
            ts_to_datetime(membership.event_ts),
        )


def update_channel(**values: object) -> Listener:
    """Return a listener for an event that says this of a channel."""

    def listener(rt: Runtime, workspace: Workspace, event: Event) -> None:
        change = ChannelEvent.model_validate(event)
        _update_channel(rt, workspace, change.channel, change, **values)

    return listener


def channel_renamed(rt: Runtime, workspace: Workspace, event: Event) -> None:
    renamed = ChannelRenamed.model_validate(event)
    channel = renamed.channel
    _update_channel(rt, workspace, channel.id, renamed, name=channel.name)


def channel_id_changed(rt: Runtime, workspace: Workspace, event: Event) -> None:
    change = ChannelIdChanged.model_validate(event)
    if _find_channel(rt, workspace, change.old_channel_id) is None and not _is_place(
        rt, workspace, change.old_channel_id
    ):
        return
    with rt.write(workspace) as tx:
        channels.change_slack_id(
            tx,
            change.old_channel_id,
            change.new_channel_id,
            at=change.time(now=tx.now),
        )


def channel_unshared(rt: Runtime, workspace: Workspace, event: Event) -> None:
    unshared = ChannelUnshared.model_validate(event)
    _update_channel(
        rt, workspace, unshared.channel, unshared, is_shared=unshared.is_ext_shared
    )


def _find_channel(rt: Runtime, workspace: Workspace, slack_id: str) -> Row[Any] | None:
    with rt.autocommit.connect() as connection:
        return channels.find_row(connection, workspace.id, slack_id)


def _update_channel(
    rt: Runtime, workspace: Workspace, slack_id: str, event: TimedEvent, **facts: object
) -> None:
    row, at = _find_channel(rt, workspace, slack_id), event.time(now=rt.clock())
    if row is None or channels.is_recorded(row, at=at, **facts):
        return
    with rt.write(workspace) as tx:
        channels.record_event(tx, slack_id, at=at, **facts)


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
