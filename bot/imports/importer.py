"""Import the messages of an export as asks, answers and reactions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.asks import capture_rules, outcomes, thread_sync
from bot.asks.capture import AuthoredMessage, create_from_message
from bot.asks.service import report_deleted
from bot.clock import ts_to_datetime
from bot.imports.entries import ExportChannel, ExportMessage
from bot.imports.export import DayFile, Export
from bot.imports.report import MessageKind
from bot.knowledge import answer_texts
from bot.mentors import message_counts
from bot.mentors.message_counter import DayKey
from bot.messages import authors
from bot.messages.edits import edited_at_micros
from bot.runtime import Transaction, Workspace
from bot.workspace import channels, members
from bot.workspace.external import is_external_author
from models import Answer, Ask, Channel

# Members per transaction.
USERS_BATCH_SIZE = 500
# This many ids fit into one statement of any database.
_IDS_BATCH_SIZE = 500


@dataclass(slots=True)
class Importer:
    export: Export
    workspace: Workspace
    capture: str
    now: datetime
    # The latest time of the export's profiles and channels. They are stored as fetched
    # at this time, so they are fetched again before a decision depends on them.
    as_of: datetime
    kinds: Counter[MessageKind] = field(default_factory=Counter)
    unnamed_reactions: int = 0
    messages_written: Counter[DayKey] = field(default_factory=Counter)
    # Ids of people who are stored, and of the bots among them.
    _known_users: set[str] = field(default_factory=set)
    _bots: set[str] = field(default_factory=set)
    # Ids of people whose workspace is known.
    _with_workspace: set[str] = field(default_factory=set)
    # Ids of people without a known name: a later message may have it.
    _unnamed: set[str] = field(default_factory=set)
    # The channels' row ids by their Slack ids.
    _channel_ids: dict[str, int] = field(default_factory=dict)

    def import_users(self, tx: Transaction, start: int) -> None:
        """Store a batch of people; profiles fetched from Slack stay as they are."""
        people = self.export.users[start : start + USERS_BATCH_SIZE]
        for person in people:
            if person.team_id or person.enterprise_user:
                self._with_workspace.add(person.id)
            self._ensure_user(tx, person.id, person.model_dump())

    def import_channels(
        self, tx: Transaction, export_channels: Iterable[ExportChannel]
    ) -> None:
        """Store the channels; facts fetched from Slack and settings stay the same."""
        for entry in export_channels:
            channel = channels.get_or_create(tx, entry.id)
            self._channel_ids[entry.id] = channel.id
            if channel.fetched_at is None:
                channels.upsert_from_slack(
                    replace(tx, now=self.as_of), entry.model_dump()
                )

    def import_asks(self, tx: Transaction, day: DayFile) -> None:
        """Import a day's asks, and count its messages; run it before the threads."""
        channel = tx.session.get_one(Channel, self._channel_ids[day.channel.id])
        messages = self.export.messages(day)
        asks = _asks_at(tx.session, channel, [message.ts for message in messages])
        for message in messages:
            if not self._is_by_human(tx, message):
                continue
            self._count_message(message, day.channel.id)
            if message.ts not in asks and self._is_ask(message):
                source = AuthoredMessage(
                    message.ts, message.user or "", message.text, _edited_at(message)
                )
                create_from_message(tx, channel, source)

    def _is_ask(self, message: ExportMessage) -> bool:
        return capture_rules.should_capture(
            self.capture, ts=message.ts, thread_ts=message.thread_ts, text=message.text
        )

    def _count_message(self, message: ExportMessage, channel_id: str) -> None:
        """Count the message for its author, if its day is not past the retention."""
        at = ts_to_datetime(message.ts)
        if at > self.now - message_counts.RETENTION:
            self.messages_written[channel_id, at.date(), message.user or ""] += 1

    def import_threads(self, tx: Transaction, day: DayFile) -> None:
        """Import replies and reactions in the threads of asks, new or known."""
        channel = tx.session.get_one(Channel, self._channel_ids[day.channel.id])
        messages = self.export.messages(day)
        asks = _asks_at(tx.session, channel, [m.thread_ts or m.ts for m in messages])
        ask_ids: set[int] = set()
        for message in messages:
            ask = asks.get(message.thread_ts or message.ts)
            if ask is None or not (message.is_reply or message.reactions):
                continue
            for reaction in message.reactions:
                self.unnamed_reactions += reaction.unnamed_count
                for reactor in reaction.users:
                    self._ensure_user(tx, reactor)
            self._is_by_human(tx, message)
            thread_sync.import_message(
                replace(tx, now=self.now), ask, channel, message.model_dump()
            )
            ask_ids.add(ask.id)
        for ask_id in sorted(ask_ids):
            outcomes.recompute(tx, ask_id)
        answers = _answers_at(tx.session, channel, [message.ts for message in messages])
        answer_texts.store_imported(
            tx,
            {
                answers[m.ts]: (m.text, _edited_at(m))
                for m in messages
                if m.ts in answers
            },
        )
        for message in messages:
            ask = asks.get(message.thread_ts or message.ts)
            is_answer = message.ts in answers
            self.kinds[self._kind(tx, message, ask, is_answer=is_answer)] += 1

    def _kind(
        self,
        tx: Transaction,
        message: ExportMessage,
        ask: Ask | None,
        *,
        is_answer: bool,
    ) -> MessageKind:
        """Return the message's line in the report."""
        if ask is not None and not message.is_reply:
            return MessageKind.ASK
        if not self._is_by_human(tx, message):
            return MessageKind.FROM_APP
        if not message.is_reply:
            return (
                MessageKind.EXCLUDED
                if self._is_ask(message)
                else MessageKind.NO_QUESTION
            )
        if ask is None:
            return MessageKind.OTHER_REPLY
        if is_answer:
            return MessageKind.ANSWER
        return (
            MessageKind.OWN_REPLY if message.user == ask.asker else MessageKind.EXCLUDED
        )

    def _is_by_human(self, tx: Transaction, message: ExportMessage) -> bool:
        if not authors.is_by_human(message.model_dump(), self.workspace):
            return False
        author = message.user or ""
        self._ensure_user(tx, author)
        self._mark_external_author(tx, author, message)
        self._set_name(tx, author, message)
        return author not in self._bots

    def _mark_external_author(
        self, tx: Transaction, author: str, message: ExportMessage
    ) -> None:
        """Mark an author as external by a message, if users.json names no workspace.

        Facts from Slack itself are not changed.
        """
        workspace = self.workspace
        if author in self._with_workspace or not is_external_author(
            message.model_dump(), workspace.team_id, workspace.enterprise_id
        ):
            return
        self._with_workspace.add(author)
        member = members.find(tx, author)
        if member is None or member.fetched_at != self.as_of:
            return
        if members.mark_external(tx, author):
            answer_texts.on_member_loaded(tx, member)
            # Earlier messages may not have named the workspace, and become asks. These
            # are removed without notice.
            deleted = tx.session.scalars(
                update(Ask)
                .filter_by(installation_id=workspace.id, asker=author)
                .where(Ask.deleted_at.is_(None))
                .values(deleted_at=self.now, state="deleted")
                .returning(Ask.id)
            ).all()
            report_deleted(tx, deleted)

    def _set_name(self, tx: Transaction, author: str, message: ExportMessage) -> None:
        """Take a name from a message if users.json has none."""
        if author not in self._unnamed or message.user_profile is None:
            return
        profile = message.user_profile.model_dump()
        member = members.find(tx, author)
        if member is not None:
            members.set_names(member, {"name": profile["name"], "profile": profile})
            if member.name:
                self._unnamed.discard(author)

    def _ensure_user(
        self, tx: Transaction, slack_id: str, user: Mapping[str, object] | None = None
    ) -> None:
        """Store a person; without an entry in the export, as an ordinary member.

        If no profile were stored, the later fetch of an admin's profile would count
        their past marks, and members would be notified of these today.
        """
        if slack_id in self._known_users:
            return
        self._known_users.add(slack_id)
        member = members.find(tx, slack_id)
        if member is not None and member.erased_at is not None:
            # An old message does not bring back an erased member.
            return
        if member is None or member.fetched_at is None:
            member = members.upsert_from_slack(
                replace(tx, now=self.as_of),
                user or {"id": slack_id},
                team_id=self.workspace.team_id,
                enterprise_id=self.workspace.enterprise_id,
            )
        if not member.name and member.fetched_at == self.as_of:
            self._unnamed.add(slack_id)
        if member.is_bot:
            self._bots.add(slack_id)


