"""Limits on asks without a name, by indexes that name no one: numbers and blocks."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Select, delete, func, select

from bot.anonymity import rules
from bot.anonymity.keys import AnonymityKeys
from bot.db.statements import InstallationId, condition_of, upsert
from bot.errors import UserError
from bot.runtime import Transaction
from bot.slack.text import full_stop
from models import AnonymousBlock, AnonymousCount, Installation

TOO_MANY = (
    f"You can ask {rules.MAX_PER_DAY} times a day and {rules.MAX_PER_30_DAYS} times in"
    " 30 days without your name. You can ask with it at any time."
)
TOO_MANY_HERE = (
    "People here have asked enough without their names today. Try again tomorrow, or"
    " ask with your name."
)


def blocked(reason: str) -> str:
    """Return the words for an author who was stopped."""
    why = f"“{reason}”"
    return (
        f"A champion has stopped your asks without a name for now: {why}"
        f"{full_stop(why)} You can ask with your name."
    )


def lock(tx: Transaction) -> None:
    """Let all who send an ask now wait for each other, so that the limits hold.

    PostgreSQL leaves a trace of a lock in its row: a member's would be the author's.
    """
    tx.session.execute(
        select(Installation.id)
        .filter_by(id=tx.workspace.id)
        .with_for_update(key_share=True)
    )


def require_may_post(
    tx: Transaction, keys: AnonymityKeys, member: str, channel_id: int
) -> None:
    """Raise UserError if the member was stopped, or has reached a limit."""
    require_not_stopped(tx, keys, member, channel_id)
    today = tx.now.date()
    if not rules.may_post(_numbers(tx, keys, member), today):
        raise UserError(TOO_MANY)
    total = tx.session.scalar(
        select(func.sum(AnonymousCount.number)).where(
            AnonymousCount.installation_id == tx.workspace.id,
            AnonymousCount.day == today,
        )
    )
    if (total or 0) >= rules.MAX_PER_WORKSPACE_DAY:
        raise UserError(TOO_MANY_HERE)


def require_not_stopped(
    tx: Transaction,
    keys: AnonymityKeys,
    member: str,
    channel_id: int,
    *,
    field: str | None = None,
) -> None:
    """Raise UserError if a champion has stopped the member there."""
    for block in blocks_of(tx, keys, member):
        if block.channel_id in {None, channel_id}:
            raise UserError(blocked(block.reason), field=field)


def blocks_of(
    tx: Transaction, keys: AnonymityKeys, member: str
) -> Sequence[AnonymousBlock]:
    """Return the member's current blocks: of the whole workspace, then the longest."""
    return tx.session.scalars(
        select(AnonymousBlock)
        .where(
            AnonymousBlock.installation_id == tx.workspace.id,
            AnonymousBlock.blind_index.in_(_indexes(tx, keys, "blocks", member)),
            AnonymousBlock.until > tx.now,
        )
        .order_by(
            AnonymousBlock.channel_id.is_not(None),
            AnonymousBlock.until.desc(),
            AnonymousBlock.id,
        )
    ).all()


def _numbers(tx: Transaction, keys: AnonymityKeys, member: str) -> Counter[date]:
    rows = tx.session.execute(
        select(AnonymousCount.day, AnonymousCount.number).where(
            AnonymousCount.installation_id == tx.workspace.id,
            AnonymousCount.blind_index.in_(_indexes(tx, keys, "counts", member)),
        )
    )
    numbers: Counter[date] = Counter()
    for day, number in rows:
        numbers[day] += number
    return numbers


def count(tx: Transaction, keys: AnonymityKeys, member: str) -> None:
    """Count an ask of today (UTC)."""
    index = keys.index("counts", tx.workspace.team_id, member)
    tx.session.execute(
        upsert(tx.session, AnonymousCount)
        .values(
            installation_id=tx.workspace.id,
            blind_index=index,
            day=tx.now.date(),
            number=1,
        )
        .on_conflict_do_update(
            index_elements=["installation_id", "blind_index", "day"],
            set_={"number": AnonymousCount.number + 1},
        )
    )


def uncount(tx: Transaction, keys: AnonymityKeys, member: str, last: date) -> None:
    """Count an ask no longer that was sent on that day (UTC) or before.

    It has its author's name now: its number would lead to their other asks.
    """
    row = tx.session.scalar(
        select(AnonymousCount)
        .where(
            AnonymousCount.installation_id == tx.workspace.id,
            AnonymousCount.blind_index.in_(_indexes(tx, keys, "counts", member)),
            AnonymousCount.day <= last,
        )
        .order_by(AnonymousCount.day.desc())
        .limit(1)
        .with_for_update()
    )
    if row is None:
        return
    row.number -= 1
    if row.number == 0:
        tx.session.delete(row)


def old_counts(
    installation_id: InstallationId, now: datetime
) -> Select[AnonymousCount]:
    """Select the numbers that no longer count."""
    return select(AnonymousCount).where(
        AnonymousCount.installation_id == installation_id,
        AnonymousCount.day <= now.date() - rules.COUNTED_FOR,
    )


def ended_blocks(
    installation_id: InstallationId, now: datetime
) -> Select[AnonymousBlock]:
    """Select the blocks that have ended."""
    return select(AnonymousBlock).where(
        AnonymousBlock.installation_id == installation_id, AnonymousBlock.until <= now
    )


def purge(tx: Transaction) -> None:
    """Delete the numbers and blocks that no longer count."""
    counts = condition_of(old_counts(tx.workspace.id, tx.now))
    tx.session.execute(delete(AnonymousCount).where(counts))
    blocks = condition_of(ended_blocks(tx.workspace.id, tx.now))
    tx.session.execute(delete(AnonymousBlock).where(blocks))


def _indexes(
    tx: Transaction, keys: AnonymityKeys, purpose: str, member: str
) -> Sequence[str]:
    return keys.indexes(purpose, tx.workspace.team_id, member)
