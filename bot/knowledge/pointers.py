"""Already answered: a member points an ask to an earlier one with the same problem.

The bot posts it in the ask's thread. Once the asker reacts to that message with a
solved emoji, the ask is solved by reference; once they remove it, it no longer is. That
state is derived from the reactions, whatever the order and number of their events.

The earlier answer is credited. The member who pointed to it is thanked, but that counts
for nothing else: only answers count.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from bot.asks import outcomes, reaction_store, reactions, references, tracked
from bot.asks.button_marks import write_mark
from bot.asks.references import Accepted
from bot.asks.tracked import TrackedAskMessage
from bot.errors import UserError
from bot.knowledge import pointer_marks
from bot.knowledge.message_kinds import (
    KNOWLEDGE_POINTER_HELPED,
    KNOWLEDGE_POST_POINTER,
    KNOWLEDGE_SYNC_POINTER,
    KNOWLEDGE_UPDATE_POINTER,
)
from bot.knowledge.permissions import POINT
from bot.knowledge.pointer_targets import Target
from bot.messages.events import DeletedMessage, ReactionEvent
from bot.messages.lookup import TrackedTable
from bot.messages.tracked_messages import TrackedMessage
from bot.outbox.enqueue import NOTIFICATION_DELAY
from bot.runtime import Transaction
from bot.workspace import roles, visibility
from models import Ask, AskPointer, AskReference, Base, Channel, Reaction

TABLE = TrackedTable("ask_pointers", AskPointer, parent="ask_id", author="member")

CHOOSE = "Choose one, or paste a link."
ITSELF = "That's this ask itself. Paste a link to the earlier one."
OTHER_CHANNEL = (
    "That was in a private channel, and not everyone here can see it. I can't post it."
)
SHARED_CHANNEL = (
    "People from other organisations are in this channel. I only post what was asked"
    " here."
)
POINTED_ALREADY = "A link to it is in the thread already."
SOLVED = "This ask is solved already."
CLOSED = "This ask is closed. Reopen it first."


def require_open(tx: Transaction, ask: Ask, *, by: str) -> Channel:
    """Return the channel of an ask that the member may point from. Raises UserError."""
    channel = tx.session.get_one(Channel, ask.channel_id)
    roles.authorize(tx, channel, POINT, by)
    if ask.state == "solved":
        raise UserError(SOLVED)
    if ask.state == "closed":
        raise UserError(CLOSED)
    if ask.ts is None:
        raise UserError("I'm still posting that ask. Try again in a moment.")
    return channel


def pointed_to(tx: Transaction, ask: Ask) -> Sequence[int]:
    """Return the earlier asks that the ask's thread has a link to, or soon will."""
    return tx.session.scalars(
        select(AskPointer.earlier_ask_id).where(
            AskPointer.ask_id == ask.id, AskPointer.state.in_(("posting", "posted"))
        )
    ).all()


def point(
    tx: Transaction, ask: Ask, target: Target, *, by: str, field: str, occurrence: str
) -> None:
    """Post a link to the earlier ask in the ask's thread; once for each two asks.

    The same request again does nothing. Raises UserError, at the form's `field`.
    """
    channel = require_open(tx, ask, by=by)
    earlier = target.ask
    if earlier.id == ask.id:
        raise UserError(ITSELF, field=field)
    source = tx.session.get_one(Channel, earlier.channel_id)
    if not visibility.may_quote(source, channel):
        reason = OTHER_CHANNEL if source.is_private else SHARED_CHANNEL
        raise UserError(reason, field=field)
    # Two members may point to it at once: the second waits here.
    outcomes.lock_all(tx.session, {ask.id, earlier.id})
    if references.best_answer(tx.session, earlier.id) is None:
        raise UserError(references.NOT_ANSWERED, field=field)
    pointer = tx.session.scalar(
        select(AskPointer)
        .filter_by(ask_id=ask.id, earlier_ask_id=earlier.id)
        .execution_options(populate_existing=True)
    )
    if pointer is None:
        pointer = AskPointer(ask_id=ask.id, earlier_ask_id=earlier.id)
        tx.session.add(pointer)
    elif pointer.state in {"posting", "posted"}:
        if pointer.member == by:
            return
        raise UserError(POINTED_ALREADY, field=field)
    pointer.channel_id, pointer.member, pointer.pointed_at = channel.id, by, tx.now
    pointer.answer_id = _credited_answer(tx, ask, target)
    pointer.state, pointer.ts = "posting", None
    tx.session.flush()
    tx.enqueue(
        KNOWLEDGE_POST_POINTER,
        pointer.id,
        to=channel.slack_id,
        occurrence=occurrence,
    )


