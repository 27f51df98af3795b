"""Draw what the outbox has promised about asks and answers, from what is true now."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import zones
from bot.answers import outcomes
from bot.answers.rules import Outcome
from bot.asks import blocks, notes, posting, rules
from bot.asks.blocks import Shown
from bot.asks.notes import Note
from bot.channels import service as channels
from bot.delivery import Notice
from bot.lanes import Claim
from bot.members import service as members
from bot.operations import Delete, Operation, Post, React, ReadThread, Update, Whisper
from bot.runtime import Workspace
from bot.text import is_forgotten, permalink
from models import Answer, Ask, Channel, OutboxItem


class Drawing:
    """The draw functions, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def notices(self) -> dict[str, Notice]:
        return {
            "ask.post": Notice(
                self.post,
                "look",
                delivered=posting.posted,
                parked=posting.not_posted,
                unknown=posting.perhaps_posted,
                hold=posting.hold,
            ),
            "ask.show": Notice(
                self.show, "repeat", parked=posting.not_shown, hold=posting.hold
            ),
            "ask.sign": Notice(
                self.sign, "repeat", delivered=posting.signed, hold=posting.hold
            ),
            "thread.read": Notice(
                self.read_thread,
                "repeat",
                delivered=partial(posting.thread_read, workspace=self._workspace),
                hold=posting.hold,
            ),
            "ask.answered": Notice(self.answered, of=_of_ask),
            "ask.captured": Notice(self.captured, of=_of_ask),
            "ask.made": Notice(self.made, of=_of_ask),
            "ask.closed": Notice(self.closed, of=_of_ask),
            "ask.deleted": Notice(self.deleted, of=_of_ask),
            "ask.not_posted": Notice(
                self.not_posted, of=_of_ask, outside=self.not_posted_outside
            ),
            "ask.solved": Notice(self.solved, of=_of_ask),
            "ask.retell": Notice(self.retell, "repeat", of=_of_letter),
            "ask.same": Notice(self.same, of=_of_ask),
            "ask.offer": Notice(self.offer, "leave"),
            "answer.helped": Notice(self.helped, of=_of_answer),
            "answer.solved": Notice(self.solution, of=_of_answer),
        }

    def post(self, session: Session, claim: Claim) -> Operation | None:
        ask, channel = self._ask(session, claim.subject_id)
        if ask.deleted_at:
            return None
        text, drawn = self._message(session, ask, channel)
        thread_ts = ask.ts if ask.is_own_message else None
        return Post(channel.slack_id, text, drawn, thread_ts)

    def show(self, session: Session, claim: Claim) -> Operation | None:
        ask, channel = self._ask(session, claim.subject_id)
        ts = ask.line_ts if ask.is_own_message else ask.ts
        if ts is None:
            return None
        if ask.deleted_at and not ask.removed_by:
            return Delete(channel.slack_id, ts)
        if ask.deleted_at:
            return Update(channel.slack_id, ts, *blocks.no_ask(ask.id))
        return Update(channel.slack_id, ts, *self._message(session, ask, channel))

    def sign(self, session: Session, claim: Claim) -> Operation | None:
        ask, channel = self._ask(session, claim.subject_id)
        if ask.ts is None:
            return None
        wanted = rules.sign(
            ask.state,
            is_captured=ask.is_captured,
            captured_sign=channel.captured_sign,
        )
        # After a failure nobody knows for sure what stands.
        if claim.failures or claim.is_unverified:
            others = [name for name in rules.SIGNS if name != wanted]
        elif wanted == ask.sign:
            return None
        else:
            others = [ask.sign] if ask.sign else []
        return React(channel.slack_id, ask.ts, wanted, others)

    def read_thread(self, session: Session, claim: Claim) -> Operation | None:
        ask, channel = self._ask(session, claim.subject_id)
        if ask.ts is None or ask.deleted_at or is_forgotten(ask.asker):
            return None
        return ReadThread(channel.slack_id, ask.ts)

    def answered(self, session: Session, claim: Claim) -> Operation | None:
        ask, channel = self._ask(session, claim.subject_id)
        note = self._answered_note(session, ask, channel)
        return None if note is None or ask.deleted_at else _letter(claim, note)

    def _answered_note(
        self, session: Session, ask: Ask, channel: Channel
    ) -> Note | None:
        first = session.scalar(
            select(Answer)
            .filter_by(ask_id=ask.id, is_deleted=False)
            .order_by(Answer.ts)
            .limit(1)
        )
        if first is None:
            return None
        author = members.name(session, ask.installation_id, first.author)
        return notes.answered(
            _named(session, ask, ask.title),
            self._url(channel, first.ts, ask),
            author,
        )

    def captured(self, session: Session, claim: Claim) -> Operation | None:
        ask, channel = self._ask(session, claim.subject_id)
        if ask.ts is None or ask.deleted_at:
            return None
        url = self._url(channel, ask.ts)
        return _letter(
            claim,
            notes.captured(
                ask.id, _named(session, ask, ask.title), url, _solved(channel)
            ),
        )

    def made(self, session: Session, claim: Claim) -> Operation | None:
        ask, channel = self._ask(session, claim.subject_id)
        if ask.ts is None or ask.deleted_at:
            return None
        by = members.name(session, ask.installation_id, _by(claim))
        url = self._url(channel, ask.ts)
        note = notes.made(
            _named(session, ask, ask.title),
            url,
            by,
            _solved(channel),
            is_first=ask.is_first,
        )
        return _letter(claim, note)

    def closed(self, session: Session, claim: Claim) -> Operation | None:
        ask, channel = self._ask(session, claim.subject_id)
        if not ask.is_closed or ask.deleted_at:
            return None
        note = self._closed_note(session, ask, channel)
        return None if note is None else _letter(claim, note)

    def _closed_note(self, session: Session, ask: Ask, channel: Channel) -> Note | None:
        if ask.ts is None or ask.closed_by in {None, ask.asker}:
            return None
        by = members.name(session, ask.installation_id, ask.closed_by or "")
        return notes.closed(
            ask.id,
            _named(session, ask, ask.title),
            self._url(channel, ask.ts),
            by,
            ask.close_reason or "",
            state=ask.state,
        )

    def deleted(self, session: Session, claim: Claim) -> Operation | None:
        ask, _ = self._ask(session, claim.subject_id)
        if ask.deleted_at is None:
            return None
        by = members.name(session, ask.installation_id, _by(claim))
        note = notes.deleted(
            ask.id,
            _named(session, ask, ask.title),
            by,
            is_own_message=ask.is_own_message,
        )
        return _letter(claim, note)

    def not_posted(self, session: Session, claim: Claim) -> Operation | None:
        ask, channel = self._ask(session, claim.subject_id)
        return _given_back(session, claim, ask, f"#{channel.name}")

    def not_posted_outside(self, session: Session, claim: Claim) -> Operation | None:
        """Their own words go back to whoever has left the private channel, too."""
        ask, _ = self._ask(session, claim.subject_id)
        return _given_back(session, claim, ask, "a private channel")

    def solved(self, session: Session, claim: Claim) -> Operation | None:
        """The letter on the first answer says so, too; else there is one of its own."""
        ask, channel = self._ask(session, claim.subject_id)
        note = self._solved_note(session, ask, channel)
        sent = session.execute(
            select(OutboxItem.slack_channel, OutboxItem.ts).filter_by(
                installation_id=ask.installation_id,
                key=f"ask.answered:{ask.id}:{claim.recipient}",
                state="sent",
            )
        ).first()
        if note is None or (sent is None and not note[1][1:]):
            # It is known already, and there is nothing to ask.
            return None
        if sent is not None and sent.slack_channel and sent.ts:
            return Update(sent.slack_channel, sent.ts, *note)
        return _letter(claim, note)

    def retell(self, session: Session, claim: Claim) -> Operation | None:
        """Let a letter to the asker say what is true now."""
        item = session.get(OutboxItem, claim.subject_id)
        if item is None or not (item.slack_channel and item.ts):
            return None
        ask, channel = self._ask(session, item.subject_id)
        if ask.ts is None or ask.deleted_at or item.recipient != ask.asker:
            return None
        if item.kind == "ask.closed":
            note = self._closed_note(session, ask, channel)
        else:
            note = self._solved_note(session, ask, channel)
            note = note or self._answered_note(session, ask, channel)
            url = self._url(channel, ask.ts)
            note = note or notes.reopened(_named(session, ask, ask.title), url)
        return Update(item.slack_channel, item.ts, *note) if note else None

    def _solved_note(self, session: Session, ask: Ask, channel: Channel) -> Note | None:
        if ask.ts is None or ask.state != "solved" or not ask.solved_by:
            return None
        others = ask.solved_by != ask.asker
        by = (
            members.name(session, ask.installation_id, ask.solved_by)
            if others
            else None
        )
        solutions = self._solutions(
            session, ask, channel, outcomes.outcome_of(session, ask)
        )
        return notes.solved(
            ask.id,
            _named(session, ask, ask.title),
            self._url(channel, ask.ts),
            by=by,
            solutions=solutions,
            candidates=[] if solutions else self._candidates(session, ask),
            has_worked=bool(ask.worked),
        )

    def _candidates(self, session: Session, ask: Ask) -> list[tuple[int, str]]:
        """The answers to choose from; where they are too many, each answerer's last."""
        answers = self._answers(session, ask)
        if len(answers) > notes.MOST_OPTIONS:
            answers = list({answer.author: answer for answer in answers}.values())
        authors = [answer.author for answer in answers]
        called = members.names(session, ask.installation_id, authors)
        zone = members.zone(session, ask.installation_id, ask.asker)
        return [
            (a.id, f"{called[a.author]}, {zones.clock_time(a.answered_at, zone)}")
            for a in answers
        ]

    def same(self, session: Session, claim: Claim) -> Operation | None:
        ask, channel = self._ask(session, claim.subject_id)
        result = outcomes.outcome_of(session, ask)
        still = ask.state == "solved" and claim.recipient in result.same
        if ask.ts is None or not still:
            return None
        solutions = self._solutions(session, ask, channel, result)
        first = solutions[0] if solutions else None
        url = self._url(channel, ask.ts)
        return _letter(
            claim, notes.solved_for_joiner(_named(session, ask, ask.title), url, first)
        )

    def offer(self, session: Session, claim: Claim) -> Operation | None:
        ask, channel = self._ask(session, claim.subject_id)
        latest = {a.author: a for a in self._answers(session, ask)}
        if ask.state != "answered" or not latest:
            return None
        helped = outcomes.outcome_of(session, ask).helped
        called = members.names(session, ask.installation_id, list(latest))
        text, drawn = notes.offer(
            ask.id,
            [
                (answer.id, called[author], ask.asker in helped.get(answer.id, ()))
                for author, answer in latest.items()
            ],
        )
        return Whisper(channel.slack_id, ask.asker, text, drawn, thread_ts=ask.ts)

    def helped(self, session: Session, claim: Claim) -> Operation | None:
        answer, ask, channel = self._answer(session, claim)
        if answer.is_deleted or ask.deleted_at or answer.is_solution:
            return None
        helped = outcomes.outcome_of(session, ask).helped.get(answer.id)
        if not helped:
            return None
        asker, *others = self._names(session, ask, [ask.asker, *sorted(helped)])
        note = notes.helped(
            _named(session, ask, ask.title),
            self._url(channel, answer.ts, ask),
            asker,
            others,
        )
        return _letter(claim, note)

    def solution(self, session: Session, claim: Claim) -> Operation | None:
        answer, ask, channel = self._answer(session, claim)
        if answer.is_deleted or ask.deleted_at or not answer.is_solution:
            return None
        helped = outcomes.outcome_of(session, ask).helped.get(answer.id, frozenset())
        asker, *others = self._names(
            session, ask, [ask.asker, *sorted(helped - {ask.asker})]
        )
        note = notes.solution(
            _named(session, ask, ask.title),
            self._url(channel, answer.ts, ask),
            asker,
            others,
        )
        return _letter(claim, note)

    def _ask(self, session: Session, ask_id: int) -> tuple[Ask, Channel]:
        ask = session.get_one(Ask, ask_id)
        return ask, session.get_one(Channel, ask.channel_id)

    def _answer(self, session: Session, claim: Claim) -> tuple[Answer, Ask, Channel]:
        answer = session.get_one(Answer, claim.subject_id)
        return answer, *self._ask(session, answer.ask_id)

    def _answers(self, session: Session, ask: Ask) -> Sequence[Answer]:
        return session.scalars(
            select(Answer)
            .filter_by(ask_id=ask.id, is_deleted=False)
            .order_by(Answer.ts)
        ).all()

    def _url(self, channel: Channel, ts: str, ask: Ask | None = None) -> str:
        thread_ts = ask.ts if ask else None
        return permalink(self._workspace.team_url, channel.slack_id, ts, thread_ts)

    def _names(self, session: Session, ask: Ask, people: Sequence[str]) -> list[str]:
        called = members.names(session, ask.installation_id, people)
        return [called[slack_id] for slack_id in people]

    def _solutions(
        self, session: Session, ask: Ask, channel: Channel, result: Outcome
    ) -> list[tuple[str, str]]:
        solving = self._solving(session, ask, result)
        called = self._names(session, ask, [answer.author for answer in solving])
        urls = [self._url(channel, answer.ts, ask) for answer in solving]
        return list(zip(called, urls, strict=True))

    def _solving(self, session: Session, ask: Ask, result: Outcome) -> Sequence[Answer]:
        if not result.solutions:
            return []
        return [a for a in self._answers(session, ask) if a.id in result.solutions]

    def _message(self, session: Session, ask: Ask, channel: Channel) -> Note:
        """The bot's own message about an ask, or its line below somebody else's."""
        shown = self._shown(session, ask, channel)
        if ask.is_own_message:
            return blocks.line_summary(shown), blocks.line(shown)
        return blocks.summary(shown), blocks.message(shown)

    def _shown(self, session: Session, ask: Ask, channel: Channel) -> Shown:
        result = outcomes.outcome_of(session, ask)
        solving = self._solving(session, ask, result)
        closer = ask.closed_by if ask.closed_by != ask.asker else None
        together = {ask.asker, *result.looking, *(a.author for a in solving)}
        called = members.names(
            session, ask.installation_id, together | ({closer} if closer else set())
        )
        return Shown(
            id=ask.id,
            title=_named(session, ask, ask.title),
            details=_named(session, ask, ask.details),
            asker=called[ask.asker],
            topics=ask.topics,
            state=result.state,
            solutions=[
                (called[answer.author], self._url(channel, answer.ts, ask))
                for answer in solving
            ],
            worked=ask.worked,
            looking=[called[person] for person in result.looking],
            same=len(result.same),
            closed_by=called[closer] if closer else None,
            close_reason=ask.close_reason,
            is_first=ask.is_first,
            origin=ask.origin,
            solved_emoji=_solved(channel),
            is_captured=ask.is_captured,
        )


def _of_ask(session: Session, claim: Claim) -> list[int]:
    return [session.get_one(Ask, claim.subject_id).channel_id]


def _of_letter(session: Session, claim: Claim) -> list[int]:
    item = session.get(OutboxItem, claim.subject_id)
    ask = session.get(Ask, item.subject_id) if item else None
    return [ask.channel_id] if ask else []


def _of_answer(session: Session, claim: Claim) -> list[int]:
    return [session.get_one(Answer, claim.subject_id).channel_id]


def _given_back(session: Session, claim: Claim, ask: Ask, place: str) -> Post:
    return _letter(
        claim,
        notes.not_posted(
            _named(session, ask, ask.title),
            _named(session, ask, ask.details),
            place,
            claim.detail["error"],
        ),
    )


def _named(session: Session, ask: Ask, text: str) -> str:
    return members.with_names(session, ask.installation_id, text)


def _solved(channel: Channel) -> str:
    return channels.solved_emoji(channel)[0]


def _by(claim: Claim) -> str:
    """Who did it; nobody we could name once the details are not kept any more."""
    return str(claim.detail.get("by", ""))


def _letter(claim: Claim, note: Note) -> Post:
    text, drawn = note
    return Post(claim.recipient, text, drawn)
