"""What Slack says of people and channels: asked for outside any transaction."""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select
from sqlalchemy.orm import Session

from bot import lanes, visibility
from bot.answers import service as answers
from bot.asks import messages
from bot.channels import service as channels
from bot.checkins import replies as check_ins
from bot.clock import micros_of
from bot.errors import Refusal
from bot.kudos import reactions as kudos
from bot.members import service as members
from bot.runtime import Runtime, Workspace
from bot.slack import RateLimited, Refused, SlackError
from models import Channel, Member

log = logging.getLogger(__name__)

# `user_change` and the channel events keep the facts fresh; these are for lost ones.
PERSON_KEEPS = timedelta(hours=1)
CHANNEL_KEEPS = timedelta(hours=1)
_ASKING = "users.info"
STALE = timedelta(days=7)
# users.info allows about a hundred a minute (tier 4).
LOOK_UPS_AT_ONCE = 5

# How Slack says that there is nobody by an id: little, but an answer.
_NOBODY = {"user_not_found", "user_not_visible"}

_SOME = (
    select(Member.slack_id)
    .where(Member.installation_id == bindparam("installation_id"))
    .order_by(Member.looked_up_at, Member.id)
    .limit(LOOK_UPS_AT_ONCE)
)
_NEW = _SOME.where(Member.looked_up_at.is_(None), Member.forgotten_at.is_(None))
# One of the future is of a clock that has been set back since.
_OLD = _SOME.where(
    or_(
        Member.looked_up_at < bindparam("before"),
        Member.looked_up_at > bindparam("now"),
    )
)

_PEOPLE = select(Member.slack_id, Member.looked_up_at).where(
    Member.installation_id == bindparam("installation_id"),
    Member.slack_id.in_(bindparam("slack_ids", expanding=True)),
)
_CHANNEL = select(
    Channel.slack_id, Channel.looked_up_at, Channel.id, Channel.is_private
).where(
    Channel.installation_id == bindparam("installation_id"),
    Channel.slack_id == bindparam("slack_id"),
)


def learn_member(
    session: Session, workspace: Workspace, user: Mapping[str, Any], *, now: datetime
) -> None:
    """Record what Slack says of a person; what they did before counts accordingly."""
    member = members.remember(
        session,
        workspace.id,
        user,
        team_id=workspace.team_id,
        enterprise_id=workspace.enterprise_id,
        now=now,
    )
    session.flush()
    _reconsider(session, workspace, member, now=now)


def learn_external(
    session: Session, workspace: Workspace, slack_id: str, *, now: datetime
) -> None:
    """A message, a click or an event says that somebody is of another organisation."""
    if members.mark_external(session, workspace.id, slack_id):
        member = members.find(session, workspace.id, slack_id)
        assert member is not None  # noqa: S101 - it has just been marked
        _reconsider(session, workspace, member, now=now)


def _reconsider(
    session: Session, workspace: Workspace, member: Member, *, now: datetime
) -> None:
    answers.reconsider(session, member, now=now)
    check_ins.reconsider(session, workspace, member.slack_id, now=now)
    kudos.reconsider(session, workspace, member, now=now)
    if member.is_bot or member.is_stranger:
        messages.disown(session, member, now=now)


def ensure(
    rt: Runtime,
    *,
    people: Iterable[str] = (),
    channel: str | None = None,
    typed_by: str | None = None,
) -> None:
    """Have fresh facts about these before a decision that rests on them.

    `typed_by`: whoever typed a command in the channel. Slack lets only its members.
    Raises Refusal where there are none at all and Slack can't be asked.
    """
    now = rt.clock()
    wanted = list(dict.fromkeys(people))
    with rt.lookups.connect() as connection:
        here = {"installation_id": rt.workspace.id}
        people_known = _known(connection, _PEOPLE, here | {"slack_ids": wanted})
        place = _place(connection, here, channel)
    for slack_id in wanted:
        looked_up_at = people_known.get(slack_id)
        if _is_old(looked_up_at, PERSON_KEEPS, now):
            _look_up_member(rt, slack_id, is_needed=looked_up_at is None)
    if channel:
        looked_up_at = place.looked_up_at if place else None
        if _is_old(looked_up_at, CHANNEL_KEEPS, now):
            _look_up_channel(rt, channel, is_needed=looked_up_at is None)
            with rt.lookups.connect() as connection:
                place = _place(connection, here, channel)
        if typed_by and place is not None and place.is_private:
            with rt.sessions.begin() as session:
                seat, now = {place.id: True}, rt.clock()
                visibility.learn(session, typed_by, seat, at_us=micros_of(now), now=now)


