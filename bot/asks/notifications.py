"""Draw what the outbox has promised about asks and answers, from what is true now."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import timezones
from bot.asks import ask_message, blocks, notes, outcomes, rules
from bot.asks.blocks import AskView
from bot.asks.outcome_rules import Outcome
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.runtime import Workspace
from bot.slack.actions import (
    DeleteMessage,
    FetchReplies,
    PostEphemeral,
    PostMessage,
    SetReaction,
    SlackAction,
    UpdateMessage,
)
from bot.slack.blocks import Note
from bot.slack.text import is_erased, permalink
from bot.workspace import channels, members
from models import Answer, Ask, Channel, OutboxItem


class AskRenderer:
    """The draw functions, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def message_types(self) -> dict[str, MessageType]:
        return {
            "ask.post": MessageType(
                self.render_post,
                "look",
                on_sent=ask_message.on_posted,
                on_rejected=ask_message.on_rejected,
                on_lost=ask_message.on_lost,
                lock=ask_message.lock,
            ),
            "ask.show": MessageType(
                self.render_update,
                "repeat",
                on_rejected=ask_message.on_update_rejected,
                lock=ask_message.lock,
            ),
            "ask.sign": MessageType(
                self.render_bot_reaction,
                "repeat",
                on_sent=ask_message.on_reaction_updated,
                lock=ask_message.lock,
            ),
            "thread.read": MessageType(
                self.fetch_thread,
                "repeat",
                on_sent=partial(
                    ask_message.on_thread_fetched, workspace=self._workspace
                ),
                lock=ask_message.lock,
            ),
            "ask.answered": MessageType(
                self.render_answered, quoted_channels=_ask_channels
            ),
            "ask.captured": MessageType(
                self.render_captured, quoted_channels=_ask_channels
            ),
            "ask.made": MessageType(
                self.render_converted, quoted_channels=_ask_channels
            ),
            "ask.closed": MessageType(
                self.render_closed, quoted_channels=_ask_channels
            ),
            "ask.deleted": MessageType(
                self.render_deleted, quoted_channels=_ask_channels
            ),
            "ask.not_posted": MessageType(
                self.render_not_posted,
                quoted_channels=_ask_channels,
                render_without_access=self.render_not_posted_to_non_member,
            ),
            "ask.solved": MessageType(
                self.render_solved, quoted_channels=_ask_channels
            ),
            "ask.retell": MessageType(
                self.render_update_direct_message,
                "repeat",
                quoted_channels=_direct_message_channels,
            ),
            "ask.same": MessageType(
                self.render_joiner_solved, quoted_channels=_ask_channels
            ),
            "ask.offer": MessageType(self.render_suggest_solution, "leave"),
            "answer.helped": MessageType(
                self.render_answer_helped, quoted_channels=_answer_channels
            ),
            "answer.solved": MessageType(
                self.render_answer_solved, quoted_channels=_answer_channels
            ),
        }

    def render_post(self, session: Session, delivery: Delivery) -> SlackAction | None:
        ask, channel = self._load_ask(session, delivery.subject_id)
        if ask.deleted_at:
            return None
        text, drawn = self._ask_message(session, ask, channel)
        thread_ts = ask.ts if ask.is_own_message else None
        return PostMessage(channel.slack_id, text, drawn, thread_ts)

    def render_update(self, session: Session, delivery: Delivery) -> SlackAction | None:
        ask, channel = self._load_ask(session, delivery.subject_id)
        ts = ask.line_ts if ask.is_own_message else ask.ts
        if ts is None:
            return None
        if ask.deleted_at and not ask.removed_by:
            return DeleteMessage(channel.slack_id, ts)
        if ask.deleted_at:
            return UpdateMessage(channel.slack_id, ts, *blocks.disclaimed_line(ask.id))
        return UpdateMessage(
            channel.slack_id, ts, *self._ask_message(session, ask, channel)
        )

    def render_bot_reaction(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        ask, channel = self._load_ask(session, delivery.subject_id)
        if ask.ts is None:
            return None
        wanted = rules.bot_reaction(
            ask.state,
            is_captured=ask.is_captured,
            capture_indicator=channel.captured_sign,
        )
        # After a failure nobody knows for sure what stands.
        if delivery.failures or delivery.is_unconfirmed:
            others = [name for name in rules.BOT_REACTIONS if name != wanted]
        elif wanted == ask.sign:
            return None
        else:
            others = [ask.sign] if ask.sign else []
        return SetReaction(channel.slack_id, ask.ts, wanted, others)

    def fetch_thread(self, session: Session, delivery: Delivery) -> SlackAction | None:
        ask, channel = self._load_ask(session, delivery.subject_id)
        if ask.ts is None or ask.deleted_at or is_erased(ask.asker):
            return None
        return FetchReplies(channel.slack_id, ask.ts)

    def render_answered(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        ask, channel = self._load_ask(session, delivery.subject_id)
        note = self._answered_note(session, ask, channel)
        return (
            None if note is None or ask.deleted_at else _direct_message(delivery, note)
        )

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
            _with_names(session, ask, ask.title),
            self._url(channel, first.ts, ask),
            author,
        )

    def render_captured(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        ask, channel = self._load_ask(session, delivery.subject_id)
        if ask.ts is None or ask.deleted_at:
            return None
        url = self._url(channel, ask.ts)
        return _direct_message(
            delivery,
            notes.captured(
                ask.id,
                _with_names(session, ask, ask.title),
                url,
                _solved_emoji(channel),
            ),
        )

    def render_converted(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        ask, channel = self._load_ask(session, delivery.subject_id)
        if ask.ts is None or ask.deleted_at:
            return None
        by = members.name(session, ask.installation_id, _actor_id(delivery))
        url = self._url(channel, ask.ts)
        note = notes.converted(
            _with_names(session, ask, ask.title),
            url,
            by,
            _solved_emoji(channel),
            is_first=ask.is_first,
        )
        return _direct_message(delivery, note)

    def render_closed(self, session: Session, delivery: Delivery) -> SlackAction | None:
        ask, channel = self._load_ask(session, delivery.subject_id)
        if not ask.is_closed or ask.deleted_at:
            return None
        note = self._closed_note(session, ask, channel)
        return None if note is None else _direct_message(delivery, note)

    def _closed_note(self, session: Session, ask: Ask, channel: Channel) -> Note | None:
        if ask.ts is None or ask.closed_by in {None, ask.asker}:
            return None
        by = members.name(session, ask.installation_id, ask.closed_by or "")
        return notes.closed(
            ask.id,
            _with_names(session, ask, ask.title),
            self._url(channel, ask.ts),
            by,
            ask.close_reason or "",
            state=ask.state,
        )

    def render_deleted(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        ask, _ = self._load_ask(session, delivery.subject_id)
        if ask.deleted_at is None:
            return None
        by = members.name(session, ask.installation_id, _actor_id(delivery))
        note = notes.deleted(
            ask.id,
            _with_names(session, ask, ask.title),
            by,
            is_own_message=ask.is_own_message,
        )
        return _direct_message(delivery, note)

    def render_not_posted(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        ask, channel = self._load_ask(session, delivery.subject_id)
        return _not_posted_message(session, delivery, ask, f"#{channel.name}")

    def render_not_posted_to_non_member(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        """Their own words go back to whoever has left the private channel, too."""
        ask, _ = self._load_ask(session, delivery.subject_id)
        return _not_posted_message(session, delivery, ask, "a private channel")

    def render_solved(self, session: Session, delivery: Delivery) -> SlackAction | None:
        """The letter on the first answer says so, too; else there is one of its own."""
        ask, channel = self._load_ask(session, delivery.subject_id)
        note = self._solved_note(session, ask, channel)
        sent = session.execute(
            select(OutboxItem.slack_channel, OutboxItem.ts).filter_by(
                installation_id=ask.installation_id,
                key=f"ask.answered:{ask.id}:{delivery.recipient}",
                state="sent",
            )
        ).first()
        if note is None or (sent is None and not note[1][1:]):
            # It is known already, and there is nothing to ask.
            return None
        if sent is not None and sent.slack_channel and sent.ts:
            return UpdateMessage(sent.slack_channel, sent.ts, *note)
        return _direct_message(delivery, note)

    def render_update_direct_message(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        """Let a letter to the asker say what is true now."""
        item = session.get(OutboxItem, delivery.subject_id)
        if item is None or not (item.slack_channel and item.ts):
            return None
        ask, channel = self._load_ask(session, item.subject_id)
        if ask.ts is None or ask.deleted_at or item.recipient != ask.asker:
            return None
        if item.kind == "ask.closed":
            note = self._closed_note(session, ask, channel)
        else:
            note = self._solved_note(session, ask, channel)
            note = note or self._answered_note(session, ask, channel)
            url = self._url(channel, ask.ts)
            note = note or notes.reopened(_with_names(session, ask, ask.title), url)
        return UpdateMessage(item.slack_channel, item.ts, *note) if note else None

    def _solved_note(self, session: Session, ask: Ask, channel: Channel) -> Note | None:
        if ask.ts is None or ask.state != "solved" or not ask.solved_by:
            return None
        others = ask.solved_by != ask.asker
        by = (
            members.name(session, ask.installation_id, ask.solved_by)
            if others
            else None
        )
        solutions = self._solution_links(
            session, ask, channel, outcomes.outcome_of(session, ask)
        )
        return notes.solved(
            ask.id,
            _with_names(session, ask, ask.title),
            self._url(channel, ask.ts),
            by=by,
            solutions=solutions,
            candidates=[] if solutions else self._answer_choices(session, ask),
            has_what_worked=bool(ask.worked),
        )

    def _answer_choices(self, session: Session, ask: Ask) -> list[tuple[int, str]]:
        """The answers to choose from; where they are too many, each answerer's last."""
        answers = self._load_answers(session, ask)
        if len(answers) > notes.MAX_OPTIONS:
            answers = list({answer.author: answer for answer in answers}.values())
        authors = [answer.author for answer in answers]
        called = members.names(session, ask.installation_id, authors)
        zone = members.zone(session, ask.installation_id, ask.asker)
        return [
            (a.id, f"{called[a.author]}, {timezones.format_time(a.answered_at, zone)}")
            for a in answers
        ]

    def render_joiner_solved(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        ask, channel = self._load_ask(session, delivery.subject_id)
        result = outcomes.outcome_of(session, ask)
        still = ask.state == "solved" and delivery.recipient in result.same
        if ask.ts is None or not still:
            return None
        solutions = self._solution_links(session, ask, channel, result)
        first = solutions[0] if solutions else None
        url = self._url(channel, ask.ts)
        return _direct_message(
            delivery,
            notes.solved_for_joiner(_with_names(session, ask, ask.title), url, first),
        )

    def render_suggest_solution(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        ask, channel = self._load_ask(session, delivery.subject_id)
        latest = {a.author: a for a in self._load_answers(session, ask)}
        if ask.state != "answered" or not latest:
            return None
        helped = outcomes.outcome_of(session, ask).helped_members
        called = members.names(session, ask.installation_id, list(latest))
        text, drawn = notes.solution_suggestion(
            ask.id,
            [
                (answer.id, called[author], ask.asker in helped.get(answer.id, ()))
                for author, answer in latest.items()
            ],
        )
        return PostEphemeral(channel.slack_id, ask.asker, text, drawn, thread_ts=ask.ts)

    def render_answer_helped(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        answer, ask, channel = self._load_answer(session, delivery)
        if answer.is_deleted or ask.deleted_at or answer.is_solution:
            return None
        helped = outcomes.outcome_of(session, ask).helped_members.get(answer.id)
        if not helped:
            return None
        asker, *others = self._names(session, ask, [ask.asker, *sorted(helped)])
        note = notes.answer_helped(
            _with_names(session, ask, ask.title),
            self._url(channel, answer.ts, ask),
            asker,
            others,
        )
        return _direct_message(delivery, note)

    def render_answer_solved(
        self, session: Session, delivery: Delivery
    ) -> SlackAction | None:
        answer, ask, channel = self._load_answer(session, delivery)
        if answer.is_deleted or ask.deleted_at or not answer.is_solution:
            return None
        helped = outcomes.outcome_of(session, ask).helped_members.get(
            answer.id, frozenset()
        )
        asker, *others = self._names(
            session, ask, [ask.asker, *sorted(helped - {ask.asker})]
        )
        note = notes.answer_solved(
            _with_names(session, ask, ask.title),
            self._url(channel, answer.ts, ask),
            asker,
            others,
        )
        return _direct_message(delivery, note)

    def _load_ask(self, session: Session, ask_id: int) -> tuple[Ask, Channel]:
        ask = session.get_one(Ask, ask_id)
        return ask, session.get_one(Channel, ask.channel_id)

    def _load_answer(
        self, session: Session, delivery: Delivery
    ) -> tuple[Answer, Ask, Channel]:
        answer = session.get_one(Answer, delivery.subject_id)
        return answer, *self._load_ask(session, answer.ask_id)

    def _load_answers(self, session: Session, ask: Ask) -> Sequence[Answer]:
        return session.scalars(
            select(Answer)
            .filter_by(ask_id=ask.id, is_deleted=False)
            .order_by(Answer.ts)
        ).all()

    def _url(self, channel: Channel, ts: str, ask: Ask | None = None) -> str:
        thread_ts = ask.ts if ask else None
        return permalink(self._workspace.team_url, channel.slack_id, ts, thread_ts)

    def _names(self, session: Session, ask: Ask, slack_ids: Sequence[str]) -> list[str]:
        called = members.names(session, ask.installation_id, slack_ids)
        return [called[slack_id] for slack_id in slack_ids]

    def _solution_links(
        self, session: Session, ask: Ask, channel: Channel, outcome: Outcome
    ) -> list[tuple[str, str]]:
        solving = self._solution_answers(session, ask, outcome)
        called = self._names(session, ask, [answer.author for answer in solving])
        urls = [self._url(channel, answer.ts, ask) for answer in solving]
        return list(zip(called, urls, strict=True))

    def _solution_answers(
        self, session: Session, ask: Ask, outcome: Outcome
    ) -> Sequence[Answer]:
        if not outcome.solutions:
            return []
        return [
            a for a in self._load_answers(session, ask) if a.id in outcome.solutions
        ]

    def _ask_message(self, session: Session, ask: Ask, channel: Channel) -> Note:
        """The bot's own message about an ask, or its line below somebody else's."""
        shown = self._ask_view(session, ask, channel)
        if ask.is_own_message:
            return blocks.thread_line_text(shown), blocks.thread_line(shown)
        return blocks.message_text(shown), blocks.message(shown)

    def _ask_view(self, session: Session, ask: Ask, channel: Channel) -> AskView:
        result = outcomes.outcome_of(session, ask)
        solving = self._solution_answers(session, ask, result)
        closer = ask.closed_by if ask.closed_by != ask.asker else None
        together = {ask.asker, *result.looking, *(a.author for a in solving)}
        called = members.names(
            session, ask.installation_id, together | ({closer} if closer else set())
        )
        return AskView(
            id=ask.id,
            title=_with_names(session, ask, ask.title),
            details=_with_names(session, ask, ask.details),
            asker=called[ask.asker],
            topics=ask.topics,
            state=result.state,
            solutions=[
                (called[answer.author], self._url(channel, answer.ts, ask))
                for answer in solving
            ],
            what_worked=ask.worked,
            looking=[called[person] for person in result.looking],
            same_count=len(result.same),
            closed_by=called[closer] if closer else None,
            close_reason=ask.close_reason,
            is_first_ask=ask.is_first,
            origin_url=ask.origin,
            solved_emoji=_solved_emoji(channel),
            is_captured=ask.is_captured,
        )


def _ask_channels(session: Session, delivery: Delivery) -> list[int]:
    return [session.get_one(Ask, delivery.subject_id).channel_id]


def _direct_message_channels(session: Session, delivery: Delivery) -> list[int]:
    item = session.get(OutboxItem, delivery.subject_id)
    ask = session.get(Ask, item.subject_id) if item else None
    return [ask.channel_id] if ask else []


def _answer_channels(session: Session, delivery: Delivery) -> list[int]:
    return [session.get_one(Answer, delivery.subject_id).channel_id]


def _not_posted_message(
    session: Session, delivery: Delivery, ask: Ask, channel_label: str
) -> PostMessage:
    return _direct_message(
        delivery,
        notes.not_posted(
            _with_names(session, ask, ask.title),
            _with_names(session, ask, ask.details),
            channel_label,
            delivery.payload["error"],
        ),
    )


def _with_names(session: Session, ask: Ask, text: str) -> str:
    return members.text_with_names(session, ask.installation_id, text)


def _solved_emoji(channel: Channel) -> str:
    return channels.solved_emoji(channel)[0]


def _actor_id(delivery: Delivery) -> str:
    """Who did it; nobody we could name once the details are not kept any more."""
    return str(delivery.payload.get("by", ""))


def _direct_message(delivery: Delivery, note: Note) -> PostMessage:
    text, drawn = note
    return PostMessage(delivery.recipient, text, drawn)
