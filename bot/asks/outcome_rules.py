"""What an ask's replies and marks amount to. No database, no Slack, no clock."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

State = Literal["open", "answered", "solved", "closed", "deleted"]

# Marks made by a button or a shortcut stand beside the emoji in the same registers.
# No emoji can be called so: Slack's names have no colon but before a skin tone.
BUTTON_MARK_PREFIX = "backswing:"


@dataclass(frozen=True, slots=True)
class Reply:
    id: int
    ts: str
    author: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A reaction that stands. `at_us` is Slack's time in microseconds."""

    message_ts: str
    member: str
    meaning: str
    event_micros: int
    # A champion's or admin's when it was made.
    can_moderate: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    state: State
    # Answer id -> who said first that it solved the ask.
    solutions: Mapping[int, str] = field(default_factory=dict)
    # Answer id -> whom it helped.
    helped_members: Mapping[int, frozenset[str]] = field(default_factory=dict)
    solved_by: str | None = None
    solved_at_micros: int = 0
    looking: Sequence[str] = ()
    same: Sequence[str] = ()


def evaluate(
    *,
    asker: str,
    ask_ts: str | None,
    is_closed: bool,
    reopened_at_micros: int,
    replies: Sequence[Reply],
    marks: Sequence[Mark],
) -> Outcome:
    """The same for any order of the replies and marks; bots' are left out before."""
    by_ts = {reply.ts: reply for reply in replies}
    solving: list[Mark] = []
    solutions: dict[int, str] = {}
    helped: dict[int, set[str]] = {}
    looking: dict[str, None] = {}
    same: dict[str, None] = {}
    for mark in sorted(marks, key=lambda m: (m.event_micros, m.member, m.meaning)):
        speaks_for_asker = mark.member == asker or mark.can_moderate
        is_solving = mark.meaning == "solved" and speaks_for_asker
        if is_solving and mark.event_micros <= reopened_at_micros:
            continue
        if mark.message_ts == ask_ts:
            if is_solving:
                solving.append(mark)
            elif mark.meaning == "looking" and mark.member != asker:
                looking[mark.member] = None
            elif mark.meaning == "same" and mark.member != asker:
                same[mark.member] = None
            continue
        reply = by_ts.get(mark.message_ts)
        if reply is None or reply.author == mark.member:
            continue
        if is_solving:
            solving.append(mark)
            solutions.setdefault(reply.id, mark.member)
        elif mark.meaning in {"helpful", "solved"}:
            helped.setdefault(reply.id, set()).add(mark.member)
    first = solving[0] if solving else None
    return Outcome(
        state=_state(bool(solving), is_closed, bool(replies)),
        solutions=solutions,
        helped_members={reply: frozenset(members) for reply, members in helped.items()},
        solved_by=first.member if first else None,
        solved_at_micros=first.event_micros if first else 0,
        looking=tuple(looking),
        same=tuple(same),
    )


def _state(is_solved: bool, is_closed: bool, is_answered: bool) -> State:
    if is_solved:
        return "solved"
    if is_closed:
        return "closed"
    return "answered" if is_answered else "open"


_THANKS = re.compile(
    r"\b(thanks|thank you|thank u|thx|tysm|ty|cheers|much appreciated|merci|danke)\b"
    r"|\b(that|this|it)('s| is| has|)? ?(worked|works|solved|fixed|did the trick)\b",
    re.IGNORECASE,
)
_NOT_YET = re.compile(
    r"\bin advance\b|\b(didn't|doesn't|does not|not) work|n't (work|help)",
    re.IGNORECASE,
)


def is_thanks(text: str) -> bool:
    """Whether the asker sounds as if something helped; asks for nothing but a click."""
    return bool(_THANKS.search(text)) and not _NOT_YET.search(text)


@dataclass(frozen=True, slots=True)
class PreviousState:
    """What stood before: the state, and each answer's marks."""

    state: str
    solved_by: str | None
    solutions: frozenset[int]
    helpful_counts: Mapping[int, int]
    authors: Mapping[int, str]
