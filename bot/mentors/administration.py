"""The program leads' view of mentors, and their settings."""

from collections.abc import Collection, Mapping

from slack_sdk.models.views import View
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.config.mentors import MentorSettings
from bot.db.statements import replace_members, set_columns
from bot.errors import UserError
from bot.mentors import credit_store, detection, forms, periods, queries
from bot.mentors.forms import CreditRow, EvidenceItem
from bot.mentors.permissions import SEE_MENTORS
from bot.permissions import require
from bot.runtime import Transaction
from bot.slack.text import permalink, sanitize, to_mrkdwn, to_plain
from bot.slack.text_length import english_length
from bot.workspace import channels, member_settings, members, roles, visibility
from models import (
    Answer,
    Ask,
    Channel,
    Credit,
    CreditEvidence,
    ExpectedExpert,
    MentorRingAlert,
    MentorWorkspaceSettings,
)

PAGE_SIZE = 8
MAX_RINGS = 5

NOT_CREDITABLE = "Only people in your workspace can be credited."
NOT_YOURSELF = "You can't credit yourself. Ask another program lead."
OPTED_OUT = "{name} doesn't want to be credited."
ALREADY_CREDITED = "{name} already has a credit this week."
BOT_NOT_IN_CHANNEL = (
    "I'm not in that channel yet. Type /invite @Backswing there, or choose another one."
)
NOT_IN_PRIVATE_CHANNEL = "You can only choose a private channel that you're both in."


def require_access(tx: Transaction, by: str) -> None:
    """Raise UserError unless `by` is a program lead or an admin."""
    require(SEE_MENTORS, roles.in_workspace(tx, by))


def overview(tx: Transaction, *, by: str, start: int) -> View:
    """Return the view with the credits from offset `start` on, the newest first.

    Raises UserError.
    """
    require_access(tx, by)
    credits_ = tx.session.scalars(
        select(Credit)
        .filter_by(installation_id=tx.workspace.id)
        .order_by(Credit.period.desc(), Credit.id.desc())
        .offset(start)
        .limit(PAGE_SIZE + 1)
    ).all()
    people = {
        person
        for credit in credits_
        for person in (credit.member, credit.credited_by)
        if person
    }
    return forms.overview(
        [_credit_row(tx, credit, people) for credit in credits_[:PAGE_SIZE]],
        rings=_ring_lines(tx),
        scope=detection.search_scope(tx),
        experts=members.names_in_order(tx, experts(tx)),
        newer_start=max(0, start - PAGE_SIZE) if start else None,
        older_start=start + PAGE_SIZE if len(credits_) > PAGE_SIZE else None,
    )


def _credit_row(
    tx: Transaction, credit: Credit, credited_people: Collection[str]
) -> CreditRow:
    """Build a credit's row; `credited_people` are all people whom the view names."""
    rows = tx.session.execute(
        select(CreditEvidence, Ask, Answer, Channel)
        .join(Ask, Ask.id == CreditEvidence.ask_id)
        .join(Answer, Answer.id == CreditEvidence.answer_id)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(CreditEvidence.credit_id == credit.id)
        .order_by(Answer.ts)
    ).all()
    people = {
        person for row in rows for person in (row[0].asker, *row[0].helped_members)
    }
    names = members.names(tx, people.union(credited_people))
    evidence_items = [
        EvidenceItem(
            title=members.text_with_names(tx, ask.title)
            if ask.deleted_at is None
            else "(deleted)",
            url=permalink(tx.workspace.team_url, channel.slack_id, answer.ts, ask.ts),
            asker=names[evidence.asker],
            helped_names=[names[person] for person in evidence.helped_members],
            is_still_marked=queries.is_still_marked(tx.session, ask.id, credit.member),
        )
        for evidence, ask, answer, channel in rows
        if not channel.is_private
    ]
    post_channel = (
        tx.session.get(Channel, credit.channel_id) if credit.channel_id else None
    )
    is_public = post_channel is not None and not post_channel.is_private
    return CreditRow(
        name=names[credit.member],
        day=credit.period,
        consent=forms.to_consent(credit.consent),
        channel=post_channel.name if post_channel is not None and is_public else "",
        evidence=evidence_items,
        hidden_count=len(rows) - len(evidence_items),
        explanation=_explanation(
            credit, names, is_reason_visible=is_public or post_channel is None
        ),
    )


