"""Store a member's consent to a credit, and post, update or delete its post.

The credit's row is locked while it changes, so that the later of two decisions wins.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.config.mentors import MentorSettings
from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.errors import UserError
from bot.mentors.message_kinds import (
    MENTOR_MARKER_NOTE,
    MENTOR_NOT_POSTED,
    MENTOR_POST,
    MENTOR_UPDATE,
    MENTOR_UPDATE_OFFER,
)
from bot.outbox import home_refresh
from bot.outbox.enqueue import NOTIFICATION_DELAY
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.workspace import member_settings, visibility
from bot.workspace.contact_hours import next_contact_time
from models import Channel, Credit, CreditEvidence, MemberSettingsRow, OutboxItem

Choice = Literal["public", "private", "never"]

NOT_YOUR_CREDIT = "Only the person being thanked can decide this."
NAMING_DISABLED = (
    "You chose never to be named in public. Change that in your settings first, on my"
    " Home tab."
)
NO_CHANNEL = "I'm not in any channel where I could post it."


def decide(tx: Transaction, credit_id: int, choice: Choice, *, by: str) -> None:
    """Store the member's choice, which may replace an earlier one.

    Raises UserError, and MembershipUnknown.
    """
    credit = lock(tx, credit_id)
    if credit is None or credit.member != by:
        raise UserError(NOT_YOUR_CREDIT)
    if choice == "never":
        member_settings.update(tx, by, public_naming="never")
        opt_out(tx, by)
        return
    if choice == "public":
        if member_settings.get(tx, by).public_naming == "never":
            raise UserError(NAMING_DISABLED)
        if credit.channel_id is None:
            raise UserError(NO_CHANNEL)
        channel = tx.session.get_one(Channel, credit.channel_id)
        visibility.require_visible(tx, channel, by)
    _set_consent(tx, credit, choice)


def opt_out(tx: Transaction, member: str) -> None:
    """Set all credits of the member to "never", and delete their posts."""
    for credit in tx.session.scalars(
        select(Credit)
        .where(
            Credit.installation_id == tx.workspace.id,
            Credit.member == member,
            Credit.consent != "never",
        )
        .order_by(Credit.id)
        .with_for_update(key_share=True)
    ).all():
        _set_consent(tx, credit, "never")


def consent_all(tx: Transaction, member: str) -> None:
    """Consent to all credits that wait for the answer of a member who always agrees."""
    for credit in tx.session.scalars(
        select(Credit)
        .where(
            Credit.installation_id == tx.workspace.id,
            Credit.member == member,
            Credit.consent == "asked",
            Credit.notified_at.is_not(None),
            Credit.channel_id.in_(
                select(Channel.id).where(visibility.visible(member, now=tx.now))
            ),
        )
        .order_by(Credit.id)
        .with_for_update(key_share=True)
    ).all():
        _set_consent(tx, credit, "public")


def apply_opt_outs(tx: Transaction) -> None:
    """Opt out the members whose settings say "never" while a credit does not."""
    query = opted_out(tx.workspace.id, tx.now)
    for member in tx.session.scalars(query.distinct().order_by(Credit.member)).all():
        opt_out(tx, member)


def opted_out(installation_id: InstallationId, _now: Time) -> Select[str]:
    """Select the members whose settings say "never" while a credit does not."""
    return (
        select(Credit.member)
        .join(
            MemberSettingsRow,
            (MemberSettingsRow.installation_id == Credit.installation_id)
            & (MemberSettingsRow.member == Credit.member),
        )
        .where(
            Credit.installation_id == installation_id,
            Credit.consent != "never",
            MemberSettingsRow.public_naming == "never",
        )
    )


def asked(installation_id: InstallationId, _now: Time) -> Select[int]:
    """Select the ids of the credits whose members have not answered."""
    return select(Credit.id).where(
        Credit.installation_id == installation_id, Credit.consent == "asked"
    )


def expire(tx: Transaction, *, settings: MentorSettings) -> None:
    """Set credits to "silent" whose members have not answered in `consent_days`."""
    for credit in tx.session.scalars(
        select(Credit)
        .where(
            Credit.installation_id == tx.workspace.id,
            Credit.consent == "asked",
            Credit.notified_at <= tx.now - timedelta(days=settings.consent_days),
        )
        .order_by(Credit.id)
        .with_for_update(key_share=True)
    ).all():
        _set_consent(tx, credit, "silent")


def lock(tx: Transaction, credit_id: int) -> Credit | None:
    """Lock a credit of the workspace, and read it again; None if there is none."""
    return tx.session.scalar(
        select(Credit)
        .filter_by(id=credit_id, installation_id=tx.workspace.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def _set_consent(tx: Transaction, credit: Credit, consent: str) -> None:
    if credit.consent == consent:
        return
    credit.consent = consent
    credit.answered_at = None if consent == "silent" else tx.now
    tx.session.flush()
    home_refresh.refresh_homes(tx, [credit.member])
    _update_offer(tx, credit)
    _sync_post(tx, credit)


def _sync_post(tx: Transaction, credit: Credit) -> None:
    """Enqueue the post, or its update, by the member's consent."""
    if credit.channel_id is None:
        return
    channel = tx.session.get_one(Channel, credit.channel_id)
    if credit.post_ts is not None:
        tx.enqueue_update(MENTOR_UPDATE, credit.id, to=channel.slack_id)
    elif credit.consent == "public":
        tx.enqueue(
            MENTOR_POST,
            credit.id,
            to=channel.slack_id,
            occurrence=str(credit.post_count),
        )


