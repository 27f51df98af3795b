"""Members' actions on an ask: offer help, join, close, reopen, mark what worked."""

from typing import Literal

from slack_sdk.models.views import View
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.asks import forms, outcome_notifications, outcomes, work_items
from bot.asks.button_marks import write_mark
from bot.asks.message_kinds import ASK_CLOSED, ASK_SUGGEST_SOLUTION
from bot.asks.outcome_rules import BUTTON_MARK_PREFIX
from bot.asks.permissions import (
    CLOSE,
    DELETE,
    EDIT,
    MARK_HELPFUL,
    MARK_SOLUTION,
    OFFER_HELP,
    REMOVE_CAPTURED_ASK,
    REOPEN,
    SAME_PROBLEM,
    SET_WHAT_WORKED,
)
from bot.asks.rules import MAX_REASON_LENGTH, MAX_WHAT_WORKED_LENGTH
from bot.asks.service import ASK_GONE
from bot.clock import MAX_CLOCK_SKEW, datetime_to_micros
from bot.errors import UserError
from bot.permissions import is_allowed
from bot.runtime import Transaction
from bot.slack.text import one_line, sanitize, to_mrkdwn, truncate
from bot.workspace import members, roles, visibility
from models import Answer, Ask, Channel, Reaction

# A second click within this time is a double click, not a change of mind.
DOUBLE_CLICK_MICROS = 1_500_000

_JOINED_TEXTS = {
    "looking": (
        "You're listed as looking into it. Press *I can help* again to step back."
    ),
    "same": (
        "You're counted, and I'll tell you when it's solved. Press *Same here* again"
        " to step back."
    ),
}
_LEFT_TEXTS = {
    "looking": "You're no longer listed as looking into it.",
    "same": "You're no longer counted.",
}
_JOIN_EMOJI = {"looking": ":eyes:", "same": ":raising_hand:"}

JoinMeaning = Literal["looking", "same"]
_JOIN_ACTIONS = {"looking": OFFER_HELP, "same": SAME_PROBLEM}
_FORM_ACTIONS = {
    "edit": EDIT,
    "close": CLOSE,
    "delete": DELETE,
    "worked": SET_WHAT_WORKED,
}


def toggle_join(
    tx: Transaction, ask: Ask, meaning: JoinMeaning, *, by: str, event_micros: int
) -> bool:
    """Join the ask by a button, or leave it; return True if the member has joined now.

    A member who has also reacted is still joined by the reaction after leaving. Raises
    UserError, and MembershipUnknown.
    """
    channel = tx.session.get_one(Channel, ask.channel_id)
    roles.authorize(tx, channel, _JOIN_ACTIONS[meaning], by)
    if by == ask.asker:
        raise UserError(
            "This is your own ask. Use its menu to edit, close or delete it."
        )
    if ask.ts is None:
        raise UserError("I'm still posting that ask. Try again in a moment.")
    marks = tx.session.scalars(
        select(Reaction).filter_by(
            channel_id=channel.id, message_ts=ask.ts, member=by, meaning=meaning
        )
    ).all()
    button_mark = next(
        (mark for mark in marks if mark.emoji.startswith(BUTTON_MARK_PREFIX)), None
    )
    if (
        button_mark is not None
        and event_micros - button_mark.event_micros < DOUBLE_CLICK_MICROS
    ):
        return button_mark.is_present
    is_joined = button_mark is not None and button_mark.is_present
    if not is_joined and any(mark.is_present for mark in marks):
        raise UserError(_joined_by_reaction(meaning))
    write_mark(
        tx,
        channel,
        ask,
        ts=ask.ts,
        meaning=meaning,
        by=by,
        is_present=not is_joined,
        event_micros=event_micros,
    )
    outcomes.recompute_and_notify(tx, ask.id, force_update=True)
    return not is_joined


def join_confirmation(meaning: JoinMeaning, *, is_in: bool, marks: set[str]) -> str:
    """Return the reply to a click, in mrkdwn.

    `is_in` is the result of `toggle_join`, `marks` that of `current_marks`.
    """
    if meaning in marks and not is_in:
        return _joined_by_reaction(meaning)
    return _JOINED_TEXTS[meaning] if is_in else _LEFT_TEXTS[meaning]


