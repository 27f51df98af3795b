"""Import an ask's thread as Slack shows it."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.asks import answer_store, outcomes, reaction_store, tracked
from bot.asks.reactions import authority_of, reaction_state
from bot.asks.replies import is_before_erasure, request_thread_sync
from bot.clock import ts_to_micros
from bot.messages.authors import is_by_human
from bot.messages.events import ReactionEvent
from bot.runtime import Transaction
from bot.slack.text import is_erased
from bot.workspace import members
from models import Ask, Channel


def import_thread(
    tx: Transaction, ask: Ask, messages: Iterable[Mapping[str, Any]]
) -> None:
    """Record the replies and reactions of a thread as Slack shows it.

    Where there are answers that nobody knew, the thread is looked at once more: a
    reaction to one, between Slack's showing it and now, was passed over, but in a
    channel where every reaction is kept.
    """
    channel = tx.session.get_one(Channel, ask.channel_id)
    # All of them are taken in, whatever the first is.
    are_new = [import_message(tx, ask, channel, message) for message in messages]
    outcomes.recompute_and_notify(tx, ask.id, force_update=True)
    if any(are_new) and channel.capture == "off":
        request_thread_sync(tx, ask, channel)


def import_message(
    tx: Transaction, ask: Ask, channel: Channel, message: Mapping[str, Any]
) -> bool:
    """Record one message of the ask's thread, and its reactions. Tells nobody.

    Whether it is an answer that was not known. Slack does not say when somebody
    reacted. A reaction counts from its message's time, so that anything heard of by an
    event is later and stands.
    """
    if is_erased(ask.asker):
        # Which of the replies were the asker's own nobody can tell any more.
        return False
    ts = str(message["ts"])
    is_new = False
    if ts != ask.ts:
        if not is_by_human(message, tx.workspace):
            return False
        author = str(message["user"])
        if author == ask.asker or members.is_bot(tx, author):
            return False
        is_new = not is_before_erasure(tx, author, ts) and answer_store.add_answer(
            tx.session, ask_id=ask.id, channel_id=channel.id, ts=ts, author=author
        )
        if is_new:
            members.ensure(tx, [author])
            if channel.capture != "off":
                # They may have been heard of before, and waited for their answer.
                reaction_store.attach_reactions(tx.session, ask, channel, [ts])
    if message.get("reactions"):
        _import_reactions(tx, channel, message)
    return is_new


def _import_reactions(
    tx: Transaction, channel: Channel, message: Mapping[str, Any]
) -> None:
    ts = str(message["ts"])
    place = tracked.find(tx, channel.slack_id, ts)
    if place is None:
        return
    nameless = reaction_store.erased_reactors(tx.session, channel.id, ts)
    for reaction in message["reactions"]:
        name = reaction["name"]
        meaning = place.meaning(name)
        if meaning is None:
            continue
        for member in reaction["users"] or []:
            # Somebody new may be the very one that a forgotten person's mark is of.
            is_known = name not in nameless or member in nameless[name]
            if member == tx.workspace.bot_user_id or not is_known:
                continue
            if is_before_erasure(tx, member, ts):
                continue
            event = ReactionEvent(
                member=member,
                channel=channel.slack_id,
                ts=ts,
                emoji=name,
                event_micros=ts_to_micros(ts),
                is_present=True,
            )
            standing = authority_of(tx, channel.id, member)
            mark = reaction_state(place, event, meaning, standing)
            reaction_store.upsert_reactions(tx, [mark])