def on_offer_sent(
    tx: Transaction, delivery: Delivery, message: tuple[str, str]
) -> None:
    """Store that the member got the offer; consent for members who always agree."""
    credit = tx.session.get_one(Credit, delivery.subject_id)
    credit.notified_at, (credit.notified_channel, credit.notified_ts) = tx.now, message
    home_refresh.refresh_homes(tx, [credit.member])
    settings = member_settings.get(tx, credit.member)
    if credit.consent == "asked" and not _has_channel(tx, credit):
        _set_consent(tx, credit, "private")
    elif credit.consent == "asked" and settings.public_naming == "yes":
        _set_consent(tx, credit, "public")


def _has_channel(tx: Transaction, credit: Credit) -> bool:
    """Return True if there is a channel for the post, and the member may see it."""
    if credit.channel_id is None:
        return False
    channel = tx.session.get_one(Channel, credit.channel_id)
    return visibility.is_known_to_see(tx, channel, credit.member)


def on_offer_rejected(tx: Transaction, delivery: Delivery, _error: str) -> None:
    """Treat the credit as unanswered if Slack refused the offer."""
    credit = tx.session.get_one(Credit, delivery.subject_id)
    if credit.consent == "asked":
        credit.consent = "silent"


def on_posted(tx: Transaction, credit: Credit) -> None:
    """Notify the members whose reactions led to the post."""
    credit.post_count += 1
    tx.session.flush()
    if credit.consent != "public":
        # Consent was withdrawn while the post was being sent.
        _sync_post(tx, credit)
        return
    _update_offer(tx, credit)
    for person in markers(tx.session, credit):
        tx.enqueue(
            MENTOR_MARKER_NOTE,
            credit.id,
            to=person,
            send_at=next_contact_time(
                replace(tx, now=tx.now + NOTIFICATION_DELAY), person
            ),
        )


def on_rejected(tx: Transaction, credit: Credit, error: str) -> None:
    """Make the credit private if Slack refused the post or may have lost it."""
    credit.post_count += 1
    if credit.consent == "public":
        credit.consent = "private"
        home_refresh.refresh_homes(tx, [credit.member])
    tx.enqueue(
        MENTOR_NOT_POSTED,
        credit.id,
        to=credit.member,
        payload={"error": error},
        occurrence=str(credit.post_count),
    )
    _update_offer(tx, credit)


def on_deleted(tx: Transaction, credit: Credit) -> None:
    """Clear `post_ts`; post again if the member consented after the deleted post."""
    is_newer = _is_decided_after_post(tx.session, credit)
    credit.post_ts = None
    tx.session.flush()
    if is_newer:
        _sync_post(tx, credit)


def _is_decided_after_post(session: Session, credit: Credit) -> bool:
    """Return True if the member decided again after the post, by our own clock."""
    posted_at = session.scalar(
        select(OutboxItem.finished_at).filter_by(
            installation_id=credit.installation_id,
            kind=MENTOR_POST,
            subject_id=credit.id,
            ts=credit.post_ts,
        )
    )
    answered_at = credit.answered_at
    return bool(posted_at and answered_at and answered_at > posted_at)


def _update_offer(tx: Transaction, credit: Credit) -> None:
    tx.enqueue_update(MENTOR_UPDATE_OFFER, credit.id, to=credit.member)


def markers(session: Session, credit: Credit) -> Sequence[str]:
    """Return Slack's ids of the members whose reactions are the evidence."""
    rows = session.scalars(
        select(CreditEvidence.marked_by).filter_by(credit_id=credit.id)
    )
    return sorted({person for row in rows for person in row})
