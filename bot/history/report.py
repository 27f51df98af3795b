"""What the operator reads when an export has been loaded."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.history.entries import Room
from bot.runtime import Workspace
from models import Answer, Ask, Channel

_STATES = ("open", "answered", "solved", "closed")
# A broken export could name as many files as it has days.
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Summary:
    """What the loaded channels hold now, and what of the export was left out."""

    channels: int
    people: int
    messages: int
    asks: Mapping[str, int]
    answers: int
    helpful: int
    solutions: int
    new_asks: int
    new_answers: int
    left_out: Mapping[str, int]
    skipped: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Held:
    asks: Counter[str]
    answers: int
    helpful: int
    solutions: int


def count(session: Session, workspace: Workspace, rooms: Iterable[Room]) -> Held:
    """Count what there is in these channels, but for what was deleted."""
    here = select(Channel.id).where(
        Channel.installation_id == workspace.id,
        Channel.slack_id.in_([room.id for room in rooms]),
    )
    states = session.execute(
        select(Ask.state, func.count())
        .where(Ask.channel_id.in_(here), Ask.deleted_at.is_(None))
        .group_by(Ask.state)
    )
    replies = session.execute(
        select(Answer.helped, Answer.is_solution)
        .join(Ask, Ask.id == Answer.ask_id)
        .where(
            Answer.channel_id.in_(here),
            Answer.is_deleted.is_(False),
            Ask.deleted_at.is_(None),
        )
    ).all()
    return Held(
        asks=Counter(dict(states.all())),
        answers=len(replies),
        helpful=sum(row.helped for row in replies),
        solutions=sum(row.is_solution for row in replies),
    )


def report(summary: Summary) -> str:
    return "\n".join(_lines(summary))


def _lines(summary: Summary) -> Iterator[str]:
    yield f"Read {summary.messages:,} messages. The channels hold now:"
    states = [f"{summary.asks.get(s, 0):,} {s}" for s in _STATES if summary.asks.get(s)]
    rows: list[tuple[str, int, str]] = [
        ("channels", summary.channels, ""),
        ("people", summary.people, ""),
        ("asks", sum(summary.asks.values()), ", ".join(states)),
        ("answers", summary.answers, f"{summary.solutions:,} of them solutions"),
        ("helpful marks", summary.helpful, ""),
        ("solved asks", summary.asks.get("solved", 0), ""),
        ("new asks", summary.new_asks, ""),
        ("new answers", summary.new_answers, ""),
    ]
    for name, count, more in rows:
        yield f"  {name:<14}{count:>8,}{f'  ({more})' if more else ''}"
    yield "Left out by rule:" if summary.left_out else "Nothing was left out by rule."
    for why, count in sorted(summary.left_out.items()):
        yield f"  {count:>8,}  {why}"
    skipped = sorted((where, why, n) for (where, why), n in summary.skipped.items())
    yield "Skipped:" if skipped else "Nothing had to be skipped."
    for where, why, count in skipped[:_MOST_NAMED]:
        yield f"  {count:>8,}  {why}, in {where}"
    if len(skipped) > _MOST_NAMED:
        yield f"  … and {len(skipped) - _MOST_NAMED:,} more of this kind"
