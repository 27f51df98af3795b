"""What people do with an ask: offer help, join, close, reopen, say what worked."""

from datetime import datetime
from typing import Literal

from slack_sdk.models.views import View
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox, visibility
from bot.answers import outcomes, registers
from bot.answers.registers import Register
from bot.answers.rules import BY_BUTTON
from bot.asks import forms
from bot.asks.rules import LONGEST_REASON, LONGEST_WORKED
from bot.asks.service import GONE
from bot.clock import CLOCKS_DIFFER, micros_of
from bot.errors import Refusal
from bot.members import service as members
from bot.members.rules import Action, may
from bot.runtime import Workspace
from bot.text import clean, marked, one_line, shorten
from models import Answer, Ask, Channel, Reaction

# A second click within this time is a double click, not a change of mind.
DOUBLE_CLICK_US = 1_500_000

_YES = {
    "looking": (
        "You're listed as looking into it. Press *I can help* again to step back."
    ),
    "same": (
        "You're counted in, and I'll tell you when it is solved. Press *Same here*"
        " again to step back."
    ),
}
_NO = {
    "looking": "You're not listed as looking into it any more.",
    "same": "You're not counted in any more.",
}
_BY_EMOJI = {"looking": ":eyes:", "same": ":raising_hand:"}

Joining = Literal["looking", "same"]
_JOINING = {"looking": Action.LOOK, "same": Action.SAME}
_IN_A_FORM = {
    "edit": Action.EDIT,
    "close": Action.CLOSE,
    "delete": Action.DELETE,
    "worked": Action.SAY_WHAT_WORKED,
}


def toggle(
    session: Session,
    workspace: Workspace,
    ask: Ask,
    what: Joining,
    *,
    by: str,
    at_us: int,
    now: datetime,
) -> bool:
    """Join, or leave again; whether the button's mark stands now.

    Whoever leaves and has reacted, too, stays in by their reaction.
    """
    channel = session.get_one(Channel, ask.channel_id)
    members.permit(session, channel, _JOINING[what], by, now=now)
    if by == ask.asker:
        raise Refusal("It's your own ask. Its menu lets you edit, close or delete it.")
    if ask.ts is None:
        raise Refusal("That ask is just being posted; try again in a moment.")
    standing = session.scalars(
        select(Reaction).filter_by(
            channel_id=channel.id, message_ts=ask.ts, member=by, meaning=what
        )
    ).all()
    by_button = next((r for r in standing if r.emoji.startswith(BY_BUTTON)), None)
    if by_button is not None and at_us - by_button.at_us < DOUBLE_CLICK_US:
        return by_button.is_present
    is_in = by_button is not None and by_button.is_present
    if not is_in and any(r.is_present for r in standing):
        raise Refusal(_by_reaction(what))
    _mark(
        session,
        workspace,
        channel,
        ask,
        ts=ask.ts,
        what=what,
        by=by,
        is_present=not is_in,
        at_us=at_us,
        now=now,
    )
    outcomes.resettle(session, ask.id, now=now, show=True)
    return not is_in


def joined(what: Joining, *, is_in: bool, standing: set[str]) -> str:
    """Tell the person after a press what stands. mrkdwn of our own."""
    if what in standing and not is_in:
        return _by_reaction(what)
    return _YES[what] if is_in else _NO[what]


def _by_reaction(what: Joining) -> str:
    return (
        f"You're already listed because of your {_BY_EMOJI[what]}. Remove the reaction"
        " to step back."
    )


def options(session: Session, ask: Ask, *, by: str, now: datetime) -> View:
    """Draw what somebody may do with an ask. Raises Refusal where they can't see it."""
    channel = session.get_one(Channel, ask.channel_id)
    visibility.check_inside(session, channel, by, now=now)
    held = members.roles(session, channel, by, author=ask.asker)
    is_waiting = ask.state in {"open", "answered"}
    wanted = {
        "looking": is_waiting and by != ask.asker and may(Action.LOOK, held),
        "same": is_waiting and by != ask.asker and may(Action.SAME, held),
        "edit": not ask.is_own_message and may(Action.EDIT, held),
        "worked": ask.state == "solved" and may(Action.SAY_WHAT_WORKED, held),
        "close": is_waiting and may(Action.CLOSE, held),
        "reopen": not is_waiting and may(Action.REOPEN, held),
        "delete": may(Action.DELETE, held)
        or (ask.is_captured and ask.state == "open" and may(Action.DISCLAIM, held)),
    }
    return forms.options(
        ask.id,
        members.with_names(session, ask.installation_id, ask.title),
        ask.state,
        [what for what, is_possible in wanted.items() if is_possible],
        joined=standing(session, ask, by),
        is_own_message=ask.is_own_message,
    )


def standing(session: Session, ask: Ask, member: str) -> set[str]:
    """What the person has joined the ask in: "looking", "same"."""
    rows = session.scalars(
        select(Reaction.meaning).filter_by(
            channel_id=ask.channel_id,
            message_ts=ask.ts,
            member=member,
            is_present=True,
        )
    )
    return set(rows)


