"""Real asks, with their answers and the earlier asks that the search finds for them.

An export of Slack (.zip) is imported as by `app.py import`: its questions are asks. Of
posts of Stack Exchange (.jsonl.gz) the questions are; answers that are accepted solved,
and those with votes helped.
"""

import gzip
import html
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from sqlalchemy import select, update

from bot.clock import utc_now
from bot.db.open import open_database
from bot.features import FEATURES
from bot.imports.export import Export
from bot.imports.importer import USERS_BATCH_SIZE, Importer
from bot.routing.rules import MAX_SIMILAR, Outcome
from bot.runtime import Transaction
from bot.search.index import Document, SearchIndex
from bot.search.query import SearchQuery
from bot.search.rules import Hit
from bot.workspace.installations import get_or_create
from models import Answer, Ask, Channel

# The votes with which an answer that is not accepted helped.
MIN_VOTES = 3
_MAX_DETAILS = 3000


@dataclass(frozen=True, slots=True)
class PastAnswer:
    """An answer, with the outcome that it had in the end."""

    author: str
    at: datetime
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class PastAsk:
    """An ask with the answers of others, the first of them first."""

    ask_id: int
    channel: int
    asker: str
    at: datetime
    title: str
    details: str
    answers: Sequence[PastAnswer]


def read(path: Path) -> list[PastAsk]:
    """Return the asks of a file, the oldest first."""
    asks = _read_export(path) if path.suffix == ".zip" else _read_posts(path)
    return sorted(asks, key=lambda ask: (ask.at, ask.ask_id))


def _read_posts(path: Path) -> Iterator[PastAsk]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        # Deleted accounts have no id.
        posts = [post for post in map(json.loads, lines) if post["user"]]
    answers = defaultdict(list)
    for post in posts:
        if post["kind"] == "a":
            answers[post["parent"]].append(post)
    for post in posts:
        if post["kind"] == "q":
            yield PastAsk(
                post["id"],
                1,
                post["user"],
                _time(post["t"]),
                html.escape(post["title"], quote=False),
                html.escape(post["text"], quote=False)[:_MAX_DETAILS],
                _by_others(
                    post["user"],
                    [
                        PastAnswer(
                            each["user"],
                            _time(each["t"]),
                            _outcome(
                                solved=each["id"] == post["accepted"],
                                helped=each["score"] >= MIN_VOTES,
                            ),
                        )
                        for each in answers[post["id"]]
                    ],
                ),
            )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _outcome(*, solved: bool, helped: bool) -> Outcome:
    if solved:
        return Outcome.SOLVED
    return Outcome.HELPED if helped else Outcome.ANSWERED


def _by_others(asker: str, answers: Sequence[PastAnswer]) -> list[PastAnswer]:
    return sorted(
        (answer for answer in answers if answer.author != asker),
        key=lambda answer: (answer.at, answer.author),
    )


def _read_export(path: Path) -> Iterator[PastAsk]:
    with tempfile.TemporaryDirectory() as folder, Export(path) as export:
        now = export.latest or utc_now()
        database = open_database(f"sqlite:///{folder}/import.db")
        with database.write_session.begin() as session:
            workspace = get_or_create(session, export.team_id or "T1", now=now)
            tx = Transaction(session, workspace, now, FEATURES)
            importer = Importer(export, workspace, "questions", now, now)
            for start in range(0, len(export.users), USERS_BATCH_SIZE):
                importer.import_users(tx, start)
            importer.import_channels(tx, export.channels)
            session.execute(update(Channel).values(is_joined=True))
            for _, days in groupby(
                export.days(export.channels), key=lambda day: day.date[:7]
            ):
                month = list(days)
                for day in month:
                    importer.import_asks(tx, day)
                for day in month:
                    importer.import_threads(tx, day)
            answers = defaultdict(list)
            for answer in session.scalars(select(Answer).filter_by(is_deleted=False)):
                answers[answer.ask_id].append(
                    PastAnswer(
                        answer.author,
                        answer.answered_at,
                        _outcome(
                            solved=answer.is_solution,
                            helped=answer.helpful_count > 0,
                        ),
                    )
                )
            for ask in session.scalars(select(Ask).where(Ask.deleted_at.is_(None))):
                yield PastAsk(
                    ask.id,
                    ask.channel_id,
                    ask.asker,
                    ask.asked_at,
                    ask.title,
                    ask.details,
                    _by_others(ask.asker, answers[ask.id]),
                )
        database.engine.dispose()


def find_similar(asks: Sequence[PastAsk]) -> dict[int, list[Hit]]:
    """Return the most similar earlier asks for each ask, the best first."""
    channels = {ask.channel for ask in asks}
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        index = SearchIndex(Path(folder) / "search")
        for followed, ask in enumerate(asks, start=1):
            query = SearchQuery(ask.title, ask.details)
            found[ask.ask_id] = index.search(query, channels, MAX_SIMILAR)
            document = Document(ask.ask_id, ask.channel, ask.title, ask.details)
            index.apply([document], followed=followed)
        index.close()
    return found
