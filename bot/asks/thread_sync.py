"""Import an ask's thread as Slack shows it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.asks import answer_store, outcomes, reaction_store
from bot.asks.reactions import ReactionEvent, authority_of, reaction_state
from bot.asks.replies import is_before_erasure, request_thread_sync
from bot.clock import ts_to_micros
from bot.messages import tracked_messages
from bot.messages.authors import is_by_human
from bot.runtime import Workspace
from bot.slack.text import is_erased
from bot.workspace import members
from models import Ask, Channel


def import_thread(
    session: Session,
    workspace: Workspace,
    ask: Ask,
    messages: Iterable[Mapping[str, Any]],
    *,
    now: datetime,
) -> None:
    """Record the replies and reactions of a thread as Slack shows it.

    Where there are answers that nobody knew, the thread is looked at once more: a
    reaction to one, between Slack's showing it and now, was passed over, but in a
    channel where every reaction is kept.
    """
    channel = session.get_one(Channel, ask.channel_id)
    # All of them are taken in, whatever the first is.
    are_new = [
        import_message(session, workspace, ask, channel, message, now=now)
        for message in messages
    ]
    outcomes.recompute_and_notify(session, ask.id, now=now, force_update=True)
    if any(are_new) and channel.capture == "off":
        request_thread_sync(session, ask, channel, now=now)


def import_message(
    session: Session,
    workspace: Workspace,
    ask: Ask,
    channel: Channel,
    message: Mapping[str, Any],
    *,
    now: datetime,
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
        if not is_by_human(message, workspace):
            return False
        author = str(message["user"])
        if author == ask.asker or members.is_bot(session, workspace.id, author):
            return False
        is_new = not is_before_erasure(
            session, workspace, author, ts
        ) and answer_store.add_answer(
            session, ask_id=ask.id, channel_id=channel.id, ts=ts, author=author
        )
        if is_new:
            members.ensure(session, workspace.id, [author])
            if channel.capture != "off":
                # They may have been heard of before, and waited for their answer.
                reaction_store.attach_reactions(session, ask, channel, [ts])
    if message.get("reactions"):
        _import_reactions(session, workspace, channel, message, now=now)
    return is_new


def _import_reactions(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    message: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    ts = str(message["ts"])
    place = tracked_messages.find(session, workspace.id, channel.slack_id, ts)
    if place is None:
        return
    nameless = reaction_store.erased_reactors(session, channel.id, ts)
    for reaction in message["reactions"]:
        name = reaction["name"]
        meaning = place.meaning(name)
        if meaning is None:
            continue
        for member in reaction["users"] or []:
            # Somebody new may be the very one that a forgotten person's mark is of.
            is_known = name not in nameless or member in nameless[name]
            if member == workspace.bot_user_id or not is_known:
                continue
            if is_before_erasure(session, workspace, member, ts):
                continue
            seen = ReactionEvent(
                member=member,
                channel=channel.slack_id,
                ts=ts,
                emoji=name,
                event_micros=ts_to_micros(ts),
                is_present=True,
            )
            standing = authority_of(session, workspace.id, channel.id, member)
            mark = reaction_state(place, seen, meaning, standing)
            reaction_store.upsert_reactions(session, [mark], now=now)
