"""The links between anonymous asks and their authors: sealed, found, and cut.

No function shows an author to anyone.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    cast,
    delete,
    literal,
    or_,
    select,
    update,
)

from bot.anonymity import progress, rules
from bot.anonymity.keyring import keys_of
from bot.anonymity.keys import AnonymityKeys
from bot.anonymity.progress import Progress
from bot.clock import datetime_to_micros, micros_to_datetime
from bot.db.sealing import WrongKey
from bot.db.statements import InstallationId
from bot.errors import UserError
from bot.runtime import Transaction
from bot.slack.text import ANONYMOUS
from bot.workspace import workspace_settings
from models import AnonymousCount, AnonymousDraft, AnonymousLink, Ask, Channel

# The author of a draft or an ask whose author has left or was forgotten.
NO_ONE = ""
# The beginning of the source of such an ask, before the index of the form; and of what
# replaces both.
SOURCE_PREFIX = "anonymous:"
_CUT_SOURCE = f"{SOURCE_PREFIX}cut "
# The same words for everyone, also for the author in a wrong workspace.
ONLY_THE_ASKER = "Only the person who asked can do that."


def row_name(tx: Transaction, table: str, key: object) -> str:
    """Return the name of a row for sealing: a seal can't be moved to another row."""
    return f"{tx.workspace.team_id} {table} {key}"


def is_anonymous(ask: Ask) -> bool:
    """Return True if the ask has no name, also after its link was cut."""
    return ask.asker == ANONYMOUS


def blind_index(tx: Transaction, keys: AnonymityKeys, member: str) -> str:
    """Return the index under which the member's own asks are stored."""
    if member == NO_ONE:
        return secrets.token_hex(32)
    return keys.index("asks", tx.workspace.team_id, member)


def blind_indexes(tx: Transaction, keys: AnonymityKeys, member: str) -> Sequence[str]:
    """Return the indexes under which the member's own asks are found."""
    return keys.indexes("asks", tx.workspace.team_id, member)


def link(
    tx: Transaction,
    ask: Ask,
    member: str,
    keys: AnonymityKeys,
    *,
    sent_after: datetime | None,
) -> None:
    """Link an ask that is just being posted to its author, or to no one.

    The author sent it after that time (UTC); None: unknown.
    """
    name = row_name(tx, "link", ask.id)
    days = workspace_settings.get(tx).anonymous_link_days
    tx.session.add(
        AnonymousLink(
            ask_id=ask.id,
            installation_id=tx.workspace.id,
            author=keys.seal(member, name),
            blind_index=blind_index(tx, keys, member),
            cut_at=ask.asked_at + timedelta(days=days),
            progress=progress.seal(keys, name, Progress(sent_after=sent_after)),
        )
    )


def author_of(tx: Transaction, ask: Ask) -> str | None:
    """Return the author of an anonymous ask; None if the link is cut, or has no key.

    Only for rules that act on someone unknown. Nothing shows it to anyone, and no one
    is left out because of it: a person who is missing would be the author.
    """
    if not is_anonymous(ask):
        return None
    keys = keys_of(tx)
    ask_link = tx.session.get(AnonymousLink, ask.id)
    if keys is None or ask_link is None:
        return None
    try:
        return keys.open(ask_link.author, row_name(tx, "link", ask.id)) or None
    except WrongKey:
        return None


def require_author(tx: Transaction, ask: Ask, member: str) -> AnonymousLink:
    """Return the link if the member is the author; else raise UserError.

    Everyone takes the same path, so that neither words nor time tell the author.
    """
    keys = keys_of(tx)
    if keys is None:
        raise UserError(ONLY_THE_ASKER)
    ask_link = tx.session.get(AnonymousLink, ask.id)
    stored = ask_link.blind_index if ask_link is not None else ""
    is_own = is_index_of(tx, keys, stored, member)
    if ask_link is None or not is_own:
        raise UserError(ONLY_THE_ASKER)
    return ask_link