def _credited_answer(tx: Transaction, ask: Ask, target: Target) -> int | None:
    """Return the answer that was linked to, if it helped; else the best one."""
    linked = target.answer
    if (
        linked is not None
        and (linked.is_solution or linked.helpful_count)
        and linked.author != ask.asker
    ):
        return linked.id
    best = references.best_answer(tx.session, target.ask.id, except_by=ask.asker)
    return best.id if best else None


def place(message: TrackedMessage, ask_id: int | None) -> TrackedAskMessage:
    """Return the message as asks see it: emoji mean there what they mean on answers."""
    return replace(
        tracked.from_tracked(message), is_capturing=False, ask_id=ask_id, is_ask=False
    )


def place_of(tx: Transaction, pointer: AskPointer) -> TrackedAskMessage:
    channel = tx.session.get_one(Channel, pointer.channel_id)
    return tracked.in_channel(channel, pointer.ask_id, is_ask=False)


def lock(tx: Transaction, pointer_id: int) -> AskPointer:
    """Lock the pointer's asks, all that its ask points to, and return the pointer."""
    pointer = tx.session.get_one(AskPointer, pointer_id)
    _lock_asks(tx, pointer.ask_id)
    tx.session.refresh(pointer)
    return pointer


def _lock_asks(tx: Transaction, ask_id: int) -> None:
    outcomes.lock_all(tx.session, {ask_id, *_earlier_asks(tx.session, {ask_id})})


def _earlier_asks(session: Session, ask_ids: Collection[int]) -> set[int]:
    """Return the asks that these point to, and those that solved them."""
    if not ask_ids:
        return set()
    pointers = select(AskPointer.earlier_ask_id).where(AskPointer.ask_id.in_(ask_ids))
    solving = select(AskReference.earlier_ask_id).where(
        AskReference.ask_id.in_(ask_ids)
    )
    return {*session.scalars(pointers.union(solving))}


def apply_reaction(
    pointer_id: int, where: TrackedAskMessage, event: ReactionEvent, tx: Transaction
) -> None:
    """Record a reaction to a pointer's message, or its removal, and what it changes."""
    lock(tx, pointer_id)
    reactions.apply_reaction(tx, where, event)
    follow(tx, tx.session.get_one(AskPointer, pointer_id))


def apply_deletion(pointer_id: int, deleted: DeletedMessage, tx: Transaction) -> None:
    """The message is gone, and what people said of it: it may be posted again."""
    pointer = lock(tx, pointer_id)
    if pointer.ts == deleted.ts:
        pointer.state = "deleted"
        tx.session.flush()
        follow(tx, pointer)


def on_posted(tx: Transaction, pointer: AskPointer) -> None:
    """Take in the reactions that came before the message's id was known."""
    ask, channel = _ask_and_channel(tx, pointer)
    pointer.state = "posted"
    tx.session.flush()
    _attach(tx, pointer, ask, channel)
    follow(tx, pointer)
    # In a channel that captures nothing, they were ignored.
    tx.enqueue_update(KNOWLEDGE_SYNC_POINTER, pointer.id, to=channel.slack_id)


def request_syncs(tx: Transaction, channel: Channel) -> None:
    """Look at the pointers of open asks again: the bot was away, and heard nothing."""
    for pointer_id in tx.session.scalars(
        select(AskPointer.id)
        .join(Ask, Ask.id == AskPointer.ask_id)
        .where(
            AskPointer.channel_id == channel.id,
            AskPointer.state == "posted",
            Ask.state.in_(("open", "answered")),
        )
        .order_by(AskPointer.id)
    ):
        tx.enqueue_update(KNOWLEDGE_SYNC_POINTER, pointer_id, to=channel.slack_id)


def hide_words(tx: Transaction, channel: Channel) -> None:
    """Update the messages with words that not all of their readers may see any longer.

    `channel` has turned private, or is shared.
    """
    quoted = aliased(Ask)
    rows = tx.session.execute(
        select(AskPointer.id, Channel.slack_id)
        .join(quoted, quoted.id == AskPointer.earlier_ask_id)
        .join(Channel, Channel.id == AskPointer.channel_id)
        .where(
            AskPointer.state.in_(("posting", "posted")),
            (quoted.channel_id == channel.id) | (AskPointer.channel_id == channel.id),
            quoted.channel_id != AskPointer.channel_id,
        )
        .order_by(AskPointer.id)
    )
    for pointer_id, slack_id in rows:
        tx.enqueue_update(KNOWLEDGE_UPDATE_POINTER, pointer_id, to=slack_id)


