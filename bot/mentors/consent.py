"""What the person decides about a credit, and how it can be changed again.

A credit's row is held while it changes, so that of two decisions the later stands and
the post shows it. What is in Slack is drawn from the row.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import visibility
from bot.config.mentors import MentorSettings
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
from bot.workspace import member_settings
from bot.workspace.contact_hours import next_contact_time
from models import Channel, Credit, CreditEvidence, MemberSettingsRow, OutboxItem

Choice = Literal["public", "private", "never"]

NOT_YOUR_CREDIT = "That is about somebody else, who decides it."
NAMING_DISABLED = (
    "You said that you are never to be named in public. Change that first, in the"
    " settings of the Home tab."
)
NO_CHANNEL = "I'm not in any channel where I could post it."


def decide(tx: Transaction, credit_id: int, choice: Choice, *, by: str) -> None:
    """Record the person's choice, the first or a later one. Raises Refusal."""
    credit = lock(tx.session, credit_id)
    if (
        credit is None
        or credit.installation_id != tx.workspace.id
        or credit.member != by
    ):
        raise UserError(NOT_YOUR_CREDIT)
    if choice == "never":
        member_settings.update(tx, by, may_be_named="never")
        opt_out(tx, by)
        return
    if choice == "public":
        if member_settings.get(tx, by).may_be_named == "never":
            raise UserError(NAMING_DISABLED)
        if credit.channel_id is None:
            raise UserError(NO_CHANNEL)
        channel = tx.session.get_one(Channel, credit.channel_id)
        visibility.require_visible(tx, channel, by)
    _set_consent(tx, credit, choice)


def opt_out(tx: Transaction, member: str) -> None:
    """Whoever opts out: nothing about them stays in public."""
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
    """Whoever is always to be named has answered what they have been asked."""
    for credit in tx.session.scalars(
        select(Credit)
        .where(
            Credit.installation_id == tx.workspace.id,
            Credit.member == member,
            Credit.consent == "asked",
            Credit.told_at.is_not(None),
            Credit.channel_id.in_(
                select(Channel.id).where(visibility.visible(member, now=tx.now))
            ),
        )
        .order_by(Credit.id)
        .with_for_update(key_share=True)
    ).all():
        _set_consent(tx, credit, "public")


def apply_opt_outs(tx: Transaction) -> None:
    """Follow those who opted out wherever they said so."""
    for member in tx.session.scalars(
        select(Credit.member)
        .join(
            MemberSettingsRow,
            (MemberSettingsRow.installation_id == Credit.installation_id)
            & (MemberSettingsRow.member == Credit.member),
        )
        .where(
            Credit.installation_id == tx.workspace.id,
            Credit.consent != "never",
            MemberSettingsRow.may_be_named == "never",
        )
        .distinct()
        .order_by(Credit.member)
    ).all():
        opt_out(tx, member)


def expire(tx: Transaction, *, settings: MentorSettings) -> None:
    """Who was asked long enough ago and did not answer keeps it between us."""
    for credit in tx.session.scalars(
        select(Credit)
        .where(
            Credit.installation_id == tx.workspace.id,
            Credit.consent == "asked",
            Credit.told_at <= tx.now - timedelta(days=settings.consent_days),
        )
        .order_by(Credit.id)
        .with_for_update(key_share=True)
    ).all():
        _set_consent(tx, credit, "silent")


