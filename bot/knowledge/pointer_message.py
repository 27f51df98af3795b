"""The bot's message with a link to an earlier ask, and the messages about it."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from bot.asks import ask_view, references, thread_sync
from bot.knowledge import notes, pointer_marks, pointers
from bot.knowledge.message_kinds import (
    KNOWLEDGE_POINTER_HELPED,
    KNOWLEDGE_POINTER_NOT_POSTED,
    KNOWLEDGE_POST_POINTER,
    KNOWLEDGE_SYNC_POINTER,
    KNOWLEDGE_UPDATE_POINTER,
)
from bot.messages import tracked_messages
from bot.outbox.message_type import MessageType
from bot.outbox.posted_message import PostedMessage
from bot.outbox.queue import Delivery
from bot.personal_data import Erasure, MessagePolicy, TablePolicy, mentions_member
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction
from bot.slack.blocks import Note
from bot.slack.fetches import FetchReply
from bot.workspace import members
from bot.workspace.visibility import may_quote, sees
from models import Answer, Ask, AskPointer, Channel, Reaction


def _lock(tx: Transaction, pointer_id: int) -> None:
    """Lock its rows in the common order: the channel first."""
    channel_id = tx.session.get_one(AskPointer, pointer_id).channel_id
    tracked_messages.lock_channel(tx.session, channel_id)
    pointers.lock(tx, pointer_id)


def _render(tx: Transaction, pointer: AskPointer, _delivery: Delivery) -> Note | None:
    return _note(tx, pointer)


def _note(tx: Transaction, pointer: AskPointer) -> Note | None:
    """Render it as long as all people in the channel may see what it quotes."""
    ask, channel = ask_view.load_ask(tx.session, pointer.ask_id)
    earlier, source = ask_view.load_ask(tx.session, pointer.earlier_ask_id)
    if (
        ask.deleted_at
        or earlier.deleted_at
        or earlier.ts is None
        or not may_quote(source, channel)
    ):
        return None
    answer = _linked_answer(tx, pointer)
    url = ask_view.message_url(tx, source, earlier.ts)
    if answer is not None:
        url = ask_view.message_url(tx, source, answer.ts, earlier)
    member, asker = members.names_in_order(tx, [pointer.member, ask.asker])
    return notes.pointer(
        member,
        ask_view.title(tx, earlier),
        url,
        asker=asker,
        solved_emoji=ask_view.solved_emoji(channel),
    )


def _render_update(tx: Transaction, pointer: AskPointer) -> Note:
    """Render it again; without words that not all people there may see any longer."""
    if note := _note(tx, pointer):
        return note
    earlier = tx.session.get_one(Ask, pointer.earlier_ask_id)
    return notes.hidden_pointer(
        members.name(tx, pointer.member), is_deleted=earlier.deleted_at is not None
    )


def _linked_answer(tx: Transaction, pointer: AskPointer) -> Answer | None:
    if pointer.answer_id is not None:
        answer = tx.session.get_one(Answer, pointer.answer_id)
        if not answer.is_deleted:
            return answer
    return references.best_answer(tx.session, pointer.earlier_ask_id)


def _thread_ts(tx: Transaction, pointer: AskPointer) -> str | None:
    return tx.session.get_one(Ask, pointer.ask_id).ts


def _on_rejected(tx: Transaction, pointer: AskPointer, _error: str) -> None:
    """Let members point to it again, and tell the one who did."""
    pointer.state = "failed"
    tx.enqueue(
        KNOWLEDGE_POINTER_NOT_POSTED,
        pointer.id,
        to=pointer.member,
        occurrence=str(pointer.pointed_at.timestamp()),
    )


def _on_cancelled(_tx: Transaction, pointer: AskPointer) -> None:
    """Let members point to it again, once it may be shown."""
    pointer.state = "deleted"


POINTER_MESSAGE = PostedMessage(
    model=AskPointer,
    lock=_lock,
    ts="ts",
    post=KNOWLEDGE_POST_POINTER,
    render_post=_render,
    thread_ts=_thread_ts,
    on_posted=pointers.on_posted,
    on_rejected=_on_rejected,
    on_cancelled=_on_cancelled,
    update=KNOWLEDGE_UPDATE_POINTER,
    render_update=_render_update,
)


def _fetch(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    pointer = tx.session.get_one(AskPointer, delivery.subject_id)
    ask, channel = ask_view.load_ask(tx.session, pointer.ask_id)
    if pointer.state != "posted" or pointer.ts is None or ask.ts is None:
        return None
    return FetchReply(channel.slack_id, ask.ts, pointer.ts)


def _on_fetched(
    tx: Transaction, delivery: Delivery, message: Mapping[str, Any] | None
) -> None:
    """Record the reactions to the message as Slack shows them."""
    pointer = tx.session.get_one(AskPointer, delivery.subject_id)
    if message is None or pointer.ts != message["ts"]:
        return
    pointers.attach(tx, pointer)
    thread_sync.import_reactions(tx, pointers.place_of(tx, pointer), message)
    pointers.follow(tx, pointer)


def _render_helped(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    pointer = tx.session.get_one(AskPointer, delivery.subject_id)
    ask, channel = ask_view.load_ask(tx.session, pointer.ask_id)
    helped = pointer_marks.helped_members(tx, pointer)
    reference = references.find(tx.session, ask.id)
    if reference is not None and reference.answer_id is not None:
        answer = tx.session.get_one(Answer, reference.answer_id)
        if answer.author == pointer.member:
            # They read about the asker as the author of the answer.
            helped = [member for member in helped if member != ask.asker]
    if not helped or ask.deleted_at or ask.ts is None:
        return None
    note = notes.pointer_helped(
        ask_view.title(tx, ask),
        ask_view.message_url(tx, channel, ask.ts),
        members.names_in_order(tx, helped),
    )
    return PostMessage(delivery.recipient, *note)


def _render_not_posted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    pointer = tx.session.get_one(AskPointer, delivery.subject_id)
    ask, channel = ask_view.load_ask(tx.session, pointer.ask_id)
    if pointer.state != "failed" or ask.deleted_at or ask.ts is None:
        return None
    url = ask_view.message_url(tx, channel, ask.ts)
    note = notes.pointer_not_posted(ask_view.title(tx, ask), url)
    return PostMessage(delivery.recipient, *note)


def _ask_channels(tx: Transaction, delivery: Delivery) -> list[int]:
    return [tx.session.get_one(AskPointer, delivery.subject_id).channel_id]


MESSAGE_TYPES = (
    *POINTER_MESSAGE.message_types(),
    MessageType(
        KNOWLEDGE_SYNC_POINTER,
        _fetch,
        "resend",
        on_sent=_on_fetched,
        lock=POINTER_MESSAGE.lock_subject,
    ),
    MessageType(KNOWLEDGE_POINTER_HELPED, _render_helped, can_see=sees(_ask_channels)),
    MessageType(
        KNOWLEDGE_POINTER_NOT_POSTED, _render_not_posted, can_see=sees(_ask_channels)
    ),
)


def _pointers_naming(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    """The pointers by the person, to or from an ask of theirs, or that helped them."""
    member, earlier = erasure.member, aliased(Ask)
    reacted = (
        select(Reaction.message_ts)
        .join(Channel, Channel.id == Reaction.channel_id)
        .where(
            Channel.installation_id == tx.workspace.id,
            Reaction.channel_id == AskPointer.channel_id,
            Reaction.message_ts == AskPointer.ts,
            Reaction.member == member,
        )
    )
    return tx.session.scalars(
        select(AskPointer.id)
        .join(Ask, Ask.id == AskPointer.ask_id)
        .join(earlier, earlier.id == AskPointer.earlier_ask_id)
        .where(
            Ask.installation_id == tx.workspace.id,
            or_(
                AskPointer.member == member,
                Ask.asker == member,
                earlier.asker == member,
                mentions_member(Ask.title, member),
                mentions_member(earlier.title, member),
                reacted.exists(),
            ),
        )
    )


PERSONAL_DATA = (
    TablePolicy(
        model=AskPointer,
        row_names=("link to an earlier ask", "links to earlier asks"),
        contents="Who pointed from an ask to an earlier one with the same problem, and"
        " when.",
        purpose="Show it in the ask's thread, and thank the person if it helped.",
        stays="As long as its ask.",
        owner_columns=("member",),
        non_personal=("state", "ts"),
    ),
)
MESSAGES = (
    MessagePolicy(
        frozenset(
            {
                KNOWLEDGE_POST_POINTER,
                KNOWLEDGE_SYNC_POINTER,
                KNOWLEDGE_UPDATE_POINTER,
                KNOWLEDGE_POINTER_HELPED,
                KNOWLEDGE_POINTER_NOT_POSTED,
            }
        ),
        _pointers_naming,
    ),
)
