"""The decisions of circles: what the answers of their people lead to. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

# A circle is looked at so many working hours, two days, after a meeting's end.
WORKING_HOURS_TO_CHECK = 16.0
# Without an answer in so many working hours, three days, silence decides.
WORKING_HOURS_TO_VOTE = 24.0
# So many meetings in a row that half of the circle missed are a question.
MISSED_MEETINGS = 2
# A circle that has a break ends after so long.
MAX_BREAK = timedelta(weeks=12)


class Kind(StrEnum):
    """A question to the people in a circle, as it is stored."""

    # Half of them missed the last meetings: how do they go on?
    QUIET = "quiet"
    # A member would like a break.
    BREAK = "break"
    # A person would like to take a free place after the start.
    PLACE = "place"


class Answer(StrEnum):
    """An answer of a member, and of the circle, as it is stored."""

    CONTINUE = "continue"
    TIME = "time"
    JOIN = "join"
    BREAK = "break"
    END = "end"
    YES = "yes"
    NO = "no"


# The answers about a quiet circle; of two with as many votes, the first one counts.
MILDEST_FIRST = (Answer.CONTINUE, Answer.TIME, Answer.JOIN, Answer.BREAK, Answer.END)
ANSWERS: Mapping[Kind, Sequence[Answer]] = {
    Kind.QUIET: MILDEST_FIRST,
    Kind.BREAK: (Answer.YES, Answer.NO),
    Kind.PLACE: (Answer.YES, Answer.NO),
}


def is_missed(members: Collection[str], met: Collection[str]) -> bool:
    """Return True if half of a circle or more was not in a meeting."""
    return bool(members) and 2 * len(set(members) & set(met)) <= len(members)


def decision(
    kind: Kind,
    members: Collection[str],
    answers: Mapping[str, Answer],
    *,
    is_over: bool,
) -> Answer | None:
    """Return what the answers of those in a circle decide; None for not yet.

    `is_over` says whether the time for an answer is over. It does not matter in which
    order the answers came.
    """
    own = [answers[member] for member in sorted(members) if member in answers]
    if kind is Kind.QUIET:
        if len(own) < len(members) and not is_over:
            return None
        return _of_quiet(len(members), own)
    yes, no = own.count(Answer.YES), own.count(Answer.NO)
    if yes and 2 * yes >= len(members):
        return Answer.YES
    if 2 * no > len(members):
        return Answer.NO
    if not is_over:
        return None
    return Answer.YES if kind is Kind.PLACE else Answer.NO


def _of_quiet(count: int, answers: Sequence[Answer]) -> Answer:
    """Return the answer of most; no answer is a break, and an end needs half of all."""
    if not answers:
        return Answer.BREAK
    chosen = max(MILDEST_FIRST, key=answers.count)
    if chosen is Answer.END and 2 * answers.count(chosen) < count:
        return Answer.BREAK
    return chosen
