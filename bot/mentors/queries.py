"""Read marks and message counts from the database for the detection.

Marks are streamed, a few numbers for each, so that a million of them fit into memory.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text
from sqlalchemy.orm import Session

from bot.asks import outcomes
from bot.clock import ts_to_datetime
from bot.config.mentors import MentorSettings
from bot.db.statements import table
from bot.mentors import rules
from bot.mentors.exclusions import excluded_members
from bot.mentors.help_matrix import HelpMatrix
from bot.mentors.periods import Period
from bot.mentors.rules import DetectionResult
from bot.runtime import Transaction
from models import Answer, Ask, Channel, Member, MessageCount

# Rows per fetch: so few stay in the processor's cache, which takes a fifth less time
# than some thousands.
_BATCH_SIZE = 500
# A detection run in a large workspace takes long; a request may not.
_TIMEOUT_SECONDS = 120

_asks, _answers, _channels = table(Ask), table(Answer), table(Channel)
_members, _counts = table(Member), table(MessageCount)

# Slack's ids of the members of each private channel, by the channel's row id.
PrivateMembers = Mapping[int, Collection[str]]


@dataclass(frozen=True, slots=True)
class Scope:
    """The channels to read: the whole workspace, or one channel (its row id).

    A private channel counts for the people in it (`private_members`). A private channel
    without an entry counts for nobody.
    """

    installation_id: int
    channel_id: int | None = None
    private_members: PrivateMembers = field(default_factory=dict)


def detect_mentors(
    tx: Transaction, scope: Scope, period: Period, *, settings: MentorSettings
) -> DetectionResult:
    """Run the detection on the windows that end with the period."""
    extend_timeout(tx.session)
    until = period.until
    visible_since = until - timedelta(days=settings.visibility_days)
    return rules.detect(
        _help_matrix(
            tx.session, scope, until - timedelta(days=settings.ring_days), until
        ),
        _message_counts(tx.session, scope, visible_since, until),
        partial(
            _active_answerers,
            tx.session,
            scope,
            until=until,
            least=settings.min_answered,
        ),
        until=until.timestamp(),
        settings=settings,
        excluded=excluded_members(tx, period.day, settings=settings),
    )


def extend_timeout(session: Session) -> None:
    """Let this transaction's statements take longer than those of a request."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SET LOCAL statement_timeout = '{_TIMEOUT_SECONDS}s'"))


def _slack_ts(at: datetime) -> str:
    return f"{at.timestamp():.6f}"