def _explanation(
    credit: Credit, names: Mapping[str, str], *, is_reason_visible: bool
) -> str:
    """Explain a credit by its lead's reason, or by the detection's numbers.

    `is_reason_visible` is False for a reason that was given for a private channel.
    """
    if credit.credited_by is not None and not is_reason_visible:
        return f"by {names[credit.credited_by]}, in a private channel"
    if credit.credited_by is not None:
        return f"by {names[credit.credited_by]}: {to_plain(credit.reason or '')}"
    text = f"In {credit.window_days} days: weighted help {credit.helpfulness:.1f}"
    if not credit.all_messages:
        return f"{text}."
    share = f"{credit.messages} of {credit.all_messages} messages"
    return f"{text}, where {share} would predict {credit.expected:.1f}."


def _ring_lines(tx: Transaction) -> list[str]:
    alerts = tx.session.scalars(
        select(MentorRingAlert)
        .filter_by(installation_id=tx.workspace.id)
        .order_by(MentorRingAlert.period.desc(), MentorRingAlert.member)
        .limit(MAX_RINGS)
    ).all()
    names = members.names(
        tx, {person for alert in alerts for person in (alert.member, *alert.ring)}
    )
    return [
        f"{names[alert.member]}: {alert.marks_from_ring} of {alert.marks} marks come"
        f" from {', '.join(names[p] for p in alert.ring if p != alert.member)}"
        for alert in alerts
    ]


def credit_by_hand(
    tx: Transaction,
    *,
    member: str,
    channel: str,
    reason: str,
    by: str,
    settings: MentorSettings,
) -> None:
    """Credit a member for a program lead's reason, and ask for the member's consent.

    `channel` is Slack's id; the lead and the member have to be in a private one.
    `reason` is plain text as typed. A repeated request changes nothing. Raises
    UserError, with the field, and MembershipUnknown.
    """
    require_access(tx, by)
    plain_reason = sanitize(reason)
    if english_length(plain_reason) < forms.MIN_REASON_LENGTH:
        raise UserError("Describe what they did in one sentence.", field="reason")
    if member == by:
        raise UserError(NOT_YOURSELF, field="member")
    row = members.find(tx, member)
    if row is None or row.is_bot or row.is_deactivated or row.is_external:
        raise UserError(NOT_CREDITABLE, field="member")
    if member_settings.get(tx, member).public_naming == "never":
        raise UserError(OPTED_OUT.format(name=row.name), field="member")
    post_channel = channels.find(tx, channel)
    if post_channel is None or not detection.can_post(post_channel):
        raise UserError(BOT_NOT_IN_CHANNEL, field="channel")
    for person in (by, member):
        visibility.require_visible(
            tx, post_channel, person, message=NOT_IN_PRIVATE_CHANNEL, field="channel"
        )
    zone = detection.workspace_zone(tx)
    credit = Credit(
        installation_id=tx.workspace.id,
        member=member,
        period=periods.period_of(tx.now, zone, settings),
        credited_at=tx.now,
        channel_id=post_channel.id,
        credited_by=by,
        reason=to_mrkdwn(plain_reason),
    )
    credit_id = credit_store.create(tx, credit)
    if credit_id is None and not _is_repeated(tx.session, credit):
        raise UserError(ALREADY_CREDITED.format(name=row.name), field="member")


def _is_repeated(session: Session, credit: Credit) -> bool:
    """Return True if the stored credit for the period is the same."""
    stored = session.scalars(
        select(Credit).filter_by(
            installation_id=credit.installation_id,
            member=credit.member,
            period=credit.period,
        )
    ).one()
    return (stored.credited_by, stored.channel_id, stored.reason) == (
        credit.credited_by,
        credit.channel_id,
        credit.reason,
    )


def update_settings(
    tx: Transaction, *, scope: str, experts: Collection[str], by: str
) -> None:
    """Store the scope of detection and the expected experts. Raises UserError."""
    require_access(tx, by)
    if scope not in {value for value, _, _ in forms.SCOPES}:
        raise UserError("Choose one of the three.", field="scope")
    key = {"installation_id": tx.workspace.id}
    set_columns(tx.session, MentorWorkspaceSettings, key, scope=scope)
    replace_members(
        tx.session, ExpectedExpert, experts, installation_id=tx.workspace.id
    )


def settings_view(tx: Transaction, *, by: str) -> View:
    """Return the form for the scope and the expected experts. Raises UserError."""
    require_access(tx, by)
    return forms.settings_form(detection.search_scope(tx), experts(tx))


def experts(tx: Transaction) -> list[str]:
    """Return Slack's ids of the expected experts."""
    return list(
        tx.session.scalars(
            select(ExpectedExpert.member)
            .filter_by(installation_id=tx.workspace.id)
            .order_by(ExpectedExpert.member)
        )
    )
