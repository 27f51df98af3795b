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

# Rows per fetch. So few stay in the processor's cache, and take a fifth less time than
# thousands of rows would.
_BATCH_SIZE = 500
# For a detection run in a large workspace, which takes longer than a request may.
_TIMEOUT_SECONDS = 120

_asks, _answers, _channels = table(Ask), table(Answer), table(Channel)
_members, _counts = table(Member), table(MessageCount)

# Slack's ids of the members of each private channel, by the channel's row id.
PrivateMembers = Mapping[int, Collection[str]]


@dataclass(frozen=True, slots=True)
class Scope:
    """The channels of a run: the whole workspace, or one channel, by its row id.

    Marks and messages in a private channel count only for its members
    (`private_members`); without an entry, they count for nobody.
    """

    installation_id: int
    channel_id: int | None = None
    private_members: PrivateMembers = field(default_factory=dict)


def detect_mentors(
    tx: Transaction, scope: Scope, period: Period, *, settings: MentorSettings
) -> DetectionResult:
    """Run the detection for the windows that end with the period."""
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
    """Let this transaction's statements take longer than in a request.

    Call it before any statement: a read session is in a transaction only from here on.
    """
    if session.get_bind().dialect.name == "postgresql":
        in_transaction = {"isolation_level": "READ COMMITTED"}
        session.connection(execution_options=in_transaction)
        session.execute(text(f"SET LOCAL statement_timeout = '{_TIMEOUT_SECONDS}s'"))


def _slack_ts(at: datetime) -> str:
    return f"{at.timestamp():.6f}"


def _is_standing_answer(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Return the condition: an answer in (since, until], not deleted, nor its ask.

    It compares `ts`, which has an index and sorts as text.
    """
    return and_(
        _answers.c.ts > _slack_ts(since),
        _answers.c.ts <= _slack_ts(until),
        _answers.c.is_deleted.is_(False),
        _asks.c.deleted_at.is_(None),
        _answers.c.author != _asks.c.asker,
    )


def _is_marked(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Return the condition: a standing answer that is a solution or helpful."""
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
    in_scope = and_(
        _channels.c.installation_id == scope.installation_id,
        _channels.c.detects_mentors.is_(True),
    )
    if scope.channel_id is not None:
        in_scope = and_(in_scope, _channels.c.id == scope.channel_id)
    yield and_(in_scope, _channels.c.is_private.is_(False)), None
    for channel_id, people in scope.private_members.items():
        if scope.channel_id in {None, channel_id}:
            yield and_(in_scope, _channels.c.id == channel_id), people


def _is_in(
    scope: Scope, channel_id: ColumnElement[int], condition: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return the condition: a row's channel is one of those that match `condition`.

    For a whole workspace, `+ 0` prevents the use of an index: scanning the table takes
    a third of the time of index lookups.
    """
    ids = select(_channels.c.id).where(condition)
    return (channel_id + 0 if scope.channel_id is None else channel_id).in_(ids)


def _help_matrix(
    session: Session, scope: Scope, since: datetime, until: datetime
) -> HelpMatrix:
    """Return the marks of the window, the public ones first."""
    marks, has_private = HelpMatrix(), False
    for condition, people in _channel_conditions(scope):
        if people is not None and not has_private:
            marks.start_private()
            has_private = True
        rows = session.execute(
            select(_answers.c.ask_id, _answers.c.author, _asks.c.asker, _answers.c.ts)
            .join_from(_answers, _asks, _asks.c.id == _answers.c.ask_id)
            .where(_is_in(scope, _answers.c.channel_id, condition))
            .where(_is_marked(since, until))
            # An index has this order. Grouping below takes half the time of GROUP BY in
            # SQLite.
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
    """Return the members who answered at least `least` askers, marked or not.

    `people` has the members in question, each with the askers who do not count.
    """
    askers_by_member: dict[str, set[str]] = {person: set() for person in people}
    for condition, channel_members in _channel_conditions(scope):
        rows = session.execute(
            select(_answers.c.author, _asks.c.asker)
            .join_from(_answers, _asks, _asks.c.id == _answers.c.ask_id)
            .where(
                _is_in(scope, _answers.c.channel_id, condition),
                _is_standing_answer(ts_to_datetime(f"{since:.6f}"), until),
            ),
            execution_options={"yield_per": _BATCH_SIZE},
        )
        for author, asker in rows:
            if author not in askers_by_member or asker in people[author]:
                continue
            if channel_members is None or author in channel_members:
                askers_by_member[author].add(asker)
    return {
        person for person, askers in askers_by_member.items() if len(askers) >= least
    }


def _message_counts(
    session: Session, scope: Scope, since: datetime, until: datetime
) -> dict[str, int]:
    """Return each member's number of messages on the days of the window (UTC)."""
    messages: dict[str, int] = {}
    for condition, people in _channel_conditions(scope):
        rows = session.execute(
            select(_counts.c.member, func.sum(_counts.c.messages))
            .where(
                _is_in(scope, _counts.c.channel_id, condition),
                # The negated form makes SQLite scan the table, which takes a third of
                # the time of index lookups by day.
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
    """One current mark: an ask, and the member's answer that solved it or helped."""

    ask_id: int
    channel_id: int
    answer_id: int
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
    since = until - timedelta(days=settings.ring_days)
    marks: list[MarkedAsk] = []
    for condition, people in _channel_conditions(scope):
        if people is not None and member not in people:
            continue
        rows = session.scalars(
            select(_answers.c.ask_id)
            .join_from(_answers, _asks, _asks.c.id == _answers.c.ask_id)
            .where(
                _answers.c.author == member,
                _answers.c.channel_id.in_(select(_channels.c.id).where(condition)),
                _is_marked(since, until),
            )
            .group_by(_answers.c.ask_id)
            # A mark has the time of the first marked answer.
            .having(func.min(_answers.c.ts) > _slack_ts(until - timedelta(days=days)))
            .order_by(func.min(_answers.c.ts))
        ).all()
        marks += [
            _marked_ask(session, session.get_one(Ask, ask_id), member)
            for ask_id in rows
        ]
    return marks


def _marked_ask(session: Session, ask: Ask, member: str) -> MarkedAsk:
    outcome = outcomes.outcome_of(session, ask)
    answers = session.scalars(
        select(Answer)
        .filter_by(ask_id=ask.id, author=member, is_deleted=False)
        .order_by(Answer.ts)
    ).all()
    marked_answers = [
        answer for answer in answers if answer.is_solution or answer.helpful_count
    ]
    solutions = [answer for answer in marked_answers if answer.id in outcome.solutions]
    helped = {
        person
        for answer in marked_answers
        for person in outcome.helped_members.get(answer.id, ())
    }
    markers = helped | {outcome.solutions[answer.id] for answer in solutions}
    # A champion may have marked the solution for the asker.
    if solutions:
        helped.add(ask.asker)
    answer = (solutions or marked_answers)[0]
    return MarkedAsk(
        ask_id=ask.id,
        channel_id=ask.channel_id,
        answer_id=answer.id,
        answer_ts=answer.ts,
        asker=ask.asker,
        is_solution=bool(solutions),
        helped_members=sorted(helped),
        marked_by=sorted(markers & helped),
    )


def is_still_marked(session: Session, ask_id: int, member: str) -> bool:
    """Return True if the ask still has an answer by the member that is marked."""
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
