"""Loads an export as history: the rules of live messages, and nobody is told."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from bot.answers import outcomes
from bot.answers import service as answers
from bot.asks.messages import create_from_message
from bot.channels import rules as channel_rules
from bot.channels import service as channels
from bot.clock import ts_to_datetime
from bot.history.entries import ExportChannel, ExportMessage
from bot.history.export import BadExport, DayFile, Export
from bot.history.report import ImportSummary, MessageKind, count_stored
from bot.installations import get_or_create
from bot.members import service as members
from bot.members.rules import is_external_author
from bot.mentors import counts as message_counts
from bot.runtime import Workspace
from bot.tally import DayKey
from models import Answer, Ask, Channel, Installation

# People are many and small: this many of them are one transaction.
USERS_BATCH_SIZE = 500
# One transaction takes up days of this many bytes, or else one day.
_BATCH_BYTES = 256 * 1024
# So many ids fit into one statement of any database.
_IDS_BATCH_SIZE = 500


def load(
    sessions: sessionmaker[Session],
    export: Export,
    export_channels: Sequence[ExportChannel],
    *,
    capture: str,
    now: datetime,
    on_step: Callable[[], object] = lambda: None,
) -> ImportSummary:
    """Load these channels; `on_step` is called `steps` times. Raises BadExport.

    A few days at a time are a transaction, first for their asks and then for the
    asks' threads. So it may be interrupted at any point, and a second run, which
    finds what the first has written, ends as one run would have.
    """
    days = export.days(export_channels)
    with sessions.begin() as session:
        workspace = _find_workspace(session, export, now=now)
        if workspace.enterprise_id is None:
            workspace = replace(workspace, enterprise_id=export.enterprise_id)
        before = count_stored(session, workspace, export_channels)
    loader = Importer(export, workspace, capture, now, export.latest or now)
    for start in range(0, len(export.users), USERS_BATCH_SIZE):
        with sessions.begin() as session:
            loader.import_users(session, start)
    with sessions.begin() as session:
        loader.import_channels(session, export_channels)
    for take in (loader.import_asks, loader.import_threads):
        for some in _batches(days):
            with sessions.begin() as session:
                for day in some:
                    take(session, day)
            for _ in some:
                on_step()
    with sessions.begin() as session:
        message_counts.raise_to(session, workspace, loader.messages_written)
        after = count_stored(session, workspace, export_channels)
    return ImportSummary(
        channels=len(export_channels),
        users=len(export.users),
        kinds=loader.kinds,
        asks=after.asks,
        answers=after.answers,
        helpful=after.helpful,
        solutions=after.solutions,
        new_asks=after.asks.total() - before.asks.total(),
        new_answers=after.answers - before.answers,
        unnamed_reactions=loader.unnamed_reactions,
        skipped=export.skipped,
    )


def count_steps(export: Export, export_channels: Sequence[ExportChannel]) -> int:
    return 2 * len(export.days(export_channels))


def _batches(days: Iterable[DayFile]) -> Iterator[list[DayFile]]:
    part: list[DayFile] = []
    size = 0
    for day in days:
        if part and size + day.size > _BATCH_BYTES:
            yield part
            part, size = [], 0
        part.append(day)
        size += day.size
    if part:
        yield part


def _find_workspace(session: Session, export: Export, *, now: datetime) -> Workspace:
    """The installation that the export belongs to.

    It is the one of the export's team, which is that of most of its people. Where
    nothing is installed yet, it is made, and the bot finds it once it has a token.
    """
    held = list(session.scalars(select(Installation.team_id)))
    if export.team_id in held:
        return get_or_create(session, export.team_id, now=now)
    if export.team_id is None and len(held) == 1:
        return get_or_create(session, held[0], now=now)
    if export.team_id is None:
        raise BadExport(
            "The export does not say which workspace it is of (nobody in users.json"
            " has a team_id): start the bot with its token once, then load it again."
        )
    if held:
        raise BadExport(
            f"The export is of the workspace {export.team_id}, and this database is"
            f" of {', '.join(sorted(held))}: give DATABASE_URL another one."
        )
    return get_or_create(session, export.team_id, now=now)


@dataclass(slots=True)
class Importer:
    export: Export
    workspace: Workspace
    capture: str
    now: datetime
    # When the export's facts about people and channels were true, at the latest:
    # before a decision rests on one of them, Slack is asked again.
    as_of: datetime
    kinds: Counter[MessageKind] = field(default_factory=Counter)
    unnamed_reactions: int = 0
    messages_written: Counter[DayKey] = field(default_factory=Counter)
    # People of whom there are facts, and those of them who are bots.
    _known_users: set[str] = field(default_factory=set)
    _bots: set[str] = field(default_factory=set)
    # Those of whom it is known which workspace they belong to.
    _with_workspace: set[str] = field(default_factory=set)
    # Those of whom no name is known: a later message may tell it.
    _unnamed: set[str] = field(default_factory=set)
    # The channels' rows by their ids in Slack.
    _channel_ids: dict[str, int] = field(default_factory=dict)

    def import_users(self, session: Session, start: int) -> None:
        """Remember some people, but for those whom Slack itself has described."""
        people = self.export.users[start : start + USERS_BATCH_SIZE]
        for person in people:
            if person.team_id or person.enterprise_user:
                self._with_workspace.add(person.id)
            self._ensure_user(session, person.id, person.model_dump())

    def import_channels(
        self, session: Session, export_channels: Iterable[ExportChannel]
    ) -> None:
        """Remember the channels; what Slack has said of them, and settings, stay."""
        for room in export_channels:
            channel = channels.get_or_create(session, self.workspace.id, room.id)
            self._channel_ids[room.id] = channel.id
            if channel.looked_up_at is None:
                channels.upsert_from_slack(
                    session, self.workspace.id, room.model_dump(), now=self.as_of
                )

    def import_asks(self, session: Session, day: DayFile) -> None:
        channel = session.get_one(Channel, self._channel_ids[day.channel.id])
        messages = self.export.messages(day)
        known = _asks_at(session, channel, [message.ts for message in messages])
        for message in messages:
            if not self._is_by_human(session, message):
                continue
            self._count_message(message, day.channel.id)
            if message.ts not in known and self._is_ask(message):
                create_from_message(
                    session,
                    self.workspace,
                    channel,
                    ts=message.ts,
                    author=message.user or "",
                    text=message.text,
                )

    def _is_ask(self, message: ExportMessage) -> bool:
        return channel_rules.should_capture(
            self.capture, ts=message.ts, thread_ts=message.thread_ts, text=message.text
        )

    def _count_message(self, message: ExportMessage, channel_id: str) -> None:
        """Who writes how much, of the days that still matter."""
        at = ts_to_datetime(message.ts)
        if at > self.now - message_counts.RETENTION:
            self.messages_written[channel_id, at.date(), message.user or ""] += 1

    def import_threads(self, session: Session, day: DayFile) -> None:
        """Take in what was said and marked in the threads of asks, new or known."""
        channel = session.get_one(Channel, self._channel_ids[day.channel.id])
        messages = self.export.messages(day)
        known = _asks_at(session, channel, [m.thread_ts or m.ts for m in messages])
        touched: set[int] = set()
        for message in messages:
            ask = known.get(message.thread_ts or message.ts)
            if ask is None or not (message.is_reply or message.reactions):
                continue
            for reaction in message.reactions:
                self.unnamed_reactions += reaction.unnamed_count
                for reactor in reaction.users:
                    self._ensure_user(session, reactor)
            self._is_by_human(session, message)
            answers.import_message(
                session,
                self.workspace,
                ask,
                channel,
                message.model_dump(),
                now=self.now,
            )
            touched.add(ask.id)
        for ask_id in sorted(touched):
            outcomes.recompute(session, ask_id)
        recorded = _answers_at(session, channel, [message.ts for message in messages])
        for message in messages:
            ask = known.get(message.thread_ts or message.ts)
            is_answer = message.ts in recorded
            self.kinds[self._kind(session, message, ask, is_answer=is_answer)] += 1

    def _kind(
        self,
        session: Session,
        message: ExportMessage,
        ask: Ask | None,
        *,
        is_answer: bool,
    ) -> MessageKind:
        """Return the message's line in the report."""
        if ask is not None and not message.is_reply:
            return MessageKind.ASK
        if not self._is_by_human(session, message):
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

    def _is_by_human(self, session: Session, message: ExportMessage) -> bool:
        if not answers.is_by_human(message.model_dump(), self.workspace):
            return False
        author = message.user or ""
        self._ensure_user(session, author)
        self._mark_external_author(session, author, message)
        self._set_name(session, author, message)
        return author not in self._bots

    def _mark_external_author(
        self, session: Session, author: str, message: ExportMessage
    ) -> None:
        """Take it from a message where an author belongs of whom users.json is silent.

        What Slack itself has said of somebody stands.
        """
        workspace = self.workspace
        if author in self._with_workspace or not is_external_author(
            message.model_dump(), workspace.team_id, workspace.enterprise_id
        ):
            return
        self._with_workspace.add(author)
        member = members.find(session, workspace.id, author)
        if member is None or member.looked_up_at != self.as_of:
            return
        if members.mark_external(session, workspace.id, author):
            # Their earlier messages may not have said so. Nobody is told anything.
            session.execute(
                update(Ask)
                .filter_by(installation_id=workspace.id, asker=author)
                .where(Ask.deleted_at.is_(None))
                .values(deleted_at=self.now, state="deleted")
            )

    def _set_name(self, session: Session, author: str, message: ExportMessage) -> None:
        """Take a name from a message where users.json has none."""
        if author not in self._unnamed or message.user_profile is None:
            return
        profile = message.user_profile.model_dump()
        member = members.find(session, self.workspace.id, author)
        if member is not None:
            members.set_names(member, {"name": profile["name"], "profile": profile})
            if member.name:
                self._unnamed.discard(author)

    def _ensure_user(
        self, session: Session, slack_id: str, user: Mapping[str, object] | None = None
    ) -> None:
        """Whoever the export does not describe is an ordinary member.

        Without any facts, the past marks of somebody who turns out to be an admin
        would be announced to people today.
        """
        if slack_id in self._known_users:
            return
        self._known_users.add(slack_id)
        member = members.find(session, self.workspace.id, slack_id)
        if member is not None and member.forgotten_at is not None:
            # Nothing of before brings them back.
            return
        if member is None or member.looked_up_at is None:
            member = members.upsert_from_slack(
                session,
                self.workspace.id,
                user or {"id": slack_id},
                team_id=self.workspace.team_id,
                enterprise_id=self.workspace.enterprise_id,
                now=self.as_of,
            )
        if not member.name and member.looked_up_at == self.as_of:
            self._unnamed.add(slack_id)
        if member.is_bot:
            self._bots.add(slack_id)


def _answers_at(session: Session, channel: Channel, stamps: Sequence[str]) -> set[str]:
    """Return which of these messages are answers."""
    answers: set[str] = set()
    for start in range(0, len(stamps), _IDS_BATCH_SIZE):
        answers |= set(
            session.scalars(
                select(Answer.ts).where(
                    Answer.channel_id == channel.id,
                    Answer.ts.in_(stamps[start : start + _IDS_BATCH_SIZE]),
                    Answer.is_deleted.is_(False),
                )
            )
        )
    return answers


def _asks_at(
    session: Session, channel: Channel, stamps: Iterable[str]
) -> dict[str | None, Ask]:
    """The asks that these messages are, but for deleted ones."""
    wanted = sorted(set(stamps))
    found: dict[str | None, Ask] = {}
    for start in range(0, len(wanted), _IDS_BATCH_SIZE):
        rows = session.scalars(
            select(Ask).where(
                Ask.channel_id == channel.id,
                Ask.ts.in_(wanted[start : start + _IDS_BATCH_SIZE]),
                Ask.deleted_at.is_(None),
            )
        )
        found |= {ask.ts: ask for ask in rows}
    return found
