"""Rows of channels: Slack's facts about them, and their settings."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.clock import datetime_to_micros
from bot.db.statements import replace_members, table, upsert
from bot.errors import UserError
from bot.forms.fields import Emoji
from bot.forms.setting import Setting
from bot.outbox import channel_ids, updates
from bot.runtime import Transaction
from bot.slack.blocks import NOT_IN_CHANNEL
from bot.slack.text import one_line, sanitize
from bot.workspace import reaction_emoji
from models import Base, Champion, Channel, PeerPlace

# Slack's clock is behind ours by less.
_MAX_CLOCK_DIFFERENCE = timedelta(minutes=1)

_BY_SLACK_ID = select(Channel).where(
    Channel.installation_id == bindparam("installation_id"),
    Channel.slack_id == bindparam("slack_id"),
)


def find(tx: Transaction, slack_id: str) -> Channel | None:
    values = {"installation_id": tx.workspace.id, "slack_id": slack_id}
    return tx.session.scalar(_BY_SLACK_ID, values)


def get(tx: Transaction, slack_id: str) -> Channel:
    """Return the channel that a form is about. Raises UserError if it has no row."""
    channel = find(tx, slack_id)
    if channel is None:
        raise UserError("I no longer know that channel. Open the form again.")
    return channel


def get_joined(tx: Transaction, slack_id: str, *, field: str | None = None) -> Channel:
    """Return a channel that the bot is in. Raises UserError for others."""
    channel = find(tx, slack_id)
    if channel is None or not channel.is_joined:
        raise UserError(NOT_IN_CHANNEL, field=field)
    return channel


def places_among(tx: Transaction, slack_ids: Iterable[str]) -> set[str]:
    """Return those that the bot opened for a few people: it reads nothing there.

    They get no row, so events in them change nothing.
    """
    rows = tx.session.scalars(
        select(PeerPlace.channel).where(
            PeerPlace.installation_id == tx.workspace.id,
            PeerPlace.channel.in_(list(slack_ids)),
        )
    )
    return {channel for channel in rows if channel is not None}


def get_or_create(tx: Transaction, slack_id: str) -> Channel:
    """Return the channel's row; insert it if it is new."""
    if (channel := find(tx, slack_id)) is not None:
        return channel
    tx.session.execute(
        upsert(tx.session, Channel)
        .values(installation_id=tx.workspace.id, slack_id=slack_id)
        .on_conflict_do_nothing()
    )
    return tx.session.scalars(
        select(Channel).filter_by(installation_id=tx.workspace.id, slack_id=slack_id)
    ).one()


def upsert_from_slack(
    tx: Transaction,
    conversation: Mapping[str, Any],
    *,
    asked_at: datetime | None = None,
) -> Channel:
    """Store Slack's conversation object; return the channel's row.

    Slack was asked for it at `asked_at` (UTC), or just now. A fact that a later event
    has changed stays, and so does everything if a later answer is stored.
    """
    slack_id, asked_at = conversation["id"], asked_at or tx.now
    known = next(iter(lock(tx, [slack_id])), None)
    channel = known or get_or_create(tx, slack_id)
    if _is_fetched_after(channel, asked_at, now=tx.now):
        return channel
    restrictions = channel.is_private, channel.is_shared
    was_open = _is_open(channel)
    facts: dict[str, object] = {
        "name": one_line(sanitize(conversation.get("name") or channel.name)),
        "is_private": bool(conversation.get("is_private")),
        "is_shared": bool(conversation.get("is_ext_shared")),
        "is_archived": bool(conversation.get("is_archived")),
        "is_read_only": bool(conversation.get("is_read_only")),
    }
    if "is_member" in conversation:
        facts["is_joined"] = bool(conversation["is_member"])
    for name, value in facts.items():
        if not _has_event_after(channel, name, asked_at):
            setattr(channel, name, value)
    channel.fetched_at = tx.now
    if known is not None:
        _tell_if_restricted(tx, channel, restrictions)
    if not was_open:
        _repeat_updates_if_open(tx, channel)
    return channel


def _tell_if_restricted(
    tx: Transaction, channel: Channel, before: tuple[bool, bool]
) -> None:
    """Tell features if it has turned private or shared; `before` says what it was."""
    now = channel.is_private, channel.is_shared
    if any(is_so and not was for was, is_so in zip(before, now, strict=True)):
        tx.session.flush()
        tx.features.on_channel_restricted(tx, channel)


def _is_open(channel: Channel) -> bool:
    return channel.is_joined and not channel.is_archived


def _repeat_updates_if_open(tx: Transaction, channel: Channel) -> None:
    """Make up for the updates of messages that Slack refused meanwhile."""
    if _is_open(channel):
        types = tx.features.message_types.values()
        updates.repeat_refused(
            tx.session,
            [
                each.kind
                for each in types
                if each.if_unconfirmed == "resend" and each.is_repeated_when_back
            ],
            channel.slack_id,
            installation_id=tx.workspace.id,
            now=tx.now,
        )


def update_channel(tx: Transaction, slack_id: str, /, **values: object) -> None:
    """Change a channel's columns; without a row, nothing: it is fetched later."""
    tx.session.execute(
        update(Channel)
        .where(Channel.installation_id == tx.workspace.id, Channel.slack_id == slack_id)
        .values(**values)
    )


def record_event(
    tx: Transaction, slack_id: str, /, *, at: datetime, **facts: object
) -> None:
    """Store what an event at `at` says of a channel; later events about it stay.

    `at` is by Slack's clock. Without a row, nothing is stored: it is fetched later.
    """
    for channel in lock(tx, [slack_id]):
        restrictions = channel.is_private, channel.is_shared
        micros = datetime_to_micros(at)
        for name, value in facts.items():
            if micros >= channel.event_micros.get(name, 0):
                setattr(channel, name, value)
                channel.event_micros = {**channel.event_micros, name: micros}
        _tell_if_restricted(tx, channel, restrictions)
        # Also if the event is lost by which it was closed.
        if facts.get("is_joined") is True or facts.get("is_archived") is False:
            _repeat_updates_if_open(tx, channel)


