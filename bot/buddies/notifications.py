"""Messages about buddies: questions, the weeks, and the end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.asks import ask_view
from bot.buddies import (
    notes,
    offers,
    partings,
    questions,
    rules,
    service,
    week_notes,
    wishes,
)
from bot.buddies.message_kinds import (
    BUDDY_ENDED,
    BUDDY_FIRST_ASK,
    BUDDY_NONE,
    BUDDY_OFFER,
    BUDDY_PASS_ON,
    BUDDY_PAUSED,
    BUDDY_QUESTION,
    BUDDY_WEEK,
)
from bot.buddies.notes import Question
from bot.buddies.rules import Answer, Week
from bot.buddies.week_notes import Prompt
from bot.clock import micros_to_datetime
from bot.outbox import home_refresh
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.people import facts, meetings, opt_outs, reasons
from bot.people.blocks import Mate
from bot.people.suggestions import suggested_times
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, Reschedule, SlackAction
from bot.slack.blocks import Note
from bot.workspace import contact_hours, members, visibility
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from models import Ask, BuddyPair, BuddyQuestion, Channel


def name(tx: Transaction, reader: str, other: str) -> str:
    """Return the first name of the other, as the member reads it."""
    return members.first_names(tx, [reader, other])[other]


# The newcomer


def _render_offer(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Ask a newcomer, unless they pressed a button on the Home tab meanwhile."""
    member = delivery.recipient
    row = wishes.find(tx, member)
    if row is None or row.event_micros:
        return None
    if not offers.can_take_part(tx, member) or not offers.is_new(tx, member):
        return None
    return PostMessage(member, *notes.offer())


def _render_none(
    tx: Transaction, delivery: Delivery
) -> SlackAction | Reschedule | None:
    """Tell a newcomer that there was nobody, when the last question is over."""
    member = delivery.recipient
    row = wishes.find(tx, member)
    since = micros_to_datetime(int(delivery.payload["wanted"]))
    if row is None or row.wanted_at != since:
        return None
    question = questions.open_about(tx, member)
    at = since + rules.LOOK_FOR if question is None else question.ends_at
    if at > tx.now:
        return Reschedule(at)
    return PostMessage(member, *notes.none_found())


def _on_none_sent(tx: Transaction, delivery: Delivery, _outcome: Any) -> None:
    row = wishes.lock(tx, delivery.recipient)
    since = micros_to_datetime(int(delivery.payload["wanted"]))
    if row is not None and row.wanted_at == since:
        row.wanted_at = None
        home_refresh.refresh_homes(tx, [delivery.recipient])


def greeting_blocks(tx: Transaction, member: str) -> list[Any]:
    return notes.in_greeting() if wishes.is_open(tx, member) else []


# The buddy


