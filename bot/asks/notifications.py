"""Render the messages to members about asks and answers when they are sent."""

from sqlalchemy import select

from bot.asks import (
    answer_notifications,
    ask_message,
    ask_view,
    emoji_rules,
    notes,
    outcomes,
    work_items,
)
from bot.asks.message_kinds import (
    ASK_ANSWERED,
    ASK_CAPTURED,
    ASK_CLOSED,
    ASK_CONVERTED,
    ASK_DELETED,
    ASK_JOINER_SOLVED,
    ASK_MARK_REMINDER,
    ASK_NOT_POSTED,
    ASK_SOLVED,
    ASK_SUGGEST_SOLUTION,
    ASK_UPDATE_DIRECT_MESSAGE,
)
from bot.outbox.enqueue import dedup_key
from bot.outbox.lookup import find_sent
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.actions import (
    PostEphemeral,
    PostMessage,
    SlackAction,
    UpdateMessage,
)
from bot.slack.blocks import Note
from bot.slack.text import format_time
from bot.workspace import contact_hours, members
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from bot.workspace.visibility import sees
from models import Answer, Ask, Channel, OutboxItem


def render_answered(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = ask_view.load_ask(tx.session, delivery.subject_id)
    note = _answered_note(tx, ask, channel)
    return (
        None
        if note is None or ask.deleted_at
        else PostMessage(delivery.recipient, *note)
    )


def _answered_note(tx: Transaction, ask: Ask, channel: Channel) -> Note | None:
    answer = tx.session.scalar(
        select(Answer)
        .filter_by(ask_id=ask.id, is_deleted=False)
        .order_by(Answer.ts)
        .limit(1)
    )
    if answer is None:
        return None
    author = members.name(tx, answer.author)
    return notes.ask_answered(
        ask_view.title(tx, ask),
        ask_view.message_url(tx, channel, answer.ts, ask),
        author,
    )


def render_captured(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = ask_view.load_ask(tx.session, delivery.subject_id)
    if ask.ts is None or ask.deleted_at:
        return None
    url = ask_view.message_url(tx, channel, ask.ts)
    note = notes.ask_captured(
        ask.id,
        ask_view.title(tx, ask),
        url,
        ask_view.solved_emoji(channel),
        tx.features.confirmation_blocks(tx, ask),
    )
    return PostMessage(delivery.recipient, *note)


def render_converted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = ask_view.load_ask(tx.session, delivery.subject_id)
    if ask.ts is None or ask.deleted_at:
        return None
    by = members.name(tx, _actor_id(delivery))
    url = ask_view.message_url(tx, channel, ask.ts)
    note = notes.ask_converted(
        ask_view.title(tx, ask),
        url,
        by,
        ask_view.solved_emoji(channel),
        is_first=ask.is_first_ask,
        more=tx.features.confirmation_blocks(tx, ask),
    )
    return PostMessage(delivery.recipient, *note)


def render_closed(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = ask_view.load_ask(tx.session, delivery.subject_id)
    if not ask.is_closed or ask.deleted_at:
        return None
    note = _closed_note(tx, ask, channel)
    return None if note is None else PostMessage(delivery.recipient, *note)


def _closed_note(tx: Transaction, ask: Ask, channel: Channel) -> Note | None:
    if ask.ts is None or ask.closed_by in {None, ask.asker}:
        return None
    by = members.name(tx, ask.closed_by or "")
    return notes.ask_closed(
        ask.id,
        ask_view.title(tx, ask),
        ask_view.message_url(tx, channel, ask.ts),
        by,
        ask.close_reason or "",
        state=ask.state,
    )


def render_deleted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, _ = ask_view.load_ask(tx.session, delivery.subject_id)
    if ask.deleted_at is None:
        return None
    by = members.name(tx, _actor_id(delivery))
    note = notes.ask_deleted(
        ask.id,
        ask_view.title(tx, ask),
        by,
        is_own_message=ask.is_users_message,
    )
    return PostMessage(delivery.recipient, *note)


def render_not_posted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = ask_view.load_ask(tx.session, delivery.subject_id)
    return _not_posted_message(tx, delivery, ask, f"#{channel.name}")


def render_not_posted_to_non_member(
    tx: Transaction, delivery: Delivery
) -> SlackAction | None:
    """Return their text to an asker who may no longer see the private channel."""
    ask, _ = ask_view.load_ask(tx.session, delivery.subject_id)
    return _not_posted_message(tx, delivery, ask, "a private channel")


def render_solved(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Update the message about the first answer, or else send one."""
    ask, channel = ask_view.load_ask(tx.session, delivery.subject_id)
    note = _solved_note(tx, ask, channel)
    key = dedup_key(ASK_ANSWERED, ask.id, delivery.recipient)
    message = find_sent(tx.session, ask.installation_id, key)
    if note is None or (message is None and not note[1][1:]):
        # The asker marked the solution, and the note has no button for them.
        return None
    if message is not None:
        return UpdateMessage(*message, *note)
    return PostMessage(delivery.recipient, *note)


def render_update_direct_message(
    tx: Transaction, delivery: Delivery
) -> SlackAction | None:
    """Update a direct message to the asker to the ask's current state."""
    item = tx.session.get(OutboxItem, delivery.subject_id)
    if item is None or not (item.slack_channel and item.ts):
        return None
    ask, channel = ask_view.load_ask(tx.session, item.subject_id)
    if ask.ts is None or ask.deleted_at or item.recipient != ask.asker:
        return None
    if item.kind == ASK_CLOSED:
        note = _closed_note(tx, ask, channel)
    else:
        note = _solved_note(tx, ask, channel)
        note = note or _answered_note(tx, ask, channel)
        url = ask_view.message_url(tx, channel, ask.ts)
        note = note or notes.ask_reopened(ask_view.title(tx, ask), url)
    return UpdateMessage(item.slack_channel, item.ts, *note) if note else None


def _solved_note(tx: Transaction, ask: Ask, channel: Channel) -> Note | None:
    if ask.ts is None or ask.state != "solved" or not ask.solved_by:
        return None
    is_by_asker = ask.solved_by == ask.asker
    by = None if is_by_asker else members.name(tx, ask.solved_by)
    solutions = ask_view.solution_links(
        tx, ask, channel, outcomes.outcome_of(tx.session, ask)
    )
    return notes.ask_solved(
        ask.id,
        ask_view.title(tx, ask),
        ask_view.message_url(tx, channel, ask.ts),
        by=by,
        solutions=solutions,
        candidates=[] if solutions else _answer_choices(tx, ask),
        has_what_worked=bool(ask.what_worked),
    )


def _answer_choices(tx: Transaction, ask: Ask) -> list[tuple[int, str]]:
    """Return the answers to choose from; if they are too many, each author's last."""
    answers = ask_view.load_answers(tx.session, ask)
    if len(answers) > notes.MAX_OPTIONS:
        answers = list({answer.author: answer for answer in answers}.values())
    authors = [answer.author for answer in answers]
    names = members.names(tx, authors)
    zone = members.zone(tx, ask.asker)
    return [
        (a.id, f"{names[a.author]}, {format_time(a.answered_at, zone)}")
        for a in answers
    ]


def render_joiner_solved(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = ask_view.load_ask(tx.session, delivery.subject_id)
    outcome = outcomes.outcome_of(tx.session, ask)
    is_current = ask.state == "solved" and delivery.recipient in outcome.same
    if ask.ts is None or not is_current:
        return None
    solutions = ask_view.solution_links(tx, ask, channel, outcome)
    url = ask_view.message_url(tx, channel, ask.ts)
    note = notes.solved_for_joiner(
        ask_view.title(tx, ask), url, solutions[0] if solutions else None
    )
    return PostMessage(delivery.recipient, *note)


def render_suggest_solution(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    ask, channel = ask_view.load_ask(tx.session, delivery.subject_id)
    latest = {a.author: a for a in ask_view.load_answers(tx.session, ask)}
    if ask.state != "answered" or not latest:
        return None
    helped = outcomes.outcome_of(tx.session, ask).helped_members
    names = members.names(tx, list(latest))
    text, blocks = notes.solution_suggestion(
        ask.id,
        [
            (answer.id, names[author], ask.asker in helped.get(answer.id, ()))
            for author, answer in latest.items()
        ],
    )
    return PostEphemeral(channel.slack_id, ask.asker, text, blocks, thread_ts=ask.ts)


def render_mark_reminder(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    if not work_items.is_unmarked(tx, delivery.subject_id):
        return None
    ask, channel = ask_view.load_ask(tx.session, delivery.subject_id)
    note = notes.mark_reminder(
        ask_view.title(tx, ask),
        ask_view.message_url(tx, channel, ask.ts or ""),
        emoji_rules.helpful(channel.helpful_emoji)[0],
        ask_view.solved_emoji(channel),
    )
    return PostMessage(delivery.recipient, *note)


def _ask_channels(tx: Transaction, delivery: Delivery) -> list[int]:
    return [tx.session.get_one(Ask, delivery.subject_id).channel_id]


def _direct_message_channels(tx: Transaction, delivery: Delivery) -> list[int]:
    item = tx.session.get(OutboxItem, delivery.subject_id)
    ask = tx.session.get(Ask, item.subject_id) if item else None
    return [ask.channel_id] if ask else []


def _not_posted_message(
    tx: Transaction, delivery: Delivery, ask: Ask, channel_label: str
) -> PostMessage:
    note = notes.ask_not_posted(
        ask_view.title(tx, ask),
        members.text_with_names(tx, ask.details),
        channel_label,
        delivery.payload["error"],
    )
    return PostMessage(delivery.recipient, *note)


def _actor_id(delivery: Delivery) -> str:
    """Return Slack's id of the acting member; "" after the payload was redacted."""
    return str(delivery.payload.get("by", ""))


def _on_sent(tx: Transaction, delivery: Delivery, _sent: object) -> None:
    """Update a message that was looked up: the ask may have changed meanwhile."""
    if delivery.is_unconfirmed:
        tx.enqueue_update(ASK_UPDATE_DIRECT_MESSAGE, delivery.id, to=delivery.recipient)


MESSAGE_TYPES = (
    *ask_message.MESSAGE_TYPES,
    *answer_notifications.MESSAGE_TYPES,
    MessageType(
        ASK_ANSWERED, render_answered, on_sent=_on_sent, can_see=sees(_ask_channels)
    ),
    MessageType(ASK_CAPTURED, render_captured, can_see=sees(_ask_channels)),
    MessageType(ASK_CONVERTED, render_converted, can_see=sees(_ask_channels)),
    MessageType(
        ASK_CLOSED, render_closed, on_sent=_on_sent, can_see=sees(_ask_channels)
    ),
    MessageType(ASK_DELETED, render_deleted, can_see=sees(_ask_channels)),
    MessageType(
        ASK_NOT_POSTED,
        render_not_posted,
        can_see=sees(_ask_channels),
        render_without_access=render_not_posted_to_non_member,
    ),
    MessageType(
        ASK_SOLVED, render_solved, on_sent=_on_sent, can_see=sees(_ask_channels)
    ),
    MessageType(
        ASK_UPDATE_DIRECT_MESSAGE,
        render_update_direct_message,
        "resend",
        can_see=sees(_direct_message_channels),
    ),
    MessageType(ASK_JOINER_SOLVED, render_joiner_solved, can_see=sees(_ask_channels)),
    MessageType(ASK_SUGGEST_SOLUTION, render_suggest_solution, "drop"),
    MessageType(
        ASK_MARK_REMINDER,
        render_mark_reminder,
        can_see=sees(_ask_channels),
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.REMINDER),
    ),
)
