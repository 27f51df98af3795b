"""Store kudos and their thanks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from bot.db.statements import prepare_insert, table
from bot.errors import UserError
from bot.runtime import Transaction
from models import Channel, Kudos, KudosTag, KudosThanks


def delete_thanks(session: Session, kudos_id: int, giver: str) -> None:
    session.execute(
        delete(KudosThanks).where(
            KudosThanks.kudos_id == kudos_id, KudosThanks.giver == giver
        )
    )


KUDOS_NOT_FOUND = "These kudos are gone."


@dataclass(frozen=True, slots=True)
class SubjectMessage:
    """The message that kudos are about."""

    channel_id: int
    ts: str
    thread_ts: str | None = None


@dataclass(frozen=True, slots=True)
class KudosDraft:
    """New kudos as the giver entered them. `reason` is mrkdwn."""

    people: Sequence[str]
    reason: str
    tags: Sequence[str] = ()
    has_group: bool = False
    about: SubjectMessage | None = None


def find_by_source(tx: Transaction, source: str) -> int | None:
    return tx.session.scalar(
        select(Kudos.id).filter_by(installation_id=tx.workspace.id, source=source)
    )


def reply_thread_ts(draft: KudosDraft, channel: Channel | None) -> str | None:
    """Return the thread to post in: that of the message that the kudos are about."""
    about = draft.about
    if about is None or channel is None or about.channel_id != channel.id:
        return None
    return about.thread_ts


_INSERT_KUDOS = prepare_insert(
    Kudos,
    lambda statement: statement.on_conflict_do_nothing(
        index_elements=["installation_id", "source"]
    ).returning(table(Kudos).c.id),
)
_INSERT_THANKS = prepare_insert(
    KudosThanks, lambda statement: statement.on_conflict_do_nothing()
)


def insert_kudos(
    tx: Transaction,
    channel: Channel | None,
    draft: KudosDraft,
    *,
    recipients: Sequence[str],
    giver: str,
    source: str,
) -> int | None:
    """Store kudos, their thanks and tags; return the id, None if `source` exists."""
    about = draft.about
    kudos_id: int | None = tx.session.execute(
        _INSERT_KUDOS(tx.session),
        {
            "installation_id": tx.workspace.id,
            "source": source,
            "channel_id": channel.id if channel else None,
            "is_private": channel is None,
            "thread_ts": reply_thread_ts(draft, channel),
            "about_channel_id": about.channel_id if about else None,
            "about_ts": about.ts if about else None,
            "about_thread_ts": about.thread_ts if about else None,
            "giver": giver,
            "recipients": list(recipients),
            "reason": draft.reason,
            "tags": list(draft.tags),
            "given_at": tx.now,
        },
    ).scalar_one_or_none()
    if kudos_id is None:
        return None
    _insert_thanks(tx, kudos_id, giver, recipients, at=tx.now)
    if draft.tags:
        tx.session.execute(
            insert(table(KudosTag)),
            [
                {
                    "kudos_id": kudos_id,
                    "tag": tag,
                    "installation_id": tx.workspace.id,
                    "given_at": tx.now,
                }
                for tag in draft.tags
            ],
        )
    return kudos_id


def record(
    tx: Transaction,
    kudos: Kudos,
    giver: str,
    recipients: Iterable[str],
    *,
    at: datetime,
    is_join: bool = False,
) -> None:
    """Store the thanks of a member who gave kudos or joined them."""
    _insert_thanks(tx, kudos.id, giver, recipients, at=at, is_join=is_join)


def _insert_thanks(
    tx: Transaction,
    kudos_id: int,
    giver: str,
    recipients: Iterable[str],
    *,
    at: datetime,
    is_join: bool = False,
) -> None:
    rows = [
        {
            "kudos_id": kudos_id,
            "giver": giver,
            "recipient": recipient,
            "installation_id": tx.workspace.id,
            "given_at": at,
            "is_join": is_join,
        }
        for recipient in recipients
    ]
    if rows:
        tx.session.execute(_INSERT_THANKS(tx.session), rows)


def lock(tx: Transaction, kudos_id: int) -> Kudos:
    """Lock the kudos and read them again; raises UserError if there are none."""
    kudos = tx.session.scalar(
        select(Kudos)
        .filter_by(id=kudos_id, installation_id=tx.workspace.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if kudos is None:
        raise UserError(KUDOS_NOT_FOUND)
    return kudos
