"""Decide who may know about an ask, who of them is asked, and why. Pure.

A request is a private message that asks a person to look at an ask. Two people are
requested at a time: the one who probably knows best, and one who answers less than
others. The results do not depend on the order of the input.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, cast, get_args

from bot.search.rules import Hit, possibly_similar
from bot.workspace.budget_rules import WINDOW

# The number of similar asks to look up.
MAX_SIMILAR = 50
# The time in which answers make a person active, and requests make them less likely.
ACTIVE_FOR = timedelta(days=90)
FRESH_FOR = timedelta(days=28)
# At most so many people are requested for an ask, ever, and at a step.
MAX_REQUESTS = 6
PLACES = 2

KNOWN_TOPIC = 0.3
ACTIVE = 1.0
NEW_TO_ASKER = 0.1
FRESH = -0.15
# The least that answers must say for a person, and the least share of what they say for
# the best one, if that is less: in a large workspace nobody gave many of them.
MIN_EVIDENCE = 0.05
MIN_SHARE_OF_BEST = 0.3

# A similar ask counts half as much after this time.
_HALF_LIFE = timedelta(days=365)
_RANK_OFFSET = 5
# Only the most similar asks are named as reasons.
_MAX_NAMED = 3

_BUSIEST = 10
_BUSIEST_PERCENT = 5
_MAX_PER_WEEK = 7
# The first step with people from elsewhere, and with experts.
_SIDEWAYS = 2
# Rounding makes equal what differs by the errors of a sum.
_DIGITS = 9
_NEVER = datetime.min.replace(tzinfo=UTC)


class Outcome(StrEnum):
    """The outcome of an answer, from the least to the best."""

    ANSWERED = "answered"
    HELPED = "helped"
    SOLVED = "solved"


_WEIGHTS = MappingProxyType({Outcome.ANSWERED: 1, Outcome.HELPED: 2, Outcome.SOLVED: 3})

ReasonKind = Literal["solved", "helped", "answered", "topic", "active"]
REASON_KINDS: tuple[ReasonKind, ...] = get_args(ReasonKind)


@dataclass(frozen=True, slots=True)
class SimilarAnswer:
    """An answer to an ask that is similar to this one.

    `rank` is 0 for the most similar ask. `is_alike`: the ask is in `alike`, so it may
    be named as a reason.
    """

    member: str
    ask_id: int
    rank: int
    outcome: Outcome
    answered_at: datetime
    is_alike: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may see the ask and takes requests now."""

    member: str
    # The topics that they say they know, of those of the ask.
    known_topics: tuple[str, ...] = ()
    # They and the asker have never met in an ask.
    is_new_to_asker: bool = False
    # They are from another channel or team.
    is_elsewhere: bool = False
    # They are on the mentors' list.
    is_expert: bool = False
    # The number within FRESH_FOR.
    request_count: int = 0
    last_requested_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """The reason that a requested person is told; each kind is true of them.

    `ask_id` and `at` are of a similar ask and their answer to it, `topic` is what they
    know, `answer_count` the number of their answers within ACTIVE_FOR.
    """

    kind: ReasonKind
    ask_id: int | None = None
    at: datetime | None = None
    topic: str = ""
    answer_count: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """Someone who may know."""

    person: Person
    score: float
    reason: Reason


def reason_kind(stored: str) -> ReasonKind:
    """Return a stored kind of reason. Raises ValueError."""
    return REASON_KINDS[REASON_KINDS.index(cast("ReasonKind", stored))]


def alike(hits: Sequence[Hit]) -> frozenset[int]:
    """Return the asks that may be named as a reason, of those found, best first.

    Any search finds something: these agree by their titles, and are about as good as
    the best.
    """
    return frozenset(hit.ask_id for hit in possibly_similar(hits[:_MAX_NAMED]))


def rank(
    people: Iterable[Person],
    similar: Iterable[SimilarAnswer],
    answer_counts: Mapping[str, int],
    *,
    now: datetime,
) -> list[Candidate]:
    """Return those who may know, the best first.

    `answer_counts` is the number of asks that each member answered within ACTIVE_FOR,
    of all members. Those who answered none are left out unless they know a topic of the
    ask. So are people for whom nothing but chance would speak. Nobody's score depends
    on the others in `people`.
    """
    topical = _topical(similar, now)
    evidence = _evidence(topical, answer_counts)
    knowing = _knowing(evidence, answer_counts)
    candidates = []
    for person in people:
        if person.member not in knowing and not person.known_topics:
            continue
        shares = evidence.get(person.member, 0)
        score = math.fsum(
            (
                shares,
                KNOWN_TOPIC if person.known_topics else 0,
                NEW_TO_ASKER * person.is_new_to_asker,
                FRESH * person.request_count,
            )
        )
        reason = _reason(
            person,
            topical.get(person.member, {}),
            answer_counts.get(person.member, 0),
        )
        candidates.append(Candidate(person, round(score, _DIGITS), reason))
    return sorted(
        candidates,
        key=lambda each: (
            -each.score,
            each.person.last_requested_at or _NEVER,
            each.person.member,
        ),
    )


