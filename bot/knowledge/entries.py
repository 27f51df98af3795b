"""Entries: earlier asks with the answers that helped, as one member may see them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import distinct, exists, func, select

from bot.clock import micros_to_datetime
from bot.knowledge import entry_rules
from bot.knowledge.entry_rules import Freshness, Verdict
from bot.knowledge.pointer_marks import cannot_mark
from bot.runtime import Transaction
from bot.slack.text import format_month, permalink
from bot.workspace import members, visibility, workspace_settings
from models import (
    Answer,
    AnswerText,
    Ask,
    AskReference,
    Channel,
    EntryReview,
    Reaction,
)

# The answers of an entry that are shown, at most.
MAX_ANSWERS = 3
# The states of asks that wait for an answer.
OPEN_STATES = ("open", "answered")
_HAS_HELPED = (
    Answer.is_deleted.is_(False),
    Answer.is_solution.is_(True) | (Answer.helpful_count > 0),
)


@dataclass(frozen=True, slots=True)
class EntryAnswer:
    """An answer that solved the ask or helped someone."""

    id: int
    author_id: str
    # A name; None if the author does not want their words kept.
    author: str | None
    # mrkdwn; None if its words are not kept.
    text: str | None
    url: str
    is_solution: bool


@dataclass(frozen=True, slots=True)
class NewerEntry:
    """A later solved ask with the same problem, and an answer of its own."""

    ask_id: int
    # mrkdwn
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An earlier ask. `title`, `what_worked` and answers' texts are mrkdwn."""

    ask_id: int
    title: str
    # Its message; None if it has none.
    url: str | None
    channel_name: str
    is_private: bool
    is_own: bool
    state: str
    what_worked: str | None
    answers: Sequence[EntryAnswer]
    # The number of people that it helped.
    helped_count: int
    # The month or day of the ask, and of the last confirmation that it is right.
    asked_on: str
    confirmed_on: str
    freshness: Freshness
    # People's reasons for calling it out of date, since it was confirmed.
    outdated_reasons: Sequence[str] = ()
    newer: NewerEntry | None = None

    @property
    def is_answered(self) -> bool:
        return bool(self.answers)


def load(
    tx: Transaction, member: str, ask_ids: Sequence[int], *, includes_open: bool = True
) -> list[Entry]:
    """Return the entries that the member may see, in the order of the ids.

    They have an answer that helped; with `includes_open`, also those that are open.
    """
    readable = visibility.readable_channels(tx, member)
    rows = tx.session.execute(
        select(Ask, Channel)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(Ask.id.in_(ask_ids), Ask.deleted_at.is_(None))
    )
    # Not in the statement: SQLite would go through all asks of these channels.
    asks = {ask.id: (ask, channel) for ask, channel in rows if channel.id in readable}
    answers = _load_answers(tx, asks.keys())
    helped, marked_at = _load_marks(tx, asks.keys())
    verdicts = _load_verdicts(tx, asks.keys())
    newer = _load_newer(tx, asks.keys(), readable)
    zone = members.zone(tx, member)
    confirmed_for = timedelta(days=workspace_settings.get(tx).confirmed_for_days)
    names = members.names(
        tx, {answer.author for of_ask in answers.values() for answer, _ in of_ask}
    )
    entries = []
    for ask_id in ask_ids:
        if ask_id not in asks:
            continue
        ask, channel = asks[ask_id]
        is_open = ask.state in OPEN_STATES
        if not answers[ask_id] and not (includes_open and is_open):
            continue
        confirmed_at = max(
            [
                marked_at.get(ask_id, 0),
                *(text.edited_at_micros for _, text in answers[ask_id] if text),
                *(v.event_micros for v in verdicts[ask_id] if v.verdict == "works"),
            ]
        )
        freshness = entry_rules.freshness(
            confirmed_at_micros=confirmed_at,
            verdicts=verdicts[ask_id],
            authors={answer.author for answer, _ in answers[ask_id]},
            confirmed_for=confirmed_for,
            now=tx.now,
        )
        at = micros_to_datetime(confirmed_at) if confirmed_at else ask.asked_at
        entries.append(
            Entry(
                ask_id=ask.id,
                title=members.text_with_names(tx, ask.title),
                url=_url(tx, channel, ask.ts) if ask.ts else None,
                channel_name=channel.name,
                is_private=channel.is_private,
                is_own=ask.asker == member,
                state=ask.state,
                what_worked=ask.what_worked,
                answers=[
                    EntryAnswer(
                        id=answer.id,
                        author_id=answer.author,
                        author=names[answer.author] if text else None,
                        text=members.text_with_names(tx, text.text)
                        if text and text.text
                        else None,
                        url=_url(tx, channel, answer.ts, ask.ts),
                        is_solution=answer.is_solution,
                    )
                    for answer, text in answers[ask_id][:MAX_ANSWERS]
                ],
                helped_count=helped.get(ask_id, 0),
                asked_on=format_month(ask.asked_at, tx.now, zone),
                confirmed_on=format_month(at, tx.now, zone),
                freshness=freshness,
                outdated_reasons=[
                    verdict.reason
                    for verdict in entry_rules.outdated(
                        verdicts[ask_id], confirmed_at_micros=confirmed_at
                    )
                    if verdict.reason
                ],
                newer=newer.get(ask_id),
            )
        )
    return entries


