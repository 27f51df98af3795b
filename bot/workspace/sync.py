"""Fetch people and channels from Slack, outside any transaction."""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, Row, Select, bindparam, or_, select

from bot.clock import EPOCH
from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.errors import UserError
from bot.outbox import rate_limits
from bot.runtime import Runtime, Transaction, Workspace
from bot.slack.api import RateLimited, SlackError
from bot.workspace import (
    channel_members,
    channels,
    members,
    visibility,
)
from models import Channel, Member

log = logging.getLogger(__name__)

# Events keep profiles and channels up to date; fetching makes up for lost events.
USER_FRESH_FOR = timedelta(hours=1)
CHANNEL_FRESH_FOR = timedelta(hours=1)
_USERS_INFO = "users.info"
STALE_AFTER = timedelta(days=7)
# Slack delivers again after a minute, then after five. The clocks may differ by less.
_LATE_AFTER = timedelta(seconds=30)
# users.info allows about a hundred a minute (tier 4).
BATCH_SIZE = 5

# Slack's errors for an id without a user whom the bot may see.
NOT_FOUND_ERRORS = {"user_not_found", "user_not_visible"}


def new_users(installation_id: InstallationId, _now: Time) -> Select[str]:
    """Select the members of whom only the id is known."""
    return select(Member.slack_id).where(
        Member.installation_id == installation_id,
        Member.fetched_at.is_(None),
        Member.erased_at.is_(None),
    )


def stale_users(installation_id: InstallationId, now: Time) -> Select[str]:
    """Select the members whose profile is older than STALE_AFTER."""
    return select(Member.slack_id).where(
        Member.installation_id == installation_id,
        # A time in the future was stored before our clock was set back.
        or_(Member.fetched_at < now - STALE_AFTER, Member.fetched_at > now),
    )


_OLDEST = (Member.fetched_at, Member.id)
_NEW_USERS = (
    new_users(bindparam("installation_id", type_=Integer), EPOCH)
    .order_by(*_OLDEST)
    .limit(BATCH_SIZE)
)

_FETCHED_USERS = select(Member.slack_id, Member.fetched_at).where(
    Member.installation_id == bindparam("installation_id"),
    Member.slack_id.in_(bindparam("slack_ids", expanding=True)),
)
_FETCHED_CHANNEL = select(
    Channel.slack_id, Channel.fetched_at, Channel.id, Channel.is_private
).where(
    Channel.installation_id == bindparam("installation_id"),
    Channel.slack_id == bindparam("slack_id"),
)


def store_user(
    tx: Transaction, user: Mapping[str, Any], *, asked_at: datetime | None = None
) -> None:
    """Store Slack's user object, and let features act on the profile.

    It is as Slack had it at `asked_at` (UTC), or just now. A later profile stays.
    """
    if asked_at is not None and members.is_stored_after(tx, user["id"], asked_at):
        return
    member = members.upsert_from_slack(
        tx,
        user,
        team_id=tx.workspace.team_id,
        enterprise_id=tx.workspace.enterprise_id,
        at=asked_at,
    )
    tx.session.flush()
    tx.features.on_member_loaded(tx, member)


def apply_change(tx: Transaction, user: Mapping[str, Any], *, at: datetime) -> None:
    """Store a changed profile, unless a later one may be known; `at` is Slack's time.

    Then Slack is asked for the present one. Neither the time of the stored profile, by
    our clock, nor a late delivery tells for sure: later changes may have come before,
    and an event without news leaves no trace.
    """
    members.lock_all(tx, [user["id"]])
    member = members.find(tx, user["id"])
    if (
        member is not None
        and member.fetched_at is not None
        and at < max(member.fetched_at, tx.now - _LATE_AFTER)
    ):
        member.fetched_at = EPOCH
    else:
        store_user(tx, user, asked_at=min(at, tx.now))


def mark_external(tx: Transaction, slack_id: str) -> None:
    """Mark a person as external, and let features act on that."""
    if members.mark_external(tx, slack_id):
        member = members.find(tx, slack_id)
        assert member is not None  # noqa: S101 - it has just been marked
        tx.features.on_member_loaded(tx, member)


def is_own_place(workspace: Workspace, conversation: Mapping[str, Any]) -> bool:
    """Return True for a channel that the bot made for a few people, as a private one.

    It writes there, and reads nothing: the channel gets no row, even if Slack's owners
    make it public.
    """
    return bool(conversation.get("creator") == workspace.bot_user_id)


def refresh(
    rt: Runtime,
    workspace: Workspace,
    *,
    users: Iterable[str] = (),
    channel: str | None = None,
    command_user: str | None = None,
    only_unknown: bool = False,
) -> None:
    """Fetch stale facts about users and a channel before a decision depends on them.

    `command_user` typed a command in the channel, so they are its member. With
    `only_unknown`, users with a profile are not fetched, so that no row tells the time
    of their press. Raises UserError if there are no facts at all and Slack can't be
    reached.
    """
    now = rt.clock()
    slack_ids = list(dict.fromkeys(users))
    with rt.autocommit.connect() as connection:
        installation = {"installation_id": workspace.id}
        fetch_times = _fetch_times(
            connection, _FETCHED_USERS, installation | {"slack_ids": slack_ids}
        )
        row = _channel_row(connection, installation, channel)
    for slack_id in slack_ids:
        fetched_at = fetch_times.get(slack_id)
        if only_unknown and fetched_at is not None:
            continue
        if _is_stale(fetched_at, USER_FRESH_FOR, now):
            _fetch_user(rt, workspace, slack_id, is_required=fetched_at is None)
    if channel:
        fetched_at = row.fetched_at if row else None
        if _is_stale(fetched_at, CHANNEL_FRESH_FOR, now):
            _fetch_channel(rt, workspace, channel, is_required=fetched_at is None)
            with rt.autocommit.connect() as connection:
                row = _channel_row(connection, installation, channel)
        if command_user and row is not None and row.is_private:
            with rt.write(workspace) as tx:
                channel_members.record(
                    tx,
                    command_user,
                    {row.id: True},
                    at=tx.now,
                )