def _place(
    connection: Connection, here: Mapping[str, Any], channel: str | None
) -> Row[str, datetime | None, int, bool] | None:
    if channel is None:
        return None
    return connection.execute(_CHANNEL, {**here, "slack_id": channel}).first()


def _is_old(looked_up_at: datetime | None, keeps: timedelta, now: datetime) -> bool:
    return looked_up_at is None or not now - keeps <= looked_up_at <= now


def _known(
    connection: Connection, statement: Any, values: Mapping[str, Any]
) -> dict[str, datetime | None]:
    """When these were looked up, by Slack's ids."""
    return {row[0]: row[1] for row in connection.execute(statement, values)}


def _look_up_member(rt: Runtime, slack_id: str, *, is_needed: bool) -> None:
    try:
        user = rt.slack.member(slack_id)
    except SlackError as error:
        if error.code in _NOBODY:
            user = {"id": slack_id, "deleted": True}
        elif is_needed:
            raise Refusal(visibility.UNREACHABLE) from error
        else:
            return
    with rt.sessions.begin() as session:
        learn_member(session, rt.workspace, user, now=rt.clock())


def _look_up_channel(rt: Runtime, slack_id: str, *, is_needed: bool) -> None:
    try:
        conversation = rt.slack.channel(slack_id)
    except SlackError as error:
        if error.code != "channel_not_found":
            if is_needed:
                raise Refusal(visibility.UNREACHABLE) from error
            return
        # Slack hides private channels that the bot is not in, and has no others.
        conversation = {"id": slack_id, "is_member": False, "is_private": True}
    if conversation.get("is_im") or conversation.get("is_mpim"):
        return
    with rt.sessions.begin() as session:
        channels.remember(session, rt.workspace.id, conversation, now=rt.clock())


def meet(rt: Runtime) -> None:
    """Ask about people we have only met by their ids, a few at a time."""
    with rt.lookups.connect() as connection:
        new = connection.scalars(_NEW, {"installation_id": rt.workspace.id}).all()
    _look_up(rt, new)


def look_again(rt: Runtime) -> None:
    """Ask again about people whose facts are old, a few at a time."""
    now = rt.clock()
    with rt.lookups.connect() as connection:
        old = connection.scalars(
            _OLD,
            {"installation_id": rt.workspace.id, "before": now - STALE, "now": now},
        ).all()
    _look_up(rt, old)


def _look_up(rt: Runtime, slack_ids: Collection[str]) -> None:
    if not slack_ids:
        return
    with rt.lookups.connect() as connection:
        if lanes.paused_until(connection, rt.workspace.id, _ASKING, now=rt.clock()):
            return
    for slack_id in slack_ids:
        try:
            user = rt.slack.member(slack_id)
        except Refused:
            # Nobody by that id any more: as little as we know, it is settled.
            user = {"id": slack_id, "deleted": True}
        except RateLimited as error:
            until = rt.clock() + timedelta(seconds=error.seconds)
            with rt.sessions.begin() as session:
                lanes.pause(session, rt.workspace.id, _ASKING, until)
            return
        except SlackError as error:
            # What can't be asked now is asked later; nothing waits for it.
            log.warning("people not looked up", extra={"error": error.code})
            return
        with rt.sessions.begin() as session:
            learn_member(session, rt.workspace, user, now=rt.clock())


def survey_channels(rt: Runtime) -> None:
    """See which channels the bot is in: the events that say so can be withheld."""
    conversations = list(rt.slack.joined_channels())
    with rt.sessions.begin() as session:
        for conversation in conversations:
            channels.remember(
                session,
                rt.workspace.id,
                {**conversation, "is_member": True},
                now=rt.clock(),
            )
        channels.only_joined(session, rt.workspace.id, [c["id"] for c in conversations])
