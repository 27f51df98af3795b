"""Render the messages about credits when they are sent."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.config.mentors import MentorSettings
from bot.mentors import consent, notes
from bot.mentors.message_kinds import (
    MENTOR_MARKER_NOTE,
    MENTOR_NOT_POSTED,
    MENTOR_OFFER,
    MENTOR_POST,
    MENTOR_RING_ALERT,
    MENTOR_UPDATE,
    MENTOR_UPDATE_OFFER,
)
from bot.mentors.notes import Consent, Contribution, CreditStory
from bot.outbox.message_type import MessageType
from bot.outbox.posted_message import PostedMessage
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction, UpdateMessage
from bot.slack.blocks import Note
from bot.slack.text import permalink
from bot.workspace import contact_hours, member_settings, members, visibility
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from bot.workspace.visibility import sees
from models import Answer, Ask, Channel, Credit, CreditEvidence, Member, MentorRingAlert


def render_offer(
    tx: Transaction, delivery: Delivery, *, settings: MentorSettings
) -> SlackAction | None:
    credit = tx.session.get_one(Credit, delivery.subject_id)
    if credit.consent == "never" or _has_opted_out(tx, credit.member):
        return None
    return PostMessage(delivery.recipient, *_offer_note(tx, credit, settings))


def render_offer_update(
    tx: Transaction, delivery: Delivery, *, settings: MentorSettings
) -> SlackAction | None:
    credit = tx.session.get_one(Credit, delivery.subject_id)
    if credit.notified_channel is None or credit.notified_ts is None:
        return None
    text, blocks = _offer_note(tx, credit, settings)
    return UpdateMessage(credit.notified_channel, credit.notified_ts, text, blocks)


def _offer_note(tx: Transaction, credit: Credit, settings: MentorSettings) -> Note:
    """Return the offer to the member, without channels that they may not see."""
    channel, rows = _visible_evidence(tx, credit, credit.member)
    member = member_settings.get(tx, credit.member)
    is_counted = credit.all_messages > 0
    return notes.credit_offer(
        credit.id,
        _credit_story(tx, credit, rows),
        share=credit.messages / credit.all_messages if is_counted else None,
        consent=_consent(credit),
        channel=channel.name if channel else "",
        url=_post_url(tx, credit, channel),
        asks_first=member.public_naming == "ask" and channel is not None,
        consent_days=settings.consent_days,
    )


def _render_post(tx: Transaction, credit: Credit, _delivery: Delivery) -> Note | None:
    if credit.consent != "public" or _has_opted_out(tx, credit.member):
        return None
    return _post_note(tx, credit)


def _render_update(tx: Transaction, credit: Credit) -> Note | None:
    if credit.consent == "never":
        return None
    is_public = credit.consent == "public"
    return _post_note(tx, credit) if is_public else notes.withdrawn_post()


def _post_note(tx: Transaction, credit: Credit) -> Note:
    channel = tx.session.get_one(Channel, credit.channel_id)
    name = members.name(tx, credit.member)
    rows = [
        row
        for row in _evidence(tx.session, credit)
        if visibility.may_quote(row[2], channel)
    ]
    story = _credit_story(tx, credit, rows, is_public=True)
    return notes.post(credit.member, name, story)


def render_marker_note(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    credit = tx.session.get_one(Credit, delivery.subject_id)
    if credit.consent != "public" or credit.post_ts is None:
        return None
    # Without the post's channel, if that is private and the recipient is not in it.
    channel, rows = _visible_evidence(tx, credit, delivery.recipient)
    marked_rows = [row for row in rows if delivery.recipient in row[0].marked_by]
    if not marked_rows:
        return None
    note = notes.marker_note(
        members.name(tx, credit.member),
        _contribution(tx, marked_rows[0], {}),
        channel.name if channel else "",
        _post_url(tx, credit, channel),
    )
    return PostMessage(delivery.recipient, *note)


def render_not_posted(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    channel = _channel(tx.session, tx.session.get_one(Credit, delivery.subject_id))
    if channel is None:
        return None
    note = notes.not_posted(channel.name, delivery.payload["error"])
    return PostMessage(delivery.recipient, *note)


def render_ring_alert(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    member = tx.session.get_one(Member, delivery.subject_id)
    alert = tx.session.get(
        MentorRingAlert,
        (
            tx.workspace.id,
            member.slack_id,
            date.fromisoformat(delivery.payload["period"]),
        ),
    )
    if alert is None:
        return None
    names = members.names(tx, {member.slack_id, *alert.ring})
    note = notes.ring_alert(
        names[member.slack_id],
        [names[person] for person in alert.ring],
        alert.marks,
        alert.marks_from_ring,
    )
    return PostMessage(delivery.recipient, *note)


def _has_opted_out(tx: Transaction, member: str) -> bool:
    return member_settings.get(tx, member).public_naming == "never"


def _credit_story(
    tx: Transaction,
    credit: Credit,
    rows: Sequence[tuple[CreditEvidence, Ask, Channel, Answer]],
    *,
    is_public: bool = False,
) -> CreditStory:
    askers = {row.asker for row, *_ in rows}
    lead = credit.credited_by
    names = members.names(tx, {*askers, credit.member, lead or credit.member})
    asker_names: Mapping[str, str | None] = {asker: names[asker] for asker in askers}
    if is_public:
        settings = member_settings.get_many(tx, askers)
        asker_names = {
            asker: None if settings[asker].public_naming == "never" else name
            for asker, name in asker_names.items()
        }
    return CreditStory(
        days=credit.window_days,
        contributions=[_contribution(tx, row, asker_names) for row in rows],
        helped_count=len({person for row, *_ in rows for person in row.helped_members}),
        nominated_by=names[lead] if lead else "",
        reason=credit.reason or "",
    )


def _contribution(
    tx: Transaction,
    evidence_row: tuple[CreditEvidence, Ask, Channel, Answer],
    names: Mapping[str, str | None],
) -> Contribution:
    row, ask, channel, answer = evidence_row
    return Contribution(
        title=members.text_with_names(tx, ask.title),
        url=permalink(tx.workspace.team_url, channel.slack_id, answer.ts, ask.ts),
        asker=names.get(row.asker),
        is_solution=row.is_solution,
    )


def _post_url(tx: Transaction, credit: Credit, channel: Channel | None) -> str:
    if channel is None or credit.post_ts is None:
        return ""
    return permalink(tx.workspace.team_url, channel.slack_id, credit.post_ts)


def _evidence(
    session: Session, credit: Credit
) -> list[tuple[CreditEvidence, Ask, Channel, Answer]]:
    """Return the evidence of the credit, without asks that were deleted since."""
    rows = session.execute(
        select(CreditEvidence, Ask, Channel, Answer)
        .join(Ask, Ask.id == CreditEvidence.ask_id)
        .join(Channel, Channel.id == Ask.channel_id)
        .join(Answer, Answer.id == CreditEvidence.answer_id)
        .where(CreditEvidence.credit_id == credit.id, Ask.deleted_at.is_(None))
        .order_by(Answer.ts)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def _channel(session: Session, credit: Credit) -> Channel | None:
    if credit.channel_id is None:
        return None
    return session.get_one(Channel, credit.channel_id)


def _visible_evidence(
    tx: Transaction, credit: Credit, member: str
) -> tuple[Channel | None, list[tuple[CreditEvidence, Ask, Channel, Answer]]]:
    """Return the credit's channel and evidence, as far as the member may see them.

    Raises MembershipUnknown.
    """
    channel, rows = _channel(tx.session, credit), _evidence(tx.session, credit)
    visible = visibility.visible_channels(
        tx,
        [*([channel] if channel else []), *(row[2] for row in rows)],
        member,
    )
    if channel is not None and channel.id not in visible:
        channel = None
    return channel, [row for row in rows if row[2].id in visible]


def _credit_channel_ids(tx: Transaction, delivery: Delivery) -> list[int]:
    channel_id = tx.session.get_one(Credit, delivery.subject_id).channel_id
    return [] if channel_id is None else [channel_id]


def _consent(credit: Credit) -> Consent:
    return cast("Consent", credit.consent)


CREDIT_POST = PostedMessage(
    model=Credit,
    lock=consent.lock,
    ts="post_ts",
    post=MENTOR_POST,
    render_post=_render_post,
    on_posted=consent.on_posted,
    on_rejected=consent.on_rejected,
    update=MENTOR_UPDATE,
    render_update=_render_update,
    on_deleted=consent.on_deleted,
)


def message_types(settings: MentorSettings) -> Sequence[MessageType]:
    return (
        MessageType(
            MENTOR_OFFER,
            partial(render_offer, settings=settings),
            on_sent=consent.on_offer_sent,
            on_rejected=consent.on_offer_rejected,
            on_lost=consent.on_offer_rejected,
            update=MENTOR_UPDATE_OFFER,
            send_after=contact_hours.send_after,
            claim=claim_as(Purpose.CONSENT),
            lock=CREDIT_POST.lock_subject,
        ),
        MessageType(
            MENTOR_UPDATE_OFFER,
            partial(render_offer_update, settings=settings),
            "resend",
        ),
        *CREDIT_POST.message_types(),
        MessageType(
            MENTOR_MARKER_NOTE,
            render_marker_note,
            send_after=contact_hours.send_after,
            claim=claim_as(Purpose.NEWS),
        ),
        MessageType(
            MENTOR_NOT_POSTED, render_not_posted, can_see=sees(_credit_channel_ids)
        ),
        MessageType(
            MENTOR_RING_ALERT,
            render_ring_alert,
            send_after=contact_hours.send_after,
            claim=claim_as(Purpose.NEWS),
        ),
    )
