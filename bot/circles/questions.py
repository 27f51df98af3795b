"""Questions for a circle to think about before it meets. Pure.

They are open, need no preparation, and suit any work. A key is stored with a meeting,
so that a circle never gets the same question twice.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType
from zlib import crc32

# The longest question that a member or a lead writes.
MAX_QUESTION = 200


class QuestionKind(StrEnum):
    """A kind of question."""

    DECISION = "decision"
    MISTAKE = "mistake"
    ASSUMPTION = "assumption"
    HELP_GIVEN = "help_given"
    HELP_NOT_ASKED = "help_not_asked"
    CHANGE = "change"
    MISSING_VIEW = "missing_view"
    WHAT_NEXT = "what_next"


_QUESTIONS: Mapping[QuestionKind, tuple[str, ...]] = MappingProxyType(
    {
        QuestionKind.DECISION: (
            "Which decision have you put off, and what would make it easier?",
            "Which decision of the last month would you explain differently today?",
            "What do you decide alone that others could help you with?",
            "Which small decision had a larger effect than you thought?",
            "How do you notice that you have enough facts to decide?",
        ),
        QuestionKind.MISTAKE: (
            "Which mistake taught you something that you still use?",
            "What went wrong lately, and what helped you to see it?",
            "When did it help to say early that something does not work?",
            "Which mistake do you see again and again, and what keeps it going?",
            "What would you try if a failure cost nothing?",
        ),
        QuestionKind.ASSUMPTION: (
            "What do you take for granted in your work that a newcomer would question?",
            "Which belief about your users or customers would you like to test?",
            "When did you last change your mind, and what changed it?",
            "What does your team never discuss because it seems clear?",
            "What would have to be true for your plan to fail?",
        ),
        QuestionKind.HELP_GIVEN: (
            "Whom did you help lately, and what did you learn from it?",
            "When was a question more useful to others than your answer?",
            "What do people often come to you for, and how did that begin?",
            "Which advice of yours turned out not to fit, and why?",
            "How do you help without taking the work away from others?",
        ),
        QuestionKind.HELP_NOT_ASKED: (
            "What are you stuck on that you have not asked anyone about?",
            "What keeps you from asking when you would like help?",
            "Which question did you ask late, and what did the wait cost?",
            "Whose experience would save you a week, if you asked?",
            "What makes it easy or hard to ask a question in your team?",
        ),
        QuestionKind.CHANGE: (
            "What do you do differently than half a year ago?",
            "Which change around you do you notice, but not yet act on?",
            "What have you stopped doing, and does anyone miss it?",
            "Which new habit lasted, and what helped it to last?",
            "What changed since our last meeting that this circle should know?",
        ),
        QuestionKind.MISSING_VIEW: (
            "Whose view is missing in your current work?",
            "Who would disagree with your plan, and what is their best reason?",
            "How does your problem look to the people who live with its result?",
            "Which question would someone from another team ask first?",
            "What do the quietest people in your team know that others do not?",
        ),
        QuestionKind.WHAT_NEXT: (
            "What is the smallest next step for something that you want to change?",
            "What would you like to be able to do in three months?",
            "What will you do less of, to make room for something that matters more?",
            "How will you notice that you are on the right way?",
            "What should this circle ask you about at the next meeting?",
        ),
    }
)
QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        f"{kind}-{number}": question
        for kind, questions in _QUESTIONS.items()
        for number, question in enumerate(questions, 1)
    }
)


def choose(circle_id: int, number: int, used: Collection[str]) -> str | None:
    """Return the key of a question for a circle's meeting with this number.

    It is none of `used`. The kinds take turns, each circle in its own order. Return
    None if the circle has had all questions.
    """
    kinds = list(QuestionKind)
    start = circle_id + number
    for ahead in range(len(kinds)):
        kind = kinds[(start + ahead) % len(kinds)]
        free = [key for key in QUESTIONS if _kind_of(key) == kind and key not in used]
        if free:
            return min(free, key=lambda key: crc32(f"{circle_id} {key}".encode()))
    return None


def _kind_of(key: str) -> str:
    return key.rpartition("-")[0]
