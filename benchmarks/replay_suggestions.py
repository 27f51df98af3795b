"""How often would the bot have suggested something? Replay an export by months.

    uv run --group dev python -m benchmarks.replay_suggestions EXPORT.zip
    uv run --group dev python -m benchmarks.replay_suggestions EXPORT.zip \
        --lists 50 --output lists.tsv

Questions become asks, as with `app.py import`. Each ask of a month is looked up among
the asks of earlier months, with the replies and marks of earlier months: an export does
not say when somebody reacted, so a month's marks count from the next month on. Everyone
is taken to be a member still, and each author to be told that their words are kept.

"Unasked" are asks after which the bot would have shown what has perhaps solved them;
"in the form" those for which it shows what is possibly similar. `--output` writes some
of these lists, one suggestion in a line, for a person to judge. It quotes people.
"""

import argparse
import csv
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from bot.clock import utc_now
from bot.db.open import open_database
from bot.features import FEATURES
from bot.imports.export import DayFile, Export
from bot.imports.importer import USERS_BATCH_SIZE, Importer
from bot.knowledge import finding
from bot.knowledge.entries import Entry
from bot.runtime import Transaction, Workspace
from bot.search import documents
from bot.search.index import SearchIndex
from bot.search.query import SearchQuery
from bot.search.service import Search
from bot.slack.text import one_line, to_plain, truncate
from bot.workspace.installations import get_or_create
from models import AnswerText, Ask, Channel, Member

UNASKED, FORM = "unasked", "form"
COLUMNS = ("list", "kind", "asked", "ask", "rank", "entry", "what helped", "verdict")
MAX_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What an asker would have seen."""

    kind: str
    asked_at: datetime
    ask: str
    entries: Sequence[Entry]


@dataclass(slots=True)
class Replay:
    sessions: sessionmaker[Session]
    workspace: Workspace
    export: Export
    index: SearchIndex
    search: Search
    importer: Importer
    asks: int = 0

    def run(self) -> Iterator[Suggestions]:
        with self._write() as tx:
            for start in range(0, len(self.export.users), USERS_BATCH_SIZE):
                self.importer.import_users(tx, start)
            self.importer.import_channels(tx, self.export.channels)
            tx.session.execute(update(Channel).values(is_joined=True))
        days = self.export.days(self.export.channels)
        for _, month in groupby(days, key=lambda day: day.date[:7]):
            yield from self._replay_month(list(month))

    def _replay_month(self, days: Sequence[DayFile]) -> Iterator[Suggestions]:
        last = self._last_ask_id()
        with self._write() as tx:
            for day in days:
                self.importer.import_asks(tx, day)
            # Whoever has left by now was there when they asked.
            tx.session.execute(
                update(Member).values(is_deactivated=False, is_guest=False)
            )
            new = tx.session.scalars(
                select(Ask)
                .where(Ask.id > last, Ask.deleted_at.is_(None))
                .order_by(Ask.asked_at)
            ).all()
            for ask in new:
                self.asks += 1
                yield from self._suggestions(tx, ask)
        with self._write() as tx:
            for day in days:
                self.importer.import_threads(tx, day)
            tx.session.execute(
                update(AnswerText)
                .where(AnswerText.text.is_not(None))
                .values(is_findable=True)
            )
            ids = tx.session.scalars(select(Ask.id)).all()
            for start in range(0, len(ids), documents.BATCH_SIZE):
                batch = ids[start : start + documents.BATCH_SIZE]
                self.index.apply(documents.load(tx.session, batch), batch, followed=1)

    def _last_ask_id(self) -> int:
        with self.sessions() as session:
            newest = select(Ask.id).order_by(Ask.id.desc()).limit(1)
            return session.scalar(newest) or 0

    def _suggestions(self, tx: Transaction, ask: Ask) -> Iterator[Suggestions]:
        at = Transaction(tx.session, tx.workspace, ask.asked_at, FEATURES)
        words = f"{ask.title}\n{ask.details}"
        query = SearchQuery(ask.title, ask.details)
        for kind, entries in (
            (UNASKED, finding.suggest(at, self.search, ask)),
            (
                FORM,
                finding.similar(
                    at,
                    self.search,
                    ask.asker,
                    query,
                    channel_id=ask.channel_id,
                    excluded={ask.id},
                ),
            ),
        ):
            if entries:
                yield Suggestions(kind, ask.asked_at, words, entries)

    @contextmanager
    def _write(self) -> Iterator[Transaction]:
        with self.sessions.begin() as session:
            yield Transaction(session, self.workspace, self.importer.now, FEATURES)


def write_lists(lists: Sequence[Suggestions], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t")
        table.writerow(COLUMNS)
        for number, each in enumerate(lists, start=1):
            for rank, entry in enumerate(each.entries, start=1):
                helped = entry.answers[0].text if entry.answers else "(still open)"
                table.writerow(
                    (
                        number,
                        each.kind,
                        f"{each.asked_at:%Y-%m-%d}",
                        _shown(each.ask),
                        rank,
                        _shown(entry.title),
                        _shown(helped or ""),
                        "",
                    )
                )


def _shown(text: str) -> str:
    return truncate(one_line(to_plain(text)), MAX_SHOWN)


def choose(lists: Sequence[Suggestions], count: int) -> list[Suggestions]:
    """Choose as many unasked lists as others, or all that there are."""
    draw = random.Random(1)  # noqa: S311 - a draw, no secret
    unasked = [each for each in lists if each.kind == UNASKED]
    form = [each for each in lists if each.kind == FORM]
    chosen = draw.sample(unasked, min(len(unasked), count // 2))
    return chosen + draw.sample(form, min(len(form), count - len(chosen)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("export", type=Path, metavar="EXPORT.zip")
    parser.add_argument("--lists", type=int, default=50, help="how many to write")
    parser.add_argument("--output", type=Path, metavar="LISTS.tsv")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Export(args.export) as export:
        now = export.latest or utc_now()
        database = open_database(f"sqlite:///{folder}/replay.db")
        with database.write_session.begin() as session:
            workspace = get_or_create(session, export.team_id or "T1", now=now)
        index, search = SearchIndex(Path(folder) / "search"), Search()
        index.apply((), followed=1)
        search.use(index, followed_at=now)
        importer = Importer(export, workspace, "questions", now, now)
        replay = Replay(
            database.write_session, workspace, export, index, search, importer
        )
        lists = list(replay.run())
        index.close()
        database.engine.dispose()
    print(f"{args.export.name}: {replay.asks} asks")
    for kind, name in ((UNASKED, "unasked"), (FORM, "in the form")):
        shown = [each for each in lists if each.kind == kind]
        answered = sum(any(e.is_answered for e in each.entries) for each in shown)
        print(
            f"  {name:<12}{len(shown):>5}{len(shown) / max(replay.asks, 1):>6.0%}"
            f"   with an answer that helped: {answered}"
        )
    if args.output:
        write_lists(choose(lists, args.lists), args.output)


if __name__ == "__main__":
    main()