def _is_standing_answer(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Return the condition: the answer and its ask stand, and it is in the window.

    It compares Slack's own times, which have an index and sort as text.
    """
    return and_(
        _answers.c.ts > _slack_ts(since),
        _answers.c.ts <= _slack_ts(until),
        _answers.c.is_deleted.is_(False),
        _asks.c.deleted_at.is_(None),
        _answers.c.author != _asks.c.asker,
    )


def _is_marked(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Return the condition: a standing answer that solved the ask or helped."""
    is_helpful = or_(_answers.c.is_solution.is_(True), _answers.c.helpful_count > 0)
    return and_(_is_standing_answer(since, until), is_helpful)


def _select_bots(installation_id: int) -> Select[Any]:
    return select(_members.c.slack_id).where(
        _members.c.installation_id == installation_id, _members.c.is_bot.is_(True)
    )


def _channel_conditions(
    scope: Scope,
) -> Iterator[tuple[ColumnElement[bool], Collection[str] | None]]:
    """Yield conditions on channels, each with the members it counts for (None: all)."""
    here = and_(
        _channels.c.installation_id == scope.installation_id,
        _channels.c.detects_mentors.is_(True),
    )
    if scope.channel_id is not None:
        here = and_(here, _channels.c.id == scope.channel_id)
    yield and_(here, _channels.c.is_private.is_(False)), None
    for channel_id, people in scope.private_members.items():
        if scope.channel_id in {None, channel_id}:
            yield and_(here, _channels.c.id == channel_id), people


def _is_in(
    scope: Scope, channel_id: ColumnElement[int], condition: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return the condition: an answer or message count is in one of the channels.

    For most of a workspace, reading the whole table takes a third of the time of
    looking rows up by an index of channels.
    """
    here = select(_channels.c.id).where(condition)
    return (channel_id + 0 if scope.channel_id is None else channel_id).in_(here)


def _help_matrix(
    session: Session, scope: Scope, since: datetime, until: datetime
) -> HelpMatrix:
    marks, has_private = HelpMatrix(), False
    for place, people in _channel_conditions(scope):
        if people is not None and not has_private:
            marks.start_private()
            has_private = True
        rows = session.execute(
            select(_answers.c.ask_id, _answers.c.author, _asks.c.asker, _answers.c.ts)
            .join_from(_answers, _asks, _asks.c.id == _answers.c.ask_id)
            .where(_is_in(scope, _answers.c.channel_id, place))
            .where(_is_marked(since, until))
            # An index has this order, and grouping here takes half the time of grouping
            # in SQLite.
            .order_by(_answers.c.ask_id, _answers.c.ts),
            execution_options={"yield_per": _BATCH_SIZE},
        )
        current, authors = None, set[str]()
        for ask_id, author, asker, ts in rows:
            if ask_id != current:
                current = ask_id
                authors.clear()
            if author not in authors and (people is None or author in people):
                authors.add(author)
                marks.add(author, asker, float(ts))
    return marks


def _active_answerers(
    session: Session,
    scope: Scope,
    people: Mapping[str, Collection[str]],
    since: float,
    *,
    until: datetime,
    least: int,
) -> set[str]:
    """Return the members who answered at least `least` others, marked or not.

    `people` maps each member to the people who do not count as answered.
    """
    met: dict[str, set[str]] = {person: set() for person in people}
    for place, inside in _channel_conditions(scope):
        rows = session.execute(
            select(_answers.c.author, _asks.c.asker)
            .join_from(_answers, _asks, _asks.c.id == _answers.c.ask_id)
            .where(
                _is_in(scope, _answers.c.channel_id, place),
                _is_standing_answer(ts_to_datetime(f"{since:.6f}"), until),
            ),
            execution_options={"yield_per": _BATCH_SIZE},
        )
        for author, asker in rows:
            if author not in met or asker in people[author]:
                continue
            if inside is None or author in inside:
                met[author].add(asker)
    return {person for person, askers in met.items() if len(askers) >= least}


def _message_counts(
    session: Session, scope: Scope, since: datetime, until: datetime
) -> dict[str, int]:
    """Return each member's number of messages on the days of the window (UTC)."""
    messages: dict[str, int] = {}
    for place, people in _channel_conditions(scope):
        rows = session.execute(
            select(_counts.c.member, func.sum(_counts.c.messages))
            .where(
                _is_in(scope, _counts.c.channel_id, place),
                # Negated, this makes SQLite scan the table, which takes a third of the
                # time of looking up each row by its day.
                ~or_(_counts.c.day <= since.date(), _counts.c.day > until.date()),
            )
            .group_by(_counts.c.member)
            .having(_counts.c.member.not_in(_select_bots(scope.installation_id))),
            execution_options={"yield_per": _BATCH_SIZE},
        )
        for member, count in rows:
            if people is None or member in people:
                messages[member] = messages.get(member, 0) + int(count)
    return messages


@dataclass(frozen=True, slots=True)
class MarkedAsk:
    """One mark as it stands now: an ask, and the member's reply behind the mark."""

    ask_id: int
    channel_id: int
    answer_id: int
    # The ts of that reply.
    answer_ts: str
    asker: str
    is_solution: bool
    # The members it helped, and those of them who marked it themselves.
    helped_members: Sequence[str]
    marked_by: Sequence[str]


def marked_asks(
    session: Session,
    scope: Scope,
    member: str,
    *,
    days: int,
    until: datetime,
    settings: MentorSettings,
) -> list[MarkedAsk]:
    """Return a member's marks in the window of `days`, the earliest first."""
    known_since = until - timedelta(days=settings.ring_days)
    marks: list[MarkedAsk] = []
    for place, people in _channel_conditions(scope):
        if people is not None and member not in people:
            continue
        rows = session.scalars(
            select(_answers.c.ask_id)
            .join_from(_answers, _asks, _asks.c.id == _answers.c.ask_id)
            .where(
                _answers.c.author == member,
                _answers.c.channel_id.in_(select(_channels.c.id).where(place)),
                _is_marked(known_since, until),
            )
            .group_by(_answers.c.ask_id)
            # The time of a mark is that of its first reply.
            .having(func.min(_answers.c.ts) > _slack_ts(until - timedelta(days=days)))
            .order_by(func.min(_answers.c.ts))
        ).all()
        marks += [
            _marked_ask(session, session.get_one(Ask, row), member) for row in rows
        ]
    return marks


def _marked_ask(session: Session, ask: Ask, member: str) -> MarkedAsk:
    outcome = outcomes.outcome_of(session, ask)
    answers = session.scalars(
        select(Answer)
        .filter_by(ask_id=ask.id, author=member, is_deleted=False)
        .order_by(Answer.ts)
    ).all()
    marked = [a for a in answers if a.is_solution or a.helpful_count]
    solving = [a for a in marked if a.id in outcome.solutions]
    markers = {
        person for a in marked for person in outcome.helped_members.get(a.id, ())
    }
    markers |= {outcome.solutions[a.id] for a in solving}
    # A champion may have marked the solution for the asker.
    helped = {ask.asker} if solving else set()
    helped |= {
        person for a in marked for person in outcome.helped_members.get(a.id, ())
    }
    answer = (solving or marked)[0]
    return MarkedAsk(
        ask_id=ask.id,
        channel_id=ask.channel_id,
        answer_id=answer.id,
        answer_ts=answer.ts,
        asker=ask.asker,
        is_solution=bool(solving),
        helped_members=sorted(helped),
        marked_by=sorted(markers & helped),
    )


def is_still_marked(session: Session, ask_id: int, member: str) -> bool:
    """Return True if a member's mark on an ask, kept as evidence, still stands."""
    return (
        session.scalar(
            select(_answers.c.id)
            .join_from(_answers, _asks, _asks.c.id == _answers.c.ask_id)
            .where(
                _answers.c.ask_id == ask_id,
                _answers.c.author == member,
                _answers.c.is_deleted.is_(False),
                or_(_answers.c.is_solution.is_(True), _answers.c.helpful_count > 0),
                _asks.c.deleted_at.is_(None),
            )
            .limit(1)
        )
        is not None
    )
