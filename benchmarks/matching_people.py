"""Made-up people to match, and other ways to match them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from random import Random
from zoneinfo import ZoneInfo

from bot.matching import circles, pairs
from bot.matching.people import Hours, Person, Way

AT = datetime(2026, 11, 30, tzinfo=UTC)
# Half of the people are near each other.
ZONES = [
    *["Europe/Berlin"] * 3,
    *["Europe/London"] * 2,
    *["America/New_York"] * 2,
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Asia/Tokyo",
]
TEAM_SIZE = 10
ONE_IN_TEN = 0.1
CANDIDATES = 30

Groups = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Community:
    people: Sequence[Person]
    channels: Mapping[str, frozenset[str]]
    by_id: dict[str, Person] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {each.id: each for each in self.people})

    def shared_channels(self, person: str, other: str) -> int:
        return len(self.channels[person] & self.channels[other])


def make(count: int, draw: Random) -> Community:
    """Return people with teams, zones, topics and the channels that go with them.

    One in ten takes calls only, one in ten is a newcomer. Each avoids half a person on
    average.
    """
    topics = [f"topic {n}" for n in range(max(12, round(count**0.5) * 2))]
    people, channels = [], {}
    for number in range(count):
        name = f"U{number:05}"
        team = f"team {draw.randrange(max(2, count // TEAM_SIZE))}"
        wants = draw.sample(topics, draw.randint(0, 3))
        knows = draw.sample(topics, draw.randint(0, 4))
        avoided = draw.sample(range(count), draw.randint(0, 1))
        people.append(
            Person(
                name,
                wants={topic: draw.uniform(0.5, 2) for topic in wants},
                knows={topic: draw.uniform(0.5, 2) for topic in knows},
                activity=draw.random(),
                team=team,
                level=draw.choice(["junior", "senior", "lead", None]),
                zone=ZoneInfo(draw.choice(ZONES)),
                hours=Hours(time(8), time(20)),
                way=Way.CALLS if draw.random() < ONE_IN_TEN else Way.EITHER,
                is_newcomer=draw.random() < ONE_IN_TEN,
                do_not_pair=frozenset(f"U{n:05}" for n in avoided if n != number),
            )
        )
        channels[name] = frozenset({team, *wants, *draw.sample(knows, len(knows) // 2)})
    return Community(people, channels)


def engine_circles(_: Community, people: Sequence[Person], seed: str) -> Groups:
    return list(circles.form(people, seed=seed, at=AT).circles)


def engine_pairs(_: Community, people: Sequence[Person], seed: str) -> Groups:
    return list(pairs.form(people, seed=seed, at=AT).groups)


def pair_sizes(count: int) -> list[int]:
    sizes = [2] * (count // 2)
    return [*sizes[:-1], 3] if count % 2 else sizes


def random_groups(sizes: Callable[[int], list[int]]) -> "Method":
    def form(_: Community, people: Sequence[Person], seed: str) -> Groups:
        ids = [person.id for person in people]
        Random(seed).shuffle(ids)  # noqa: S311 - no secret
        return _cut(ids, sizes(len(ids)))

    return form


def fewest_channels(sizes: Callable[[int], list[int]]) -> "Method":
    """Add to each group those of the next people who share the fewest channels.

    People who met before are taken if all of the next have.
    """

    def form(community: Community, people: Sequence[Person], seed: str) -> Groups:
        met = {person.id: person.met for person in people}
        free = [person.id for person in people]
        Random(seed).shuffle(free)  # noqa: S311 - no secret
        order = []
        for size in sizes(len(free)):
            group = [free.pop()]
            while len(group) < size:
                candidates = free[-CANDIDATES:]
                best = min(
                    candidates,
                    key=lambda each: (
                        sum(mate in met[each] for mate in group),
                        sum(community.shared_channels(each, mate) for mate in group),
                    ),
                )
                free.remove(best)
                group.append(best)
            order += group
        return _cut(order, sizes(len(people)))

    return form


def _cut(ids: Sequence[str], sizes: Sequence[int]) -> Groups:
    rest = iter(ids)
    return [tuple(next(rest) for _ in range(size)) for size in sizes]


Method = Callable[[Community, Sequence[Person], str], Groups]
CIRCLES: dict[str, Method] = {
    "engine": engine_circles,
    "random": random_groups(circles.sizes),
    "fewest channels": fewest_channels(circles.sizes),
}
PAIRS: dict[str, Method] = {
    "engine": engine_pairs,
    "random": random_groups(pair_sizes),
    "fewest channels": fewest_channels(pair_sizes),
}
