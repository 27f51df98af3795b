"""Suggest to champions to thank people for a first ask, or a first answer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.models.views import View
from sqlalchemy import ColumnElement, Select, exists, func, select, text

from bot.asks import ask_view
from bot.kudos import forms, notes
from bot.runtime import Transaction
from bot.slack.text import ANONYMOUS, ERASED_PREFIX, mentioned_ids
from bot.worklist.kind import Candidate, WorkItemKind
from bot.worklist.view import WorkItemView
from bot.workspace import members
from models import Answer, Ask, Channel, KudosThanks, Member, WorkItem
from models.asks import HAS_HELPED

# Later, nobody remembers.
_MAX_AGE = timedelta(days=14)
_ASK, _ANSWER = "ask", "answer"


@dataclass(frozen=True, slots=True)
class First:
    """A member's first ask, or their first answer that helped."""

    kind: str
    row_id: int
    ask: Ask
    channel_id: int
    member: str
    # Slack's id of the message.
    ts: str
    at: datetime

    @property
    def subject(self) -> str:
        return f"{self.kind}:{self.row_id}"


def _is_there(tx: Transaction, column: Any) -> ColumnElement[bool]:
    return exists().where(
        Member.installation_id == tx.workspace.id,
        Member.slack_id == column,
        Member.is_deactivated.is_(False),
        Member.is_external.is_(False),
        Member.is_bot.is_(False),
    )


def _first_asks(tx: Transaction) -> Select[Ask]:
    return select(Ask).where(
        Ask.installation_id == tx.workspace.id,
        Ask.is_first_ask.is_(True),
        Ask.asker != ANONYMOUS,
        ~Ask.asker.startswith(ERASED_PREFIX),
        Ask.ts.is_not(None),
        Ask.deleted_at.is_(None),
        Ask.asked_at > tx.now - _MAX_AGE,
        _is_there(tx, Ask.asker),
    )


def _first_answers(tx: Transaction) -> Select[Answer, Ask]:
    """Return answers that helped, of people none of whose others did.

    An answer to an ask without a name is none: it could tell who marked it.
    """
    once = (
        select(Answer.author)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(Ask.installation_id == tx.workspace.id, text(f"({HAS_HELPED})"))
        .group_by(Answer.author)
        .having(func.count() == 1)
        .correlate(None)
    )
    return (
        select(Answer, Ask)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(
            Ask.installation_id == tx.workspace.id,
            Ask.asker != ANONYMOUS,
            Ask.ts.is_not(None),
            Ask.deleted_at.is_(None),
            Answer.is_deleted.is_(False),
            ~Answer.author.startswith(ERASED_PREFIX),
            Answer.answered_at > tx.now - _MAX_AGE,
            text(f"({HAS_HELPED})"),
            Answer.author.in_(once),
            _is_there(tx, Answer.author),
        )
    )


def _load(tx: Transaction, subjects: Collection[str] | None = None) -> list[First]:
    """Return the firsts with these subjects, or all, the oldest first."""
    asks, answers = _first_asks(tx), _first_answers(tx)
    if subjects is not None:
        asks = asks.where(Ask.id.in_(_ids(subjects, _ASK)))
        answers = answers.where(Answer.id.in_(_ids(subjects, _ANSWER)))
    firsts = [
        First(_ASK, ask.id, ask, ask.channel_id, ask.asker, ask.ts or "", ask.asked_at)
        for ask in tx.session.scalars(asks)
    ]
    firsts += [
        First(
            _ANSWER,
            answer.id,
            ask,
            answer.channel_id,
            answer.author,
            answer.ts,
            answer.answered_at,
        )
        for answer, ask in tx.session.execute(answers)
    ]
    return sorted(firsts, key=lambda first: (first.at, first.subject))


def _ids(subjects: Collection[str], kind: str) -> list[int]:
    """Return the ids of the rows that subjects of this kind name."""
    split = (subject.split(":") for subject in subjects)
    return [int(row_id) for named_kind, row_id in split if named_kind == kind]


def _find(tx: Transaction) -> Sequence[Candidate]:
    return [
        Candidate(first.subject, first.channel_id, first.at, about=first.member)
        for first in _load(tx)
    ]


def _still_open(tx: Transaction, items: Sequence[WorkItem]) -> Collection[int]:
    """Return those that still hold, and for which the champion has not given thanks."""
    firsts = {first.subject for first in _load(tx, {item.subject for item in items})}
    thanks = tx.session.execute(
        select(KudosThanks.giver, KudosThanks.recipient, KudosThanks.given_at).where(
            KudosThanks.installation_id == tx.workspace.id,
            KudosThanks.giver.in_({item.champion for item in items}),
            KudosThanks.given_at >= min(item.assigned_at for item in items),
        )
    ).all()
    return {
        item.id
        for item in items
        if item.subject in firsts
        and not any(
            (row.giver, row.recipient) == (item.champion, item.about)
            and row.given_at >= item.assigned_at
            for row in thanks
        )
    }


def _render(tx: Transaction, items: Sequence[WorkItem]) -> Mapping[int, WorkItemView]:
    firsts = {
        first.subject: first for first in _load(tx, {item.subject for item in items})
    }
    views: dict[int, WorkItemView] = {}
    for item in items:
        first = firsts.get(item.subject)
        if first is None:
            continue
        channel = tx.session.get_one(Channel, first.channel_id)
        parts, reason, buttons = notes.first_time(
            item.id,
            members.name(tx, first.member),
            (channel.slack_id, channel.name),
            ask_view.title(tx, first.ask),
            ask_view.message_url(tx, channel, first.ts, first.ask),
            is_answer=first.kind == _ANSWER,
        )
        people = frozenset(mentioned_ids(first.ask.title)[0] | {first.member})
        views[item.id] = WorkItemView(parts, reason, buttons, people)
    return views


def thank_form(tx: Transaction, item: WorkItem) -> View | None:
    """Return the form for thanks, filled; None if there is nothing to thank for."""
    first = next(iter(_load(tx, {item.subject})), None)
    if first is None:
        return None
    channel = tx.session.get_one(Channel, first.channel_id)
    about = {"channel": channel.slack_id, "ts": first.ts}
    if first.kind == _ANSWER and first.ask.ts:
        about["thread_ts"] = first.ask.ts
    return forms.kudos_form(
        people=[first.member],
        reason=notes.first_reason(is_answer=first.kind == _ANSWER),
        channel=channel.slack_id,
        about=about,
        about_url=ask_view.message_url(tx, channel, first.ts, first.ask),
    )


A_FIRST = WorkItemKind(
    name="first",
    position=40,
    find=_find,
    still_open=_still_open,
    render=_render,
)
