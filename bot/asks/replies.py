"""Store and delete the replies in the threads of asks."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, bindparam, select, update

from bot.asks import answer_store, outcomes, reaction_store
from bot.asks.message_kinds import ASK_SYNC_THREAD
from bot.asks.tracked import TrackedAskMessage
from bot.clock import ts_to_datetime, ts_to_micros
from bot.db.statements import table
from bot.messages.tracked_messages import SYNC_THREAD_IF_OLDER_THAN
from bot.runtime import Transaction
from bot.workspace import members
from models import Answer, Ask, Channel, Member

_channels, _members = table(Channel), table(Member)

_SELECT_MEMBERS = select(
    _members.c.slack_id, _members.c.is_bot, _members.c.erased_before
).where(
    _members.c.installation_id == bindparam("installation_id"),
    _members.c.slack_id.in_(bindparam("people", expanding=True)),
)
_SELECT_CAPTURING = select(_channels.c.id).where(
    _channels.c.id.in_(bindparam("ids", expanding=True)), _channels.c.capture != "off"
)
_SELECT_AUTHOR = (
    select(_channels.c.capture, _members.c.is_bot, _members.c.erased_before)
    .outerjoin_from(
        _channels,
        _members,
        and_(
            _members.c.installation_id == _channels.c.installation_id,
            _members.c.slack_id == bindparam("author"),
        ),
    )
    .where(_channels.c.id == bindparam("channel_id"))
)


def record_reply(tx: Transaction, ask: Ask, *, ts: str, author: str) -> None:
    """Store a reply in an ask's thread as an answer, unless its author can't answer."""
    row = tx.session.execute(
        _SELECT_AUTHOR, {"channel_id": ask.channel_id, "author": author}
    ).one()
    if author == ask.asker or row.is_bot:
        return
    if row.erased_before and is_before_erasure(tx, author, ts):
        return
    state = outcomes.lock(tx.session, ask.id).state
    if not answer_store.add_answer(
        tx.session, ask_id=ask.id, channel_id=ask.channel_id, ts=ts, author=author
    ):
        return
    if row.is_bot is None:
        members.ensure(tx, [author])
    if row.capture != "off":
        channel = tx.session.get_one(Channel, ask.channel_id)
        reaction_store.attach_reactions(tx.session, ask, channel, [ts])
    elif tx.now - ts_to_datetime(ts) > SYNC_THREAD_IF_OLDER_THAN:
        channel = tx.session.get_one(Channel, ask.channel_id)
        request_thread_sync(tx, ask, channel)
    # A reply without marks can only turn an open ask into an answered one.
    if row.capture != "off" or state == "open":
        outcomes.recompute_and_notify(tx, ask.id)


@dataclass(frozen=True, slots=True)
class ThreadReply:
    """A reply in the thread of a tracked ask; `tracked` is the ask's message."""

    tracked: TrackedAskMessage
    ask_id: int
    ts: str
    author: str


def record_replies(tx: Transaction, replies: Sequence[ThreadReply]) -> None:
    """Store replies by members other than the askers, several at once.

    In channels that capture messages, each reply needs more: `record_reply`.
    """
    asks = outcomes.lock_all(tx.session, {reply.ask_id for reply in replies})
    authors = _load_members(tx, {reply.author for reply in replies})
    # The channel's setting may have changed since the event was processed.
    capturing_channel_ids = set(
        tx.session.scalars(
            _SELECT_CAPTURING, {"ids": [reply.tracked.channel_id for reply in replies]}
        )
    )
    simple = [
        reply
        for reply in replies
        if reply.tracked.channel_id not in capturing_channel_ids
        and not asks[reply.ask_id].deleted_at
        and not _is_excluded(tx, reply, authors.get(reply.author))
    ]
    added_keys = answer_store.add_answers(
        tx.session,
        [
            {
                "ask_id": reply.ask_id,
                "channel_id": reply.tracked.channel_id,
                "ts": reply.ts,
                "author": reply.author,
            }
            for reply in simple
        ],
    )
    new_replies = [
        reply for reply in simple if (reply.tracked.channel_id, reply.ts) in added_keys
    ]
    members.ensure(
        tx, [reply.author for reply in new_replies if reply.author not in authors]
    )
    slack_channels = {
        reply.ask_id: reply.tracked.slack_channel for reply in new_replies
    }
    late = {
        reply.ask_id
        for reply in new_replies
        if tx.now - ts_to_datetime(reply.ts) > SYNC_THREAD_IF_OLDER_THAN
    }
    tx.enqueue_updates(
        ASK_SYNC_THREAD, [(ask_id, slack_channels[ask_id]) for ask_id in late]
    )
    open_asks = [
        asks[ask_id] for ask_id in slack_channels if asks[ask_id].state == "open"
    ]
    outcomes.mark_answered(tx, open_asks, slack_channels)
    for reply in replies:
        if reply.tracked.channel_id in capturing_channel_ids:
            ask = tx.session.get_one(Ask, reply.ask_id)
            record_reply(tx, ask, ts=reply.ts, author=reply.author)


