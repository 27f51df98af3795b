"""Match people who have roles: exchanges that are proposed, newcomers and buddies.

Nobody of the many has met before. Random and "fewest channels" choose among people who
can meet at all, as the bot does.
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from time import process_time

from benchmarks.matching_people import AT, CANDIDATES, Community, make
from bot.buddies.rules import MAX_AT_A_TIME, may_help
from bot.exchange.proposals import MAX_COMPARED
from bot.exchange.rules import MAX_PROPOSED
from bot.matching import pairs
from bot.matching.cost import IMPOSSIBLE, Kind, hours_apart, pair_parts
from bot.matching.people import Person

FAR = 4
# So many people look for an exchange; of the others, one in so many would be a buddy.
ASKERS = 200
BUDDIES = 0.3

Choose = Callable[[Community, Person, Sequence[Person], Random], Sequence[Person]]


def exchanges(count: int) -> Iterator[str]:
    """Say what people are proposed to learn together with."""
    community, draw = make(count, Random(count)), Random(1)  # noqa: S311 - no secret
    askers = draw.sample(list(community.people), min(count, ASKERS))
    for name, choose in (
        ("engine", _proposed),
        ("random", _at_random),
        ("fewest channels", _fewest_channels),
    ):
        chosen, seconds = [], 0.0
        for asker in askers:
            others = [each for each in community.people if each.id != asker.id]
            if len(others) > MAX_COMPARED:
                others = draw.sample(others, MAX_COMPARED)
            started = process_time()
            best = choose(community, asker, others, draw)
            seconds = max(seconds, process_time() - started)
            chosen.append([(asker, each) for each in best])
        served = sum(bool(each) for each in chosen) / len(askers)
        yield _line(name, served, [pair for each in chosen for pair in each], seconds)


def _proposed(
    _: Community, asker: Person, others: Sequence[Person], __: Random
) -> Sequence[Person]:
    by_id = {each.id: each for each in others}
    best = pairs.proposals(asker, others, AT, limit=MAX_PROPOSED)
    return [by_id[each.other] for each in best]


def _at_random(
    _: Community, asker: Person, others: Sequence[Person], draw: Random
) -> Sequence[Person]:
    possible = [each for each in others if _is_possible(asker, each)]
    return draw.sample(possible, min(MAX_PROPOSED, len(possible)))


def _fewest_channels(
    community: Community, asker: Person, others: Sequence[Person], draw: Random
) -> Sequence[Person]:
    possible = [each for each in others if _is_possible(asker, each)]
    candidates = draw.sample(possible, min(CANDIDATES, len(possible)))
    candidates.sort(key=lambda each: community.shared_channels(asker.id, each.id))
    return candidates[:MAX_PROPOSED]


def buddies(count: int) -> Iterator[str]:
    """Say who becomes whose buddy, of newcomers who come at the same time."""
    community, draw = make(count, Random(count)), Random(1)  # noqa: S311 - no secret
    newcomers = [each for each in community.people if each.is_newcomer]
    willing = [
        each
        for each in community.people
        if not each.is_newcomer and draw.random() < BUDDIES
    ]
    for name, assign in (
        ("engine", _assigned),
        ("random", _first_free(_at_random)),
        ("fewest channels", _first_free(_fewest_channels)),
    ):
        found, seconds = assign(community, newcomers, willing, draw)
        yield _line(name, len(found) / len(newcomers), found, seconds)


Assigned = tuple[list[tuple[Person, Person]], float]


def _assigned(
    community: Community,
    newcomers: Sequence[Person],
    willing: Sequence[Person],
    _: Random,
) -> Assigned:
    """Assign as the job does: some newcomers at a time, until all had their turn."""
    free = {each.id: each for each in willing}
    found, seconds = [], 0.0
    for first in range(0, len(newcomers), MAX_AT_A_TIME):
        some = newcomers[first : first + MAX_AT_A_TIME]
        started = process_time()
        assigned = pairs.assign(some, list(free.values()), AT, may_help=may_help)
        seconds = max(seconds, process_time() - started)
        found += [(community.by_id[n], free.pop(other)) for n, other in assigned]
    return found, seconds


def _first_free(choose: Choose) -> Callable[..., Assigned]:
    def assign(
        community: Community,
        newcomers: Sequence[Person],
        willing: Sequence[Person],
        draw: Random,
    ) -> Assigned:
        free = list(willing)
        found = []
        for newcomer in newcomers:
            for buddy in choose(community, newcomer, free, draw)[:1]:
                free.remove(buddy)
                found.append((newcomer, buddy))
        return found, 0.0

    return assign


def _is_possible(person: Person, other: Person) -> bool:
    parts = pair_parts(person, other, AT)
    return sum(part.cost for part in parts) < IMPOSSIBLE // 2


def _line(
    name: str, served: float, found: Sequence[tuple[Person, Person]], seconds: float
) -> str:
    """Return the share of people with someone, and what is true of the pairs."""
    far = same_team = wants = both = 0
    for first, second in found:
        parts = pair_parts(first, second, AT)
        kinds = {part.kind for part in parts}
        far += (hours_apart(first, second, AT) or 0) > FAR
        same_team += Kind.SAME_TEAM in kinds
        wants += (Kind.WANTS, first.id) in {(part.kind, part.member) for part in parts}
        both += Kind.BOTH_WANT in kinds
    shares = "".join(
        f"{count / max(1, len(found)):>10.1%}"
        for count in (far, same_team, wants, both)
    )
    return f"  {name:<16}{served:>8.1%}{shares}{seconds:>9.3f}"


HEADER = (
    f"  {'':<16}{'served':>8}{'apart':>10}{'same team':>10}{'wants':>10}{'both':>10}"
    f"{'seconds':>9}"
)
ROLES: dict[str, Callable[[int], Iterator[str]]] = {
    "exchanges": exchanges,
    "buddies": buddies,
}
