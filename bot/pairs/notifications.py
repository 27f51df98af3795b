"""Messages about matches: introductions, reminders, and questions."""

from collections.abc import Iterable

from sqlalchemy import select

from bot.outbox.attempts import VERIFY_DELAY
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_sent
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.pairs import groups, matches, notes, opt_ins, returns, schedule
from bot.pairs.introductions import Introducer
from bot.pairs.message_kinds import (
    PAIR_CANCELLED,
    PAIR_GROUP_INTRODUCTION,
    PAIR_INTRODUCTION,
    PAIR_LEFT_OUT,
    PAIR_PAUSED,
    PAIR_QUESTION,
    PAIR_REMINDER,
    PAIR_UPDATE_GROUP_INTRODUCTION,
    PAIR_UPDATE_INTRODUCTION,
)
from bot.pairs.notes import Status
from bot.pairs.rules import Answer, Outcome, State
from bot.people import opt_outs, presence
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, Reschedule, SlackAction, UpdateMessage
from bot.slack.blocks import Note
from bot.slack.text import SOMEONE
from bot.workspace import contact_hours, members
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from models import PairMatch, PairMatchMember


def _find(
    tx: Transaction, match_id: int, member: str
) -> tuple[PairMatch | None, dict[str, PairMatchMember]]:
    """Return a match and its rows; none if it is gone, or no longer the member's.

    Someone who was forgotten has no row in it.
    """
    match = tx.session.scalar(
        select(PairMatch).filter_by(id=match_id, installation_id=tx.workspace.id)
    )
    rows = matches.members_of(tx, match.id) if match is not None else {}
    if member not in rows:
        return None, {}
    return match, rows


def _names(tx: Transaction, rows: Iterable[str], people: Iterable[str]) -> list[str]:
    """Return the first names of people in a match, as its members read them."""
    names = members.first_names(tx, rows)
    return [names[each] for each in people]


def _render_introduction(
    tx: Transaction, delivery: Delivery
) -> SlackAction | Reschedule | None:
    """Introduce the others, unless someone has said meanwhile that they can't.

    Someone who was away until the next round is introduced only in that one.
    """
    member = delivery.recipient
    match, rows = _find(tx, delivery.subject_id, member)
    if match is None or not rows[member].is_current:
        return None
    if matches.state(rows) is not State.OPEN or not schedule.is_current(tx, match):
        return None
    introducer = Introducer(tx, [member, *matches.mates(rows, member)], [member])
    if introducer.may_introduce(rows):
        return PostMessage(member, *introducer.note(match))
    return schedule.reschedule(tx, match)


def _follow_up(tx: Transaction, delivery: Delivery, _outcome: object) -> None:
    """Enqueue the reminder and the question.

    It also runs if it is unknown whether Slack took the introduction.
    """
    schedule.follow_up(tx, delivery.subject_id, delivery.recipient)


def status_note(tx: Transaction, match_id: int, member: str) -> Note | None:
    """Return the match as it stands for a member; None if they have not answered."""
    match, rows = _find(tx, match_id, member)
    if match is None:
        return notes.gone()
    own, state = rows[member], matches.state(rows)
    others = matches.mates(rows, member)
    if state is State.CANCELLED or not others:
        others = [other for other in rows if other != member]
    is_open = state is State.OPEN and own.answer is None and own.outcome is None
    if is_open:
        return Introducer(tx, [member, *others], [member]).note(match)
    again = dedup_key(PAIR_QUESTION, match.id, member, matches.AGAIN)
    return notes.status(
        Status(
            match.id,
            _names(tx, rows, others) or [SOMEONE],
            state,
            own.answer,
            own.outcome,
            own.fit,
            is_asked_again=find_sent(tx.session, tx.workspace.id, again) is not None,
            is_early=schedule.is_early(tx, match),
            is_waiting=returns.is_waiting(tx, match, member),
            has_another=returns.has_match(tx, match.round_id, member),
        )
    )


