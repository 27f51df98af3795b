"""The acts of the author of an ask without a name, all from their own Home tab.

No act writes the author's id: their marks are those of ANONYMOUS, and nothing is queued
for them. Only `reveal` does, as they wish.
"""

from collections.abc import Sequence

from sqlalchemy import select

from bot.anonymity import authors, limits, notes, replies, texts
from bot.anonymity.blocks import AnswerLine, AskPage
from bot.anonymity.keyring import keys_of
from bot.anonymity.permissions import ACT_AS_ASKER
from bot.asks import actions, answer_store, ask_view, outcomes
from bot.asks import service as asks
from bot.asks.button_marks import write_mark
from bot.asks.notes import MarkMeaning
from bot.asks.outcome_rules import BUTTON_MARK_PREFIX
from bot.asks.service import AskDraft
from bot.errors import UserError
from bot.permissions import Role, require
from bot.runtime import Transaction
from bot.slack.text import ANONYMOUS, format_day
from bot.workspace import members, roles, visibility
from models import AnonymousLink, Answer, Ask, Channel, Reaction


def own_ask(tx: Transaction, ask_id: int, member: str) -> Ask:
    """Lock and return the member's own ask. Raises UserError."""
    ask = asks.get(tx, ask_id)
    require_own(tx, ask, member)
    return ask


def require_own(tx: Transaction, ask: Ask, member: str) -> AnonymousLink:
    """Return the link of the member's own ask. Raises UserError.

    It asks Slack nothing, and stores nothing: both would show who acted.
    """
    link = authors.require_author(tx, ask, member)
    require(ACT_AS_ASKER, roles.in_workspace(tx, member) | {Role.AUTHOR})
    channel = tx.session.get_one(Channel, ask.channel_id)
    if not visibility.is_known_to_see(tx, channel, member):
        raise UserError(notes.OPEN_HOME)
    return link


def page(
    tx: Transaction,
    ask: Ask,
    member: str,
    *,
    can_ask_people: bool,
    can_thank: bool,
) -> AskPage:
    """Return what the author sees of their own ask.

    The caller asks the features above whether people can be asked, or were thanked.
    """
    channel = tx.session.get_one(Channel, ask.channel_id)
    link = require_own(tx, ask, member)
    answers = ask_view.load_answers(tx.session, ask)
    marks = {
        (ts, meaning)
        for ts, meaning in tx.session.execute(
            select(Reaction.message_ts, Reaction.meaning).filter_by(
                ask_id=ask.id, member=ANONYMOUS, is_present=True
            )
        )
    }
    names = members.names(tx, {answer.author for answer in answers})
    zone = members.zone(tx, member)
    return AskPage(
        id=ask.id,
        title=ask_view.title(tx, ask),
        state=ask.state,
        channel=channel.name,
        url=ask_view.message_url(tx, channel, ask.ts) if ask.ts else "",
        cut_on=format_day(link.cut_at, tx.now, zone),
        answers=[
            AnswerLine(
                answer.id,
                names[answer.author],
                ask_view.message_url(tx, channel, answer.ts, ask),
                format_day(answer.answered_at, tx.now, zone),
                is_own=answer.author == member,
                is_solution=(answer.ts, "solved") in marks,
                is_helpful=(answer.ts, "helpful") in marks,
            )
            for answer in reversed(answers)
        ],
        replies=replies.lines(tx, ask, zone),
        what_worked=ask.what_worked or "",
        can_ask_people=can_ask_people,
        can_thank=can_thank and bool(helpers(tx, ask, member)),
    )


def set_seen(tx: Transaction, ask: Ask) -> None:
    """Record that the author has seen all answers."""
    authors.set_seen(tx, ask.id, len(ask_view.load_answers(tx.session, ask)))


def helpers(tx: Transaction, ask: Ask, member: str) -> Sequence[str]:
    """Return the others who have answered, each once."""
    answers = ask_view.load_answers(tx.session, ask)
    people = dict.fromkeys(answer.author for answer in answers)
    return [person for person in people if person != member]


def mark_answer(
    tx: Transaction,
    ask: Ask,
    answer_id: int,
    *,
    by: str,
    meaning: MarkMeaning,
    is_present: bool,
    event_micros: int,
) -> None:
    """Mark an answer as its asker, or remove such a mark. Raises UserError."""
    answer = tx.session.scalar(
        select(Answer).filter_by(id=answer_id, ask_id=ask.id, is_deleted=False)
    )
    if answer is None:
        raise UserError(notes.ANSWER_GONE)
    if answer.author == by:
        raise UserError(notes.OWN_ANSWER)
    write_mark(
        tx,
        tx.session.get_one(Channel, ask.channel_id),
        ask,
        ts=answer.ts,
        meaning=meaning,
        by=ANONYMOUS,
        is_present=is_present,
        event_micros=event_micros,
    )
    outcomes.recompute_and_notify(tx, ask.id)


def close(tx: Transaction, ask: Ask, *, event_micros: int) -> None:
    actions.apply_close(tx, ask, by=ANONYMOUS, reason="", event_micros=event_micros)


def reopen(tx: Transaction, ask: Ask, *, event_micros: int) -> None:
    """Reopen the ask; earlier solutions no longer count."""
    actions.apply_reopen(tx, ask, event_micros=event_micros)


def edit(tx: Transaction, ask: Ask, draft: AskDraft, *, by: str) -> None:
    """Apply the form's values to the ask. Raises UserError, with the field."""
    for field, text in (("title", draft.title), ("details", draft.details)):
        texts.require_allowed(tx, ask, text, by=by, field=field)
    asks.apply_edit(tx, ask, draft)


def set_what_worked(tx: Transaction, ask: Ask, text: str, *, by: str) -> None:
    """Store what worked. Raises UserError, with the field."""
    if ask.state != "solved":
        raise UserError(notes.NOT_SOLVED)
    texts.require_allowed(tx, ask, text, by=by, field="worked")
    actions.apply_what_worked(tx, ask, text)


def reveal(tx: Transaction, ask: Ask, member: str) -> None:
    """Make the ask an ordinary one of its author, with their name, for good."""
    tx.session.delete(require_own(tx, ask, member))
    if keys := keys_of(tx):
        limits.uncount(tx, keys, member, ask.asked_at.date())
    ask.asker = member
    if ask.closed_by == ANONYMOUS:
        ask.closed_by = member
    tx.session.flush()
    channel = tx.session.get_one(Channel, ask.channel_id)
    _take_marks(tx, channel, ask, member)
    # A member's own replies are no answers to their ask.
    for answer in ask_view.load_answers(tx.session, ask):
        if answer.author == member:
            answer_store.remove_answer(tx, channel.id, answer.ts)
    tx.features.on_title_changed(tx, ask)
    outcomes.recompute_and_notify(tx, ask.id, force_update=True)


def _take_marks(tx: Transaction, channel: Channel, ask: Ask, member: str) -> None:
    marks = tx.session.scalars(
        select(Reaction)
        .filter_by(ask_id=ask.id, member=ANONYMOUS)
        .order_by(Reaction.message_ts, Reaction.emoji)
    )
    for mark in marks.all():
        write_mark(
            tx,
            channel,
            ask,
            ts=mark.message_ts,
            meaning=mark.meaning,
            by=member,
            is_present=mark.is_present,
            event_micros=mark.event_micros,
            name=mark.emoji.removeprefix(BUTTON_MARK_PREFIX),
        )
        tx.session.delete(mark)
    tx.session.flush()