def _answers_at(
    session: Session, channel: Channel, stamps: Sequence[str]
) -> dict[str, int]:
    """Return the ids of those messages that are answers, by their ts."""
    answers: dict[str, int] = {}
    for start in range(0, len(stamps), _IDS_BATCH_SIZE):
        rows = session.execute(
            select(Answer.ts, Answer.id).where(
                Answer.channel_id == channel.id,
                Answer.ts.in_(stamps[start : start + _IDS_BATCH_SIZE]),
                Answer.is_deleted.is_(False),
            )
        )
        answers |= {row.ts: row.id for row in rows}
    return answers


def _asks_at(
    session: Session, channel: Channel, stamps: Iterable[str]
) -> dict[str | None, Ask]:
    """Return the asks among these messages by ts, except deleted ones."""
    unique_stamps = sorted(set(stamps))
    asks: dict[str | None, Ask] = {}
    for start in range(0, len(unique_stamps), _IDS_BATCH_SIZE):
        rows = session.scalars(
            select(Ask).where(
                Ask.channel_id == channel.id,
                Ask.ts.in_(unique_stamps[start : start + _IDS_BATCH_SIZE]),
                Ask.deleted_at.is_(None),
            )
        )
        asks |= {ask.ts: ask for ask in rows}
    return asks


def _edited_at(message: ExportMessage) -> int:
    return edited_at_micros(message.model_dump(include={"edited"}))
