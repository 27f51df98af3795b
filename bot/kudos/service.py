"""Give kudos by command or form, and take them back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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
from bot.slack.text import ANONYMOUS
from bot.workspace import members, roles, visibility
from models import Channel, Kudos, KudosTag, KudosThanks

ALREADY_TAKEN_BACK = "These kudos have already been taken back."


@dataclass(frozen=True, slots=True)
class GiveResult:
    """The kudos that a request gave."""

    kudos_id: int
    recipients: Sequence[str]
    # The recipients' plain names.
    names: Sequence[str]
    # Problems with people whom the giver named, and who got nothing.
    warnings: Sequence[Issue]
    remaining: int


def require_can_post(channel: Channel) -> None:
    """Raise UserError if nothing can be posted in the channel."""
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
    """Give kudos, once for each `source`, within the giver's allowance.

    Without `channel`, they are private. A repeated request, with the same source or the
    same text within DUPLICATE_WINDOW, returns the earlier result. Raises UserError,
    with all problems, if nothing can be given, and MembershipUnknown.
    """
    allowance.lock_giver(tx, giver)
    current = allowance.load(tx, giver, draft.people, at=tx.now)
    request = KudosRequest(
        giver=giver,
        people=draft.people,
        recipients=current.recipients,
        remaining=current.remaining,
        daily_allowance=current.daily,
        reason=draft.reason,
        tags=draft.tags,
        has_group=draft.has_group,
        allow_external=channel is not None and channel.allow_external_kudos,
    )
    kudos_id = _find_duplicate(current.recent_kudos, channel, request, draft.about)
    if kudos_id is not None:
        return _earlier_result(tx, request, kudos_id)
    try:
        require(GIVE_KUDOS, current.roles)
        if channel is not None:
            require_can_post(channel)
            visibility.require_visible(tx, channel, giver, field="channel")
        validation = rules.validate(request)
        if validation.errors:
            raise rules.to_user_error(validation.errors)
    except UserError:
        # A repeated request may exceed the limits only because of its own kudos.
        if (kudos_id := find_by_source(tx, source)) is None:
            raise
        return _earlier_result(tx, request, kudos_id)
    kudos_id = insert_kudos(
        tx,
        channel,
        draft,
        recipients=validation.recipients,
        giver=giver,
        source=source,
    )
    if kudos_id is None:
        kudos_id = find_by_source(tx, source)
        assert kudos_id is not None  # noqa: S101 - its row prevented the insert
        return _earlier_result(tx, request, kudos_id)
    if channel is None:
        kudos = tx.session.get_one(Kudos, kudos_id)
        notify_recipients(tx, kudos, validation.recipients)
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
        validation.recipients,
        [current.recipients[recipient].name for recipient in validation.recipients],
        validation.warnings,
        current.remaining - validation.cost,
    )


def has_source(tx: Transaction, source: str) -> bool:
    """Return True if kudos were given for this source, even if taken back."""
    return find_by_source(tx, source) is not None


def give_without_name(
    tx: Transaction, people: Sequence[str], reason: str, *, source: str
) -> None:
    """Give private kudos of someone whom nobody knows, once for each `source`.

    No allowance counts: it would need the giver. Raises UserError, with all problems.
    """
    facts = allowance.load(tx, ANONYMOUS, people, at=tx.now).recipients
    request = KudosRequest(
        giver=ANONYMOUS,
        people=people,
        # Others without a name may have thanked the same people.
        recipients={
            person: replace(fact, recent_count=0) for person, fact in facts.items()
        },
        remaining=rules.MAX_RECIPIENTS,
        reason=reason,
    )
    validation = rules.validate(request)
    if validation.errors:
        raise rules.to_user_error(validation.errors)
    kudos_id = insert_kudos(
        tx,
        None,
        KudosDraft(people, reason),
        recipients=validation.recipients,
        giver=ANONYMOUS,
        source=source,
    )
    if kudos_id is not None:
        kudos = tx.session.get_one(Kudos, kudos_id)
        notify_recipients(tx, kudos, validation.recipients)


def _earlier_result(
    tx: Transaction, request: KudosRequest, kudos_id: int
) -> GiveResult:
    """Return the result of an earlier identical request."""
    kudos = tx.session.get_one(Kudos, kudos_id)
    return GiveResult(
        kudos_id,
        kudos.recipients,
        members.names_in_order(tx, kudos.recipients),
        (),
        max(0, request.remaining),
    )


def _find_duplicate(
    recent_kudos: Iterable[Any],
    channel: Channel | None,
    request: KudosRequest,
    about: SubjectMessage | None,
) -> int | None:
    """Return the id of identical kudos that were given just before, or None."""
    key = (
        channel.id if channel else None,
        request.reason,
        about.channel_id if about else None,
        about.ts if about else None,
    )
    return next(
        (
            row.id
            for row in recent_kudos
            if (row.channel_id, row.reason, row.about_channel_id, row.about_ts) == key
            and rules.is_duplicate(request, row.recipients)
        ),
        None,
    )


def take_back(tx: Transaction, kudos_id: int, *, by: str) -> None:
    """Take kudos back, and update the messages about them.

    Raises UserError if `by` is not the giver or an admin, or if it is too late, and
    MembershipUnknown.
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
    """Delete the thanks and tags of kudos, and update the messages about them.

    `by` is None if the bot takes them back. Lock the kudos first.
    """
    kudos.taken_back_at, kudos.taken_back_by = tx.now, by
    tx.session.execute(delete(KudosThanks).where(KudosThanks.kudos_id == kudos.id))
    tx.session.execute(delete(KudosTag).where(KudosTag.kudos_id == kudos.id))
    tx.session.flush()
    update_message(tx, kudos)
    if kudos.emoji is None:
        update_receipt(tx, kudos, send_at=tx.now)
    for recipient in kudos.recipients:
        update_recipient_message(tx, kudos, recipient)


