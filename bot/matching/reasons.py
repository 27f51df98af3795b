"""Say in words why people are matched, with true reasons only. Pure.

These are the only words for reasons: of pairs and threes, of circles, and for leads.
The caller gives plain names, and the asks that all readers may see now: others are
neither linked nor counted.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from bot.matching.cost import Kind, Part, Topic, pair_parts
from bot.matching.people import Person
from bot.slack.text import capitalize, truncate

_MAX_TOPIC_LENGTH = 40
# Sentences on a topic that several people share.
_MAX_SHARED = 3


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of a sentence, and the asks that the caller may link them to."""

    text: str
    asks: tuple[int, ...] = ()


Sentence = tuple[Phrase, ...]
_ON = Phrase(" on")
# A topic may be plural.
_THAT = Phrase(" that.")


@dataclass(frozen=True, slots=True)
class Readers:
    """The people who read the sentences, and what all of them may see.

    `names` are those of the people by id. If only one of these reads the sentences,
    `you` is their id. `everyone` is the people, as the readers call them.
    """

    names: Mapping[str, str]
    visible_asks: Collection[int]
    you: str | None = None
    everyone: str = "You"

    def name(self, member: str) -> str:
        return "you" if member == self.you else self.names[member]

    def names_of(self, members: Iterable[str]) -> str:
        """Return the names in a list, the reader's first."""
        first, *more = sorted(
            members, key=lambda member: (member != self.you, self.names[member], member)
        )
        *middle, last = map(self.name, more)
        return f"{', '.join([self.name(first), *middle])} and {last}"

    def owner(self, member: str) -> str:
        return "your" if member == self.you else f"{self.names[member]}'s"

    def verb(self, member: str, own: str, other: str) -> str:
        """Return the member with a verb: "you want" or "Ana wants"."""
        return f"{self.name(member)} {own if member == self.you else other}"


def plain(sentence: Sentence) -> str:
    return "".join(phrase.text for phrase in sentence)


def pair_reasons(parts: Iterable[Part], readers: Readers) -> list[Sentence]:
    """Return sentences for two people; none if nothing is known of them.

    1. Say for each what they can learn from the other, on two topics if possible.
    2. Say that they are in different teams, and that they have met or not, or share a
       circle.
    """
    parts = list(parts)
    reasons = _reasons(parts, readers)
    chosen = reasons[:1]
    back = [each for each in reasons if chosen[0].member != each.member]
    chosen += [each for each in back if each.topic != chosen[0].topic][:1] or back[:1]
    facts = _team_facts(parts, "", 1)
    if _count(parts, Kind.IN_CIRCLE):
        facts.append("share a circle")
    elif _count(parts, Kind.MET):
        facts.append("have met here before")
    elif _count(parts, Kind.NEVER_MET):
        facts.append("haven't met here")
    return [*(reason.sentence for reason in chosen), *_about_all(facts, readers)]


def group_reasons(
    people: Sequence[Person], readers: Readers, at: datetime
) -> list[Sentence]:
    """Return sentences for three or more people; none if nothing is known of them.

    1. Say of each what the best mate can help them with, the reader first; else what
       they can help a mate with whose sentence does not name them.
    2. If that leaves some out, say what several want to learn.
    3. Say what is true of each two of them.
    """
    parts = [part for pair in combinations(people, 2) for part in pair_parts(*pair, at)]
    reasons = _reasons(parts, readers)
    best: dict[str, _Reason] = {}
    for reason in reasons:
        best.setdefault(reason.member, reason)
    sentences = {member: reason.sentence for member, reason in best.items()}
    named = {(reason.member, reason.other) for reason in best.values()}
    for reason in reasons:
        if reason.other not in sentences and (reason.member, reason.other) not in named:
            sentences[reason.other] = reason.from_helper
    about_some = sorted(sentences, key=lambda member: member != readers.you)
    shared = _shared(people, sentences, readers)
    pairs = math.comb(len(people), 2)
    facts = _team_facts(parts, "all ", pairs) or _several_teams(people)
    if _count(parts, Kind.NEVER_MET) == pairs:
        facts.append("haven't met here")
    return [
        *(sentences[member] for member in about_some),
        *shared,
        *_about_all(facts, readers),
    ]


def summary(parts: Iterable[Part]) -> str:
    """Return the reasons in words that name no topic, for leads."""
    words = {
        Kind.BOTH_WANT: "each wants what the other knows",
        Kind.WANTS: "one wants what the other knows",
        Kind.SOLVED: "one solved what the other is stuck on",
        Kind.OTHER_TEAM: "different teams",
        Kind.MET: "have met before",
    }
    return "; ".join(
        dict.fromkeys(words[part.kind] for part in parts if part.kind in words)
    )


@dataclass(frozen=True, slots=True)
class _Reason:
    """A topic with which `other` can help `member`, and two clauses that end with it.

    Without the first clause, the second speaks of the member's own asks.
    """

    member: str
    other: str
    topic: str
    strength: tuple[bool, int, int]
    wants: Sentence
    knows: Sentence

    @property
    def sentence(self) -> Sentence:
        if not self.wants:
            return _sentence(*self.knows, Phrase(f" {self.topic}."))
        return _sentence(*self.wants, Phrase(f" {self.topic}; "), *self.knows, _THAT)

    @property
    def from_helper(self) -> Sentence:
        if not self.wants:
            return self.sentence
        return _sentence(*self.knows, Phrase(f" {self.topic}; "), *self.wants, _THAT)


