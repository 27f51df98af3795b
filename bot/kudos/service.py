"""Kudos: given by words, taken back; posted by the outbox."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete

from bot.errors import UserError
from bot.kudos import allowance, rules
from bot.kudos.message_kinds import (
    KUDOS_POST,
    KUDOS_RECEIPT,
    KUDOS_RECEIVED,
    KUDOS_UPDATE,
    KUDOS_UPDATE_RECEIPT,
    KUDOS_UPDATE_RECIPIENT,
)
from bot.kudos.permissions import GIVE_KUDOS
from bot.kudos.rules import Issue, KudosRequest
from bot.kudos.store import (
    KudosDraft,
    SubjectMessage,
    find_by_source,
    insert_kudos,
    lock,
    reply_thread_ts,
)
from bot.outbox import home_refresh
from bot.outbox.kind import MessageKind
from bot.permissions import Role, require
from bot.runtime import Transaction
from bot.workspace import members, roles, visibility
from models import Channel, Kudos, KudosTag, KudosThanks

ALREADY_TAKEN_BACK = "These kudos have already been taken back."


@dataclass(frozen=True, slots=True)
class GiveResult:
    kudos_id: int
    recipients: Sequence[str]
    # Their plain names.
    names: Sequence[str]
    # What was left out of what the giver wanted.
    warnings: Sequence[Issue]
    remaining: int


def require_can_post(channel: Channel) -> None:
    """Raises UserError if nothing can be posted."""
    if channel.is_archived:
        raise UserError(
            "This channel is archived. Choose another one.", field="channel"
        )
    if channel.is_read_only:
        raise UserError(
            "I'm not allowed to post in that channel. Choose another one.",
            field="channel",
        )


def give(
    tx: Transaction,
    channel: Channel | None,
    draft: KudosDraft,
    *,
    giver: str,
    source: str,
) -> GiveResult:
    """Thank people: one kudos for each `source`, and within the giver's allowance.

    Raises UserError, with all that is wrong, where none of it can be given.
    """
    allowance.lock_giver(tx, giver)
    stands = allowance.load(tx, giver, draft.people, at=tx.now)
    wish = KudosRequest(
        giver=giver,
        people=draft.people,
        recipients=stands.recipients,
        remaining=stands.remaining,
        daily_allowance=stands.daily,
        reason=draft.reason,
        tags=draft.tags,
        has_group=draft.has_group,
        allow_external=channel is not None and channel.allow_external_kudos,
    )
    kudos_id = _find_duplicate(stands.recent_kudos, channel, wish, draft.about)
    if kudos_id is not None:
        return _earlier_result(tx, wish, kudos_id)
    try:
        require(GIVE_KUDOS, stands.roles)
        if channel is not None:
            require_can_post(channel)
            visibility.require_visible(tx, channel, giver, field="channel")
        verdict = rules.validate(wish)
        if verdict.errors:
            raise rules.to_user_error(verdict.errors)
    except UserError:
        # A request that comes twice is not refused for what it has given itself.
        if (kudos_id := find_by_source(tx, source)) is None:
            raise
        return _earlier_result(tx, wish, kudos_id)
    kudos_id = insert_kudos(
        tx, channel, draft, recipients=verdict.recipients, giver=giver, source=source
    )
    if kudos_id is None:
        kudos_id = find_by_source(tx, source)
        assert kudos_id is not None  # noqa: S101 - it is why there is no new row
        return _earlier_result(tx, wish, kudos_id)
    if channel is None:
        kudos = tx.session.get_one(Kudos, kudos_id)
        notify_recipients(tx, kudos, verdict.recipients)
    else:
        thread_ts = reply_thread_ts(draft, channel)
        tx.enqueue(
            KUDOS_POST,
            kudos_id,
            to=channel.slack_id,
            payload={"thread_ts": thread_ts} if thread_ts else None,
        )
    return GiveResult(
        kudos_id,
        verdict.recipients,
        [stands.recipients[receiver].name for receiver in verdict.recipients],
        verdict.warnings,
        stands.remaining - verdict.cost,
    )


def _earlier_result(
    tx: Transaction, request: KudosRequest, kudos_id: int
) -> GiveResult:
    """Return what the same request has given before."""
    kudos = tx.session.get_one(Kudos, kudos_id)
    called = members.names(tx, kudos.recipients)
    return GiveResult(
        kudos_id,
        kudos.recipients,
        [called[receiver] for receiver in kudos.recipients],
        (),
        max(0, request.remaining),
    )


def _find_duplicate(
    recent_kudos: Iterable[Any],
    channel: Channel | None,
    request: KudosRequest,
    about: SubjectMessage | None,
) -> int | None:
    """The id of the same, given a moment ago by somebody who saw no answer, perhaps."""
    same = (
        channel.id if channel else None,
        request.reason,
        about.channel_id if about else None,
        about.ts if about else None,
    )
    return next(
        (
            row.id
            for row in recent_kudos
            if (row.channel_id, row.reason, row.about_channel_id, row.about_ts) == same
            and rules.is_duplicate(request, row.recipients)
        ),
        None,
    )


def take_back(tx: Transaction, kudos_id: int, *, by: str) -> None:
    """Take kudos back, and update the messages about them.

    Raises UserError for others than the giver and admins, or if it is too late.
    """
    kudos = lock(tx, kudos_id)
    by_roles = roles.in_workspace(tx, by)
    if by == kudos.giver:
        by_roles |= {Role.AUTHOR}
    if kudos.channel_id is not None:
        channel = tx.session.get_one(Channel, kudos.channel_id)
        visibility.require_visible(tx, channel, by)
    rules.require_take_back(by_roles, given_at=kudos.given_at, now=tx.now)
    if kudos.taken_back_at is not None:
        raise UserError(ALREADY_TAKEN_BACK)
    revoke(tx, kudos, by=by)


def revoke(tx: Transaction, kudos: Kudos, *, by: str | None) -> None:
    """Delete the thanks of kudos and update the messages. Lock the kudos first."""
    kudos.taken_back_at, kudos.taken_back_by = tx.now, by
    tx.session.execute(delete(KudosThanks).where(KudosThanks.kudos_id == kudos.id))
    tx.session.execute(delete(KudosTag).where(KudosTag.kudos_id == kudos.id))
    tx.session.flush()
    update_message(tx, kudos)
    if kudos.emoji is None:
        update_receipt(tx, kudos, send_after=tx.now)
    for receiver in kudos.recipients:
        update_recipient_message(tx, kudos, receiver)


def update_message(tx: Transaction, kudos: Kudos) -> None:
    """The kudos' message, if there is one, is to show what is true now."""
    if kudos.channel_id is None or kudos.emoji is not None:
        return
    channel = tx.session.get_one(Channel, kudos.channel_id)
    _enqueue_update(tx, KUDOS_UPDATE, kudos, channel.slack_id)