def _joined_by_reaction(meaning: JoinMeaning) -> str:
    return (
        f"You're already listed because of your {_JOIN_EMOJI[meaning]}. Remove the"
        " reaction to step back."
    )


def options_view(tx: Transaction, ask: Ask, *, by: str) -> View:
    """Return the view of a member's options on an ask.

    Raises UserError if they may not see it, and MembershipUnknown.
    """
    channel = tx.session.get_one(Channel, ask.channel_id)
    visibility.require_visible(tx, channel, by)
    by_roles = roles.in_channel(tx, channel, by, author=ask.asker)
    is_waiting = ask.state in {"open", "answered"}
    options = {
        "looking": is_waiting and by != ask.asker and is_allowed(OFFER_HELP, by_roles),
        "same": is_waiting and by != ask.asker and is_allowed(SAME_PROBLEM, by_roles),
        "edit": not ask.is_users_message and is_allowed(EDIT, by_roles),
        "worked": ask.state == "solved" and is_allowed(SET_WHAT_WORKED, by_roles),
        "close": is_waiting and is_allowed(CLOSE, by_roles),
        "reopen": not is_waiting and is_allowed(REOPEN, by_roles),
        "delete": is_allowed(DELETE, by_roles)
        or (
            ask.is_captured
            and ask.state == "open"
            and is_allowed(REMOVE_CAPTURED_ASK, by_roles)
        ),
    }
    return forms.options_modal(
        ask.id,
        members.text_with_names(tx, ask.title),
        ask.state,
        [option for option, is_available in options.items() if is_available],
        joined=current_marks(tx.session, ask, by),
        is_own_message=ask.is_users_message,
        more=[
            block
            for options in tx.features.ask_options
            for block in options(tx, ask, by)
        ],
    )


def current_marks(session: Session, ask: Ask, member: str) -> set[str]:
    """Return the ways in which the member has joined the ask: "looking", "same"."""
    rows = session.scalars(
        select(Reaction.meaning).filter_by(
            channel_id=ask.channel_id,
            message_ts=ask.ts,
            member=member,
            is_present=True,
        )
    )
    return set(rows)


def action_form(tx: Transaction, ask: Ask, option: str, *, by: str) -> View:
    """Return the form of an option that needs more input.

    `option` is a key of `options_view`. Raises UserError, and MembershipUnknown.
    """
    channel = tx.session.get_one(Channel, ask.channel_id)
    if option not in _FORM_ACTIONS:
        raise UserError(ASK_GONE)
    if option == "close":
        work_items.require_may_close(tx, ask, channel, by)
    else:
        roles.authorize(tx, channel, _FORM_ACTIONS[option], by, author=ask.asker)
    title = members.text_with_names(tx, ask.title)
    match option:
        case "edit":
            if ask.is_users_message:
                raise UserError("Edit your message in Slack and the ask will follow.")
            return forms.ask_form(
                ask_id=ask.id,
                title=ask.title,
                details=ask.details,
                topics=ask.topics,
                channel_topics=channel.topics,
            )
        case "close":
            asker = members.name(tx, ask.asker)
            return forms.close_form(ask.id, title, asker)
        case "delete":
            return forms.delete_form(ask.id, title)
        case _:
            return forms.what_worked_form(ask.id, title, ask.what_worked)


def mark_answer(
    tx: Transaction,
    channel: Channel,
    *,
    ts: str,
    meaning: Literal["helpful", "solved"],
    by: str,
    is_present: bool,
    event_micros: int,
) -> None:
    """Mark an answer by a button or shortcut, or remove such a mark.

    `event_micros` is Slack's time. Raises UserError, and MembershipUnknown.
    """
    answer = tx.session.scalar(
        select(Answer).filter_by(channel_id=channel.id, ts=ts, is_deleted=False)
    )
    ask = tx.session.get(Ask, answer.ask_id) if answer else None
    if answer is None or ask is None or ask.deleted_at:
        raise UserError(
            "This works on answers, that is, other people's replies in an ask's thread."
        )
    if answer.author == by:
        raise UserError("That's your own answer. Only others can mark it helpful.")
    action = MARK_SOLUTION if meaning == "solved" else MARK_HELPFUL
    roles.authorize(tx, channel, action, by, author=ask.asker)
    write_mark(
        tx,
        channel,
        ask,
        ts=ts,
        meaning=meaning,
        by=by,
        is_present=is_present,
        event_micros=event_micros,
    )
    outcomes.recompute_and_notify(tx, ask.id)


