"""Fetch people and channels from Slack, outside any transaction."""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select

from bot import visibility
from bot.clock import datetime_to_micros
from bot.errors import UserError
from bot.outbox import queue
from bot.runtime import Runtime, Transaction, Workspace
from bot.slack.api import RateLimited, Rejected, SlackError
from bot.workspace import channels, members
from models import Channel, Member

log = logging.getLogger(__name__)

# `user_change` and the channel events keep the facts fresh; these are for lost ones.
USER_FRESH_FOR = timedelta(hours=1)
CHANNEL_FRESH_FOR = timedelta(hours=1)
_USERS_INFO = "users.info"
STALE_AFTER = timedelta(days=7)
# users.info allows about a hundred a minute (tier 4).
BATCH_SIZE = 5

# How Slack says that there is nobody by an id: little, but an answer.
_NOT_FOUND_ERRORS = {"user_not_found", "user_not_visible"}

_BATCH = (
    select(Member.slack_id)
    .where(Member.installation_id == bindparam("installation_id"))
    .order_by(Member.fetched_at, Member.id)
    .limit(BATCH_SIZE)
)
_NEW_USERS = _BATCH.where(Member.fetched_at.is_(None), Member.erased_at.is_(None))
# One of the future is of a clock that has been set back since.
_STALE_USERS = _BATCH.where(
    or_(
        Member.fetched_at < bindparam("before"),
        Member.fetched_at > bindparam("now"),
    )
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


def store_user(tx: Transaction, user: Mapping[str, Any]) -> None:
    """Record what Slack says of a person; what they did before counts accordingly."""
    member = members.upsert_from_slack(
        tx, user, team_id=tx.workspace.team_id, enterprise_id=tx.workspace.enterprise_id
    )
    tx.session.flush()
    tx.features.on_member_loaded(tx, member)


def mark_external(tx: Transaction, slack_id: str) -> None:
    """A message, a click or an event says that somebody is of another organisation."""
    if members.mark_external(tx, slack_id):
        member = members.find(tx, slack_id)
        assert member is not None  # noqa: S101 - it has just been marked
        tx.features.on_member_loaded(tx, member)


def refresh(
    rt: Runtime,
    workspace: Workspace,
    *,
    users: Iterable[str] = (),
    channel: str | None = None,
    command_user: str | None = None,
) -> None:
    """Have fresh facts about users and a channel before a decision that rests on them.

    `command_user` typed a command in the channel, which Slack allows to its members
    only. Raises UserError if nothing at all is known and Slack can't be asked.
    """
    now = rt.clock()
    slack_ids = list(dict.fromkeys(users))
    with rt.autocommit.connect() as connection:
        here = {"installation_id": workspace.id}
        fetched_at = _fetched_at(
            connection, _FETCHED_USERS, here | {"slack_ids": slack_ids}
        )
        place = _channel_row(connection, here, channel)
    for slack_id in slack_ids:
        looked_up_at = fetched_at.get(slack_id)
        if _is_stale(looked_up_at, USER_FRESH_FOR, now):
            _fetch_user(rt, workspace, slack_id, is_required=looked_up_at is None)
    if channel:
        looked_up_at = place.fetched_at if place else None
        if _is_stale(looked_up_at, CHANNEL_FRESH_FOR, now):
            _fetch_channel(rt, workspace, channel, is_required=looked_up_at is None)
            with rt.autocommit.connect() as connection:
                place = _channel_row(connection, here, channel)
        if command_user and place is not None and place.is_private:
            with rt.write(workspace) as tx:
                visibility.record_memberships(
                    tx,
                    command_user,
                    {place.id: True},
                    at_micros=datetime_to_micros(tx.now),
                )


def _channel_row(
    connection: Connection, installation: Mapping[str, Any], channel: str | None
) -> Row[str, datetime | None, int, bool] | None:
    if channel is None:
        return None
    return connection.execute(
        _FETCHED_CHANNEL, {**installation, "slack_id": channel}
    ).first()


def _is_stale(
    looked_up_at: datetime | None, fresh_for: timedelta, now: datetime
) -> bool:
    return looked_up_at is None or not now - fresh_for <= looked_up_at <= now


def _fetched_at(
    connection: Connection, statement: Any, values: Mapping[str, Any]
) -> dict[str, datetime | None]:
    """Return when each was fetched, by Slack's ids."""
    return {row[0]: row[1] for row in connection.execute(statement, values)}


def _fetch_user(
    rt: Runtime, workspace: Workspace, slack_id: str, *, is_required: bool
) -> None:
    try:
        user = rt.slack_of(workspace).user_info(slack_id)
    except SlackError as error:
        if error.code in _NOT_FOUND_ERRORS:
            user = {"id": slack_id, "deleted": True}
        elif is_required:
            raise UserError(visibility.SLACK_UNREACHABLE) from error
        else:
            return
    with rt.write(workspace) as tx:
        store_user(tx, user)


def _fetch_channel(
    rt: Runtime, workspace: Workspace, slack_id: str, *, is_required: bool
) -> None:
    try:
        conversation = rt.slack_of(workspace).conversation_info(slack_id)
    except SlackError as error:
        if error.code != "channel_not_found":
            if is_required:
                raise UserError(visibility.SLACK_UNREACHABLE) from error
            return
        # Slack hides private channels that the bot is not in, and has no others.
        conversation = {"id": slack_id, "is_member": False, "is_private": True}
    if conversation.get("is_im") or conversation.get("is_mpim"):
        return
    with rt.write(workspace) as tx:
        channels.upsert_from_slack(tx, conversation)


def fetch_new_users(rt: Runtime, workspace: Workspace) -> None:
    """Ask about people we have only met by their ids, a few at a time."""
    with rt.autocommit.connect() as connection:
        new = connection.scalars(_NEW_USERS, {"installation_id": workspace.id}).all()
    _fetch_users(rt, workspace, new)


def refresh_stale_users(rt: Runtime, workspace: Workspace) -> None:
    """Ask again about people whose facts are old, a few at a time."""
    now = rt.clock()
    with rt.autocommit.connect() as connection:
        old = connection.scalars(
            _STALE_USERS,
            {
                "installation_id": workspace.id,
                "before": now - STALE_AFTER,
                "now": now,
            },
        ).all()
    _fetch_users(rt, workspace, old)


def _fetch_users(rt: Runtime, workspace: Workspace, slack_ids: Collection[str]) -> None:
    if not slack_ids:
        return
    with rt.autocommit.connect() as connection:
        if queue.rate_limited_until(
            connection, workspace.id, _USERS_INFO, now=rt.clock()
        ):
            return
    for slack_id in slack_ids:
        try:
            user = rt.slack_of(workspace).user_info(slack_id)
        except Rejected:
            # Nobody by that id any more: as little as we know, it is settled.
            user = {"id": slack_id, "deleted": True}
        except RateLimited as error:
            until = rt.clock() + timedelta(seconds=error.retry_after)
            with rt.write(workspace) as tx:
                queue.record_rate_limit(tx.session, tx.workspace.id, _USERS_INFO, until)
            return
        except SlackError as error:
            # What can't be asked now is asked later; nothing waits for it.
            log.warning("users not fetched", extra={"error": error.code})
            return
        with rt.write(workspace) as tx:
            store_user(tx, user)


def sync_channels(rt: Runtime, workspace: Workspace) -> None:
    """See which channels the bot is in: the events that say so can be withheld."""
    conversations = list(rt.slack_of(workspace).own_conversations())
    with rt.write(workspace) as tx:
        for conversation in conversations:
            channels.upsert_from_slack(tx, {**conversation, "is_member": True})
        channels.set_joined(tx, [c["id"] for c in conversations])