def notify_recipients(
    tx: Transaction,
    kudos: Kudos,
    recipients: Iterable[str],
    *,
    send_after: datetime | None = None,
) -> None:
    to_notify = list(recipients)
    for receiver in to_notify:
        _enqueue(tx, KUDOS_RECEIVED, kudos, receiver, send_after=send_after)
    home_refresh.refresh_homes(tx, to_notify)


def update_recipient_message(tx: Transaction, kudos: Kudos, recipient: str) -> None:
    """The letter to a receiver, if there is one, is to say what is true now."""
    _enqueue_update(tx, KUDOS_UPDATE_RECIPIENT, kudos, recipient)
    home_refresh.refresh_homes(tx, [recipient])


def update_receipt(tx: Transaction, kudos: Kudos, *, send_after: datetime) -> None:
    """Remove the button of the giver's direct message, if any, at `send_after`."""
    tx.enqueue_updates(
        KUDOS_UPDATE_RECEIPT, [(kudos.id, kudos.giver)], send_at=send_after
    )


def send_receipt(
    tx: Transaction,
    result: GiveResult,
    *,
    # Where to say it, to the giver only; None: in a direct message.
    channel: Channel | None,
) -> None:
    """Enqueue the receipt for a giver who can't be answered at once."""
    kudos = tx.session.get_one(Kudos, result.kudos_id)
    detail = {"left": result.remaining, "dropped": [p.text for p in result.warnings]}
    recipient = channel.slack_id if channel else kudos.giver
    _enqueue(tx, KUDOS_RECEIPT, kudos, recipient, detail=detail)


def _enqueue(
    tx: Transaction,
    kind: MessageKind,
    kudos: Kudos,
    recipient: str,
    *,
    send_after: datetime | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    tx.enqueue(kind, kudos.id, to=recipient, send_at=send_after, payload=detail)


def _enqueue_update(
    tx: Transaction, kind: MessageKind, kudos: Kudos, recipient: str
) -> None:
    tx.enqueue_update(kind, kudos.id, to=recipient)