def _render_question(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    buddy = delivery.recipient
    question = questions.find(tx, delivery.subject_id, buddy)
    if question is None or question.answer is not None:
        return None
    if not offers.is_in(tx, buddy) or not offers.can_take_part(tx, buddy):
        return None
    if not questions.can_begin(tx, question):
        return None
    newcomer = question.newcomer
    people = facts.load_people(tx, {buddy, newcomer})
    names = members.first_names(tx, [buddy, newcomer])
    why = reasons.for_reader(tx, people, buddy, names)
    view = Question(question.id, names[newcomer], why)
    return PostMessage(buddy, *notes.question(view))


def _lock_question(tx: Transaction, delivery: Delivery) -> None:
    tx.session.get(BuddyQuestion, delivery.subject_id, with_for_update=True)


def _on_question_sent(tx: Transaction, delivery: Delivery, _outcome: Any) -> None:
    """Give the buddy some days from now on."""
    question = tx.session.get(BuddyQuestion, delivery.subject_id)
    if question is not None and question.sent_at is None:
        question.sent_at = tx.now
        question.ends_at = tx.now + rules.ANSWER_WITHIN


def answer_note(tx: Transaction, question_id: int, buddy: str) -> Note:
    """Return a question as it stands for the buddy after an answer."""
    question = questions.get(tx, question_id, buddy)
    newcomer = name(tx, buddy, question.newcomer)
    is_buddy = any(
        (pair.newcomer, pair.buddy) == (question.newcomer, buddy)
        for pair in service.running(tx, buddy)
    )
    if question.answer == Answer.NOT_NOW and questions.can_begin(tx, question):
        return notes.not_now(question.id, newcomer)
    return notes.question_over(newcomer, is_buddy=is_buddy)


def _render_paused(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    row = offers.find(tx, delivery.recipient)
    if row is None or not row.is_in or not opt_outs.is_paused(row):
        return None
    return PostMessage(delivery.recipient, *notes.paused())


# The four weeks


def _has_asked(tx: Transaction, member: str) -> bool:
    asks = select(Ask.id).filter_by(
        installation_id=tx.workspace.id, asker=member, deleted_at=None
    )
    return tx.session.scalar(asks.limit(1)) is not None


def prompt(tx: Transaction, pair: BuddyPair, reader: str, week: Week) -> Prompt:
    """Return the idea of a week for one of the two, without an introduction."""
    other = service.other(pair, reader)
    is_newcomer = reader == pair.newcomer
    return Prompt(
        pair.id,
        Mate(other, name(tx, reader, other)),
        week,
        is_newcomer=is_newcomer,
        has_asked=is_newcomer and _has_asked(tx, reader),
    )


def _introduction(
    tx: Transaction, pair: BuddyPair, view: Prompt, reader: str
) -> Prompt:
    """Add why the two were matched, and times to meet that are still to come.

    Raises MembershipUnknown.
    """
    people = facts.load_people(tx, {reader, view.other.id})
    names = members.first_names(tx, [reader, view.other.id])
    return replace(
        view,
        reasons=reasons.for_reader(tx, people, reader, names),
        times=suggested_times(
            people, names, formed_at=pair.begun_at, reader=reader, now=tx.now
        ),
    )


def _render_week(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Send the idea of a week; not after an absence, when the next one is due.

    The introduction of the first week is sent however late.
    """
    reader = delivery.recipient
    pair = service.find(tx, delivery.subject_id, reader)
    if pair is None or not service.is_running(tx, pair):
        return None
    if partings.must_part(tx, pair):
        return None
    week = list(Week)[int(delivery.payload["week"]) - 1]
    is_first = week is Week.PEOPLE
    is_late = tx.now - delivery.first_sent_at >= timedelta(weeks=1)
    if is_late and not is_first:
        return None
    view = prompt(tx, pair, reader, week)
    if is_first:
        view = _introduction(tx, pair, view, reader)
    return PostMessage(reader, *week_notes.prompt(view))


def _on_week_sent(tx: Transaction, delivery: Delivery, _outcome: Any) -> None:
    """Count the two as people who have met, a week after their introduction."""
    pair = service.find(tx, delivery.subject_id, delivery.recipient)
    if pair is not None and int(delivery.payload["week"]) > 1:
        meetings.record(tx, {pair.newcomer, pair.buddy}, met_at=tx.now)


def _render_first_ask(
    tx: Transaction, delivery: Delivery
) -> SlackAction | Reschedule | None:
    """Tell a buddy of a first ask while it waits, as soon as they may see it."""
    buddy = delivery.recipient
    pair = service.find(tx, delivery.subject_id, buddy)
    ask = tx.session.get(Ask, int(delivery.payload["ask"]), populate_existing=True)
    if pair is None or ask is None or not service.is_running(tx, pair):
        return None
    if ask.state != "open" or ask.ts is None or ask.asker != pair.newcomer:
        return None
    if ask.channel_id not in visibility.readable_channels(tx, buddy, is_exact=True):
        return Reschedule(tx.now + rules.LOOK_AGAIN_AFTER)
    channel = tx.session.get_one(Channel, ask.channel_id)
    url = ask_view.message_url(tx, channel, ask.ts)
    return PostMessage(
        buddy, *week_notes.first_ask(name(tx, buddy, pair.newcomer), url)
    )


def _render_ended(
    tx: Transaction, delivery: Delivery
) -> SlackAction | Reschedule | None:
    """Tell a member that it has ended: early, or after the four weeks."""
    reader = delivery.recipient
    pair = service.find(tx, delivery.subject_id, reader)
    if pair is None or service.is_running(tx, pair):
        return None
    is_newcomer = reader == pair.newcomer
    other = name(tx, reader, service.other(pair, reader))
    if delivery.payload["about"] == service.EARLY:
        can_look = (
            is_newcomer
            and not wishes.is_looking(tx, reader)
            and not service.running(tx, reader)
            and offers.is_new(tx, reader)
            and offers.is_offered(tx)
        )
        return PostMessage(reader, *week_notes.ended_early(other, can_look=can_look))
    if pair.is_cut_short:
        return None
    note = week_notes.ended(pair.id, other, is_newcomer=is_newcomer)
    return PostMessage(reader, *note)


def _render_pass_on(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Ask a former newcomer who could be a buddy now, and has not said anything."""
    reader = delivery.recipient
    pair = service.find(tx, delivery.subject_id, reader)
    if pair is None or pair.is_cut_short:
        return None
    if offers.find(tx, reader) is not None or not offers.can_take_part(tx, reader):
        return None
    if not offers.can_be_buddy(tx, reader):
        return None
    return PostMessage(reader, *week_notes.pass_on(name(tx, reader, pair.buddy)))


MESSAGE_TYPES = (
    MessageType(
        BUDDY_OFFER,
        _render_offer,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.INVITATION),
    ),
    MessageType(
        BUDDY_QUESTION,
        _render_question,
        lock=_lock_question,
        on_sent=_on_question_sent,
        on_lost=_on_question_sent,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.QUESTION),
    ),
    MessageType(
        BUDDY_NONE,
        _render_none,
        on_sent=_on_none_sent,
        on_lost=_on_none_sent,
        send_after=contact_hours.send_after,
    ),
    MessageType(BUDDY_PAUSED, _render_paused, send_after=contact_hours.send_after),
    MessageType(
        BUDDY_WEEK,
        _render_week,
        on_sent=_on_week_sent,
        send_after=contact_hours.send_after,
    ),
    MessageType(
        BUDDY_FIRST_ASK, _render_first_ask, send_after=contact_hours.send_after
    ),
    MessageType(BUDDY_ENDED, _render_ended, send_after=contact_hours.send_after),
    MessageType(
        BUDDY_PASS_ON,
        _render_pass_on,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.INVITATION),
    ),
)
