"""The operator's report after an import."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select

from bot.imports.entries import ExportChannel
from bot.runtime import Transaction
from models import Answer, Ask, Channel

_STATES = ("open", "answered", "solved", "closed")
# The most lines about skipped files: a broken export has one for each day.
_MAX_LISTED = 20


class MessageKind(StrEnum):
    """A kind of message in the report: its singular/plural."""

    ASK = "ask/asks"
    ANSWER = "answer/answers"
    OWN_REPLY = "reply/replies by the person who asked"
    NO_QUESTION = "message without a question/messages without a question"
    OTHER_REPLY = (
        "reply to a message that isn't an ask/replies to messages that aren't asks"
    )
    EXCLUDED = (
        "message/messages not taken: from another organisation, or deleted or erased"
        " here"
    )
    FROM_APP = "message/messages from apps and Slack itself"


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """Messages read, contents of the channels now, and skipped entries."""

    channels: int
    users: int
    kinds: Mapping[MessageKind, int]
    asks: Mapping[str, int]
    answers: int
    helpful: int
    solutions: int
    new_asks: int
    new_answers: int
    # Reactions on asks and answers by people whom Slack counts but does not name.
    unnamed_reactions: int
    skipped: Mapping[tuple[str, str], int]

    @property
    def messages(self) -> int:
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True)
class StoredCounts:
    asks: Counter[str]
    answers: int
    helpful: int
    solutions: int


def count_stored(
    tx: Transaction, export_channels: Iterable[ExportChannel]
) -> StoredCounts:
    """Count the asks and answers in these channels, without deleted ones."""
    channel_ids = select(Channel.id).where(
        Channel.installation_id == tx.workspace.id,
        Channel.slack_id.in_([channel.id for channel in export_channels]),
    )
    states = tx.session.execute(
        select(Ask.state, func.count())
        .where(Ask.channel_id.in_(channel_ids), Ask.deleted_at.is_(None))
        .group_by(Ask.state)
    )
    replies = tx.session.execute(
        select(Answer.helpful_count, Answer.is_solution)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(
            Answer.channel_id.in_(channel_ids),
            Answer.is_deleted.is_(False),
            Ask.deleted_at.is_(None),
        )
    ).all()
    return StoredCounts(
        asks=Counter(dict(states.all())),
        answers=len(replies),
        helpful=sum(row.helpful_count for row in replies),
        solutions=sum(row.is_solution for row in replies),
    )


def format_report(summary: ImportSummary) -> str:
    return "\n".join(_lines(summary))


def _lines(summary: ImportSummary) -> Iterator[str]:
    messages, channels = summary.messages, summary.channels
    if not messages:
        yield "Nothing was imported: I found no messages in this export."
    else:
        yield (
            f"Read {_with_count('person/people', summary.users)}, and"
            f" {_with_count('message/messages', messages)}"
            f" in {_with_count('channel/channels', channels)}:"
        )
    for kind in MessageKind:
        if summary.kinds.get(kind):
            yield _line(kind, summary.kinds[kind])
    if summary.unnamed_reactions:
        yield "Not imported:"
        yield _line(
            "reaction/reactions without names in the export",
            summary.unnamed_reactions,
        )
    if messages:
        yield (
            f"Added in this run: {_with_count('ask/asks', summary.new_asks)},"
            f" {_with_count('answer/answers', summary.new_answers)}."
        )
        yield "Now stored for these channels:"
        yield from _stored(summary)
    skipped = sorted(
        (path, reason, count) for (path, reason), count in summary.skipped.items()
    )
    yield "Skipped:" if skipped else "Nothing had to be skipped."
    for path, reason, count in skipped[:_MAX_LISTED]:
        yield _line(reason, count, path)
    if len(skipped) > _MAX_LISTED:
        yield f"  … and {len(skipped) - _MAX_LISTED:,} more of this kind"


def _stored(summary: ImportSummary) -> Iterator[str]:
    states = [f"{summary.asks.get(s, 0):,} {s}" for s in _STATES if summary.asks.get(s)]
    more = f" ({', '.join(states)})" if states else ""
    yield _line("ask/asks", sum(summary.asks.values())) + more
    solutions = f" ({_with_count('solution/solutions', summary.solutions)})"
    yield _line("answer/answers", summary.answers) + solutions
    yield _line("helpful mark/helpful marks", summary.helpful)


def _line(noun: str, count: int, path: str = "") -> str:
    return f"  {count:>8,}  {_pluralize(noun, count).format(path)}"


def _with_count(noun: str, count: int) -> str:
    return f"{count:,} {_pluralize(noun, count)}"


def _pluralize(noun: str, count: int) -> str:
    """Return the form of `noun` ("reply/replies by her") for the count."""
    singular, _, plural = noun.partition("/")
    if count != 1:
        return plural
    return " ".join([singular, *plural.split(" ")[singular.count(" ") + 1 :]])