def _load_members(
    tx: Transaction, slack_ids: Collection[str]
) -> dict[str, Row[Any, Any, Any]]:
    """Return the rows of stored members by Slack's ids."""
    rows = tx.session.execute(
        _SELECT_MEMBERS, {"installation_id": tx.workspace.id, "people": list(slack_ids)}
    )
    return {row.slack_id: row for row in rows}


def _is_excluded(
    tx: Transaction, reply: ThreadReply, author: Row[Any, Any, Any] | None
) -> bool:
    """Return True if the author is a bot, or the reply is from before their erasure."""
    if author is None:
        return False
    return author.is_bot or (
        author.erased_before is not None
        and is_before_erasure(tx, reply.author, reply.ts)
    )


def is_before_erasure(tx: Transaction, author: str, ts: str) -> bool:
    """Return True if a message is from before its author's or reactor's erasure."""
    return members.is_before_erasure(tx, author, event_micros=ts_to_micros(ts))


def remove_reply(tx: Transaction, tracked: TrackedAskMessage, *, ts: str) -> None:
    if tracked.ask_id is None:
        return
    outcomes.lock(tx.session, tracked.ask_id)
    if answer_store.remove_answer(tx, tracked.channel_id, ts):
        outcomes.recompute_and_notify(tx, tracked.ask_id)


def record_deleted_reply(tx: Transaction, ask: Ask, *, ts: str, author: str) -> None:
    """Store the deletion of a reply that is not stored, so that it does not count."""
    outcomes.lock(tx.session, ask.id)
    is_new = answer_store.add_answer(
        tx.session,
        ask_id=ask.id,
        channel_id=ask.channel_id,
        ts=ts,
        author=author,
        is_deleted=True,
    )
    if not is_new:  # Another transaction has just stored it.
        answer_store.remove_answer(tx, ask.channel_id, ts)
        outcomes.recompute_and_notify(tx, ask.id)


def request_thread_sync(tx: Transaction, ask: Ask, channel: Channel) -> None:
    """Enqueue a fetch of the ask's thread, to make up for missed events."""
    tx.enqueue_update(ASK_SYNC_THREAD, ask.id, to=channel.slack_id)


def remove_bot_answers(tx: Transaction, bot: Member) -> Iterable[int]:
    """Delete the answers of a member who turned out to be a bot; return asks' ids."""
    session = tx.session
    channels = select(Channel.id).filter_by(installation_id=bot.installation_id)
    ask_ids = session.scalars(
        select(Answer.ask_id)
        .where(Answer.author == bot.slack_id, Answer.channel_id.in_(channels))
        .distinct()
    ).all()
    for ask_id in sorted(ask_ids):
        outcomes.lock(session, ask_id)
    removed = session.execute(
        update(Answer)
        .where(Answer.author == bot.slack_id, Answer.channel_id.in_(channels))
        .values(is_deleted=True)
        .returning(Answer.id, Answer.ask_id)
    ).all()
    tx.features.on_answers_unmarked(tx, [answer_id for answer_id, _ in removed])
    return [ask_id for _, ask_id in removed]