def is_index_of(tx: Transaction, keys: AnonymityKeys, stored: str, member: str) -> bool:
    """Return True if a stored index is the member's; it takes as long for everyone."""
    indexes = blind_indexes(tx, keys, member)
    matches = [hmac.compare_digest(stored, index) for index in indexes]
    return any(matches)


def own_links(tx: Transaction, member: str) -> Sequence[AnonymousLink]:
    """Return the links of the member's own asks, the newest first."""
    keys = keys_of(tx)
    if keys is None:
        return []
    return tx.session.scalars(
        select(AnonymousLink)
        .where(_is_own(tx, keys, member))
        .order_by(AnonymousLink.ask_id.desc())
    ).all()


def _is_own(tx: Transaction, keys: AnonymityKeys, member: str) -> ColumnElement[bool]:
    indexes = blind_indexes(tx, keys, member)
    return (AnonymousLink.installation_id == tx.workspace.id) & (
        AnonymousLink.blind_index.in_(indexes)
    )


def cut_own(
    tx: Transaction,
    member: str,
    channel_id: int | None = None,
    *,
    left_at: datetime | None = None,
) -> None:
    """Cut the member's links, of one channel or of all; their asks stay.

    The links then lead to no one, until their time has come: an ask without a link
    would tell that its author has just left, or was forgotten. So do drafts that wait:
    if one vanished now, champions who look at it would know who wrote it.

    If they left at `left_at` (Slack's time), what they certainly sent later stays
    theirs. The time of a post says nothing about that: the press was earlier.
    """
    keys = keys_of(tx)
    if keys is None:
        return
    links = (
        select(AnonymousLink)
        .where(_is_own(tx, keys, member))
        .order_by(AnonymousLink.ask_id)
        .with_for_update()
    )
    drafts = _own_drafts(tx, keys, member).where(AnonymousDraft.state != "refused")
    if channel_id is not None:
        in_channel = select(Ask.id).filter_by(channel_id=channel_id)
        links = links.where(AnonymousLink.ask_id.in_(in_channel))
        drafts = drafts.where(AnonymousDraft.channel_id == channel_id)
    # A draft that is just being posted is locked: its link is there when it is not.
    rows: list[tuple[str, AnonymousLink | AnonymousDraft]]
    rows = [
        (row_name(tx, "draft", row.id), row) for row in tx.session.scalars(drafts).all()
    ]
    rows += [
        (row_name(tx, "link", row.ask_id), row)
        for row in tx.session.scalars(links).all()
    ]
    for name, row in rows:
        if left_at and progress.unseal(keys, name, row).is_sent_after(left_at):
            continue
        row.author = keys.seal(NO_ONE, name)
        row.blind_index = blind_index(tx, keys, NO_ONE)
        row.progress = progress.seal(keys, name)


def _own_drafts(
    tx: Transaction, keys: AnonymityKeys, member: str
) -> Select[AnonymousDraft]:
    return (
        select(AnonymousDraft)
        .where(
            AnonymousDraft.installation_id == tx.workspace.id,
            AnonymousDraft.blind_index.in_(blind_indexes(tx, keys, member)),
        )
        .order_by(AnonymousDraft.id)
        .with_for_update()
    )


def latest_cut(ask: Ask, days: int) -> datetime:
    """Return when the link of an ask is cut at the latest, from what everyone sees.

    It may be cut earlier, for example when its author leaves the channel.
    """
    at = ask.asked_at + timedelta(days=days)
    if ask.deleted_at is not None:
        at = min(at, ask.deleted_at + rules.CUT_AFTER_DELETION)
    if ask.state == "solved":
        return rules.cut_at(at, ended_at=ask.solved_at)
    closed_at = micros_to_datetime(ask.closed_at_micros)
    return rules.cut_at(at, ended_at=closed_at if ask.state == "closed" else None)


