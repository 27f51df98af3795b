"""Members' own data: show it to them, and erase it on request or after they left."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from secrets import token_hex
from typing import Any

from slack_sdk.models.views import View
from sqlalchemy import Select, Text, cast, delete, select, update

from bot.db.statement_time import Time
from bot.db.statements import InstallationId, table
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.permissions import MANAGE_OWN_DATA, require
from bot.personal_data import Erasure
from bot.privacy import blocks, person_rows, redaction
from bot.privacy.message_kinds import PRIVACY_DATA_FILE
from bot.runtime import Transaction
from bot.slack.actions import UploadFile
from bot.slack.text import ERASED_PREFIX
from bot.workspace import members, roles, visibility
from models import Channel, Member, OutboxItem

# Members who are erased in one transaction: each erasure changes many rows.
BATCH_SIZE = 5


def request_data_file(tx: Transaction, *, member: str, request_id: str) -> None:
    """Enqueue the member's data file, once for each `request_id`.

    Raises UserError for a person who is not a member.
    """
    _require_allowed(tx, member)
    tx.enqueue(PRIVACY_DATA_FILE, 0, to=member, occurrence=request_id)


def render_data_file(tx: Transaction, delivery: Delivery) -> UploadFile:
    """Return the file with everything stored about the recipient."""
    now = delivery.first_sent_at
    content = data_file_json(
        rows_about(tx, delivery.recipient),
        purposes={
            policy.model.__tablename__: policy.purpose
            for policy in tx.features.personal_data
        },
        member=delivery.recipient,
        now=now,
    )
    return UploadFile(
        delivery.recipient,
        name="backswing-my-data",
        title=blocks.FILE_TITLE,
        comment=blocks.FILE_COMMENT,
        content=content.encode(),
    )


def rows_about(tx: Transaction, member: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows about the member by table, with Slack's ids of channels.

    Raises MembershipUnknown: only a private channel's members get others' part in it.
    """
    channels = tx.session.scalars(
        select(Channel).filter_by(installation_id=tx.workspace.id)
    ).all()
    slack_ids = {channel.id: channel.slack_id for channel in channels}
    hidden_channels = slack_ids.keys() - visibility.visible_channels(
        tx, channels, member
    )
    return {
        policy.model.__tablename__: [
            _with_channel_ids(row, slack_ids)
            for row in person_rows.rows_for_member(
                tx, policy, member, hidden_channels=hidden_channels
            )
        ]
        for policy in tx.features.personal_data
    }


def _with_channel_ids(
    row: Mapping[str, Any], slack_ids: Mapping[int, str]
) -> dict[str, Any]:
    return {
        name: slack_ids.get(value, value) if name.endswith("channel_id") else value
        for name, value in row.items()
        if name != "installation_id"
    }


def _require_allowed(tx: Transaction, member: str) -> None:
    require(MANAGE_OWN_DATA, roles.in_workspace(tx, member))


def forget_form(tx: Transaction, member: str) -> View:
    """Return the form that confirms an erasure. Raises UserError for non-members."""
    _require_allowed(tx, member)
    return blocks.forget_form(_count_rows(tx, member), tx.features.erasure_lines)


def erase_oneself(tx: Transaction, member: str) -> None:
    """Erase a member at their own request. Raises UserError for non-members."""
    _require_allowed(tx, member)
    erase(tx, member)


def _count_rows(
    tx: Transaction, member: str
) -> Iterator[tuple[tuple[str, str] | None, int]]:
    """Count the member's own rows in each table, with the names of such rows."""
    for policy in tx.features.personal_data:
        if policy.owner_columns and policy.on_erasure != "tombstone":
            yield policy.row_names, person_rows.count_own_rows(tx, policy, member)


def erase(tx: Transaction, member: str) -> str:
    """Erase a member's personal data in all tables; return their pseudonym.

    1. Each table's `before_erasure` runs; messages that name the member are collected.
    2. Pending messages to the member are cancelled.
    3. Each table is erased by its policy. The pseudonym replaces the member, so that
       totals stay the same; it is random, and nothing leads back from it.
    4. Redactions of sent messages are enqueued.
    """
    erasure = Erasure(member, ERASED_PREFIX + token_hex(8))
    members.ensure(tx, [member])
    for policy in tx.features.personal_data:
        policy.before_erasure(tx, erasure)
    messages_about = redaction.affected_messages(
        tx, tx.features.message_policies, erasure
    )
    messages_to = redaction.cancel_pending(tx, erasure)
    for policy in tx.features.personal_data:
        person_rows.erase_member(tx, policy, erasure)
    # Core statements have changed rows that the session has loaded.
    tx.session.expire_all()
    redaction.enqueue_redactions(tx, [*messages_about, *messages_to], erasure)
    return erasure.pseudonym


def deactivated(installation_id: InstallationId, _now: Time) -> Select[int]:
    """Select the deactivated members who are not erased."""
    return select(Member.id).where(
        Member.installation_id == installation_id,
        Member.is_deactivated.is_(True),
        Member.is_bot.is_(False),
    )


def erase_deactivated(tx: Transaction, *, before: datetime) -> int:
    """Erase some members deactivated before a time (UTC); return the number of them."""
    deactivated = tx.session.scalars(
        select(Member.slack_id)
        .where(
            Member.installation_id == tx.workspace.id,
            Member.is_deactivated.is_(True),
            Member.is_bot.is_(False),
            Member.deactivated_at < before,
        )
        .order_by(Member.deactivated_at)
        .limit(BATCH_SIZE)
    ).all()
    for member in deactivated:
        erase(tx, member)
    return len(deactivated)


def purge_expired(
    tx: Transaction, *, sent_before: datetime, unmatched_before: datetime
) -> None:
    """Delete expired data, redact sent items, and retry rejected redactions.

    `sent_before` is for sent items, `unmatched_before` for unmatched messages and
    tombstones; both are UTC.
    """
    tx.features.purge(tx, unmatched_before)
    items = table(OutboxItem)
    tx.session.execute(
        update(items)
        .where(
            items.c.installation_id == tx.workspace.id,
            items.c.finished_at < sent_before,
            cast(items.c.payload, Text) != "{}",
        )
        .values(payload={}, redacted_at=tx.now)
    )
    _purge_tombstones(tx, before=unmatched_before)
    redaction.retry_rejected(tx)


def _purge_tombstones(tx: Transaction, *, before: datetime) -> None:
    """Delete tombstones from before a time: no event from before it can still arrive.

    A member who has come back since becomes an ordinary member.
    """
    tombstones = tx.session.scalars(
        select(Member).where(
            Member.installation_id == tx.workspace.id, Member.erased_before < before
        )
    ).all()
    for member in tombstones:
        is_back = any(
            person_rows.names_member(tx, policy, member.slack_id)
            for policy in tx.features.personal_data
            if policy.on_erasure != "tombstone"
        )
        if is_back:
            member.erased_at = member.erased_before = None
        else:
            tx.session.execute(delete(Member).where(Member.id == member.id))


def data_file_json(
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    purposes: Mapping[str, str],
    member: str,
    now: datetime,
) -> str:
    """Return a member's data file as JSON; rows and purposes are keyed by table."""
    return json.dumps(
        {
            "about": {
                "member": member,
                "made_at": now.isoformat(),
                "note": "Other people's rows that name you show only your part.",
            },
            "tables": {
                name: {"why": purposes[name], "rows": list(rows)}
                for name, rows in tables.items()
                if rows
            },
        },
        indent=2,
        ensure_ascii=False,
    )


DATA_FILE = MessageType(PRIVACY_DATA_FILE, render_data_file)
