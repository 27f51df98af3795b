"""Would champions have had something to do? Replay an export, day by day.

    uv run --group dev python -m benchmarks.replay_worklist EXPORT.zip
    uv run --group dev python -m benchmarks.replay_worklist EXPORT.zip \
        --hellos 50 --output hellos.tsv

Questions become asks, as with `app.py import`. The people who wrote the most are the
champions of all channels; they press nothing. People who joined stay in the channel: an
export does not say who left. It does not say when a person reacted, either: a reaction
counts on the day of its message. The bot is taken to have asked people twice about an
ask that nobody has answered for a working day.

`--output` writes suggestions to say hello, each with what others wrote at that time
there, for a person to judge if the newcomer had been greeted. It quotes people.
"""

import argparse
import csv
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from bot.clock import ts_to_datetime, utc_now
from bot.db.open import open_database
from bot.db.statements import upsert
from bot.features import FEATURES
from bot.imports.entries import ExportMessage
from bot.imports.export import DayFile, Export
from bot.imports.importer import USERS_BATCH_SIZE, Importer
from bot.mentors import message_counts
from bot.mentors.message_counter import DayKey
from bot.onboarding import newcomers
from bot.runtime import Transaction, Workspace
from bot.slack.text import mentioned_ids, one_line, to_plain, truncate
from bot.worklist import assignment
from bot.worklist.rules import WEEK
from bot.workspace import channel_members
from bot.workspace.installations import get_or_create
from bot.workspace.visibility import PeopleUnknown
from bot.workspace.working_time import WorkingTime
from models import Ask, AskRoute, Champion, Channel, Member, WorkAssignment, WorkItem

CHAMPIONS = 3
# Weeks with fewer messages promise nothing.
BUSY_WEEK = 10
_AROUND = timedelta(days=3)
_UNANSWERED_HOURS = 8.0
_MORNING = time(10)


