"""Compute the outcome of an ask from its replies and marks. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

State = Literal["open", "answered", "solved", "closed", "deleted"]

# The prefix of a mark by a button or shortcut, which is stored like a reaction. It
# can't begin an emoji's name: in those, a colon comes only before a skin tone.
BUTTON_MARK_PREFIX = "backswing:"


@dataclass(frozen=True, slots=True)
class Reply:
    id: int
    ts: str
    author: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A reaction that was not removed. `event_micros` is Slack's time."""

    message_ts: str
    member: str
    meaning: str
    event_micros: int
    # True if the member was a champion or admin at that time.
    can_moderate: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of an ask, and the members behind it, by Slack's ids."""

    state: State
    # Answer id -> the first member who marked it as a solution.
    solutions: Mapping[int, str] = field(default_factory=dict)
    # Answer id -> the members it helped.
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
    """Compute the outcome, which does not depend on the order of replies and marks.

    1. "solved" by the asker, a champion or an admin solves the ask, unless it is from
       before the last reopening; on a reply, it makes that a solution.
    2. Another member's "solved" on a reply counts as "helpful".
    3. Marks of a reply's own author don't count.

    Pass no replies or marks by bots.
    """
    replies_by_ts = {reply.ts: reply for reply in replies}
    solution_marks: list[Mark] = []
    solutions: dict[int, str] = {}
    helped: dict[int, set[str]] = {}
    looking: dict[str, None] = {}
    same: dict[str, None] = {}
    for mark in sorted(marks, key=lambda m: (m.event_micros, m.member, m.meaning)):
        may_solve = mark.member == asker or mark.can_moderate
        is_solving = mark.meaning == "solved" and may_solve
        if is_solving and mark.event_micros <= reopened_at_micros:
            continue
        if mark.message_ts == ask_ts:
            if is_solving:
                solution_marks.append(mark)
            elif mark.meaning == "looking" and mark.member != asker:
                looking[mark.member] = None
            elif mark.meaning == "same" and mark.member != asker:
                same[mark.member] = None
            continue
        reply = replies_by_ts.get(mark.message_ts)
        if reply is None or reply.author == mark.member:
            continue
        if is_solving:
            solution_marks.append(mark)
            solutions.setdefault(reply.id, mark.member)
        elif mark.meaning in {"helpful", "solved"}:
            helped.setdefault(reply.id, set()).add(mark.member)
    first = solution_marks[0] if solution_marks else None
    return Outcome(
        state=_state(bool(solution_marks), is_closed, bool(replies)),
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
    """Return True if a text sounds like thanks; the bot then suggests a solution."""
    return bool(_THANKS.search(text)) and not _NOT_YET.search(text)


@dataclass(frozen=True, slots=True)
class PreviousState:
    """The state before an evaluation; answers are given by their ids."""

    state: str
    solved_by: str | None
    solutions: frozenset[int]
    helpful_counts: Mapping[int, int]
    authors: Mapping[int, str]