def _render_update(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    key = dedup_key(PAIR_INTRODUCTION, delivery.subject_id, delivery.recipient)
    message = find_sent(tx.session, tx.workspace.id, key)
    note = status_note(tx, delivery.subject_id, delivery.recipient)
    if message is None or note is None:
        return None
    return UpdateMessage(*message, *note)


def _render_cancelled(
    tx: Transaction, delivery: Delivery
) -> SlackAction | Reschedule | None:
    """Tell a member that others can't come; of whom they never heard, nothing.

    Nor do they read it after the next round was formed.
    """
    member = delivery.recipient
    match, rows = _find(tx, delivery.subject_id, member)
    if match is None or not schedule.is_current(tx, match):
        return None
    leavers = [each for each in rows if rows[each].answer == Answer.CANT]
    if member in leavers:
        return None
    if schedule.may_be_introduced(tx, match.id, member):
        return Reschedule(tx.now + VERIFY_DELAY)
    if not schedule.is_introduced(tx, match.id, member):
        # They may be introduced to someone else, or to the rest.
        own = opt_ins.find(tx, member)
        is_waiting = own is not None and own.waits_in == match.round_id
        note = notes.left_out(is_early=schedule.is_early(tx, match))
        return PostMessage(member, *note) if is_waiting else None
    names = members.first_names(tx, rows)
    still_met = (
        []
        if matches.state(rows) is State.CANCELLED
        else [names[each] for each in matches.mates(rows, member)]
    )
    left = [names[each] for each in leavers] or [SOMEONE]
    is_early = schedule.is_early(tx, match)
    note = notes.cancelled(left, still_met, is_early=is_early)
    return PostMessage(member, *note)


def _render_reminder(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Remind a member of a match if none of its members has pressed anything."""
    member = delivery.recipient
    match, rows = _find(tx, delivery.subject_id, member)
    if match is None or matches.state(rows) is not State.OPEN:
        return None
    if not schedule.is_current(tx, match):
        return None
    if any(not matches.answers(row).is_silent for row in rows.values()):
        return None
    if not presence.is_in_active_program(tx, member):
        return None
    names = members.first_names(tx, rows)
    writer = match.first_writer
    note = notes.reminder(
        match.id,
        [names[each] for each in matches.mates(rows, member)],
        "" if writer == member else names.get(writer, ""),
    )
    return PostMessage(member, *note)


def _render_question(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Ask whether they met, or if someone said so, whether it was a good match."""
    member = delivery.recipient
    match, rows = _find(tx, delivery.subject_id, member)
    if match is None or not rows[member].is_current:
        return None
    own, state = rows[member], matches.state(rows)
    if own.answer == Answer.CANT or not presence.is_in_active_program(tx, member):
        return None
    others = _names(tx, rows, matches.mates(rows, member))
    if state is State.OPEN:
        return PostMessage(member, *notes.outcome_question(match.id, others))
    if state is State.MET and own.outcome != Outcome.MET and own.fit is None:
        return PostMessage(member, *notes.status(Status(match.id, others, state)))
    return None


def _render_left_out(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    own = opt_ins.find(tx, delivery.recipient)
    if own is None or not own.is_in or own.waits_in != delivery.subject_id:
        return None
    return PostMessage(delivery.recipient, *notes.left_out(is_early=True))


def _render_paused(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    own = opt_ins.find(tx, delivery.recipient)
    if own is None or not own.is_in or not opt_outs.is_paused(own):
        return None
    return PostMessage(delivery.recipient, *notes.paused())


MESSAGE_TYPES = (
    MessageType(
        PAIR_INTRODUCTION,
        _render_introduction,
        update=PAIR_UPDATE_INTRODUCTION,
        on_sent=_follow_up,
        on_lost=_follow_up,
        send_after=contact_hours.send_after,
    ),
    MessageType(
        PAIR_GROUP_INTRODUCTION,
        groups.render,
        # The bot can't read a group, to look for the message there.
        "drop",
        on_sent=groups.on_sent,
        on_lost=groups.on_not_sent,
        on_rejected=groups.on_not_sent,
        send_after=groups.send_after,
    ),
    MessageType(PAIR_UPDATE_GROUP_INTRODUCTION, groups.render_update, "resend"),
    MessageType(PAIR_UPDATE_INTRODUCTION, _render_update, "resend"),
    MessageType(PAIR_CANCELLED, _render_cancelled, send_after=contact_hours.send_after),
    MessageType(
        PAIR_REMINDER,
        _render_reminder,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.REMINDER),
    ),
    MessageType(PAIR_QUESTION, _render_question, send_after=contact_hours.send_after),
    MessageType(PAIR_LEFT_OUT, _render_left_out, send_after=contact_hours.send_after),
    MessageType(PAIR_PAUSED, _render_paused, send_after=contact_hours.send_after),
)