@dataclass(slots=True)
class Hello:
    """A suggestion to say hello, and what others wrote around that time."""

    member: str
    channel: str
    joined_at: datetime
    suggested_at: datetime
    around: list[tuple[datetime, str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Replay:
    sessions: sessionmaker[Session]
    workspace: Workspace
    export: Export
    importer: Importer
    champion_count: int
    messages: Counter[date] = field(default_factory=Counter)
    # Messages by channel, day and author that are not stored yet.
    counts: Counter[DayKey] = field(default_factory=Counter)
    # The week in which each suggestion was first given, by its row id.
    given_in: dict[int, date] = field(default_factory=dict)
    # The author of each message.
    authors: dict[tuple[str, str], str] = field(default_factory=dict)

    def run(self) -> None:
        with self._write(self.importer.now) as tx:
            for start in range(0, len(self.export.users), USERS_BATCH_SIZE):
                self.importer.import_users(tx, start)
            self.importer.import_channels(tx, self.export.channels)
            tx.session.execute(update(Channel).values(is_joined=True, zone="UTC"))
            for champion in self._champions():
                for channel in tx.session.scalars(select(Channel)):
                    channel.bot_joined_at = self._first_message_at(channel.slack_id)
                    tx.session.add(Champion(channel_id=channel.id, member=champion))
        days = self.export.days(self.export.channels)
        by_date = {
            date.fromisoformat(day): list(files)
            for day, files in groupby(days, key=lambda file: file.date)
        }
        for day in _each_day(min(by_date), max(by_date)):
            morning = datetime.combine(day, _MORNING, UTC)
            self._suggest(morning)
            self._happen(by_date.get(day, []), morning + timedelta(hours=13))

    def _first_message_at(self, channel: str) -> datetime | None:
        """Return when the channel began: with it, the bot was there."""
        times = (
            ts_to_datetime(message.ts)
            for day in self.export.days(self.export.channels)
            if day.channel.id == channel
            for message in self.export.messages(day)[:1]
        )
        return min(times, default=None)

    def _champions(self) -> list[str]:
        written = Counter(
            message.user
            for day in self.export.days(self.export.channels)
            for message in self.export.messages(day)
            if _is_by_person(message)
        )
        return [str(member) for member, _ in written.most_common(self.champion_count)]

    def _happen(self, files: Sequence[DayFile], evening: datetime) -> None:
        with self._write(evening) as tx:
            for file in files:
                self.importer.import_asks(tx, file)
            for file in files:
                self.importer.import_threads(tx, file)
            tx.session.execute(
                update(Member).values(is_deactivated=False, is_guest=False)
            )
            contacts: set[tuple[str, str]] = set()
            for file in files:
                for message in self.export.messages(file):
                    self._read(tx, file.channel.id, message, contacts)
            newcomers.notice(tx, contacts)
            message_counts.add(tx, self.counts)
            self.counts.clear()

    def _read(
        self,
        tx: Transaction,
        channel: str,
        message: ExportMessage,
        contacts: set[tuple[str, str]],
    ) -> None:
        author = message.user or ""
        if message.subtype == "channel_join":
            newcomers.record(tx, channel, author, at=ts_to_datetime(message.ts))
        if not _is_by_person(message):
            return
        self.messages[_monday(ts_to_datetime(message.ts).date())] += 1
        self.authors[channel, message.ts] = author
        self.counts[channel, ts_to_datetime(message.ts).date(), author] += 1
        addressed = mentioned_ids(message.text)[0]
        if message.is_reply:
            addressed.add(self.authors.get((channel, message.thread_ts or ""), ""))
        contacts.update((channel, person) for person in addressed - {author})
        if any(person != author for each in message.reactions for person in each.users):
            contacts.add((channel, author))

    def _suggest(self, morning: datetime) -> None:
        with self._write(morning) as tx:
            hours = WorkingTime(ZoneInfo("UTC"))
            # As if each had been asked by `/ask`.
            tx.session.execute(update(Ask).values(is_confirmed=True))
            for ask in tx.session.scalars(select(Ask).filter_by(state="open")):
                if hours.add(ask.asked_at, _UNANSWERED_HOURS) <= morning:
                    tx.session.execute(
                        upsert(tx.session, AskRoute)
                        .values(
                            ask_id=ask.id,
                            installation_id=tx.workspace.id,
                            next_step=3,
                        )
                        .on_conflict_do_nothing()
                    )
            for unknown in assignment.find_unknown(tx):
                assert isinstance(unknown, PeopleUnknown)
                for person in sorted(unknown.people):
                    here = dict.fromkeys(unknown.channel_ids, True)
                    channel_members.record(tx, person, here, at=morning)
            assignment.run(tx)
            tx.session.flush()
            week = _monday(morning.date())
            for item_id in tx.session.scalars(select(WorkItem.id)):
                self.given_in.setdefault(item_id, week)

    @contextmanager
    def _write(self, now: datetime) -> Iterator[Transaction]:
        with self.sessions.begin() as session:
            yield Transaction(session, self.workspace, now, FEATURES)

    def hellos(self) -> list[Hello]:
        """Return the suggestions to say hello, with the messages around them."""
        with self.sessions() as session:
            rows = session.execute(
                select(WorkItem, Channel.slack_id)
                .join(Channel, Channel.id == WorkItem.channel_id)
                .filter(WorkItem.kind == "say_hello")
                .order_by(WorkItem.id)
            ).all()
        hellos: list[Hello] = []
        for item, channel in rows:
            hellos.append(Hello(item.subject, channel, item.until, item.assigned_at))
        by_member = {hello.member: hello for hello in hellos}
        for file in self.export.days(self.export.channels):
            for message in self.export.messages(file):
                hello = by_member.get(message.user or "")
                is_join = message.subtype == "channel_join"
                if hello and is_join and file.channel.id == hello.channel:
                    hello.joined_at = ts_to_datetime(message.ts)
        for file in self.export.days(self.export.channels):
            for message in self.export.messages(file):
                if not _is_by_person(message):
                    continue
                at = ts_to_datetime(message.ts)
                for hello in hellos:
                    is_near = hello.joined_at - timedelta(hours=1) <= at
                    is_near = is_near and at <= hello.suggested_at + _AROUND
                    names = hello.member in message.text or message.user == hello.member
                    if is_near and (names or file.channel.id == hello.channel):
                        hello.around.append((at, file.channel.name, message.text))
        return hellos


def _is_by_person(message: ExportMessage) -> bool:
    is_message = message.subtype in {None, "thread_broadcast", "file_share"}
    return is_message and bool(message.user) and not message.bot_id


def _each_day(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def write_hellos(hellos: Sequence[Hello], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t")
        table.writerow(("number", "member", "joined", "suggested", "when", "message"))
        for number, hello in enumerate(hellos, start=1):
            key = (number, hello.member, hello.joined_at, hello.suggested_at)
            table.writerow((*key, "", f"(joined {hello.channel})"))
            for at, channel, text in sorted(hello.around):
                shown = truncate(one_line(to_plain(text)), 200)
                table.writerow((*key, f"{at:%Y-%m-%d %H:%M}", f"#{channel}: {shown}"))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("export", type=Path, metavar="EXPORT.zip")
    parser.add_argument("--champions", type=int, default=CHAMPIONS)
    parser.add_argument("--hellos", type=int, default=50, help="how many to write")
    parser.add_argument("--output", type=Path, metavar="HELLOS.tsv")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Export(args.export) as export:
        now = export.latest or utc_now()
        database = open_database(f"sqlite:///{folder}/replay.db")
        with database.write_session.begin() as session:
            workspace = get_or_create(session, export.team_id or "T1", now=now)
        importer = Importer(export, workspace, "questions", now, now)
        replay = Replay(
            database.write_session, workspace, export, importer, args.champions
        )
        replay.run()
        _print(replay, args.export.name)
        if args.output:
            hellos = replay.hellos()
            draw = random.Random(1)  # noqa: S311 - a draw, no secret
            chosen = draw.sample(hellos, min(args.hellos, len(hellos)))
            write_hellos(sorted(chosen, key=lambda each: each.joined_at), args.output)
        database.engine.dispose()


def _print(replay: Replay, name: str) -> None:
    with replay.sessions() as session:
        items = session.scalars(select(WorkItem).order_by(WorkItem.id)).all()
        assigned = session.scalars(select(WorkAssignment)).all()
    by_week: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for item in items:
        by_week[replay.given_in[item.id]][item.kind] += 1
    busy = [week for week, count in replay.messages.items() if count >= BUSY_WEEK]
    with_items = [week for week in busy if by_week[week]]
    print(f"{name}: {sum(replay.messages.values())} messages")
    print(
        f"  {len(busy)} weeks with at least {BUSY_WEEK} messages, of which"
        f" {len(with_items)} ({len(with_items) / max(len(busy), 1):.0%}) have items"
    )
    weeks = max(len(replay.messages), 1)
    for kind, count in Counter(item.kind for item in items).most_common():
        here = sum(bool(by_week[week][kind]) for week in busy)
        print(
            f"  {kind:<12}{count:>5} items,{count / weeks:>5.1f} a week, {here} weeks"
        )
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for row in assigned:
        times[row.member].append(row.assigned_at)
    most = max(
        sum(start <= at < start + WEEK for at in each)
        for each in times.values()
        for start in each
    )
    print(f"  at most {most} in seven days for a champion")


if __name__ == "__main__":
    main()
