"""Say in words why people are matched, with true reasons only. Pure.

The reasons are what `pair_parts` and `help_parts` return. The caller gives names and
topics as plain text, and the asks that all readers may see now: others are neither
linked nor counted.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.matching.cost import Kind, Part, Topic


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
    """The names, topics and asks that the readers know: by id, by key, by id."""

    names: Mapping[str, str]
    topics: Mapping[str, str]
    visible_asks: Collection[int]


def plain(sentence: Sentence) -> str:
    return "".join(phrase.text for phrase in sentence)


def pair_reasons(
    parts: Iterable[Part], readers: Readers, *, shares_channel: bool | None = None
) -> list[Sentence]:
    """Return sentences for two people; none if nothing is known of them.

    1. Say for each what they can learn from the other, on two topics if possible.
    2. Say that they are in different teams, and that they have met or not. If there is
       nothing to learn, say instead that they have no channel in common.
    """
    parts = list(parts)
    reasons = _reasons(parts, readers)
    chosen = reasons[:1]
    back = [each for each in reasons if chosen[0].member != each.member]
    chosen += [each for each in back if each.topic != chosen[0].topic][:1] or back[:1]
    facts = _team_facts(parts, "", 1)
    if _count(parts, Kind.MET):
        facts.append("have met here before")
    elif shares_channel is False and not chosen:
        facts.append("have no channel in common")
    elif _count(parts, Kind.NEVER_MET):
        facts.append("haven't met here")
    return [*(reason.sentence for reason in chosen), *_about_you(facts)]


def group_reasons(
    members: Sequence[str], parts: Iterable[Part], readers: Readers
) -> tuple[dict[str, Sentence], list[Sentence]]:
    """Return a sentence on members of a group by id, and sentences on all of them.

    `parts` has those of each two members. The sentence on a member says what the best
    mate can help them with; else what they can help a mate with whose sentence does not
    name them.
    """
    parts = list(parts)
    reasons = _reasons(parts, readers)
    best: dict[str, _Reason] = {}
    for reason in reasons:
        best.setdefault(reason.member, reason)
    sentences = {member: reason.sentence for member, reason in best.items()}
    named = {(reason.member, reason.other) for reason in best.values()}
    for reason in reasons:
        if reason.other not in sentences and (reason.member, reason.other) not in named:
            sentences[reason.other] = reason.from_helper
    pairs = math.comb(len(members), 2)
    facts = _team_facts(parts, "all ", pairs)
    if _count(parts, Kind.NEVER_MET) == pairs:
        facts.append("haven't met here")
    return sentences, _about_you(facts)


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
            return *self.knows, Phrase(f" {self.topic}.")
        return *self.wants, Phrase(f" {self.topic}; "), *self.knows, _THAT

    @property
    def from_helper(self) -> Sentence:
        if not self.wants:
            return self.sentence
        return *self.knows, Phrase(f" {self.topic}; "), *self.wants, _THAT


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
    member, other = readers.names[part.member], readers.names[part.other]
    asked, helped_with, solved = (
        tuple(ask for ask in asks if ask in readers.visible_asks)
        for asks in (topic.asked, topic.helped_with, topic.solved)
    )
    own = tuple(ask for ask in helped_with if ask in topic.own)
    helped_with, solved = (
        tuple(ask for ask in asks if ask not in topic.own)
        for asks in (helped_with, solved)
    )
    is_open = part.kind is Kind.SOLVED
    wants = _wants(member, topic, asked, is_open=is_open)
    knows: Sentence
    if solved:
        knows = Phrase(f"{other} solved "), Phrase(_asks(solved), solved), _ON
    elif helped_with:
        knows = (
            Phrase(f"{other} helped with "),
            Phrase(_asks(helped_with), helped_with),
            _ON,
        )
    elif own:
        wants = ()
        knows = (
            Phrase(f"{other} helped with {member}'s "),
            Phrase("ask" if len(own) == 1 else "asks", own),
            _ON,
        )
    elif topic.helped_with or topic.solved:
        return None
    else:
        knows = (Phrase(f"{other} knows about"),)
    if topic.asked and not asked:
        return None
    strength = is_open, len(solved), len(helped_with)
    name = readers.topics.get(topic.name, topic.name)
    return _Reason(part.member, part.other, name, strength, wants, knows)


def _wants(
    member: str, topic: Topic, asked: tuple[int, ...], *, is_open: bool
) -> Sentence:
    if is_open:
        return Phrase(f"{member} has "), Phrase(_asks(asked, "open ask"), asked), _ON
    if topic.asked:
        return Phrase(f"{member} "), Phrase("asked", asked), Phrase(" about")
    return (Phrase(f"{member} wants to learn"),)


def _asks(asks: Sequence[int], noun: str = "ask") -> str:
    return f"an {noun}" if len(asks) == 1 else f"{_number(len(asks))} {noun}s"


def _number(number: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")
    return words[number] if number < len(words) else str(number)


def _team_facts(parts: Iterable[Part], everyone: str, pairs: int) -> list[str]:
    """Return that people are in different teams, if each two of them are."""
    parts = list(parts)
    if _count(parts, Kind.OTHER_TEAM) < pairs:
        return []
    if _count(parts, Kind.SAME_LEVEL) == pairs:
        return [f"are {everyone}at the same level in different teams"]
    return [f"are {everyone}in different teams"]


def _count(parts: Iterable[Part], kind: Kind) -> int:
    return sum(part.kind is kind for part in parts)


def _about_you(facts: Sequence[str]) -> list[Sentence]:
    return [(Phrase(f"You {' and '.join(facts)}."),)] if facts else []