def due_links(installation_id: InstallationId, now: datetime) -> Select[int]:
    """Select the ids of the asks whose links are to be cut."""
    ended = now - rules.CUT_AFTER_END
    gone = now - rules.CUT_AFTER_DELETION
    over = select(Ask.id).where(
        or_(
            (Ask.state == "solved") & (Ask.solved_at <= ended),
            (Ask.state == "closed")
            & (Ask.closed_at_micros <= datetime_to_micros(ended)),
            Ask.deleted_at <= gone,
        )
    )
    return select(AnonymousLink.ask_id).where(
        AnonymousLink.installation_id == installation_id,
        or_(AnonymousLink.cut_at <= now, AnonymousLink.ask_id.in_(over)),
    )


def cut_due(tx: Transaction) -> None:
    """Cut the links whose time has come."""
    due = due_links(tx.workspace.id, tx.now)
    tx.session.execute(
        delete(AnonymousLink).where(
            AnonymousLink.installation_id == tx.workspace.id,
            AnonymousLink.ask_id.in_(due),
        )
    )


def left_sources(installation_id: InstallationId, _now: datetime) -> Select[int]:
    """Select the ids of asks with an index of their form, but without a link."""
    return select(Ask.id).where(
        Ask.installation_id == installation_id,
        Ask.source.startswith(SOURCE_PREFIX, autoescape=True),
        Ask.source.not_like(f"{_CUT_SOURCE}%"),
        Ask.id.not_in(select(AnonymousLink.ask_id)),
    )


def forget_sources(tx: Transaction) -> None:
    """Delete the indexes of the forms of asks that have no link any longer."""
    tx.session.execute(
        update(Ask)
        .where(
            Ask.installation_id == tx.workspace.id,
            Ask.id.in_(left_sources(tx.workspace.id, tx.now)),
        )
        .values(source=literal(_CUT_SOURCE) + cast(Ask.id, String))
        .execution_options(synchronize_session=False)
    )


def seen_count(tx: Transaction, ask_link: AnonymousLink) -> int:
    """Return how many answers the author had seen when they last looked."""
    keys = keys_of(tx)
    if keys is None:
        return 0
    name = row_name(tx, "link", ask_link.ask_id)
    return progress.unseal(keys, name, ask_link).seen_count


def set_seen(tx: Transaction, ask_id: int, count: int) -> None:
    """Record how many answers the author has seen; nothing says when."""
    keys = keys_of(tx)
    ask_link = tx.session.get(
        AnonymousLink, ask_id, with_for_update=True, populate_existing=True
    )
    if keys is None or ask_link is None:
        return
    name = row_name(tx, "link", ask_id)
    stored = progress.unseal(keys, name, ask_link)
    if stored.seen_count < count:
        ask_link.progress = progress.seal(keys, name, replace(stored, seen_count=count))


def cut_in_channel(
    tx: Transaction, channel: str, member: str, *, left_at: datetime
) -> None:
    """Cut the member's links in a channel that they left then, by Slack's clock."""
    channel_id = tx.session.scalar(
        select(Channel.id).filter_by(installation_id=tx.workspace.id, slack_id=channel)
    )
    if channel_id is not None:
        cut_own(tx, member, channel_id, left_at=left_at)


def forget(tx: Transaction, member: str) -> None:
    """Cut the member's links, and delete what no one else has seen, and numbers."""
    keys = keys_of(tx)
    if keys is None:
        return
    for draft in tx.session.scalars(
        _own_drafts(tx, keys, member).where(AnonymousDraft.state != "reviewed")
    ):
        tx.session.delete(draft)
    tx.session.flush()
    cut_own(tx, member)
    tx.session.execute(
        delete(AnonymousCount).where(
            AnonymousCount.installation_id == tx.workspace.id,
            AnonymousCount.blind_index.in_(
                keys.indexes("counts", tx.workspace.team_id, member)
            ),
        )
    )