def update_title(tx: Transaction, earlier: Ask) -> None:
    """Update the messages that show the title of an ask, if it still may be shown."""
    rows = tx.session.execute(
        select(AskPointer.id, Channel.slack_id)
        .join(Channel, Channel.id == AskPointer.channel_id)
        .where(
            AskPointer.earlier_ask_id == earlier.id,
            AskPointer.state.in_(("posting", "posted")),
        )
        .order_by(AskPointer.id)
    )
    for pointer_id, slack_id in rows:
        tx.enqueue_update(KNOWLEDGE_UPDATE_POINTER, pointer_id, to=slack_id)


def request_update(tx: Transaction, pointer: AskPointer) -> None:
    channel = tx.session.get_one(Channel, pointer.channel_id)
    tx.enqueue_update(KNOWLEDGE_UPDATE_POINTER, pointer.id, to=channel.slack_id)


def attach(tx: Transaction, pointer: AskPointer) -> None:
    """Attach the reactions that were recorded before the message was known."""
    _attach(tx, pointer, *_ask_and_channel(tx, pointer))


def _attach(tx: Transaction, pointer: AskPointer, ask: Ask, channel: Channel) -> None:
    if pointer.ts is not None:
        reaction_store.attach_reactions(tx.session, ask, channel, [pointer.ts])
        tx.session.flush()


def _ask_and_channel(tx: Transaction, pointer: AskPointer) -> tuple[Ask, Channel]:
    ask = tx.session.get_one(Ask, pointer.ask_id)
    return ask, tx.session.get_one(Channel, pointer.channel_id)


def follow(tx: Transaction, pointer: AskPointer) -> None:
    """Derive from the reactions to a locked pointer what they say of its ask."""
    follow_ask(tx, pointer.ask_id)
    if pointer_marks.helped_members(tx, pointer):
        tx.enqueue(
            KNOWLEDGE_POINTER_HELPED,
            pointer.id,
            to=pointer.member,
            send_at=tx.now + NOTIFICATION_DELAY,
        )


def follow_ask(tx: Transaction, ask_id: int) -> None:
    """Solve an ask by the pointer that its asker accepted last, or no longer."""
    _lock_asks(tx, ask_id)
    all_pointers = tx.session.scalars(
        select(AskPointer).filter_by(ask_id=ask_id).order_by(AskPointer.id)
    ).all()
    if not all_pointers:
        return
    ask = tx.session.get_one(Ask, ask_id, populate_existing=True)
    channel = tx.session.get_one(Channel, ask.channel_id)
    accepted: list[Accepted] = []
    for pointer in all_pointers:
        marks = _asker_marks(tx, ask, pointer)
        if not marks:
            continue
        standing = [mark.event_micros for mark in marks if mark.is_present]
        is_accepted = bool(standing) and pointer.state == "posted"
        at = max(standing or [mark.event_micros for mark in marks])
        if ask.ts is not None:
            write_mark(
                tx,
                channel,
                ask,
                ts=ask.ts,
                meaning="solved",
                name=f"{references.SOLVED_MARK}:{pointer.id}",
                by=ask.asker,
                is_present=is_accepted,
                event_micros=at,
                is_derived=True,
            )
        if is_accepted:
            accepted.append(
                Accepted(pointer.earlier_ask_id, pointer.answer_id, pointer.member, at)
            )
    latest = max(accepted, key=lambda each: each.event_micros, default=None)
    references.follow_accepted(tx, ask, latest)
    outcomes.recompute_and_notify(tx, ask_id, force_update=True)


def _asker_marks(tx: Transaction, ask: Ask, pointer: AskPointer) -> Sequence[Reaction]:
    return tx.session.scalars(
        select(Reaction)
        .filter_by(
            channel_id=pointer.channel_id,
            message_ts=pointer.ts,
            member=ask.asker,
            meaning="solved",
        )
        .execution_options(populate_existing=True)
    ).all()


def rows_to_lock(
    session: Session, messages: Sequence[TrackedMessage]
) -> Mapping[type[Base], Collection[int]]:
    """Return the asks of pointers, and all that these asks point to."""
    rows = [
        message.rows[TABLE.name] for message in messages if TABLE.name in message.rows
    ]
    asks = {row.parent_id for row in rows if row.parent_id}
    return {Ask: asks | _earlier_asks(session, asks)}
