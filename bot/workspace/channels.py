"""Rows of channels: Slack's facts about them, and their settings."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.db.statements import replace_members, table, upsert
from bot.errors import UserError
from bot.forms.fields import Emoji
from bot.forms.setting import Setting
from bot.outbox import enqueue
from bot.runtime import Transaction
from bot.slack.blocks import NOT_IN_CHANNEL
from bot.slack.text import one_line, sanitize
from bot.workspace import reaction_emoji
from models import Base, Champion, Channel, PeerPlace

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


def upsert_from_slack(tx: Transaction, conversation: Mapping[str, Any]) -> Channel:
    """Store Slack's conversation object, as fetched now; return the channel's row."""
    channel = get_or_create(tx, conversation["id"])
    was_restricted = channel.is_private, channel.is_shared
    channel.name = one_line(sanitize(conversation.get("name") or channel.name))
    channel.is_private = bool(conversation.get("is_private"))
    channel.is_shared = bool(conversation.get("is_ext_shared"))
    channel.is_archived = bool(conversation.get("is_archived"))
    channel.is_read_only = bool(conversation.get("is_read_only"))
    if "is_member" in conversation:
        channel.is_joined = bool(conversation["is_member"])
    is_new, channel.fetched_at = channel.fetched_at is None, tx.now
    restrictions = channel.is_private, channel.is_shared
    if not is_new and any(
        now and not before
        for before, now in zip(was_restricted, restrictions, strict=True)
    ):
        tx.session.flush()
        tx.features.on_channel_restricted(tx, channel)
    return channel


def update_channel(tx: Transaction, slack_id: str, /, **values: object) -> None:
    """Change a channel's columns; without a row, nothing: it is fetched later."""
    tx.session.execute(
        update(Channel)
        .where(Channel.installation_id == tx.workspace.id, Channel.slack_id == slack_id)
        .values(**values)
    )


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


def change_slack_id(tx: Transaction, old_id: str, new_id: str) -> None:
    """Change a channel's Slack id; a row that already has the new id is merged into it.

    Such a row exists if events with the new id came before the event about the change.
    """
    channel, duplicate = find(tx, old_id), find(tx, new_id)
    if channel is not None and duplicate is not None:
        duplicate.slack_id = f"{new_id}:moved:{duplicate.id}"
        tx.session.flush()
        _move_references(tx.session, duplicate.id, channel.id)
    update_channel(tx, old_id, slack_id=new_id)
    enqueue.move_channel(tx.session, tx.workspace.id, old_id, new_id)
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


def set_joined(tx: Transaction, slack_ids: Iterable[str]) -> None:
    """Set `is_joined` to False for all channels but these, by Slack's ids."""
    tx.session.execute(
        update(Channel)
        .where(
            Channel.installation_id == tx.workspace.id,
            Channel.slack_id.not_in(list(slack_ids)),
        )
        .values(is_joined=False)
    )


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