def form(session: Session, ask: Ask, what: str, *, by: str, now: datetime) -> View:
    """The form in which the person says more; raises Refusal where they may not."""
    channel = session.get_one(Channel, ask.channel_id)
    if what not in _IN_A_FORM:
        raise Refusal(GONE)
    members.permit(session, channel, _IN_A_FORM[what], by, now=now, author=ask.asker)
    title = members.with_names(session, ask.installation_id, ask.title)
    match what:
        case "edit":
            if ask.is_own_message:
                raise Refusal("Edit your message in Slack and the ask will follow.")
            return forms.ask_form(
                ask_id=ask.id,
                title=ask.title,
                details=ask.details,
                topics=ask.topics,
                channel_topics=channel.topics,
            )
        case "close":
            asker = members.name(session, ask.installation_id, ask.asker)
            return forms.close_form(ask.id, title, asker)
        case "delete":
            return forms.delete_form(ask.id, title)
        case _:
            return forms.worked_form(ask.id, title, ask.worked)


def mark(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    *,
    ts: str,
    what: Literal["helpful", "solved"],
    by: str,
    is_present: bool,
    at_us: int,
    now: datetime,
) -> None:
    """Mark an answer without an emoji, or take such a mark back."""
    answer = session.scalar(
        select(Answer).filter_by(channel_id=channel.id, ts=ts, is_deleted=False)
    )
    ask = session.get(Ask, answer.ask_id) if answer else None
    if answer is None or ask is None or ask.deleted_at:
        raise Refusal(
            "This works on answers, that is, other people's replies in an ask's thread."
        )
    if answer.author == by:
        raise Refusal("That's your own answer. Only others can mark it helpful.")
    action = Action.SOLVE if what == "solved" else Action.MARK_HELPFUL
    members.permit(session, channel, action, by, now=now, author=ask.asker)
    _mark(
        session,
        workspace,
        channel,
        ask,
        ts=ts,
        what=what,
        by=by,
        is_present=is_present,
        at_us=at_us,
        now=now,
    )
    outcomes.resettle(session, ask.id, now=now)


def _mark(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    ask: Ask,
    *,
    ts: str,
    what: str,
    by: str,
    is_present: bool,
    at_us: int,
    now: datetime,
) -> None:
    member = members.find(session, workspace.id, by)
    mark = Register(
        channel_id=channel.id,
        ask_id=ask.id,
        ts=ts,
        member=by,
        emoji=BY_BUTTON + what,
        meaning=what,
        is_present=is_present,
        at_us=at_us,
        is_lead=member is not None and members.is_lead(session, channel.id, member),
    )
    registers.set_reactions(session, [mark], now=now)


def close(
    session: Session,
    ask: Ask,
    *,
    by: str,
    reason: str | None,
    now: datetime,
    at_us: int | None = None,
) -> None:
    """Close an ask that nothing solved; somebody else than its asker says why.

    `at_us` is Slack's time. Of a form it tells none: it comes after what stands, even
    where our clock is behind Slack's.
    """
    channel = session.get_one(Channel, ask.channel_id)
    members.permit(session, channel, Action.CLOSE, by, now=now, author=ask.asker)
    reason = shorten(one_line(clean(reason or "")), LONGEST_REASON)
    if by != ask.asker and not reason:
        raise Refusal(
            "Tell the asker in a few words why you're closing it.", field="reason"
        )
    said = marked(reason) or None
    if ask.state == "solved":
        raise Refusal("It's already solved.")
    if ask.is_closed and (ask.closed_by, ask.close_reason) == (by, said):
        # The same form again, because the answer to it got lost.
        return
    if ask.is_closed:
        raise Refusal("It's already closed.")
    if at_us is None:
        at_us = max(micros_of(now), ask.reopened_us + 1)
    ask.close(at_us, by=by, reason=said)
    session.flush()
    outcomes.resettle(session, ask.id, now=now)
    if by != ask.asker:
        outbox.promise(
            session,
            "ask.closed",
            ask.id,
            ask.asker,
            installation_id=ask.installation_id,
            now=now,
            occasion=str(at_us),
        )


def reopen(session: Session, ask: Ask, *, by: str, at_us: int, now: datetime) -> None:
    """The ask is open again; what solved it before now counts no longer."""
    channel = session.get_one(Channel, ask.channel_id)
    members.permit(session, channel, Action.REOPEN, by, now=now, author=ask.asker)
    if ask.closed_us > micros_of(now + CLOCKS_DIFFER):
        # By a form, while our clock was ahead: it was before this all the same.
        ask.closed_us = at_us - 1
    ask.reopen(at_us)
    session.flush()
    outcomes.resettle(session, ask.id, now=now)


def say_what_worked(
    session: Session, ask: Ask, text: str, *, by: str, now: datetime
) -> None:
    channel = session.get_one(Channel, ask.channel_id)
    members.permit(
        session, channel, Action.SAY_WHAT_WORKED, by, now=now, author=ask.asker
    )
    ask.worked = marked(shorten(one_line(clean(text)), LONGEST_WORKED)) or None
    outcomes.show_again(session, ask, now=now)
    outcomes.retell(session, ask, now=now)


def offer_to_mark(session: Session, ask: Ask, *, now: datetime) -> None:
    """The asker sounds pleased: offer, once, to mark the last answer."""
    last = session.scalar(
        select(Answer.id)
        .filter_by(ask_id=ask.id, is_deleted=False)
        .order_by(Answer.ts.desc())
        .limit(1)
    )
    if last is None or ask.state != "answered":
        return
    outbox.promise(
        session,
        "ask.offer",
        ask.id,
        session.get_one(Channel, ask.channel_id).slack_id,
        installation_id=ask.installation_id,
        now=now,
        detail={"answer": last},
    )
