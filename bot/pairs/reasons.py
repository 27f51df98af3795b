"""The reasons for a match, as one of its members may read them, and what fits them.

They are found anew for each message, so that they are true when it is sent, and name
only asks that its reader may see.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import combinations

from sqlalchemy import select

from bot.asks import ask_view
from bot.matching.cost import Kind, Part, Topic, have_helped, pair_parts
from bot.matching.order import draw
from bot.matching.people import Person
from bot.pairs import rules
from bot.pairs.introduction_notes import (
    QUESTIONS,
    AskLink,
    Mate,
    OpenAsk,
    Sentence,
    Wish,
)
from bot.people import facts
from bot.runtime import Transaction
from bot.slack.rich_text import date_token
from bot.slack.text import Token
from bot.workspace import members, visibility
from models import Ask, Channel, PairMatch

_MAX_REASONS = 3
_MAX_ASKS = 500


class Reader:
    """A member of a match, and what they may read about it."""

    def __init__(self, tx: Transaction, member: str, group: Iterable[str]) -> None:
        self.tx, self.member = tx, member
        self.people = {
            person.id: person for person in facts.load_people(tx, {member, *group})
        }
        names = members.names(tx, self.people)
        # The reader is "".
        self.names = {**names, member: ""}
        self.asks = self._visible_asks()

    @property
    def mates(self) -> list[Mate]:
        return [Mate(member, name) for member, name in self.names.items() if name != ""]

    @property
    def may_meet(self) -> bool:
        """False if they must not be matched, as someone has said meanwhile."""
        return not any(
            self.people.keys() & person.do_not_pair for person in self.people.values()
        )

    def _visible_asks(self) -> Mapping[int, AskLink]:
        """Return those of the asks that the facts name which the reader may see."""
        ids = {
            ask_id
            for person in self.people.values()
            for by_topic in (
                person.asked,
                person.open_asks,
                person.helped_with,
                person.solved,
            )
            for ask_ids in by_topic.values()
            for ask_id in ask_ids
        }
        newest = sorted(ids, reverse=True)[:_MAX_ASKS]
        readable = visibility.readable_channels(self.tx, self.member)
        rows = self.tx.session.execute(
            select(Ask, Channel)
            .join(Channel, Channel.id == Ask.channel_id)
            .where(
                Ask.id.in_(newest),
                Ask.deleted_at.is_(None),
                Ask.ts.is_not(None),
                Channel.id.in_(readable),
            )
        ).all()
        return {
            ask.id: AskLink(
                ask_view.title(self.tx, ask),
                ask_view.message_url(self.tx, channel, ask.ts or ""),
            )
            for ask, channel in rows
        }

    def reasons(self) -> list[Sentence]:
        """Return the true reasons for the match, those that say most first."""
        sentences: list[Sentence] = []
        for first, second in combinations(sorted(self.people), 2):
            if self.member not in {first, second} and len(sentences) >= _MAX_REASONS:
                continue
            sentences += self._pair_reasons(self.people[first], self.people[second])
        return sentences[:_MAX_REASONS] or [["You all want to meet a peer."]]

    def _pair_reasons(self, person: Person, other: Person) -> list[Sentence]:
        parts = pair_parts(person, other, self.tx.now)
        sentences = [
            sentence for part in parts if (sentence := self._sentence(part)) is not None
        ]
        kinds = {part.kind for part in parts}
        closing = self._closing(person, other, kinds)
        return [*sentences, *([[closing]] if closing else [])]

    def _sentence(self, part: Part) -> Sentence | None:
        match part.kind:
            case Kind.WANTS:
                return self._wish(part)
            case Kind.SOLVED:
                return self._open_ask(part)
            case _:
                return None

    def _wish(self, part: Part) -> Sentence | None:
        for topic in part.topics:
            asked = self._first(topic.asked)
            solved = [ask for ask in topic.solved if ask in self.asks]
            answered = solved or [ask for ask in topic.helped_with if ask in self.asks]
            # An ask that the reader may not see says nothing about the topic.
            if (topic.asked and asked is None) or (_asks(topic) and not answered):
                continue
            return Wish(
                self.names[part.member],
                self.names[part.other],
                topic.name,
                asked=asked,
                count=len(answered),
                has_solved=bool(solved),
                answered=self._first(answered),
            ).parts
        return None

    def _open_ask(self, part: Part) -> Sentence | None:
        person = self.people[part.member]
        for topic in part.topics:
            ask = self._first(person.open_asks.get(topic.name, ()))
            solved = self._first(topic.solved)
            if ask is not None and solved is not None:
                member, other = self.names[part.member], self.names[part.other]
                return OpenAsk(member, other, ask, solved).parts
        return None

    def _first(self, ask_ids: Sequence[int]) -> AskLink | None:
        return next((self.asks[ask] for ask in ask_ids if ask in self.asks), None)

    def _closing(self, person: Person, other: Person, kinds: set[Kind]) -> str:
        """Return what holds for two people, apart from topics."""
        names = [self.names[each.id] for each in (person, other)]
        you = "You" if "" in names else " and ".join(names)
        truths: list[str] = []
        if Kind.SAME_LEVEL in kinds:
            truths.append("are on the same level, in different teams")
        elif Kind.OTHER_TEAM in kinds:
            truths.append("are in different teams")
        if Kind.NEVER_MET in kinds:
            truths.append("haven't met here")
        if truths:
            return f"{you} {' and '.join(truths)}."
        if Kind.MET in kinds:
            return (
                f"{you} have met before: this time there was nobody new for all of us."
            )
        return f"{you} have helped each other." if have_helped(person, other) else ""

    def question(self, match: PairMatch) -> Sentence:
        """Return a question to begin with: about an open ask, or one of a list."""
        for member, person in self.people.items():
            for ask_ids in person.open_asks.values():
                ask = self._first(ask_ids)
                if ask is None:
                    continue
                if member == self.member:
                    return ["Your ask ", ask.part, " is open. What would they try?"]
                return [
                    f"{self.names[member]}'s ask ",
                    ask.part,
                    " is open. What would you try first?",
                ]
        lot = int.from_bytes(draw(str(match.round_id), str(match.id)))
        return [QUESTIONS[lot % len(QUESTIONS)]]

    def times(self, since: datetime) -> list[tuple[Token, str]]:
        """Return up to two times for all, with the others' times in their zones."""
        own = self.people[self.member]
        shown = []
        for at in rules.suggested_times(list(self.people.values()), since):
            local = at.astimezone(own.zone)
            others = []
            for mate in self.mates:
                zone = self.people[mate.id].zone
                there = at.astimezone(zone)
                if there.utcoffset() != local.utcoffset():
                    others.append(f"{there.hour}:{there:%M} for {mate.name}")
            if own.zone is not None:
                shown.append((date_token(at, own.zone), ", ".join(others)))
        return shown


def _asks(topic: Topic) -> tuple[int, ...]:
    return (*topic.helped_with, *topic.solved)