def is_recorded(row: Row[Any], *, at: datetime, **facts: object) -> bool:
    """Return True if `record_event` would change nothing in a channel's row."""
    micros = datetime_to_micros(at)
    return all(
        (last := row.event_micros.get(name, 0)) > micros
        or (last == micros and getattr(row, name) == value)
        for name, value in facts.items()
    )


def lock(tx: Transaction, slack_ids: Collection[str]) -> Sequence[Channel]:
    """Lock and return the rows of channels, in one order, as they are by now."""
    return tx.session.scalars(
        select(Channel)
        .where(
            Channel.installation_id == tx.workspace.id, Channel.slack_id.in_(slack_ids)
        )
        .order_by(Channel.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def _is_fetched_after(channel: Channel, asked_at: datetime, *, now: datetime) -> bool:
    """Return True if a later answer of Slack is stored."""
    # A time in the future was stored before our clock was set back.
    return channel.fetched_at is not None and asked_at < channel.fetched_at <= now


def _has_event_after(channel: Channel, name: str, asked_at: datetime) -> bool:
    """Return True if an event may have changed a fact since Slack was asked."""
    since = datetime_to_micros(asked_at - _MAX_CLOCK_DIFFERENCE)
    return bool(channel.event_micros.get(name, 0) > since)


def find_row(
    connection: Connection, installation_id: int, slack_id: str
) -> Row[Any] | None:
    """Return a channel's row as columns, outside a transaction; None if unknown."""
    rows = table(Channel)
    return connection.execute(
        select(rows).where(
            rows.c.installation_id == installation_id, rows.c.slack_id == slack_id
        )
    ).first()


def change_slack_id(
    tx: Transaction, old_id: str, new_id: str, *, at: datetime | None = None
) -> None:
    """Change a channel's Slack id; a row that already has the new id is merged into it.

    Such a row exists if events with the new id came before the event about the change,
    at `at` (by Slack's clock, or now).
    """
    channel, duplicate = find(tx, old_id), find(tx, new_id)
    if channel is not None and duplicate is not None:
        duplicate.slack_id = f"{new_id}:moved:{duplicate.id}"
        tx.session.flush()
        _move_references(tx.session, duplicate.id, channel.id)
    update_channel(tx, old_id, slack_id=new_id)
    if channel is not None:
        # A list of the bot's channels that was asked for before has the old id.
        record_event(tx, new_id, at=at or tx.now, is_joined=channel.is_joined)
    channel_ids.move_channel(tx.session, tx.workspace.id, old_id, new_id)
    tx.features.on_channel_id_changed(tx, old_id, new_id)


def _move_references(
    session: Session, from_channel_id: int, to_channel_id: int
) -> None:
    """Point references to another channel's row, except where that violates a key."""
    for rows in Base.metadata.sorted_tables:
        for key in rows.foreign_keys:
            if key.column.table is not table(Channel):
                continue
            referring = select(*rows.primary_key).where(key.parent == from_channel_id)
            for primary in session.execute(referring).all():
                is_row = and_(
                    *(a == b for a, b in zip(rows.primary_key, primary, strict=True))
                )
                with suppress(IntegrityError), session.begin_nested():
                    session.execute(
                        update(rows).where(is_row).values({key.parent: to_channel_id})
                    )
    session.expire_all()


def store_joined(
    tx: Transaction, conversations: Sequence[Mapping[str, Any]], *, asked_at: datetime
) -> None:
    """Store that the bot is in these channels and in no other ones.

    They are Slack's conversation objects; it was asked for them at `asked_at` (UTC).
    """
    slack_ids = {conversation["id"] for conversation in conversations}
    joined = tx.session.scalars(
        select(Channel.slack_id).where(
            Channel.installation_id == tx.workspace.id, Channel.is_joined.is_(True)
        )
    ).all()
    for channel in lock(tx, slack_ids.union(joined)):
        is_newer = _is_fetched_after(channel, asked_at, now=tx.now)
        is_newer = is_newer or _has_event_after(channel, "is_joined", asked_at)
        if channel.slack_id not in slack_ids and not is_newer:
            channel.is_joined = False
    for conversation in conversations:
        member = {**conversation, "is_member": True}
        upsert_from_slack(tx, member, asked_at=asked_at)


def champions(session: Session, channel_id: int) -> list[str]:
    """Return Slack's ids of the channel's champions; `channel_id` is the row's id."""
    return list(
        session.scalars(
            select(Champion.member)
            .filter_by(channel_id=channel_id)
            .order_by(Champion.member)
        )
    )


def set_champions(session: Session, channel_id: int, slack_ids: Iterable[str]) -> None:
    """Make exactly these members the champions of the channel."""
    replace_members(session, Champion, slack_ids, channel_id=channel_id)


def emoji_setting(
    field: Emoji, column: str, *, position: int, default: Sequence[str]
) -> Setting[Channel]:
    """Return a channel setting for emoji; the column is null for the default."""

    def get(_tx: Transaction, channel: Channel) -> Sequence[str]:
        emoji: Sequence[str] | None = getattr(channel, column)
        return default if emoji is None else emoji

    def put(_tx: Transaction, channel: Channel, names: Sequence[str]) -> None:
        previous: Sequence[str] | None = getattr(channel, column)
        setattr(channel, column, reaction_emoji.to_column(names, previous, default))

    return Setting(field, get, put, position=position, default=default)