def answered(tx: Transaction, ask_ids: Sequence[int]) -> list[int]:
    """Return those of the asks that have an answer that helped, in the same order."""
    ids = set(
        tx.session.scalars(
            select(Answer.ask_id).where(Answer.ask_id.in_(ask_ids), *_HAS_HELPED)
        )
    )
    return [ask_id for ask_id in ask_ids if ask_id in ids]


def _url(
    tx: Transaction, channel: Channel, ts: str, thread_ts: str | None = None
) -> str:
    return permalink(tx.workspace.team_url, channel.slack_id, ts, thread_ts)


def _load_answers(
    tx: Transaction, ask_ids: Collection[int]
) -> dict[int, list[tuple[Answer, AnswerText | None]]]:
    """Return the answers that helped, by ask, the best first, with findable words."""
    rows = tx.session.execute(
        select(Answer, AnswerText)
        .outerjoin(
            AnswerText,
            (AnswerText.answer_id == Answer.id) & AnswerText.is_findable.is_(True),
        )
        .where(
            Answer.ask_id.in_(ask_ids),
            *_HAS_HELPED,
        )
        .order_by(Answer.is_solution.desc(), Answer.helpful_count.desc(), Answer.ts)
    )
    answers: dict[int, list[tuple[Answer, AnswerText | None]]] = defaultdict(list)
    for answer, text in rows:
        answers[answer.ask_id].append((answer, text))
    return answers


def _load_marks(
    tx: Transaction, ask_ids: Collection[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Return how many people marked an answer, and the time of the last mark, by ask.

    The time is Slack's, in microseconds.
    """
    rows = tx.session.execute(
        select(
            Answer.ask_id,
            func.count(distinct(Reaction.member)),
            func.max(Reaction.event_micros),
        )
        .join(
            Reaction,
            (Reaction.channel_id == Answer.channel_id)
            & (Reaction.message_ts == Answer.ts),
        )
        .where(
            Answer.ask_id.in_(ask_ids),
            Answer.is_deleted.is_(False),
            Reaction.is_present.is_(True),
            Reaction.meaning.in_(("helpful", "solved")),
            Reaction.member != Answer.author,
            ~cannot_mark(tx),
        )
        .group_by(Answer.ask_id)
    ).all()
    counts = {ask_id: count for ask_id, count, _ in rows}
    return counts, {ask_id: at for ask_id, _, at in rows}


def _load_newer(
    tx: Transaction, ask_ids: Collection[int], readable: Collection[int]
) -> dict[int, NewerEntry]:
    """Return the newest later ask with the same problem, by ask, if it has an answer.

    One that only the earlier answer solved leads back to it, and is left out.
    """
    rows = tx.session.execute(
        select(AskReference.earlier_ask_id, Ask, Channel)
        .join(Ask, Ask.id == AskReference.ask_id)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(
            AskReference.earlier_ask_id.in_(ask_ids),
            AskReference.is_present.is_(True),
            Ask.id > AskReference.earlier_ask_id,
            Ask.state == "solved",
            Ask.deleted_at.is_(None),
            Ask.ts.is_not(None),
            exists().where(
                Answer.ask_id == Ask.id,
                *_HAS_HELPED,
            ),
        )
        .order_by(Ask.id)
    )
    return {
        earlier_id: NewerEntry(
            ask.id,
            members.text_with_names(tx, ask.title),
            _url(tx, channel, ask.ts or ""),
        )
        for earlier_id, ask, channel in rows
        if channel.id in readable
    }


def _load_verdicts(
    tx: Transaction, ask_ids: Collection[int]
) -> dict[int, list[Verdict]]:
    rows = tx.session.execute(
        select(
            EntryReview.ask_id,
            EntryReview.member,
            EntryReview.verdict,
            EntryReview.event_micros,
            EntryReview.reason,
        )
        .where(EntryReview.ask_id.in_(ask_ids), EntryReview.is_present.is_(True))
        .order_by(EntryReview.event_micros)
    )
    verdicts: dict[int, list[Verdict]] = defaultdict(list)
    for row in rows:
        verdict = Verdict(row.member, row.verdict, row.event_micros, row.reason)
        verdicts[row.ask_id].append(verdict)
    return verdicts