def lock(session: Session, credit_id: int) -> Credit | None:
    """The credit as it is now; nobody else changes it meanwhile."""
    return session.scalar(
        select(Credit)
        .filter_by(id=credit_id)
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
    if credit.told_ts is not None:
        tx.enqueue_update(MENTOR_UPDATE_OFFER, credit.id, to=credit.member)
    _sync_post(tx, credit)


def _sync_post(tx: Transaction, credit: Credit) -> None:
    """The channel is to see what the person wants it to see."""
    if credit.channel_id is None:
        return
    channel = tx.session.get_one(Channel, credit.channel_id)
    if credit.post_ts is not None:
        tx.enqueue_update(MENTOR_UPDATE, credit.id, to=channel.slack_id)
    elif credit.consent == "public":
        tx.enqueue(
            MENTOR_POST, credit.id, to=channel.slack_id, occurrence=str(credit.posts)
        )


# What becomes of the messages


def lock_for_delivery(tx: Transaction, delivery: Delivery) -> None:
    lock(tx.session, delivery.subject_id)


def on_offer_sent(tx: Transaction, delivery: Delivery, sent: tuple[str, str]) -> None:
    """The person knows. Who chose to be named each time is named from now on."""
    credit = tx.session.get_one(Credit, delivery.subject_id)
    credit.told_at, (credit.told_channel, credit.told_ts) = tx.now, sent
    home_refresh.refresh_homes(tx, [credit.member])
    chosen = member_settings.get(tx, credit.member)
    if credit.consent == "asked" and not _has_channel(tx, credit):
        _set_consent(tx, credit, "private")
    elif credit.consent == "asked" and chosen.may_be_named == "yes":
        _set_consent(tx, credit, "public")


def _has_channel(tx: Transaction, credit: Credit) -> bool:
    """Whether there is a channel to tell it in, which the person has not left."""
    if credit.channel_id is None:
        return False
    channel = tx.session.get_one(Channel, credit.channel_id)
    return visibility.is_known_to_see(tx, channel, credit.member)


def on_offer_rejected(tx: Transaction, delivery: Delivery, _error: str) -> None:
    """Slack can't reach the person: nobody was asked, so nobody said yes."""
    credit = tx.session.get_one(Credit, delivery.subject_id)
    if credit.consent == "asked":
        credit.consent = "silent"


def on_posted(tx: Transaction, delivery: Delivery, sent: tuple[str, str]) -> None:
    """It is in the channel: those who were helped hear that their marks did this."""
    credit = tx.session.get_one(Credit, delivery.subject_id)
    credit.post_ts, credit.posts = sent[1], credit.posts + 1
    tx.session.flush()
    if credit.consent != "public":
        # Taken back while it was on its way.
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


def on_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    """Slack will not have it there, or nobody can tell: it stays between us for now."""
    credit = tx.session.get_one(Credit, delivery.subject_id)
    credit.posts += 1
    if credit.consent == "public":
        credit.consent = "private"
        home_refresh.refresh_homes(tx, [credit.member])
    tx.enqueue(
        MENTOR_NOT_POSTED,
        credit.id,
        to=credit.member,
        payload={"error": error},
        occurrence=str(credit.posts),
    )
    _update_offer(tx, credit)


def on_lost(tx: Transaction, delivery: Delivery, _error: str) -> None:
    on_rejected(tx, delivery, "unknown")


def on_updated(tx: Transaction, delivery: Delivery, _result: object) -> None:
    """The post shows what the person wants; whoever opted out has none any more."""
    credit = tx.session.get_one(Credit, delivery.subject_id)
    is_latest = tx.session.get_one(OutboxItem, delivery.id).version == delivery.version
    if credit.consent == "never" and is_latest:
        credit.post_ts = None


def on_update_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    """Somebody deleted the post in Slack: it stays so until a newer yes posts it."""
    credit = tx.session.get_one(Credit, delivery.subject_id)
    if error == "message_not_found":
        is_newer = _is_decided_after_post(tx.session, credit)
        credit.post_ts = None
        tx.session.flush()
        if is_newer:
            _sync_post(tx, credit)


def _is_decided_after_post(session: Session, credit: Credit) -> bool:
    """Whether the person chose anew after the post was made, by our own clock."""
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
    """Those whose marks are the evidence, once each."""
    rows = session.scalars(
        select(CreditEvidence.marked_by).filter_by(credit_id=credit.id)
    )
    return sorted({person for row in rows for person in row})
