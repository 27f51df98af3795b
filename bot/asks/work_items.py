"""Champions' suggestions about asks; one is to ask for a mark of the answers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, Select, exists, func, select

from bot.asks import ask_view, notes
from bot.asks.message_kinds import ASK_MARK_REMINDER
from bot.asks.permissions import CLOSE
from bot.runtime import Transaction
from bot.slack.text import ANONYMOUS, ERASED_PREFIX, mentioned_ids
from bot.worklist import items
from bot.worklist.kind import Candidate, WorkItemKind
from bot.worklist.view import WorkItemView
from bot.workspace import members, roles, visibility, working_hours
from bot.workspace.working_time import WorkingTime
from models import Answer, Ask, Channel, Member, WorkItem

# Three working days without a new answer. A reply by the asker does not count: the bot
# stores none.
QUIET_HOURS = 24.0
# Three working days take no less, in any calendar.
_MIN_QUIET = timedelta(days=2)
# Older ones are forgotten by their askers, too.
_MAX_AGE = timedelta(days=30)


def is_unmarked(tx: Transaction, ask_id: int) -> bool:
    """Return True if a named ask has answers, and none is marked."""
    query = select(Ask.id).where(Ask.id == ask_id, *_unmarked(tx))
    return tx.session.scalar(query) is not None


def require_may_close(tx: Transaction, ask: Ask, channel: Channel, by: str) -> None:
    """Raise UserError, or MembershipUnknown, for a member who may not close the ask.

    Champions of a program may, too, as long as the ask is suggested to them.
    """
    if items.lets_close(tx, str(ask.id), by):
        visibility.require_visible(tx, channel, by, message=visibility.NOT_A_MEMBER)
    else:
        roles.authorize(tx, channel, CLOSE, by, author=ask.asker)


def _unmarked(tx: Transaction) -> Sequence[ColumnElement[bool]]:
    """Return the conditions that an ask with a name has answers, and none is marked."""
    helped = (
        exists()
        .where(
            Answer.ask_id == Ask.id,
            Answer.is_deleted.is_(False),
            (Answer.helpful_count > 0) | Answer.is_solution.is_(True),
        )
        .correlate(Ask)
    )
    is_there = exists().where(
        Member.installation_id == Ask.installation_id,
        Member.slack_id == Ask.asker,
        Member.is_deactivated.is_(False),
        Member.is_external.is_(False),
    )
    return [
        Ask.installation_id == tx.workspace.id,
        Ask.state == "answered",
        Ask.ts.is_not(None),
        Ask.asker != ANONYMOUS,
        ~Ask.asker.startswith(ERASED_PREFIX),
        ~helped,
        is_there,
    ]


def _last_answers(tx: Transaction) -> Select[int, int, str, datetime]:
    last = func.max(Answer.answered_at)
    return (
        select(Ask.id, Ask.channel_id, Ask.asker, last.label("last_at"))
        .join(Answer, (Answer.ask_id == Ask.id) & Answer.is_deleted.is_(False))
        .where(*_unmarked(tx))
        .group_by(Ask.id, Ask.channel_id, Ask.asker)
        .having(last <= tx.now - _MIN_QUIET, last > tx.now - _MAX_AGE)
    )


def _quiet(
    tx: Transaction, query: Select[int, int, str, datetime]
) -> list[Row[int, int, str, datetime]]:
    """Return the rows whose last answer is three working days of the channel ago."""
    hours: dict[int, WorkingTime] = {}
    quiet: list[Row[int, int, str, datetime]] = []
    for row in tx.session.execute(query):
        if row.channel_id not in hours:
            channel = tx.session.get_one(Channel, row.channel_id)
            hours[row.channel_id] = working_hours.of_channel(tx, channel)
        if hours[row.channel_id].add(row.last_at, QUIET_HOURS) <= tx.now:
            quiet.append(row)
    return quiet


def _find(tx: Transaction) -> Sequence[Candidate]:
    rows = sorted(_quiet(tx, _last_answers(tx)), key=lambda row: (row.last_at, row.id))
    return [
        Candidate(str(row.id), row.channel_id, row.last_at, about=row.asker)
        for row in rows
    ]


def _still_open(tx: Transaction, items: Sequence[WorkItem]) -> Collection[int]:
    query = _last_answers(tx).where(Ask.id.in_({int(item.subject) for item in items}))
    quiet = {row.id for row in _quiet(tx, query)}
    return {item.id for item in items if int(item.subject) in quiet}


def _render(tx: Transaction, items: Sequence[WorkItem]) -> Mapping[int, WorkItemView]:
    views: dict[int, WorkItemView] = {}
    for item in items:
        ask, channel = ask_view.load_ask(tx.session, int(item.subject))
        asker = members.name(tx, ask.asker)
        parts, reason, buttons = notes.ask_kindly(
            item.id,
            ask_view.title(tx, ask),
            ask_view.message_url(tx, channel, ask.ts or ""),
            asker,
            (channel.slack_id, channel.name),
        )
        named = frozenset(mentioned_ids(ask.title)[0] | {ask.asker})
        views[item.id] = WorkItemView(parts, reason, buttons, named)
    return views


def remind(tx: Transaction, item: WorkItem) -> None:
    """Ask the asker kindly to mark what helped, once for an ask."""
    ask = tx.session.get_one(Ask, int(item.subject))
    tx.enqueue(ASK_MARK_REMINDER, ask.id, to=ask.asker)


ANSWERED_NOT_MARKED = WorkItemKind(
    name="unmarked",
    position=30,
    find=_find,
    still_open=_still_open,
    render=_render,
)