def update_message(tx: Transaction, kudos: Kudos) -> None:
    """Enqueue an update of the kudos' message in the channel, if there is one."""
    if kudos.channel_id is None or kudos.emoji is not None:
        return
    channel = tx.session.get_one(Channel, kudos.channel_id)
    _enqueue_update(tx, KUDOS_UPDATE, kudos, channel.slack_id)


def notify_recipients(
    tx: Transaction,
    kudos: Kudos,
    recipients: Iterable[str],
    *,
    send_at: datetime | None = None,
) -> None:
    """Enqueue the message to each recipient, at `send_at` or now."""
    members_to_notify = list(recipients)
    for recipient in members_to_notify:
        tx.enqueue(KUDOS_RECEIVED, kudos.id, to=recipient, send_at=send_at)
    home_refresh.refresh_homes(tx, members_to_notify)


def update_recipient_message(tx: Transaction, kudos: Kudos, recipient: str) -> None:
    """Enqueue an update of the message to a recipient, if there is one."""
    _enqueue_update(tx, KUDOS_UPDATE_RECIPIENT, kudos, recipient)
    home_refresh.refresh_homes(tx, [recipient])


def update_receipt(tx: Transaction, kudos: Kudos, *, send_at: datetime) -> None:
    """Remove the button of the giver's direct message, if any, at `send_at`."""
    tx.enqueue_updates(KUDOS_UPDATE_RECEIPT, [(kudos.id, kudos.giver)], send_at=send_at)


def send_receipt(
    tx: Transaction,
    result: GiveResult,
    *,
    # For an ephemeral message to the giver in it; None: a direct message.
    channel: Channel | None,
) -> None:
    """Enqueue the receipt for a giver who can't be answered at once."""
    kudos = tx.session.get_one(Kudos, result.kudos_id)
    warnings = [issue.text for issue in result.warnings]
    tx.enqueue(
        KUDOS_RECEIPT,
        kudos.id,
        to=channel.slack_id if channel else kudos.giver,
        payload={"left": result.remaining, "dropped": warnings},
    )


def _enqueue_update(
    tx: Transaction, kind: MessageKind, kudos: Kudos, recipient: str
) -> None:
    tx.enqueue_update(kind, kudos.id, to=recipient)
