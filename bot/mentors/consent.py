"""What the person decides about a credit, and how it can be changed again.

A credit's row is held while it changes, so that of two decisions the later stands and
the post shows it. What is in Slack is drawn from the row.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import visibility
from bot.config.mentors import MentorSettings
from bot.errors import UserError
from bot.outbox import enqueue, home_refresh
from bot.outbox.enqueue import NOTIFICATION_DELAY
from bot.outbox.queue import Delivery
from bot.runtime import Workspace
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


def decide(
    session: Session,
    workspace: Workspace,
    credit_id: int,
    choice: Choice,
    *,
    by: str,
    now: datetime,
) -> None:
    """Record the person's choice, the first or a later one. Raises Refusal."""
    credit = lock(session, credit_id)
    if credit is None or credit.installation_id != workspace.id or credit.member != by:
        raise UserError(NOT_YOUR_CREDIT)
    if choice == "never":
        member_settings.update(session, workspace.id, by, may_be_named="never")
        opt_out(session, workspace.id, by, now=now)
        return
    if choice == "public":
        if member_settings.get(session, workspace.id, by).may_be_named == "never":
            raise UserError(NAMING_DISABLED)
        if credit.channel_id is None:
            raise UserError(NO_CHANNEL)
        channel = session.get_one(Channel, credit.channel_id)
        visibility.require_visible(session, channel, by, now=now)
    _set_consent(session, credit, choice, now=now)


def opt_out(
    session: Session, installation_id: int, member: str, *, now: datetime
) -> None:
    """Whoever opts out: nothing about them stays in public."""
    for credit in session.scalars(
        select(Credit)
        .where(
            Credit.installation_id == installation_id,
            Credit.member == member,
            Credit.consent != "never",
        )
        .order_by(Credit.id)
        .with_for_update(key_share=True)
    ).all():
        _set_consent(session, credit, "never", now=now)


def consent_all(
    session: Session, installation_id: int, member: str, *, now: datetime
) -> None:
    """Whoever is always to be named has answered what they have been asked."""
    for credit in session.scalars(
        select(Credit)
        .where(
            Credit.installation_id == installation_id,
            Credit.member == member,
            Credit.consent == "asked",
            Credit.told_at.is_not(None),
            Credit.channel_id.in_(
                select(Channel.id).where(visibility.visible(member, now=now))
            ),
        )
        .order_by(Credit.id)
        .with_for_update(key_share=True)
    ).all():
        _set_consent(session, credit, "public", now=now)


def apply_opt_outs(session: Session, workspace: Workspace, *, now: datetime) -> None:
    """Follow those who opted out wherever they said so."""
    for member in session.scalars(
        select(Credit.member)
        .join(
            MemberSettingsRow,
            (MemberSettingsRow.installation_id == Credit.installation_id)
            & (MemberSettingsRow.member == Credit.member),
        )
        .where(
            Credit.installation_id == workspace.id,
            Credit.consent != "never",
            MemberSettingsRow.may_be_named == "never",
        )
        .distinct()
        .order_by(Credit.member)
    ).all():
        opt_out(session, workspace.id, member, now=now)


def expire(
    session: Session, workspace: Workspace, *, settings: MentorSettings, now: datetime
) -> None:
    """Who was asked long enough ago and did not answer keeps it between us."""
    for credit in session.scalars(
        select(Credit)
        .where(
            Credit.installation_id == workspace.id,
            Credit.consent == "asked",
            Credit.told_at <= now - timedelta(days=settings.consent_days),
        )
        .order_by(Credit.id)
        .with_for_update(key_share=True)
    ).all():
        _set_consent(session, credit, "silent", now=now)


