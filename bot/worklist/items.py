"""A champion's suggestions: those that are open, and what they press."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Select, exists, select

from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.errors import UserError
from bot.outbox import home_refresh
from bot.permissions import DENIED_ROLES, Role
from bot.runtime import Transaction
from bot.worklist import people, rules
from bot.worklist.view import WorkItemView
from bot.workspace import members, roles, visibility
from bot.workspace.working_time import WorkingTime
from models import Channel, WorkItem

GONE = "That suggestion is gone."

# Done before, or by the action; or refused.
Pressed = Literal["done", "refused"]


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An item that its champion can do now."""

    id: int
    channel_id: int
    view: WorkItemView


def open_items(tx: Transaction, member: str) -> list[OpenItem]:
    """Return a member's items that are still true, in the order of their kinds.

    Items in a private channel count only if the member is known to be in it.
    """
    return _render(tx, member, visibility.visible(member, now=tx.now))


def open_items_everywhere(tx: Transaction, member: str) -> list[OpenItem]:
    """Return the member's items of all channels that they may see.

    Raises MembershipUnknown.
    """
    channels = tx.session.scalars(
        select(Channel).where(
            Channel.id.in_(
                select(WorkItem.channel_id).where(
                    WorkItem.installation_id == tx.workspace.id,
                    WorkItem.champion == member,
                    WorkItem.outcome == "open",
                )
            )
        )
    ).all()
    visible = visibility.visible_channels(tx, channels, member)
    return _render(tx, member, Channel.id.in_(visible))


def _render(
    tx: Transaction, member: str, is_visible: ColumnElement[bool]
) -> list[OpenItem]:
    if not _may_have_items(tx, member):
        return []
    rows = tx.session.scalars(
        select(WorkItem)
        .join(Channel, Channel.id == WorkItem.channel_id)
        .where(
            WorkItem.installation_id == tx.workspace.id,
            WorkItem.champion == member,
            WorkItem.outcome == "open",
            WorkItem.until > tx.now,
            Channel.is_joined.is_(True),
            Channel.is_archived.is_(False),
            is_visible,
        )
        .order_by(WorkItem.assigned_at, WorkItem.id)
    ).all()
    shown: list[OpenItem] = []
    for kind in tx.features.work_items:
        own = [item for item in rows if item.kind == kind.name]
        if not own:
            continue
        is_true = kind.still_open(tx, own)
        own = [item for item in own if item.id in is_true]
        views = kind.render(tx, own)
        shown += [
            OpenItem(item.id, item.channel_id, views[item.id])
            for item in own
            if item.id in views
        ]
    return shown


def get(
    tx: Transaction,
    item_id: int,
    member: str,
    kind: str | None = None,
    *,
    locks: bool = True,
) -> WorkItem:
    """Lock and return a member's own open item, of this kind if one is given.

    Raises UserError for others, and MembershipUnknown. An ask is locked before an item
    about it: read the item without a lock first.
    """
    query = (
        select(WorkItem)
        .filter_by(
            id=item_id,
            installation_id=tx.workspace.id,
            champion=member,
            outcome="open",
        )
        .execution_options(populate_existing=True)
    )
    if kind is not None:
        query = query.filter_by(kind=kind)
    item = tx.session.scalar(query.with_for_update() if locks else query)
    if item is None or not _may_have_items(tx, member):
        raise UserError(GONE)
    channel = tx.session.get_one(Channel, item.channel_id)
    visibility.require_visible(tx, channel, member, message=GONE)
    return item


def _may_have_items(tx: Transaction, member: str) -> bool:
    own_roles = roles.in_workspace(tx, member)
    return Role.MEMBER in own_roles and not own_roles & DENIED_ROLES


def finish(tx: Transaction, item: WorkItem, outcome: Pressed) -> None:
    """Take an item off its champion's list, as they pressed.

    If it is not for the first who has it, the job passes it on.
    """
    if outcome == "refused" and item.previous_champion is None and item.champion:
        home_refresh.refresh_homes(tx, [item.champion], delay=timedelta())
        item.previous_champion, item.champion = item.champion, None
        item.until = tx.now
        return
    item.outcome, item.ended_at = outcome, tx.now
    if item.champion is not None:
        home_refresh.refresh_homes(tx, [item.champion], delay=timedelta())
    # Those who did not do it are nobody's business.
    item.previous_champion = None
    if outcome == "refused":
        item.champion = None


def lets_close(tx: Transaction, subject: str, member: str) -> bool:
    """Return True if the member may close an ask, as it is suggested to them now."""
    kinds = [kind.name for kind in tx.features.work_items if kind.lets_close]
    item = select(WorkItem.id).where(
        WorkItem.installation_id == tx.workspace.id,
        WorkItem.kind.in_(kinds),
        WorkItem.subject == subject,
        WorkItem.champion == member,
        WorkItem.outcome == "open",
        WorkItem.until > tx.now,
    )
    return tx.session.scalar(item) is not None and _may_have_items(tx, member)


def end(tx: Transaction, items: Sequence[WorkItem]) -> None:
    """End items that happened without their champions, or that nobody did."""
    for item in items:
        if item.champion is not None:
            home_refresh.refresh_homes(tx, [item.champion])
        item.outcome, item.ended_at = "over", tx.now
        item.champion = item.previous_champion = None


def hide(tx: Transaction, channel: Channel) -> None:
    """End the open items of a channel that has turned private."""
    rows = tx.session.scalars(open_rows(tx).where(WorkItem.channel_id == channel.id))
    end(tx, rows.all())


def take_back(tx: Transaction, member: str | None = None) -> None:
    """Let the job pass on items of people who no longer look after the channel.

    These are all of them, or a `member` who is no longer a champion.
    """
    query = open_rows(tx).where(WorkItem.champion.is_not(None), WorkItem.until > tx.now)
    if member is not None:
        query = query.where(WorkItem.champion == member)
    rows = tx.session.scalars(query).all()
    by_channel = people.look_after(tx, {row.channel_id for row in rows})
    for row in rows:
        if row.champion and row.champion not in by_channel[row.channel_id]:
            row.until = tx.now
            home_refresh.refresh_homes(tx, [row.champion])


def give_back(tx: Transaction, member: str) -> None:
    """Let a champion keep items that the job has not passed on since `take_back`."""
    for row in tx.session.scalars(open_rows(tx).where(WorkItem.champion == member)):
        row.until = expires_at(tx, member, row.assigned_at)


def expires_at(tx: Transaction, member: str, assigned_at: datetime) -> datetime:
    """Return when a champion's time for an item ends, in their working hours (UTC)."""
    zone = members.zone(tx, member)
    return WorkingTime(zone).add(assigned_at, rules.WORKING_HOURS)


def is_known(
    tx: Transaction, kind: str, subject: ColumnElement[str]
) -> ColumnElement[bool]:
    """Return the condition that a subject is or was suggested to a champion."""
    return exists().where(
        WorkItem.installation_id == tx.workspace.id,
        WorkItem.kind == kind,
        WorkItem.subject == subject,
    )


def open_rows(tx: Transaction) -> Select[WorkItem]:
    return open_in(tx.workspace.id, tx.now).order_by(WorkItem.id).with_for_update()


def open_in(installation_id: InstallationId, _now: Time) -> Select[WorkItem]:
    """Select the open suggestions."""
    return select(WorkItem).where(
        WorkItem.installation_id == installation_id, WorkItem.outcome == "open"
    )