def close(
    tx: Transaction,
    ask: Ask,
    *,
    by: str,
    reason: str | None,
    event_micros: int | None = None,
) -> None:
    """Close an ask without a solution; a member other than its asker gives a reason.

    `event_micros` is Slack's time. None: a form was submitted, for which Slack sends no
    time; it counts as the latest event, even if our clock is behind Slack's. Raises
    UserError, and MembershipUnknown.
    """
    channel = tx.session.get_one(Channel, ask.channel_id)
    work_items.require_may_close(tx, ask, channel, by)
    reason = truncate(one_line(sanitize(reason or "")), MAX_REASON_LENGTH)
    if by != ask.asker and not reason:
        raise UserError(
            "Tell the asker in a few words why you're closing it.", field="reason"
        )
    apply_close(tx, ask, by=by, reason=reason, event_micros=event_micros)


def apply_close(
    tx: Transaction, ask: Ask, *, by: str, reason: str, event_micros: int | None
) -> None:
    """Close the ask for a member who may. Raises UserError if it is over."""
    mrkdwn_reason = to_mrkdwn(reason) or None
    if ask.state == "solved":
        raise UserError("It's already solved.")
    if ask.is_closed and (ask.closed_by, ask.close_reason) == (by, mrkdwn_reason):
        # The same form was submitted again because our response was lost.
        return
    if ask.is_closed:
        raise UserError("It's already closed.")
    if event_micros is None:
        event_micros = max(datetime_to_micros(tx.now), ask.reopened_at_micros + 1)
    ask.close(event_micros, by=by, reason=mrkdwn_reason)
    tx.session.flush()
    outcomes.recompute_and_notify(tx, ask.id)
    if by != ask.asker:
        tx.enqueue(ASK_CLOSED, ask.id, to=ask.asker, occurrence=str(event_micros))


def reopen(tx: Transaction, ask: Ask, *, by: str, event_micros: int) -> None:
    """Reopen the ask; earlier solutions no longer count.

    `event_micros` is Slack's time. Raises UserError, and MembershipUnknown.
    """
    channel = tx.session.get_one(Channel, ask.channel_id)
    roles.authorize(tx, channel, REOPEN, by, author=ask.asker)
    apply_reopen(tx, ask, event_micros=event_micros)


def apply_reopen(tx: Transaction, ask: Ask, *, event_micros: int) -> None:
    """Reopen the ask for a member who may."""
    if ask.closed_at_micros > datetime_to_micros(tx.now + MAX_CLOCK_SKEW):
        # It was closed by a form while our clock was ahead, and before this click.
        ask.closed_at_micros = event_micros - 1
    ask.reopen(event_micros)
    tx.session.flush()
    outcomes.recompute_and_notify(tx, ask.id)


def set_what_worked(tx: Transaction, ask: Ask, text: str, *, by: str) -> None:
    channel = tx.session.get_one(Channel, ask.channel_id)
    roles.authorize(tx, channel, SET_WHAT_WORKED, by, author=ask.asker)
    apply_what_worked(tx, ask, text)


def apply_what_worked(tx: Transaction, ask: Ask, text: str) -> None:
    """Store what worked, for a member who may say it."""
    ask.what_worked = (
        to_mrkdwn(truncate(one_line(sanitize(text)), MAX_WHAT_WORKED_LENGTH)) or None
    )
    outcome_notifications.update_message(tx, ask)
    outcome_notifications.update_direct_messages(tx, ask)


def suggest_solution(tx: Transaction, ask: Ask) -> None:
    """Offer the asker, once, to mark the last answer, after they said thanks."""
    last_answer = tx.session.scalar(
        select(Answer.id)
        .filter_by(ask_id=ask.id, is_deleted=False)
        .order_by(Answer.ts.desc())
        .limit(1)
    )
    if last_answer is None or ask.state != "answered":
        return
    tx.enqueue(
        ASK_SUGGEST_SOLUTION,
        ask.id,
        to=tx.session.get_one(Channel, ask.channel_id).slack_id,
        payload={"answer": last_answer},
    )
