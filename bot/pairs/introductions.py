"""An introduction, as its readers may see it: the reasons, a question, and times.

It is made anew for each message, so that it is true when it is sent.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

from bot.matching.cost import MEMORY, must_not_meet, rounds_since_met
from bot.matching.order import draw
from bot.pairs import introduction_notes, opt_ins
from bot.pairs.introduction_notes import QUESTIONS, Introduction
from bot.people import facts
from bot.people.blocks import Mate
from bot.people.reasons import AskLink, Sentence, sentences, visible_asks
from bot.people.suggestions import suggested_times
from bot.runtime import Transaction
from bot.slack.blocks import Note
from bot.workspace import members
from models import PairMatch, PairMatchMember

_MAX_REASONS = 4
_NOBODY_NEW = "This time there was nobody new for all of us."


class Introducer:
    """Introduces people to each other, in a message to one of them or to their group.

    `readers` are those who read the message; `reader` is the only one of them, if any.
    """

    def __init__(
        self, tx: Transaction, people: Iterable[str], readers: Collection[str]
    ) -> None:
        self.tx, self.readers = tx, readers
        self.reader = next(iter(readers)) if len(readers) == 1 else None
        self.people = facts.load_people(tx, people)
        self.names = members.first_names(tx, [person.id for person in self.people])
        self.asks = visible_asks(tx, self.people, readers)

    def may_introduce(self, rows: Mapping[str, PairMatchMember]) -> bool:
        """Return False if someone takes part no longer, or must not meet another.

        Someone who has answered meets the others even if they take part no longer.
        """
        return not any(
            must_not_meet(person, other)
            for person, other in combinations(self.people, 2)
        ) and all(
            opt_ins.takes_part(self.tx, person.id) or rows[person.id].answer is not None
            for person in self.people
        )

    @property
    def _mates(self) -> list[Mate]:
        return [
            Mate(person.id, self.names[person.id])
            for person in self.people
            if person.id != self.reader
        ]

    def note(self, match: PairMatch) -> Note:
        writer = match.first_writer
        if writer not in self.names:
            writer = min(self.names)
        return introduction_notes.introduction(
            Introduction(
                match.id,
                self._mates,
                self._reasons(),
                self._question(match),
                suggested_times(
                    self.people,
                    self.names,
                    formed_at=match.formed_at,
                    reader=self.reader,
                ),
                "" if writer == self.reader else self.names[writer],
                is_in_group=self.reader is None,
            )
        )

    def _reasons(self) -> Sequence[Sentence]:
        reasons = sentences(
            self.tx, self.people, self.readers, names=self.names, asks=self.asks
        )
        rounds = [rounds_since_met(*pair) for pair in combinations(self.people, 2)]
        if any(each is not None and each <= MEMORY for each in rounds):
            reasons = [*reasons[:_MAX_REASONS], [_NOBODY_NEW]]
        if reasons:
            return reasons[: _MAX_REASONS + 1]
        both = "both" if len(self.people) == len(("first", "second")) else "all"
        return [[f"You {both} want to meet a peer."]]

    def _question(self, match: PairMatch) -> Sentence:
        """Return a question to begin with: about an open ask, or one of a list."""
        for person in self.people:
            for ask in self._open_asks(person.open_asks.values()):
                if person.id == self.reader:
                    return ["Your ask ", ask.part, " is open. What would they try?"]
                return [
                    f"{self.names[person.id]}'s ask ",
                    ask.part,
                    " is open. What would you try first?",
                ]
        lot = int.from_bytes(draw(str(match.round_id), str(match.id)))
        return [QUESTIONS[lot % len(QUESTIONS)]]

    def _open_asks(self, ids: Iterable[Sequence[int]]) -> list[AskLink]:
        return [
            self.asks[ask_id]
            for ask_ids in ids
            for ask_id in ask_ids
            if ask_id in self.asks
        ]
