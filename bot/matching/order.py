"""Put people in an order that does not depend on the order of the input. Pure."""

from collections.abc import Sequence
from hashlib import blake2b

from bot.matching.people import Person
from bot.matching.tables import Costs

_HOURS_PER_BUCKET = 4


def draw(seed: str, name: str) -> bytes:
    """Return the lot of a name: the same each time, and unlike for another seed."""
    return blake2b(f"{seed}|{name}".encode(), digest_size=8).digest()


def shuffled(costs: Costs, numbers: Sequence[int], seed: str) -> list[int]:
    return sorted(numbers, key=lambda n: draw(seed, costs.people[n].id))


def nearby(costs: Costs, numbers: Sequence[int], seed: str) -> list[int]:
    """Order people so that those who fit are close: by clock, then by a topic.

    Each person stands where one of their topics puts them, another one for another
    seed.
    """
    buckets = [_bucket(offset) for offset in costs.offsets]
    return sorted(
        numbers,
        key=lambda n: (
            buckets[n],
            _topic(costs.people[n], seed),
            draw(seed, costs.people[n].id),
        ),
    )


def _bucket(offset: float | None) -> int:
    if offset is None:
        return -1
    return int((offset + 12) % 24 // _HOURS_PER_BUCKET)


def _topic(person: Person, seed: str) -> bytes:
    topics = person.wants.keys() | person.knows.keys()
    if not topics:
        return b""
    chosen = min(topics, key=lambda topic: draw(f"{seed}|{person.id}", topic))
    return draw(seed, chosen)
