"""Draw what the outbox has promised about mentors, from what is true now."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import hours, visibility
from bot.config import MentorNumbers
from bot.delivery import Notice
from bot.lanes import Claim
from bot.members import service as members
from bot.mentors import consent, notes
from bot.mentors.notes import Consent, Deed, Note, Story
from bot.operations import Delete, Operation, Post, Update
from bot.preferences import service as preferences
from bot.runtime import Workspace
from bot.text import permalink
from models import Answer, Ask, Channel, Credit, Evidence, Member, RingNote


class Drawing:
    """The draw functions, for one workspace."""

    def __init__(self, workspace: Workspace, numbers: MentorNumbers) -> None:
        self._workspace, self._numbers = workspace, numbers

    def notices(self) -> dict[str, Notice]:
        return {
            "mentor.told": Notice(
                self.told,
                delivered=consent.told,
                parked=consent.not_told,
                unknown=consent.not_told,
                due=hours.due,
                hold=consent.held,
            ),
            "mentor.choice": Notice(self.choice, "repeat"),
            "mentor.post": Notice(
                self.post,
                delivered=consent.posted,
                parked=consent.not_posted,
                unknown=consent.perhaps_posted,
                hold=consent.held,
            ),
            "mentor.show": Notice(
                self.show,
                "repeat",
                delivered=consent.shown,
                parked=consent.post_gone,
                hold=consent.held,
            ),
            "mentor.helped": Notice(self.helped, due=hours.due),
            "mentor.not_posted": Notice(self.not_posted, of=_of_credit),
            "mentor.ring": Notice(self.ring, due=hours.due),
        }

    def told(self, session: Session, claim: Claim) -> Operation | None:
        credit = session.get_one(Credit, claim.subject_id)
        if credit.consent == "never" or self._is_out(session, credit.member):
            return None
        return _letter(claim, self._told(session, credit, claim))

    def choice(self, session: Session, claim: Claim) -> Operation | None:
        credit = session.get_one(Credit, claim.subject_id)
        if credit.told_channel is None or credit.told_ts is None:
            return None
        text, drawn = self._told(session, credit, claim)
        return Update(credit.told_channel, credit.told_ts, text, drawn)

    def _told(self, session: Session, credit: Credit, claim: Claim) -> Note:
        """To its person, without what was said in private channels that they left."""
        channel, rows = _seen(session, credit, credit.member, claim)
        chosen = preferences.of(session, self._workspace.id, credit.member)
        is_counted = credit.all_messages > 0
        return notes.told(
            credit.id,
            self._story(session, credit, rows),
            share=credit.messages / credit.all_messages if is_counted else None,
            consent=_consent(credit),
            channel=channel.name if channel else "",
            url=self._post_url(credit, channel),
            asks_first=chosen.may_be_named == "ask" and channel is not None,
            silence_days=self._numbers.consent_days,
        )

    def post(self, session: Session, claim: Claim) -> Operation | None:
        credit = session.get_one(Credit, claim.subject_id)
        if credit.consent != "public" or self._is_out(session, credit.member):
            return None
        text, drawn = self._post(session, credit)
        return Post(claim.recipient, text, drawn)

    def show(self, session: Session, claim: Claim) -> Operation | None:
        credit = session.get_one(Credit, claim.subject_id)
        if credit.post_ts is None:
            return None
        if credit.consent == "never":
            return Delete(claim.recipient, credit.post_ts)
        is_public = credit.consent == "public"
        text, drawn = self._post(session, credit) if is_public else notes.taken_back()
        return Update(claim.recipient, credit.post_ts, text, drawn)

    def _post(self, session: Session, credit: Credit) -> Note:
        channel = session.get_one(Channel, credit.channel_id)
        name = members.name(session, self._workspace.id, credit.member)
        seen = [row for row in _evidence(session, credit) if _may_show(row[2], channel)]
        story = self._story(session, credit, seen, is_public=True)
        return notes.post(credit.member, name, story)

    def helped(self, session: Session, claim: Claim) -> Operation | None:
        credit = session.get_one(Credit, claim.subject_id)
        if credit.consent != "public" or credit.post_ts is None:
            return None
        # Where the post is in a private channel, who is not in it learns of none.
        channel, rows = _seen(session, credit, claim.recipient, claim)
        mine = [row for row in rows if claim.recipient in row[0].marked_by]
        if not mine:
            return None
        return _letter(
            claim,
            notes.helped(
                members.name(session, self._workspace.id, credit.member),
                self._deed(session, mine[0], {}),
                channel.name if channel else "",
                self._post_url(credit, channel),
            ),
        )

    def not_posted(self, session: Session, claim: Claim) -> Operation | None:
        channel = _channel(session, session.get_one(Credit, claim.subject_id))
        if channel is None:
            return None
        return _letter(claim, notes.not_posted(channel.name, claim.detail["error"]))

    def ring(self, session: Session, claim: Claim) -> Operation | None:
        member = session.get_one(Member, claim.subject_id)
        noted = session.get(
            RingNote,
            (
                self._workspace.id,
                member.slack_id,
                date.fromisoformat(claim.detail["period"]),
            ),
        )
        if noted is None:
            return None
        called = members.names(
            session, self._workspace.id, {member.slack_id, *noted.ring}
        )
        return _letter(
            claim,
            notes.ring(
                called[member.slack_id],
                [called[person] for person in noted.ring],
                noted.marks,
                noted.marks_from_ring,
            ),
        )

    def _is_out(self, session: Session, member: str) -> bool:
        chosen = preferences.of(session, self._workspace.id, member)
        return chosen.may_be_named == "never"

    def _story(
        self,
        session: Session,
        credit: Credit,
        seen: Sequence[tuple[Evidence, Ask, Channel, Answer]],
        *,
        is_public: bool = False,
    ) -> Story:
        askers = {row.asker for row, *_ in seen}
        lead = credit.credited_by
        names = members.names(
            session, self._workspace.id, {*askers, credit.member, lead or credit.member}
        )
        called: Mapping[str, str | None] = {asker: names[asker] for asker in askers}
        if is_public:
            chosen = preferences.of_all(session, self._workspace.id, askers)
            called = {
                asker: None if chosen[asker].may_be_named == "never" else name
                for asker, name in called.items()
            }
        return Story(
            days=credit.window_days,
            deeds=[self._deed(session, row, called) for row in seen],
            people=len({person for row, *_ in seen for person in row.helped}),
            lead=names[lead] if lead else "",
            reason=credit.reason or "",
        )

    def _deed(
        self,
        session: Session,
        proof: tuple[Evidence, Ask, Channel, Answer],
        called: Mapping[str, str | None],
    ) -> Deed:
        row, ask, channel, answer = proof
        return Deed(
            title=members.with_names(session, self._workspace.id, ask.title),
            url=permalink(
                self._workspace.team_url, channel.slack_id, answer.ts, ask.ts
            ),
            asker=called.get(row.asker),
            is_solution=row.is_solution,
        )

    def _post_url(self, credit: Credit, channel: Channel | None) -> str:
        if channel is None or credit.post_ts is None:
            return ""
        return permalink(self._workspace.team_url, channel.slack_id, credit.post_ts)


def _evidence(
    session: Session, credit: Credit
) -> list[tuple[Evidence, Ask, Channel, Answer]]:
    """What the credit rests on, but for asks that have been deleted since."""
    rows = session.execute(
        select(Evidence, Ask, Channel, Answer)
        .join(Ask, Ask.id == Evidence.ask_id)
        .join(Channel, Channel.id == Ask.channel_id)
        .join(Answer, Answer.id == Evidence.answer_id)
        .where(Evidence.credit_id == credit.id, Ask.deleted_at.is_(None))
        .order_by(Answer.ts)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def _channel(session: Session, credit: Credit) -> Channel | None:
    if credit.channel_id is None:
        return None
    return session.get_one(Channel, credit.channel_id)


def _seen(
    session: Session, credit: Credit, member: str, claim: Claim
) -> tuple[Channel | None, list[tuple[Evidence, Ask, Channel, Answer]]]:
    """The credit's channel and what it rests on, as far as the person may see them."""
    channel, rows = _channel(session, credit), _evidence(session, credit)
    seen = visibility.seen(
        session,
        [*([channel] if channel else []), *(row[2] for row in rows)],
        member,
        now=claim.looked_at or claim.claimed_at,
    )
    is_seen = channel is not None and channel.id in seen
    return channel if is_seen else None, [row for row in rows if row[2].id in seen]


def _of_credit(session: Session, claim: Claim) -> list[int]:
    channel_id = session.get_one(Credit, claim.subject_id).channel_id
    return [] if channel_id is None else [channel_id]


def _may_show(of: Channel, where: Channel) -> bool:
    """What was said in one channel, in another: only if anybody there could see it."""
    return of.id == where.id or not (of.is_private or where.is_shared)


def _consent(credit: Credit) -> Consent:
    return cast("Consent", credit.consent)


def _letter(claim: Claim, note: Note) -> Post:
    text, drawn = note
    return Post(claim.recipient, text, drawn)