def lock(session: Session, credit_id: int) -> Credit | None:
    """The credit as it is now; nobody else changes it meanwhile."""
    return session.scalar(
        select(Credit)
        .filter_by(id=credit_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def _set_consent(
    session: Session, credit: Credit, consent: str, *, now: datetime
) -> None:
    if credit.consent == consent:
        return
    credit.consent = consent
    credit.answered_at = None if consent == "silent" else now
    session.flush()
    home_refresh.refresh_homes(
        session, credit.installation_id, [credit.member], now=now
    )
    if credit.told_ts is not None:
        enqueue.enqueue_update(
            session,
            "mentor.choice",
            credit.id,
            credit.member,
            installation_id=credit.installation_id,
            now=now,
        )
    _sync_post(session, credit, now=now)


def _sync_post(session: Session, credit: Credit, *, now: datetime) -> None:
    """The channel is to see what the person wants it to see."""
    if credit.channel_id is None:
        return
    channel = session.get_one(Channel, credit.channel_id)
    if credit.post_ts is not None:
        enqueue.enqueue_update(
            session,
            "mentor.show",
            credit.id,
            channel.slack_id,
            installation_id=credit.installation_id,
            now=now,
        )
    elif credit.consent == "public":
        enqueue.enqueue(
            session,
            "mentor.post",
            credit.id,
            channel.slack_id,
            installation_id=credit.installation_id,
            now=now,
            occurrence=str(credit.posts),
        )


# What becomes of the messages


def lock_for_delivery(session: Session, delivery: Delivery) -> None:
    lock(session, delivery.subject_id)


def on_offer_sent(
    session: Session, delivery: Delivery, sent: tuple[str, str], now: datetime
) -> None:
    """The person knows. Who chose to be named each time is named from now on."""
    credit = session.get_one(Credit, delivery.subject_id)
    credit.told_at, (credit.told_channel, credit.told_ts) = now, sent
    home_refresh.refresh_homes(
        session, credit.installation_id, [credit.member], now=now
    )
    chosen = member_settings.get(session, credit.installation_id, credit.member)
    if credit.consent == "asked" and not _has_channel(session, credit, now=now):
        _set_consent(session, credit, "private", now=now)
    elif credit.consent == "asked" and chosen.may_be_named == "yes":
        _set_consent(session, credit, "public", now=now)


def _has_channel(session: Session, credit: Credit, *, now: datetime) -> bool:
    """Whether there is a channel to tell it in, which the person has not left."""
    if credit.channel_id is None:
        return False
    channel = session.get_one(Channel, credit.channel_id)
    return visibility.is_known_to_see(session, channel, credit.member, now=now)


def on_offer_rejected(
    session: Session, delivery: Delivery, _error: str, _now: datetime
) -> None:
    """Slack can't reach the person: nobody was asked, so nobody said yes."""
    credit = session.get_one(Credit, delivery.subject_id)
    if credit.consent == "asked":
        credit.consent = "silent"


def on_posted(
    session: Session, delivery: Delivery, sent: tuple[str, str], now: datetime
) -> None:
    """It is in the channel: those who were helped hear that their marks did this."""
    credit = session.get_one(Credit, delivery.subject_id)
    credit.post_ts, credit.posts = sent[1], credit.posts + 1
    session.flush()
    if credit.consent != "public":
        # Taken back while it was on its way.
        _sync_post(session, credit, now=now)
        return
    _update_offer(session, credit, now=now)
    for person in markers(session, credit):
        enqueue.enqueue(
            session,
            "mentor.helped",
            credit.id,
            person,
            installation_id=credit.installation_id,
            now=now,
            # An undo within a minute withdraws it unsent.
            due=next_contact_time(
                session, credit.installation_id, person, now=now + NOTIFICATION_DELAY
            ),
        )


def on_rejected(
    session: Session, delivery: Delivery, error: str, now: datetime
) -> None:
    """Slack will not have it there, or nobody can tell: it stays between us for now."""
    credit = session.get_one(Credit, delivery.subject_id)
    credit.posts += 1
    if credit.consent == "public":
        credit.consent = "private"
        home_refresh.refresh_homes(
            session, credit.installation_id, [credit.member], now=now
        )
    enqueue.enqueue(
        session,
        "mentor.not_posted",
        credit.id,
        credit.member,
        installation_id=credit.installation_id,
        now=now,
        payload={"error": error},
        occurrence=str(credit.posts),
    )
    _update_offer(session, credit, now=now)


def on_lost(session: Session, delivery: Delivery, _error: str, now: datetime) -> None:
    on_rejected(session, delivery, "unknown", now)


def on_updated(
    session: Session, delivery: Delivery, _result: object, _now: datetime
) -> None:
    """The post shows what the person wants; whoever opted out has none any more."""
    credit = session.get_one(Credit, delivery.subject_id)
    is_latest = session.get_one(OutboxItem, delivery.id).version == delivery.version
    if credit.consent == "never" and is_latest:
        credit.post_ts = None


def on_update_rejected(
    session: Session, delivery: Delivery, error: str, now: datetime
) -> None:
    """Somebody deleted the post in Slack: it stays so until a newer yes posts it."""
    credit = session.get_one(Credit, delivery.subject_id)
    if error == "message_not_found":
        is_newer = _is_decided_after_post(session, credit)
        credit.post_ts = None
        session.flush()
        if is_newer:
            _sync_post(session, credit, now=now)


def _is_decided_after_post(session: Session, credit: Credit) -> bool:
    """Whether the person chose anew after the post was made, by our own clock."""
    posted_at = session.scalar(
        select(OutboxItem.finished_at).filter_by(
            installation_id=credit.installation_id,
            kind="mentor.post",
            subject_id=credit.id,
            ts=credit.post_ts,
        )
    )
    answered_at = credit.answered_at
    return bool(posted_at and answered_at and answered_at > posted_at)


def _update_offer(session: Session, credit: Credit, *, now: datetime) -> None:
    enqueue.enqueue_update(
        session,
        "mentor.choice",
        credit.id,
        credit.member,
        installation_id=credit.installation_id,
        now=now,
    )


def markers(session: Session, credit: Credit) -> Sequence[str]:
    """Those whose marks are the evidence, once each."""
    rows = session.scalars(
        select(CreditEvidence.marked_by).filter_by(credit_id=credit.id)
    )
    return sorted({person for row in rows for person in row})
