"""A member's received and given kudos that stand, the newest first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from slack_sdk.models.blocks import Block
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from bot.clock import EPOCH, datetime_to_micros
from bot.db.statements import table
from bot.errors import UserError
from bot.kudos import allowance, blocks
from bot.kudos.blocks import ListItem
from bot.kudos.rules import MAX_RECIPIENTS
from bot.kudos.store import KUDOS_NOT_FOUND
from bot.runtime import Transaction, Workspace
from bot.slack.blocks import Note
from bot.slack.text import format_day, permalink
from bot.workspace import members, visibility
from models import Channel, Kudos, KudosThanks

PAGE_SIZE = 8
HOME_LIMIT = 5
RECENT_PERIOD = timedelta(days=30)

Direction = Literal["received", "given"]

_thanks = table(KudosThanks)


@dataclass(frozen=True, slots=True)
class Cursor:
    """After which of the kudos a page begins."""

    at: datetime
    kudos_id: int

    def __str__(self) -> str:
        return f"{datetime_to_micros(self.at)}:{self.kudos_id}"

    @classmethod
    def parse(cls, value: str) -> "Cursor":
        """Raises UserError for what we never sent."""
        at, _, kudos_id = value.partition(":")
        if not all(
            part.isascii() and part.isdigit() and len(part) <= 16  # noqa: PLR2004
            for part in (at, kudos_id)
        ):
            raise UserError(KUDOS_NOT_FOUND)
        return cls(EPOCH + timedelta(microseconds=int(at)), int(kudos_id))


def own_history(tx: Transaction, member: str) -> Note:
    """Return the answer to `/kudos me`: both lists, and the remaining allowance."""
    received, more_received = _page(tx, member, "received")
    given, more_given = _page(tx, member, "given")
    return blocks.history(
        received,
        given,
        remaining=allowance.remaining(tx, member, tx.now),
        daily_allowance=allowance.daily(tx),
        next_received=more_received,
        next_given=more_given,
    )


def page(tx: Transaction, member: str, direction: Direction, after: str) -> Note:
    """The page of one list that begins behind the cursor `after`."""
    rows, more = _page(tx, member, direction, after=Cursor.parse(after))
    return blocks.page(direction, rows, next_cursor=more)


def recent(tx: Transaction, member: str) -> list[Block]:
    """The section of the Home tab: what its owner received in the last month."""
    query = _received(tx.workspace.id, member, HOME_LIMIT, since=tx.now - RECENT_PERIOD)
    rows = _items(tx, member, tx.session.execute(query).all(), may_ask_slack=False)
    return blocks.recent(rows)


def has_any(tx: Transaction, member: str) -> bool:
    """Return True if the member has ever received or given kudos."""
    ids = (
        tx.session.scalar(statement(tx.workspace.id, member, 1))
        for statement in (_received, _given)
    )
    return any(kudos_id is not None for kudos_id in ids)


def _page(
    tx: Transaction, member: str, direction: Direction, *, after: Cursor | None = None
) -> tuple[list[ListItem], str]:
    if direction == "received":
        statement = _received(tx.workspace.id, member, PAGE_SIZE + 1, after=after)
    else:
        # One row for each receiver: enough of them for a page of kudos and one more.
        most = (PAGE_SIZE + 1) * MAX_RECIPIENTS
        statement = _given(tx.workspace.id, member, most, after=after)
    # The receivers of one kudos stand together.
    rows = list({row.kudos_id: row for row in tx.session.execute(statement)}.values())
    shown = rows[:PAGE_SIZE]
    more = ""
    if len(rows) > PAGE_SIZE:
        more = str(Cursor(shown[-1].given_at, shown[-1].kudos_id))
    return _items(tx, member, shown), more


_COLUMNS = (_thanks.c.kudos_id, _thanks.c.given_at, _thanks.c.is_join)


def _received(
    installation_id: int,
    member: str,
    limit: int,
    *,
    after: Cursor | None = None,
    since: datetime | None = None,
) -> Select[Any]:
    """Select received kudos; members who joined are counted with the kudos."""
    statement = select(*_COLUMNS).where(
        _thanks.c.installation_id == installation_id,
        _thanks.c.recipient == member,
        _thanks.c.is_join.is_(False),
    )
    if since is not None:
        statement = statement.where(_thanks.c.given_at >= since)
    return _newest(statement, after).limit(limit)


def _given(
    installation_id: int, member: str, limit: int, *, after: Cursor | None = None
) -> Select[Any]:
    statement = select(*_COLUMNS).where(
        _thanks.c.installation_id == installation_id, _thanks.c.giver == member
    )
    return _newest(statement, after).limit(limit)


def _newest(statement: Select[Any], after: Cursor | None) -> Select[Any]:
    if after is not None:
        statement = statement.where(
            _thanks.c.given_at <= after.at,
            or_(
                _thanks.c.given_at < after.at,
                and_(
                    _thanks.c.given_at == after.at,
                    _thanks.c.kudos_id < after.kudos_id,
                ),
            ),
        )
    return statement.order_by(_thanks.c.given_at.desc(), _thanks.c.kudos_id.desc())


def _items(
    tx: Transaction, member: str, thanks: Sequence[Any], *, may_ask_slack: bool = True
) -> list[ListItem]:
    ids = [row.kudos_id for row in thanks]
    kudos = {
        one.id: one
        for one in tx.session.scalars(select(Kudos).where(Kudos.id.in_(ids)))
    }
    seconds = _join_counts(tx.session, ids)
    people = {one.giver for one in kudos.values()}
    people |= {receiver for one in kudos.values() for receiver in one.recipients}
    called = members.names(tx, people)
    zone = allowance.day_window(tx.now, members.find(tx, member)).zone
    slack_ids = _channels(tx, kudos.values(), member, may_ask_slack=may_ask_slack)
    return [
        _item(
            tx.workspace,
            kudos[row.kudos_id],
            row,
            is_by_member=kudos[row.kudos_id].giver == member or row.is_join,
            names=called,
            join_count=seconds.get(row.kudos_id, 0),
            day=format_day(row.given_at, tx.now, zone),
            slack_ids=slack_ids,
        )
        for row in thanks
    ]


def _item(
    workspace: Workspace,
    kudos: Kudos,
    thanks: Any,
    *,
    is_by_member: bool,
    names: Mapping[str, str],
    join_count: int,
    day: str,
    slack_ids: Mapping[int, str],
) -> ListItem:
    whom = kudos.recipients if is_by_member else [kudos.giver]
    # What others wrote to others, in a private channel that the person has left.
    is_hidden = thanks.is_join and kudos.channel_id not in {None, *slack_ids}
    return ListItem(
        people=[names[person] for person in whom],
        reason="in a private channel" if is_hidden else kudos.reason,
        day=day,
        url=kudos_url(workspace, kudos, slack_ids),
        tags=() if is_hidden else kudos.tags,
        join_count=join_count,
        emoji=kudos.emoji,
        is_private=kudos.is_private,
        joined_giver=names[kudos.giver] if thanks.is_join else None,
    )


def kudos_url(
    workspace: Workspace, kudos: Kudos, slack_ids: Mapping[int, str]
) -> str | None:
    """Return a permalink to the kudos: their own message, or the one they are about.

    `slack_ids` are those of the channels that the reader may see, by row id.
    """
    if kudos.channel_id is not None and kudos.ts is not None:
        here = slack_ids.get(kudos.channel_id)
        if here is None:
            return None
        return permalink(workspace.team_url, here, kudos.ts, kudos.thread_ts)
    return subject_url(workspace, kudos, slack_ids)


def subject_url(
    workspace: Workspace, kudos: Kudos, slack_ids: Mapping[int, str]
) -> str | None:
    """The address of the message that the kudos are about, if it is still there."""
    if kudos.about_channel_id is None or kudos.about_ts is None:
        return None
    there = slack_ids.get(kudos.about_channel_id)
    if there is None:
        return None
    return permalink(workspace.team_url, there, kudos.about_ts, kudos.about_thread_ts)


def _channels(
    tx: Transaction, kudos: Iterable[Kudos], member: str, *, may_ask_slack: bool
) -> dict[int, str]:
    """The channels of these that the person may see, as Slack calls them."""
    ids = {row.channel_id for row in kudos} | {row.about_channel_id for row in kudos}
    query = select(Channel).where(Channel.id.in_(ids - {None}))
    if not may_ask_slack:
        query = query.where(visibility.visible(member, now=tx.now))
    places = tx.session.scalars(query).all()
    if may_ask_slack:
        visible_ids = visibility.visible_channels(tx, places, member)
        places = [place for place in places if place.id in visible_ids]
    return {place.id: place.slack_id for place in places}


def _join_counts(session: Session, ids: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(_thanks.c.kudos_id, func.count(func.distinct(_thanks.c.giver)))
        .where(_thanks.c.kudos_id.in_(ids), _thanks.c.is_join.is_(True))
        .group_by(_thanks.c.kudos_id)
    )
    return {row[0]: row[1] for row in rows}
