"""Compare matches of a few people with the best that there are; let people leave.

The people are those of the tests (`tests/matching.py`); each line says of how many
crowds it speaks.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random

from bot.matching import circles, pairs
from bot.matching.changes import merge
from bot.matching.circles import STAYS, Circle
from bot.matching.people import Person
from tests.matching import AT, crowd, least_cost_of_circles, least_cost_of_pairs

CROWDS = 10
LEAVING, LEAVERS = 60, 40


def exact() -> Iterator[str]:
    """Say how often circles and pairs cost as little as the best of all."""
    for name, counts, cost, least in (
        ("circles", (10, 12, 14, 15), circles_cost, least_cost_of_circles),
        ("pairs", (9, 10, 12, 15), pairs_cost, least_cost_of_pairs),
    ):
        for count in counts:
            crowds = [without_history(count, seed) for seed in range(CROWDS)]
            best = sum(cost(people) == least(people) for people in crowds)
            yield f"  {count} people in {name}: the best in {best} of {CROWDS} crowds"


def circles_cost(people: Sequence[Person]) -> int:
    return circles.cost(people, circles.form(people, seed="s", at=AT).circles, AT)


def pairs_cost(people: Sequence[Person], max_exact: int = pairs.MAX_EXACT) -> int:
    formed = pairs.form(people, seed="s", at=AT, max_exact=max_exact)
    return pairs.cost(people, formed.groups, AT)


def without_history(count: int, seed: int) -> list[Person]:
    return [replace(person, met={}) for person in crowd(count, seed)]


def large_path() -> Iterator[str]:
    """Say what more pairs cost if a few people are matched as many are."""
    for count in (10, 20, 40):
        losses = []
        for seed in range(CROWDS):
            people = without_history(count, seed)
            best = pairs_cost(people)
            losses.append((pairs_cost(people, 0) - best) / abs(best))
        mean, most = sum(losses) / CROWDS, max(losses)
        yield f"  {count} people in pairs, swapped: {mean:.2%} more, at most {most:.2%}"


def leaving() -> Iterator[str]:
    people = crowd(LEAVING, 1)
    formed = circles.form(people, seed="autumn", at=AT).circles
    moved = 0
    for leaver in people:
        rest = [person for person in people if person != leaver]
        left, merges = leave(rest, list(formed), leaver.id)
        moved += len(set(left) - {without(each, leaver.id) for each in formed}) + merges
    yield f"  each of {LEAVING} leaves alone: {moved} other circles change"
    smallest, merges = LEAVING, 0
    for seed in range(CROWDS):
        people = crowd(LEAVING, seed)
        current = list(circles.form(people, seed="autumn", at=AT).circles)
        for leaver in Random(seed).sample(people, LEAVERS):  # noqa: S311 - no secret
            people.remove(leaver)
            current, more = leave(people, current, leaver.id)
            merges += more
            smallest = min(smallest, *(len(each) for each in current))
    yield (
        f"  {LEAVERS} of {LEAVING} leave one by one, {CROWDS} times: {merges} merges,"
        f" the smallest circle has {smallest}"
    )


def leave(
    people: Sequence[Person], current: Sequence[Circle], leaver: str
) -> tuple[list[Circle], int]:
    """Return the circles without a person, and the number of merges; all say yes."""
    rest = [without(each, leaver) for each in current]
    small = next((n for n, each in enumerate(rest) if len(each) < STAYS), None)
    offer = merge(people, rest, small, AT) if small is not None else None
    if small is None or offer is None:
        return rest, 0
    untouched = [each for n, each in enumerate(rest) if n not in {small, offer.partner}]
    return [*untouched, *offer.circles], 1


def without(circle: Circle, leaver: str) -> Circle:
    return tuple(person for person in circle if person != leaver)


CHECKS: dict[str, Callable[[], Iterator[str]]] = {
    "Beside the best of all matches": exact,
    "Beside minimum-cost matching": large_path,
    "Members leave": leaving,
}
