"""What the program leads see of mentors, and choose: all of it checked and recorded."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from slack_sdk.models.views import View
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import visibility
from bot.channels import service as channels
from bot.config import MentorNumbers
from bot.errors import Refusal
from bot.members import service as members
from bot.members.rules import Action, check
from bot.mentors import forms, looking, rounds, rules
from bot.mentors.forms import Proof, Row
from bot.outbox import upsert
from bot.preferences import service as preferences
from bot.runtime import Workspace
from bot.text import clean, marked, permalink, plain, substance
from models import (
    Answer,
    Ask,
    Channel,
    Credit,
    Evidence,
    Expert,
    Mentoring,
    RingNote,
)

PAGE = 8
MOST_RINGS = 5

NOT_THEM = "Bots, and people who are not of your workspace, can't be credited."
NOT_YOU = "You can't credit yourself. Ask another lead."
NO_WISH = "{name} does not want to be credited."
HAS_ONE = "{name} has a credit of this week already."
NOT_THERE = "I'm not in that channel: invite me there first, or choose another one."
OUTSIDE = "Choose a private channel only if you and they are both in it."


def may_see(session: Session, workspace: Workspace, by: str) -> None:
    """Raises Refusal for anybody but the program leads and admins."""
    held = members.roles_in_workspace(session, workspace.id, by)
    check(Action.SEE_MENTORS, held)


def overview(session: Session, workspace: Workspace, *, by: str, start: int) -> View:
    """Past credits from the `start`th on, the newest first. Raises Refusal."""
    may_see(session, workspace, by)
    found = session.scalars(
        select(Credit)
        .filter_by(installation_id=workspace.id)
        .order_by(Credit.period.desc(), Credit.id.desc())
        .offset(start)
        .limit(PAGE + 1)
    ).all()
    expected = experts(session, workspace.id)
    called = members.names(session, workspace.id, expected)
    together = {person for c in found for person in (c.member, c.credited_by) if person}
    return forms.leads(
        [_row(session, workspace, credit, together) for credit in found[:PAGE]],
        rings=_rings(session, workspace),
        scope=rounds.scope(session, workspace.id),
        experts=[called[expert] for expert in expected],
        newer=max(0, start - PAGE) if start else None,
        older=start + PAGE if len(found) > PAGE else None,
    )


def _row(
    session: Session, workspace: Workspace, credit: Credit, together: Collection[str]
) -> Row:
    """A credit beside others; `together`: those whom all of them are about."""
    seen = session.execute(
        select(Evidence, Ask, Answer, Channel)
        .join(Ask, Ask.id == Evidence.ask_id)
        .join(Answer, Answer.id == Evidence.answer_id)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(Evidence.credit_id == credit.id)
        .order_by(Answer.ts)
    ).all()
    people = {person for row in seen for person in (row[0].asker, *row[0].helped)}
    called = members.names(session, workspace.id, people.union(together))
    proofs = [
        Proof(
            title=members.with_names(session, workspace.id, ask.title)
            if ask.deleted_at is None
            else "(deleted)",
            url=permalink(workspace.team_url, channel.slack_id, answer.ts, ask.ts),
            asker=called[evidence.asker],
            helped=[called[person] for person in evidence.helped],
            stands=looking.stands(session, ask.id, credit.member),
        )
        for evidence, ask, answer, channel in seen
        if not channel.is_private
    ]
    where = session.get(Channel, credit.channel_id) if credit.channel_id else None
    is_open = where is not None and not where.is_private
    return Row(
        name=called[credit.member],
        day=credit.period,
        consent=forms.consent(credit.consent),
        channel=where.name if where is not None and is_open else "",
        proofs=proofs,
        hidden=len(seen) - len(proofs),
        weight=_weight(credit, called, is_open=is_open or where is None),
    )


def _weight(credit: Credit, called: Mapping[str, str], *, is_open: bool) -> str:
    """`is_open`: whether the reason was not given for a private channel."""
    if credit.credited_by is not None and not is_open:
        return f"by {called[credit.credited_by]}, in a private channel"
    if credit.credited_by is not None:
        return f"by {called[credit.credited_by]}: {plain(credit.reason or '')}"
    said = f"In {credit.window_days} days: weighted help {credit.helpfulness:.1f}"
    if not credit.all_messages:
        return f"{said}."
    written = f"{credit.messages} of {credit.all_messages} messages"
    return f"{said}, where {written} would predict {credit.expected:.1f}."


def _rings(session: Session, workspace: Workspace) -> list[str]:
    noted = session.scalars(
        select(RingNote)
        .filter_by(installation_id=workspace.id)
        .order_by(RingNote.period.desc(), RingNote.member)
        .limit(MOST_RINGS)
    ).all()
    called = members.names(
        session,
        workspace.id,
        {person for note in noted for person in (note.member, *note.ring)},
    )
    return [
        f"{called[note.member]}: {note.marks_from_ring} of {note.marks} marks come"
        f" from {', '.join(called[p] for p in note.ring if p != note.member)}"
        for note in noted
    ]


def credit_by_hand(
    session: Session,
    workspace: Workspace,
    *,
    member: str,
    channel: str,
    reason: str,
    by: str,
    numbers: MentorNumbers,
    now: datetime,
) -> None:
    """Credit somebody because a lead says so; the consent is asked as ever.

    In a private channel, only if both are in it. `reason` is as typed. Said twice, it
    counts once. Raises Refusal, with the field, and MembershipUnknown.
    """
    may_see(session, workspace, by)
    said = clean(reason)
    if substance(said) < forms.SHORTEST_REASON:
        raise Refusal("Say in a sentence what they did.", field="reason")
    if member == by:
        raise Refusal(NOT_YOU, field="member")
    known = members.find(session, workspace.id, member)
    if known is None or known.is_bot or known.is_deactivated or known.is_stranger:
        raise Refusal(NOT_THEM, field="member")
    if preferences.of(session, workspace.id, member).may_be_named == "never":
        raise Refusal(NO_WISH.format(name=known.name), field="member")
    place = channels.find(session, workspace.id, channel)
    if place is None or not place.is_joined or place.is_archived or place.is_read_only:
        raise Refusal(NOT_THERE, field="channel")
    for person in (by, member):
        visibility.check_inside(
            session, place, person, now=now, why_not=OUTSIDE, field="channel"
        )
    zone = rounds.zone(session, workspace.id)
    credit = Credit(
        installation_id=workspace.id,
        member=member,
        period=rules.period_of(now, zone, numbers),
        credited_at=now,
        channel_id=place.id,
        credited_by=by,
        reason=marked(said),
    )
    added = rounds.add(session, workspace, credit, now=now)
    if added is None and not _is_sent_again(session, credit):
        raise Refusal(HAS_ONE.format(name=known.name), field="member")


def _is_sent_again(session: Session, credit: Credit) -> bool:
    """Whether the lead has credited just that, and our answer got lost."""
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


def set_up(
    session: Session,
    workspace: Workspace,
    *,
    scope: str,
    experts: Collection[str],
    by: str,
) -> None:
    """Record where to look, and who is expected to help. Raises Refusal."""
    may_see(session, workspace, by)
    if scope not in {value for value, _, _ in forms.SCOPES}:
        raise Refusal("Choose one of the three.", field="scope")
    session.execute(
        upsert(session, Mentoring)
        .values(installation_id=workspace.id, scope=scope)
        .on_conflict_do_update(
            index_elements=["installation_id"], set_={"scope": scope}
        )
    )
    _expect(session, workspace.id, experts)


def settings(session: Session, workspace: Workspace, *, by: str) -> View:
    """The form for where to look, and whom not to credit. Raises Refusal."""
    may_see(session, workspace, by)
    return forms.settings(
        rounds.scope(session, workspace.id), experts(session, workspace.id)
    )


def experts(session: Session, installation_id: int) -> list[str]:
    return list(
        session.scalars(
            select(Expert.member)
            .filter_by(installation_id=installation_id)
            .order_by(Expert.member)
        )
    )


def _expect(session: Session, installation_id: int, people: Iterable[str]) -> None:
    wanted = set(people)
    session.execute(
        delete(Expert).where(
            Expert.installation_id == installation_id, Expert.member.not_in(wanted)
        )
    )
    for slack_id in sorted(wanted):
        session.execute(
            upsert(session, Expert)
            .values(installation_id=installation_id, member=slack_id)
            .on_conflict_do_nothing()
        )
