"""Lists of the kudos that a member received and gave, the newest first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from bot.clock import EPOCH, datetime_to_micros
from bot.db.statements import table
from bot.errors import UserError
from bot.home.row_blocks import RowList
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
    """The position after which a page of kudos begins."""

    at: datetime
    kudos_id: int

    def __str__(self) -> str:
        return f"{datetime_to_micros(self.at)}:{self.kudos_id}"

    @classmethod
    def parse(cls, value: str) -> "Cursor":
        """Parse a button's value. Raises UserError if it is invalid."""
        at, _, kudos_id = value.partition(":")
        if not all(
            part.isascii() and part.isdigit() and len(part) <= 16  # noqa: PLR2004
            for part in (at, kudos_id)
        ):
            raise UserError(KUDOS_NOT_FOUND)
        return cls(EPOCH + timedelta(microseconds=int(at)), int(kudos_id))


def own_history(tx: Transaction, member: str) -> Note:
    """Return the answer to `/kudos me`: both lists, and the remaining allowance."""
    received, next_received = _page(tx, member, "received")
    given, next_given = _page(tx, member, "given")
    return blocks.history(
        received,
        given,
        remaining=allowance.remaining(tx, member, tx.now),
        daily_allowance=allowance.daily(tx),
        next_received=next_received,
        next_given=next_given,
    )


def page(tx: Transaction, member: str, direction: Direction, after: str) -> Note:
    """Return the page of a list after the cursor `after`. Raises UserError."""
    items, next_cursor = _page(tx, member, direction, after=Cursor.parse(after))
    return blocks.page(direction, items, next_cursor=next_cursor)


def recent(tx: Transaction, member: str) -> RowList:
    """Return the Home section with the kudos of the last RECENT_PERIOD."""
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
        # There is a row for each recipient. Select enough for a page and one more.
        limit = (PAGE_SIZE + 1) * MAX_RECIPIENTS
        statement = _given(tx.workspace.id, member, limit, after=after)
    # One row for each kudos.
    rows = list({row.kudos_id: row for row in tx.session.execute(statement)}.values())
    page_rows = rows[:PAGE_SIZE]
    next_cursor = ""
    if len(rows) > PAGE_SIZE:
        next_cursor = str(Cursor(page_rows[-1].given_at, page_rows[-1].kudos_id))
    return _items(tx, member, page_rows), next_cursor


_COLUMNS = (_thanks.c.kudos_id, _thanks.c.given_at, _thanks.c.is_join)


def _received(
    installation_id: int,
    member: str,
    limit: int,
    *,
    after: Cursor | None = None,
    since: datetime | None = None,
) -> Select[Any]:
    """Select received kudos, without those by members who joined."""
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
        row.id: row
        for row in tx.session.scalars(select(Kudos).where(Kudos.id.in_(ids)))
    }
    join_counts = _join_counts(tx.session, ids)
    people = {row.giver for row in kudos.values()}
    people |= {recipient for row in kudos.values() for recipient in row.recipients}
    names = members.names(tx, people)
    zone = allowance.day_window(tx.now, members.find(tx, member)).zone
    slack_ids = _channels(tx, kudos.values(), member, may_ask_slack=may_ask_slack)
    return [
        _item(
            tx.workspace,
            kudos[row.kudos_id],
            row,
            is_by_member=kudos[row.kudos_id].giver == member or row.is_join,
            names=names,
            join_count=join_counts.get(row.kudos_id, 0),
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
    people = kudos.recipients if is_by_member else [kudos.giver]
    # The member joined others' kudos in a private channel that they have left.
    is_hidden = thanks.is_join and kudos.channel_id not in {None, *slack_ids}
    return ListItem(
        people=[names[person] for person in people],
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
    """Return a permalink to the kudos' message, or to the message they are about.

    `slack_ids` has the channels that the reader may see, by row id.
    """
    if kudos.channel_id is not None and kudos.ts is not None:
        channel = slack_ids.get(kudos.channel_id)
        if channel is None:
            return None
        return permalink(workspace.team_url, channel, kudos.ts, kudos.thread_ts)
    return subject_url(workspace, kudos, slack_ids)


def subject_url(
    workspace: Workspace, kudos: Kudos, slack_ids: Mapping[int, str]
) -> str | None:
    """Return a permalink to the message that the kudos are about, unless deleted."""
    if kudos.about_channel_id is None or kudos.about_ts is None:
        return None
    channel = slack_ids.get(kudos.about_channel_id)
    if channel is None:
        return None
    return permalink(workspace.team_url, channel, kudos.about_ts, kudos.about_thread_ts)


def _channels(
    tx: Transaction, kudos: Iterable[Kudos], member: str, *, may_ask_slack: bool
) -> dict[int, str]:
    """Return Slack's ids of the kudos' channels that the member may see, by row id.

    With `may_ask_slack`, raises MembershipUnknown; without, unknown ones are left out.
    """
    ids = {row.channel_id for row in kudos} | {row.about_channel_id for row in kudos}
    query = select(Channel).where(Channel.id.in_(ids - {None}))
    if not may_ask_slack:
        query = query.where(visibility.visible(member, now=tx.now))
    channels = tx.session.scalars(query).all()
    if may_ask_slack:
        visible_ids = visibility.visible_channels(tx, channels, member)
        channels = [channel for channel in channels if channel.id in visible_ids]
    return {channel.id: channel.slack_id for channel in channels}


def _join_counts(session: Session, ids: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(_thanks.c.kudos_id, func.count(func.distinct(_thanks.c.giver)))
        .where(_thanks.c.kudos_id.in_(ids), _thanks.c.is_join.is_(True))
        .group_by(_thanks.c.kudos_id)
    )
    return {row[0]: row[1] for row in rows}