def _sentence(first: Phrase, *phrases: Phrase) -> Sentence:
    return Phrase(capitalize(first.text), first.asks), *phrases


def _reasons(parts: Iterable[Part], readers: Readers) -> list[_Reason]:
    """Return all reasons that the readers may see, the strongest first."""
    reasons = [
        reason
        for part in parts
        for topic in part.topics
        if (reason := _reason(part, topic, readers)) is not None
    ]
    return sorted(reasons, key=lambda reason: reason.strength, reverse=True)


def _reason(part: Part, topic: Topic, readers: Readers) -> _Reason | None:
    """Put a topic in words; None if a clause needs asks that are not visible."""
    asked, helped_with, solved = (
        _visible(asks, readers)
        for asks in (topic.asked, topic.helped_with, topic.solved)
    )
    own = tuple(ask for ask in helped_with if ask in topic.own)
    helped_with, solved = (
        tuple(ask for ask in asks if ask not in topic.own)
        for asks in (helped_with, solved)
    )
    is_open = part.kind is Kind.SOLVED
    wants = _wants(part.member, topic, asked, readers, is_open=is_open)
    helper = readers.name(part.other)
    knows: Sentence
    if solved:
        knows = Phrase(f"{helper} solved "), Phrase(_asks(solved), solved), _ON
    elif helped_with:
        knows = (
            Phrase(f"{helper} helped with "),
            Phrase(_asks(helped_with), helped_with),
            _ON,
        )
    elif own:
        wants = ()
        knows = (
            Phrase(f"{helper} helped with {readers.owner(part.member)} "),
            Phrase("ask" if len(own) == 1 else "asks", own),
            _ON,
        )
    elif topic.helped_with or topic.solved:
        return None
    else:
        knows = (Phrase(f"{readers.verb(part.other, 'know', 'knows')} about"),)
    if topic.asked and not asked:
        return None
    strength = is_open, len(solved), len(helped_with)
    return _Reason(part.member, part.other, _short(topic.name), strength, wants, knows)


def _visible(asks: Iterable[int], readers: Readers) -> tuple[int, ...]:
    return tuple(ask for ask in asks if ask in readers.visible_asks)


def _short(topic: str) -> str:
    return truncate(topic, _MAX_TOPIC_LENGTH)


def _wants(
    member: str,
    topic: Topic,
    asked: tuple[int, ...],
    readers: Readers,
    *,
    is_open: bool,
) -> Sentence:
    if is_open:
        has = readers.verb(member, "have", "has")
        return Phrase(f"{has} "), Phrase(_asks(asked, "open ask"), asked), _ON
    if topic.asked:
        name = readers.name(member)
        return Phrase(f"{name} "), Phrase("asked", asked), Phrase(" about")
    return (Phrase(f"{readers.verb(member, 'want', 'wants')} to learn"),)


def _asks(asks: Sequence[int], noun: str = "ask") -> str:
    return f"an {noun}" if len(asks) == 1 else f"{_number(len(asks))} {noun}s"


def _number(number: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")
    return words[number] if number < len(words) else str(number)


def _shared(
    people: Iterable[Person], served: Collection[str], readers: Readers
) -> list[Sentence]:
    """Return what several people want to learn, as they say, the most people first.

    Each sentence is on someone of whom none before it is.
    """
    wanting: dict[str, set[str]] = {}
    for person in people:
        for topic, weight in person.wants.items():
            if weight > 0 and topic not in person.asked:
                wanting.setdefault(topic, set()).add(person.id)
    named = {*served}
    sentences: list[Sentence] = []
    for topic, ids in sorted(
        wanting.items(), key=lambda each: (-len(each[1]), each[0])
    ):
        if len(ids) > 1 and not ids <= named:
            text = f"{readers.names_of(ids)} want to learn {_short(topic)}."
            sentences.append(_sentence(Phrase(text)))
            named |= ids
    return sentences[:_MAX_SHARED]


def _team_facts(parts: Iterable[Part], everyone: str, pairs: int) -> list[str]:
    """Return that people are in different teams, if each two of them are."""
    parts = list(parts)
    if _count(parts, Kind.OTHER_TEAM) < pairs:
        return []
    if _count(parts, Kind.SAME_LEVEL) == pairs:
        return [f"are {everyone}at the same level in different teams"]
    return [f"are {everyone}in different teams"]


def _several_teams(people: Collection[Person]) -> list[str]:
    """Return that people are in several teams, if none of them has half of them."""
    counts = Counter(person.team for person in people if person.team)
    is_mixed = len(counts) > 1 and 2 * max(counts.values()) < len(people)
    return ["are in several teams"] if is_mixed else []


def _count(parts: Iterable[Part], kind: Kind) -> int:
    return sum(part.kind is kind for part in parts)


def _about_all(facts: Sequence[str], readers: Readers) -> list[Sentence]:
    return [(Phrase(f"{readers.everyone} {' and '.join(facts)}."),)] if facts else []
