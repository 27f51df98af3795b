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
from bot.slack.text import english_length, permalink, sanitize, to_mrkdwn, to_plain
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
    """Raises UserError for anybody but the program leads and admins."""
    held = roles.in_workspace(tx, by)
    require(SEE_MENTORS, held)


def overview(tx: Transaction, *, by: str, start: int) -> View:
    """Past credits from the `start`th on, the newest first. Raises UserError."""
    require_access(tx, by)
    found = tx.session.scalars(
        select(Credit)
        .filter_by(installation_id=tx.workspace.id)
        .order_by(Credit.period.desc(), Credit.id.desc())
        .offset(start)
        .limit(PAGE_SIZE + 1)
    ).all()
    expected = experts(tx)
    called = members.names(tx, expected)
    together = {person for c in found for person in (c.member, c.credited_by) if person}
    return forms.overview(
        [_credit_row(tx, credit, together) for credit in found[:PAGE_SIZE]],
        rings=_ring_lines(tx),
        scope=detection.search_scope(tx),
        experts=[called[expert] for expert in expected],
        newer_start=max(0, start - PAGE_SIZE) if start else None,
        older_start=start + PAGE_SIZE if len(found) > PAGE_SIZE else None,
    )


def _credit_row(
    tx: Transaction, credit: Credit, credited_people: Collection[str]
) -> CreditRow:
    """A credit beside others; `together`: those whom all of them are about."""
    seen = tx.session.execute(
        select(CreditEvidence, Ask, Answer, Channel)
        .join(Ask, Ask.id == CreditEvidence.ask_id)
        .join(Answer, Answer.id == CreditEvidence.answer_id)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(CreditEvidence.credit_id == credit.id)
        .order_by(Answer.ts)
    ).all()
    people = {
        person for row in seen for person in (row[0].asker, *row[0].helped_members)
    }
    called = members.names(tx, people.union(credited_people))
    proofs = [
        EvidenceItem(
            title=members.text_with_names(tx, ask.title)
            if ask.deleted_at is None
            else "(deleted)",
            url=permalink(tx.workspace.team_url, channel.slack_id, answer.ts, ask.ts),
            asker=called[evidence.asker],
            helped_names=[called[person] for person in evidence.helped_members],
            is_still_marked=queries.is_still_marked(tx.session, ask.id, credit.member),
        )
        for evidence, ask, answer, channel in seen
        if not channel.is_private
    ]
    where = tx.session.get(Channel, credit.channel_id) if credit.channel_id else None
    is_open = where is not None and not where.is_private
    return CreditRow(
        name=called[credit.member],
        day=credit.period,
        consent=forms.to_consent(credit.consent),
        channel=where.name if where is not None and is_open else "",
        evidence=proofs,
        hidden_count=len(seen) - len(proofs),
        explanation=_explanation(
            credit, called, is_reason_visible=is_open or where is None
        ),
    )


def _explanation(
    credit: Credit, names: Mapping[str, str], *, is_reason_visible: bool
) -> str:
    """`is_open`: whether the reason was not given for a private channel."""
    if credit.credited_by is not None and not is_reason_visible:
        return f"by {names[credit.credited_by]}, in a private channel"
    if credit.credited_by is not None:
        return f"by {names[credit.credited_by]}: {to_plain(credit.reason or '')}"
    said = f"In {credit.window_days} days: weighted help {credit.helpfulness:.1f}"
    if not credit.all_messages:
        return f"{said}."
    written = f"{credit.messages} of {credit.all_messages} messages"
    return f"{said}, where {written} would predict {credit.expected:.1f}."


def _ring_lines(tx: Transaction) -> list[str]:
    noted = tx.session.scalars(
        select(MentorRingAlert)
        .filter_by(installation_id=tx.workspace.id)
        .order_by(MentorRingAlert.period.desc(), MentorRingAlert.member)
        .limit(MAX_RINGS)
    ).all()
    called = members.names(
        tx, {person for note in noted for person in (note.member, *note.ring)}
    )
    return [
        f"{called[note.member]}: {note.marks_from_ring} of {note.marks} marks come"
        f" from {', '.join(called[p] for p in note.ring if p != note.member)}"
        for note in noted
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
    """Credit somebody because a lead says so; the consent is asked as ever.

    In a private channel, only if both are in it. `reason` is as typed. Said twice, it
    counts once. Raises UserError, with the field, and MembershipUnknown.
    """
    require_access(tx, by)
    said = sanitize(reason)
    if english_length(said) < forms.MIN_REASON_LENGTH:
        raise UserError("Describe what they did in one sentence.", field="reason")
    if member == by:
        raise UserError(NOT_YOURSELF, field="member")
    known = members.find(tx, member)
    if known is None or known.is_bot or known.is_deactivated or known.is_external:
        raise UserError(NOT_CREDITABLE, field="member")
    if member_settings.get(tx, member).public_naming == "never":
        raise UserError(OPTED_OUT.format(name=known.name), field="member")
    place = channels.find(tx, channel)
    if place is None or not place.is_joined or place.is_archived or place.is_read_only:
        raise UserError(BOT_NOT_IN_CHANNEL, field="channel")
    for person in (by, member):
        visibility.require_visible(
            tx, place, person, message=NOT_IN_PRIVATE_CHANNEL, field="channel"
        )
    zone = detection.workspace_zone(tx)
    credit = Credit(
        installation_id=tx.workspace.id,
        member=member,
        period=periods.period_of(tx.now, zone, settings),
        credited_at=tx.now,
        channel_id=place.id,
        credited_by=by,
        reason=to_mrkdwn(said),
    )
    added = credit_store.create(tx, credit)
    if added is None and not _is_repeated(tx.session, credit):
        raise UserError(ALREADY_CREDITED.format(name=known.name), field="member")


def _is_repeated(session: Session, credit: Credit) -> bool:
    """Return True if the lead repeats a credit because our answer was lost."""
    held = session.scalars(
        select(Credit).filter_by(
            installation_id=credit.installation_id,
            member=credit.member,
            period=credit.period,
        )
    ).one()
    return (held.credited_by, held.channel_id, held.reason) == (
        credit.credited_by,
        credit.channel_id,
        credit.reason,
    )


def update_settings(
    tx: Transaction, *, scope: str, experts: Collection[str], by: str
) -> None:
    """Record where to look, and who is expected to help. Raises UserError."""
    require_access(tx, by)
    if scope not in {value for value, _, _ in forms.SCOPES}:
        raise UserError("Choose one of the three.", field="scope")
    key = {"installation_id": tx.workspace.id}
    set_columns(tx.session, MentorWorkspaceSettings, key, scope=scope)
    replace_members(
        tx.session, ExpectedExpert, experts, installation_id=tx.workspace.id
    )


def settings_view(tx: Transaction, *, by: str) -> View:
    """The form for where to look, and whom not to credit. Raises UserError."""
    require_access(tx, by)
    return forms.settings_form(detection.search_scope(tx), experts(tx))


def experts(tx: Transaction) -> list[str]:
    return list(
        tx.session.scalars(
            select(ExpectedExpert.member)
            .filter_by(installation_id=tx.workspace.id)
            .order_by(ExpectedExpert.member)
        )
    )