def may_know(
    similar: Iterable[SimilarAnswer],
    answer_counts: Mapping[str, int],
    *,
    now: datetime,
) -> frozenset[str]:
    """Return those for whom enough speaks, without the topics that they know.

    All others are left out by `rank`, unless they know a topic of the ask.
    """
    return _knowing(_evidence(_topical(similar, now), answer_counts), answer_counts)


def _knowing(
    evidence: Mapping[str, float], answer_counts: Mapping[str, int]
) -> frozenset[str]:
    active = [member for member, count in answer_counts.items() if count]
    best = max((evidence[member] for member in active), default=0)
    least = min(MIN_EVIDENCE, MIN_SHARE_OF_BEST * best)
    return frozenset(member for member in active if evidence[member] >= least)


def _evidence(
    topical: Mapping[str, Mapping[SimilarAnswer, float]],
    answer_counts: Mapping[str, int],
) -> dict[str, float]:
    """Return how much answers say for each member.

    That is their share of what the answers to similar asks say, and of all answers.
    """
    similar = {member: math.fsum(own.values()) for member, own in topical.items()}
    all_similar = math.fsum(similar.values())
    all_answers = sum(answer_counts.values())
    evidence = {member: value / all_similar for member, value in similar.items()}
    for member, count in answer_counts.items():
        if count:
            share = ACTIVE * count / all_answers
            evidence[member] = evidence.get(member, 0) + share
    return evidence


def _topical(
    similar: Iterable[SimilarAnswer], now: datetime
) -> dict[str, dict[SimilarAnswer, float]]:
    """Return how much each similar ask says for each member, by their best answer."""
    best: dict[tuple[str, int], tuple[float, SimilarAnswer]] = {}
    for answer in similar:
        age = max(now - answer.answered_at, timedelta())
        value = (
            _WEIGHTS[answer.outcome]
            / (answer.rank + _RANK_OFFSET)
            * 0.5 ** (age / _HALF_LIFE)
        )
        key = (answer.member, answer.ask_id)
        if key not in best or _order(value, answer) > _order(*best[key]):
            best[key] = (value, answer)
    topical: dict[str, dict[SimilarAnswer, float]] = defaultdict(dict)
    for (member, _), (value, answer) in best.items():
        topical[member][answer] = value
    return topical


def _order(value: float, answer: SimilarAnswer) -> tuple[float, datetime, int]:
    """Return a key by which the answer that says most is the greatest."""
    return value, answer.answered_at, answer.ask_id


def _reason(
    person: Person, own: Mapping[SimilarAnswer, float], answer_count: int
) -> Reason:
    """Return the most specific reason."""
    named = [answer for answer in own if answer.is_alike]
    if named:
        best = max(named, key=lambda answer: _order(own[answer], answer))
        return Reason(best.outcome.value, ask_id=best.ask_id, at=best.answered_at)
    if person.known_topics:
        return Reason("topic", topic=person.known_topics[0])
    return Reason("active", answer_count=answer_count)


def pick(
    ranked: Sequence[Candidate],
    busiest: Collection[str],
    *,
    step: int,
    places: int = PLACES,
) -> list[Candidate]:
    """Return whom to request, of those who may know, the best first.

    The first place is the best one's; further ones are for those who are not among the
    `busiest`, as long as there are any. From step 2 on people from elsewhere come
    before all others. Experts are requested from step 2 on.
    """
    left = [each for each in ranked if step >= _SIDEWAYS or not each.person.is_expert]
    picked: list[Candidate] = []
    while left and len(picked) < places:
        best = min(
            left,
            key=lambda each: (
                step >= _SIDEWAYS and not each.person.is_elsewhere,
                bool(picked) and each.person.member in busiest,
            ),
        )
        left.remove(best)
        picked.append(best)
    return picked


def busiest(answer_counts: Mapping[str, int]) -> frozenset[str]:
    """Return the 10 or 5 % who answered most, whichever are more; ties by id."""
    active = sorted(
        (-count, member) for member, count in answer_counts.items() if count
    )
    most = max(_BUSIEST, math.ceil(len(active) * _BUSIEST_PERCENT / 100))
    return frozenset(member for _, member in active[:most])


def weekly_cap(answer_count: int, chosen: int | None = None) -> int:
    """Return how many requests a person takes in a week.

    `chosen` is their own setting, 0 for never. By default it is half of the answers
    that they gave in a week, of `answer_count` within ACTIVE_FOR: from 1 to 7.
    """
    if chosen is not None:
        return chosen
    return max(1, min(_MAX_PER_WEEK, answer_count * WINDOW // (2 * ACTIVE_FOR)))


def is_free(requested_at: Iterable[datetime], cap: int, *, now: datetime) -> bool:
    """Return True if a request now is within the cap for any seven days.

    `requested_at` are the times of the person's requests, at least those of the last
    seven days.
    """
    return sum(at > now - WINDOW for at in requested_at) < cap
