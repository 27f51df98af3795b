"""The reasons why people are matched, in words and with links for those who read them.

They are made anew for each text, so that they are true when it is shown, and name only
asks that all its readers may see.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from bot.asks import ask_view
from bot.matching.cost import pair_parts
from bot.matching.people import Person
from bot.matching.reasons import Phrase, Readers, group_reasons, pair_reasons
from bot.runtime import Transaction
from bot.slack.blocks import quoted
from bot.slack.rich_text import Part, link
from bot.slack.text import Token
from bot.workspace import visibility
from models import Ask, Channel

Sentence = Sequence[Part]

_MAX_ASKS = 500


@dataclass(frozen=True, slots=True)
class AskLink:
    """An ask that the readers may see; the title is mrkdwn."""

    title: str
    url: str

    @property
    def part(self) -> Token:
        return link(self.url, quoted(self.title))


def visible_asks(
    tx: Transaction, people: Iterable[Person], readers: Collection[str]
) -> Mapping[int, AskLink]:
    """Return those asks of the people's facts that all readers may see, by id."""
    ids = {
        ask_id
        for person in people
        for by_topic in (
            person.asked,
            person.open_asks,
            person.helped_with,
            person.solved,
        )
        for ask_ids in by_topic.values()
        for ask_id in ask_ids
    }
    if not ids:
        return {}
    newest = sorted(ids, reverse=True)[:_MAX_ASKS]
    readable = [visibility.readable_channels(tx, reader) for reader in readers]
    rows = tx.session.execute(
        select(Ask, Channel)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(
            Ask.id.in_(newest),
            Ask.deleted_at.is_(None),
            Ask.ts.is_not(None),
            Channel.id.in_(frozenset.intersection(*readable)),
        )
    ).all()
    return {
        ask.id: AskLink(
            ask_view.title(tx, ask),
            ask_view.message_url(tx, channel, ask.ts or ""),
        )
        for ask, channel in rows
    }


def sentences(
    tx: Transaction,
    people: Sequence[Person],
    readers: Collection[str],
    *,
    names: Mapping[str, str],
    asks: Mapping[int, AskLink],
) -> list[Sentence]:
    """Return the reasons for a match or a circle; none if nothing is known.

    `asks` are the `visible_asks` of the readers.
    """
    if len(people) <= 1:
        return []
    ids = {person.id for person in people}
    known = Readers(
        names,
        asks.keys(),
        you=next(iter(readers)) if len(readers) == 1 else None,
        everyone="You" if ids.issuperset(readers) else "They",
    )
    reasons = (
        pair_reasons(pair_parts(people[0], people[1], tx.now), known)
        if len(people) == len(("first", "second"))
        else group_reasons(people, known, tx.now)
    )
    return [[_part(phrase, asks) for phrase in sentence] for sentence in reasons]


def for_reader(
    tx: Transaction, people: Sequence[Person], reader: str, names: Mapping[str, str]
) -> list[Sentence]:
    """Return the reasons for a match as one of its people may read them."""
    asks = visible_asks(tx, people, [reader])
    return sentences(tx, people, [reader], names=names, asks=asks)


def _part(phrase: Phrase, asks: Mapping[int, AskLink]) -> Part:
    """Link words to an ask, the newest of several."""
    if not phrase.asks:
        return phrase.text
    return link(asks[phrase.asks[0]].url, phrase.text)
