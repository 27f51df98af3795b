"""Send champions their open suggestions, once on Mondays."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from bot import timezones
from bot.outbox.enqueue import dedup_key
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.personal_data import MessagePolicy
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction
from bot.slack.blocks import Note
from bot.worklist import blocks, items, rules
from bot.worklist.message_kinds import WORK_MONDAY
from bot.worklist.view import WorkItemView
from bot.workspace import contact_hours, member_settings
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from models import Member, OutboxItem, WorkItem


def enqueue_due(tx: Transaction) -> None:
    """Enqueue Monday's message for each champion where it is about time.

    In their zone that is from 9 to 17 o'clock; the first run then counts.
    """
    champions = tx.session.execute(
        select(Member.id, Member.slack_id, Member.tz)
        .join(
            WorkItem,
            (WorkItem.champion == Member.slack_id)
            & (WorkItem.installation_id == Member.installation_id),
        )
        .where(
            Member.installation_id == tx.workspace.id,
            WorkItem.outcome == "open",
            WorkItem.until > tx.now,
        )
        .distinct()
        .order_by(Member.id)
    ).all()
    settings = member_settings.get_many(tx, [row.slack_id for row in champions])
    due = {}
    for row in champions:
        zone = timezones.get_or_utc(row.tz)
        at = rules.monday_message_at(tx.now, zone, row.slack_id)
        if at is not None and settings[row.slack_id].wants_work_list:
            day = timezones.local_date(at, zone).isoformat()
            due[dedup_key(WORK_MONDAY, row.id, row.slack_id, day)] = (row, day, at)
    known = _known(tx, due)
    for key, (row, day, at) in due.items():
        if key not in known:
            tx.enqueue(
                WORK_MONDAY,
                row.id,
                to=row.slack_id,
                payload=_payload(tx, row.slack_id) | {"items": None},
                occurrence=day,
                send_at=at,
            )


def _payload(tx: Transaction, member: str) -> dict[str, Any]:
    """Return the member's items, and the people in them, whom an erasure looks for."""
    own = items.open_items(tx, member)
    people = frozenset[str]().union(*(item.view.people for item in own))
    return {"items": [item.id for item in own], "people": sorted(people)}


def _known(tx: Transaction, keys: Iterable[str]) -> set[str]:
    return set(
        tx.session.scalars(
            select(OutboxItem.dedup_key).where(
                OutboxItem.installation_id == tx.workspace.id,
                OutboxItem.dedup_key.in_(list(keys)),
            )
        )
    )


def note(tx: Transaction, member: str) -> Note:
    """Return the member's last message of a Monday as it is now.

    Raises MembershipUnknown.
    """
    payload = tx.session.scalar(
        select(OutboxItem.payload)
        .where(
            OutboxItem.installation_id == tx.workspace.id,
            OutboxItem.kind == WORK_MONDAY,
            OutboxItem.recipient == member,
        )
        .order_by(OutboxItem.id.desc())
        .limit(1)
    )
    return blocks.monday(_quoted(tx, member, payload or {}))


def _quoted(
    tx: Transaction, member: str, payload: Mapping[str, Any]
) -> Sequence[tuple[int, WorkItemView]]:
    """Return the items that a message lists; all of them while it is not sent yet."""
    listed = payload.get("items", ())
    return [
        (item.id, item.view)
        for item in items.open_items_everywhere(tx, member)
        if listed is None or item.id in listed
    ]


def render(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    if not member_settings.get(tx, delivery.recipient).wants_work_list:
        return None
    quoted = _quoted(tx, delivery.recipient, delivery.payload)
    if not quoted:
        return None
    return PostMessage(delivery.recipient, *blocks.monday(quoted))


def _on_sent(tx: Transaction, delivery: Delivery, _result: Any) -> None:
    """Store what the message lists: later items are not added to it."""
    message = tx.session.get_one(OutboxItem, delivery.id)
    listed = _payload(tx, delivery.recipient)
    people = {*listed["people"], *message.payload.get("people", ())}
    message.payload = {**message.payload, **listed, "people": sorted(people)}


def stop(tx: Transaction, member: str) -> None:
    member_settings.update(tx, member, wants_work_list=False)


MESSAGE_TYPES = (
    MessageType(
        WORK_MONDAY,
        render,
        on_sent=_on_sent,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.NEWS),
    ),
)

# The payload lists the people whom a message names.
MESSAGES = (MessagePolicy(frozenset({WORK_MONDAY})),)
