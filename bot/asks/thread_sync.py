"""Import an ask's thread as fetched from Slack."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from bot.asks import answer_store, capture, outcomes, reaction_store, tracked
from bot.asks.reactions import authority_of, reaction_state
from bot.asks.replies import is_before_erasure, request_thread_sync
from bot.asks.tracked import TrackedAskMessage
from bot.clock import ts_to_micros
from bot.messages.authors import is_by_human
from bot.messages.edits import edited_at_micros
from bot.messages.events import ReactionEvent
from bot.runtime import Transaction
from bot.slack.text import is_erased
from bot.workspace import members
from models import Ask, Channel


class Imported(NamedTuple):
    """Says whether a message of a thread brought something."""

    is_new_answer: bool
    has_new_reactions: bool


_NOTHING = Imported(is_new_answer=False, has_new_reactions=False)


def import_thread(
    tx: Transaction, ask: Ask, messages: Iterable[Mapping[str, Any]]
) -> None:
    """Store the replies and reactions of a fetched thread.

    If there are new answers, the thread is fetched once more: an event about a reaction
    to one of them, between the fetch and now, was ignored. Capturing channels store
    such reactions, and need no second fetch.
    """
    channel = tx.session.get_one(Channel, ask.channel_id)
    imported = [import_message(tx, ask, channel, message) for message in messages]
    if any(any(each) for each in imported):
        outcomes.recompute_and_notify(tx, ask.id, force_update=True)
    if any(each.is_new_answer for each in imported) and channel.capture == "off":
        request_thread_sync(tx, ask, channel)


def import_message(
    tx: Transaction, ask: Ask, channel: Channel, message: Mapping[str, Any]
) -> Imported:
    """Store a message of the ask's thread and its reactions, without notifying anyone.

    `message` is Slack's. Slack does not say when a member reacted; a reaction gets its
    message's time, so that any event is later and wins.
    """
    if is_erased(ask.asker):
        # The asker's own replies would look like others' answers.
        return _NOTHING
    ts = str(message["ts"])
    is_new = False
    if ts == ask.ts:
        _follow_message(tx, ask, message)
    else:
        if not is_by_human(message, tx.workspace):
            return _NOTHING
        author = str(message["user"])
        if author == ask.asker or members.is_bot(tx, author):
            return _NOTHING
        is_new = not is_before_erasure(tx, author, ts) and answer_store.add_answer(
            tx.session, ask_id=ask.id, channel_id=channel.id, ts=ts, author=author
        )
        if is_new:
            members.ensure(tx, [author])
            if channel.capture != "off":
                # Reactions may have arrived before the reply.
                reaction_store.attach_reactions(tx.session, ask, channel, [ts])
    tracked_message = (
        tracked.find(tx, channel.slack_id, ts) if message.get("reactions") else None
    )
    return Imported(
        is_new,
        tracked_message is not None and import_reactions(tx, tracked_message, message),
    )


def _follow_message(tx: Transaction, ask: Ask, message: Mapping[str, Any]) -> None:
    """Follow an edit or the deletion of the ask's message whose event was missed."""
    if message.get("subtype") == "tombstone":
        # A deleted message that has replies.
        channel = tx.session.get_one(Channel, ask.channel_id)
        capture.on_message_deleted(
            tx, channel.slack_id, ts=ask.ts or "", thread_ts=None, author=None
        )
        return
    is_askers = message.get("user") == ask.asker and is_by_human(message, tx.workspace)
    at = edited_at_micros(message)
    if ask.is_users_message and is_askers and at > ask.edited_at_micros:
        text = str(message.get("text") or "")
        capture.apply_edit(tx, ask, text, event_micros=at)


def import_reactions(
    tx: Transaction, tracked_message: TrackedAskMessage, message: Mapping[str, Any]
) -> bool:
    """Record the reactions to a message as Slack shows it; True if one is new."""
    has_new = False
    ts = str(message["ts"])
    erased_reactors = reaction_store.erased_reactors(
        tx.session, tracked_message.channel_id, ts
    )
    for reaction in message.get("reactions") or []:
        name = reaction["name"]
        meaning = tracked_message.meaning(name)
        if meaning is None:
            continue
        for member in reaction["users"] or []:
            # If an erased member reacted with the emoji, a member without a row for it
            # may be the same person.
            is_safe = name not in erased_reactors or member in erased_reactors[name]
            if member == tx.workspace.bot_user_id or not is_safe:
                continue
            if is_before_erasure(tx, member, ts):
                continue
            event = ReactionEvent(
                member=member,
                channel=tracked_message.slack_channel,
                ts=ts,
                emoji=name,
                event_micros=ts_to_micros(ts),
                is_present=True,
            )
            authority = authority_of(tx, tracked_message.channel_id, member)
            mark = reaction_state(tracked_message, event, meaning, authority)
            has_new |= bool(reaction_store.upsert_reactions(tx, [mark]))
    return has_new