def _channel_row(
    connection: Connection, installation: Mapping[str, Any], channel: str | None
) -> Row[str, datetime | None, int, bool] | None:
    if channel is None:
        return None
    return connection.execute(
        _FETCHED_CHANNEL, {**installation, "slack_id": channel}
    ).first()


def _is_stale(fetched_at: datetime | None, fresh_for: timedelta, now: datetime) -> bool:
    return fetched_at is None or not now - fresh_for <= fetched_at <= now


def _fetch_times(
    connection: Connection, statement: Any, values: Mapping[str, Any]
) -> dict[str, datetime | None]:
    """Return the fetch times (UTC) by Slack's ids."""
    return {row[0]: row[1] for row in connection.execute(statement, values)}


def _fetch_user(
    rt: Runtime, workspace: Workspace, slack_id: str, *, is_required: bool
) -> None:
    asked_at = rt.clock()
    try:
        user = rt.slack_of(workspace).user_info(slack_id)
    except SlackError as error:
        if error.code in NOT_FOUND_ERRORS:
            user = {"id": slack_id, "deleted": True}
        elif is_required:
            raise UserError(visibility.SLACK_UNREACHABLE) from error
        else:
            return
    with rt.write(workspace) as tx:
        store_user(tx, user, asked_at=asked_at)


def _fetch_channel(
    rt: Runtime, workspace: Workspace, slack_id: str, *, is_required: bool
) -> None:
    asked_at = rt.clock()
    try:
        conversation = rt.slack_of(workspace).conversation_info(slack_id)
    except SlackError as error:
        if error.code != "channel_not_found":
            if is_required:
                raise UserError(visibility.SLACK_UNREACHABLE) from error
            return
        # For Slack, a private channel that the bot is not in does not exist.
        conversation = {"id": slack_id, "is_member": False, "is_private": True}
    if conversation.get("is_im") or conversation.get("is_mpim"):
        return
    if is_own_place(workspace, conversation):
        return
    with rt.write(workspace) as tx:
        # People can turn their group of direct messages into a channel.
        if not channels.places_among(tx, [slack_id]):
            channels.upsert_from_slack(tx, conversation, asked_at=asked_at)


def fetch_new_users(
    rt: Runtime, workspace: Workspace, *, is_first: bool = False
) -> None:
    """Fetch the profiles of BATCH_SIZE members of whom only the id is known.

    `is_first`: for a message that is prepared before others.
    """
    with (
        rt.requests.give_way(is_first=is_first),
        rt.autocommit.connect() as connection,
    ):
        new = connection.scalars(_NEW_USERS, {"installation_id": workspace.id}).all()
    _fetch_users(rt, workspace, new)


def refresh_stale_users(rt: Runtime, workspace: Workspace) -> None:
    """Fetch the BATCH_SIZE oldest profiles again, if older than STALE_AFTER."""
    now = rt.clock()
    with rt.autocommit.connect() as connection:
        query = stale_users(workspace.id, now).order_by(*_OLDEST).limit(BATCH_SIZE)
        old = connection.scalars(query).all()
    _fetch_users(rt, workspace, old)


def _fetch_users(rt: Runtime, workspace: Workspace, slack_ids: Collection[str]) -> None:
    if not slack_ids:
        return
    with rt.autocommit.connect() as connection:
        if rate_limits.limited_until(
            connection, workspace.id, _USERS_INFO, now=rt.clock()
        ):
            return
    for slack_id in slack_ids:
        asked_at = rt.clock()
        try:
            user = rt.slack_of(workspace).user_info(slack_id)
        except RateLimited as error:
            until = rt.clock() + timedelta(seconds=error.retry_after)
            with rt.write(workspace) as tx:
                rate_limits.record(tx.session, tx.workspace.id, _USERS_INFO, until)
            return
        except SlackError as error:
            if error.code not in NOT_FOUND_ERRORS:
                # The next run fetches them; nothing waits for it.
                log.warning("users not fetched", extra={"error": error.code})
                return
            # Store that, so that we do not ask again.
            user = {"id": slack_id, "deleted": True}
        with rt.write(workspace) as tx:
            store_user(tx, user, asked_at=asked_at)


def sync_channels(rt: Runtime, workspace: Workspace) -> None:
    """Fetch the channels that the bot is in, to make up for lost events."""
    asked_at = rt.clock()
    conversations = [
        conversation
        for conversation in rt.slack_of(workspace).own_conversations()
        if not is_own_place(workspace, conversation)
    ]
    with rt.write(workspace) as tx:
        places = channels.places_among(tx, [each["id"] for each in conversations])
        conversations = [each for each in conversations if each["id"] not in places]
        channels.store_joined(tx, conversations, asked_at=asked_at)
