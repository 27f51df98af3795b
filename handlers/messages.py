"""Pass message and reaction events to the features."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from slack_bolt import App

from bot.clock import ts_to_micros
from bot.home import service as home
from bot.messages import authors
from bot.messages.events import (
    BatchedChange,
    DeletedMessage,
    EditedMessage,
    ReactionEvent,
    combine,
    one_by_one,
)
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction, Workspace
from bot.slack.text import mentioned_ids, to_plain
from bot.workspace import channels
from handlers import external_members
from handlers.batch_commit import PendingCommit
from handlers.batching import BATCHED_EVENTS
from handlers.channel_payloads import ChannelEvent
from handlers.interactions import HELP_PHRASES, normalize_phrase
from handlers.payloads import (
    Message,
    MessageChanged,
    MessageDeleted,
    MessageEvent,
    ReactionPayload,
)


def register(bolt: App, rt: Runtime) -> None:
    """Register one listener: Bolt collects all arguments again for each that it tries.

    It returns a `PendingCommit` with the changes of all features.
    """

    def on_event(event: dict[str, Any], workspace: Workspace) -> PendingCommit | None:
        if event["type"] == "message":
            return _on_message(rt, workspace, event)
        return _on_reaction(rt, workspace, event)

    types = "|".join(sorted(BATCHED_EVENTS))
    bolt.event(re.compile(rf"\A(?:{types})\Z"))(on_event)


def _decide(
    rt: Runtime,
    hooks: Sequence[Callable[..., BatchedChange | None]],
    workspace: Workspace,
    event: object,
    message: TrackedMessage | None,
    *thread: TrackedMessage | None,
) -> BatchedChange | None:
    """Return all that the features' hooks change; None in an unknown channel."""
    if message is None:
        return None
    changes: list[BatchedChange] = []
    for hook in hooks:
        change = hook(rt, workspace, event, message, *thread)
        if change is not None:
            changes.append(change)
    return combine(changes) if changes else None


def _on_reaction(
    rt: Runtime, workspace: Workspace, event: dict[str, Any]
) -> PendingCommit | None:
    match event:
        case {"item": {"type": "message"}, "user": _}:
            payload = ReactionPayload.model_validate(event)
        case _:
            return None
    # The bot's own reactions only show an ask's state.
    if payload.user == workspace.bot_user_id:
        return None
    reaction = ReactionEvent(
        member=payload.user,
        channel=payload.item.channel,
        ts=payload.item.ts,
        emoji=payload.reaction,
        event_micros=ts_to_micros(payload.event_ts),
        is_present=payload.type == "reaction_added",
        author=payload.item_user,
    )
    author = reaction.author
    if reaction.is_present and author is not None and author != reaction.member:
        rt.features.count_contact(workspace.id, reaction.channel, [author])
    return PendingCommit(
        partial(_decide, rt, rt.features.on_reaction, workspace, reaction),
        (reaction.channel, reaction.ts),
    )


def _on_message(
    rt: Runtime, workspace: Workspace, event: dict[str, Any]
) -> PendingCommit | None:
    match event.get("subtype"):
        case "message_changed":
            return _on_changed(rt, workspace, MessageChanged.model_validate(event))
        case "message_deleted":
            deleted = MessageDeleted.model_validate(event)
            return _on_deleted(
                rt,
                workspace,
                deleted.channel,
                deleted.deleted_ts,
                deleted.previous_message,
            )
        case "channel_convert_to_private" | "channel_convert_to_public" as subtype:
            is_private = subtype == "channel_convert_to_private"
            change = ChannelEvent.model_validate(event)
            return PendingCommit(
                lambda: BatchedChange(
                    one_by_one, partial(_set_private, change, is_private)
                )
            )
        case _ if authors.is_by_human(event, workspace):
            return _on_posted(rt, workspace, MessageEvent.model_validate(event))
    return None


def _on_posted(
    rt: Runtime, workspace: Workspace, message: MessageEvent
) -> PendingCommit:
    if message.channel_type == "im":
        return PendingCommit(
            lambda: BatchedChange(one_by_one, partial(_send_help, message))
        )
    external_members.record_external_author(rt, workspace, message)
    rt.features.count_message(
        workspace.id, message.channel, message.user or "", message.ts
    )
    rt.features.count_contact(workspace.id, message.channel, _addressed(message))
    return PendingCommit(
        partial(_decide, rt, rt.features.on_message, workspace, message),
        (message.channel, message.thread_ts or message.ts),
        new_message=(message.channel, message.ts),
    )


def _addressed(message: MessageEvent) -> set[str]:
    """Return those whom a message mentions, or who began its thread."""
    people = set(mentioned_ids(message.text)[0]) if "<@" in message.text else set()
    if message.parent_user_id is not None:
        people.add(message.parent_user_id)
    return people - {message.user}


def _on_changed(
    rt: Runtime, workspace: Workspace, changed: MessageChanged
) -> PendingCommit | None:
    message, before = changed.message, changed.previous_message
    if message.subtype == "tombstone":
        # A tombstone replaces a deleted message that has replies.
        return _on_deleted(rt, workspace, changed.channel, message.ts, message)
    if not authors.is_by_human(message.model_dump(), workspace):
        return None
    if before is not None and before.text == message.text:
        # Only an unfurl, a detected language or a reply count is new.
        return None
    external_members.record_external_author(rt, workspace, message)
    about = (changed.channel, message.ts)
    edited = EditedMessage(
        channel=changed.channel,
        ts=message.ts,
        thread_ts=message.thread_ts,
        author=message.user or "",
        text=message.text,
        event_micros=ts_to_micros(changed.event_ts),
    )
    return PendingCommit(
        partial(_decide, rt, rt.features.on_message_edited, workspace, edited),
        about,
        new_message=about,
    )


def _on_deleted(
    rt: Runtime, workspace: Workspace, channel: str, ts: str, previous: Message | None
) -> PendingCommit:
    thread_ts = (
        previous.thread_ts if previous is not None and previous.is_reply else None
    )
    author = previous.user if previous is not None else None
    deleted = DeletedMessage(channel, ts, thread_ts, author)
    about = [(channel, ts)] + ([(channel, thread_ts)] if thread_ts else [])
    return PendingCommit(
        partial(_decide_deletion, rt, workspace, deleted),
        *about,
        new_message=(channel, ts),
    )


def _decide_deletion(
    rt: Runtime,
    workspace: Workspace,
    deleted: DeletedMessage,
    message: TrackedMessage | None,
    thread: TrackedMessage | None = None,
) -> BatchedChange | None:
    hooks = rt.features.on_message_deleted
    return _decide(rt, hooks, workspace, deleted, message, thread)


def _set_private(change: ChannelEvent, is_private: bool, tx: Transaction) -> None:
    """Store a conversion, which Slack only reports as a message in the channel."""
    at = change.time(now=tx.now)
    channels.record_event(tx, change.channel, at=at, is_private=is_private)


def _send_help(message: MessageEvent, tx: Transaction) -> None:
    """Reply to a direct message, unless a feature handles it."""
    is_help = normalize_phrase(to_plain(message.text)) in HELP_PHRASES
    if not is_help and tx.features.on_direct_message(tx, message):
        return
    home.reply_to_message(
        tx,
        member=message.user or "",
        ts=message.ts,
        reply="help" if is_help else "line",
    )
