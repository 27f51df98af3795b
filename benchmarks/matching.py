"""Who is matched with whom, round after round?

    uv run --group dev python -m benchmarks.matching [EXPORT.zip] [POSTS.jsonl.gz …]
        [--people 30 120 1000 10000]

Made-up people are matched in twelve rounds: in circles and in pairs, by the bot, at
random, and with those of thirty random people with whom they share the fewest channels,
repeats last. All figures are of the twelve rounds together.

"repeats" is the share of pairs that had met in a round before, "apart" the share with
clocks more than four hours apart, "same team" that of one team, and "level" that of one
level in two teams. "wants" is the share of
people who want something and got a mate who knows it; "both" the share of groups in
which two want what the other knows. "can't" counts pairs who can't meet: they avoid
each other, or have no common hour. "left" counts people without a group, "twice" those
left out in two rounds running. "seconds" is the processor's time for a round: the
longest.

Then some look for an exchange, and newcomers for a buddy
(`benchmarks/matching_roles.py`): "served" is the share of those who are proposed
someone, or get a buddy. Of the pairs, "wants" is the share in which the one who looks
wants what the other knows, and "both" the share in which the other does, too. "seconds"
is the longest time for one person, or for the newcomers at a time.

A few people are matched, beside the best of all matches, and people leave circles
(`benchmarks/matching_checks.py`). With files, circles are also formed from real asks
(`benchmarks/matching_walk.py`).
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from random import Random
from time import process_time

from benchmarks.matching_checks import CHECKS
from benchmarks.matching_people import (
    AT,
    CIRCLES,
    PAIRS,
    Community,
    Groups,
    Method,
    make,
)
from benchmarks.matching_roles import HEADER, ROLES
from benchmarks.matching_walk import walk
from bot.matching.cost import IMPOSSIBLE, Kind, hours_apart, pair_parts

ROUNDS = 12
PEOPLE = [30, 120, 1000, 10_000]
FAR = 4
COLUMNS = {
    "repeats": 9,
    "apart": 8,
    "same team": 11,
    "level": 8,
    "wants": 8,
    "both": 8,
    "can't": 8,
    "left": 7,
    "twice": 7,
    "seconds": 9,
}


@dataclass(slots=True)
class Tally:
    pairs: int = 0
    repeats: int = 0
    far: int = 0
    same_team: int = 0
    same_level: int = 0
    impossible: int = 0
    wanting: int = 0
    wants_met: int = 0
    groups: int = 0
    mutual: int = 0
    left_out: int = 0
    left_out_twice: int = 0
    seconds: float = 0
    # The round in which two people last met.
    met: dict[frozenset[str], int] = field(default_factory=dict)

    def add(self, community: Community, groups: Groups, number: int) -> None:
        helped: set[str] = set()
        for group in groups:
            self.groups += 1
            is_mutual = False
            for pair in combinations(group, 2):
                person, other = (community.by_id[each] for each in pair)
                parts = pair_parts(person, other, AT)
                kinds = {part.kind for part in parts}
                self.pairs += 1
                self.repeats += frozenset(pair) in self.met
                self.far += (hours_apart(person, other, AT) or 0) > FAR
                self.same_team += Kind.SAME_TEAM in kinds
                self.same_level += Kind.SAME_LEVEL in kinds
                self.impossible += any(part.cost == IMPOSSIBLE for part in parts)
                is_mutual = is_mutual or Kind.BOTH_WANT in kinds
                helped |= {part.member for part in parts if part.kind is Kind.WANTS}
                self.met[frozenset(pair)] = number
            self.mutual += is_mutual
        self.wanting += sum(bool(person.wants) for person in community.people)
        self.wants_met += len(helped)

    def figures(self) -> list[str]:
        shares = [
            (self.repeats, self.pairs),
            (self.far, self.pairs),
            (self.same_team, self.pairs),
            (self.same_level, self.pairs),
            (self.wants_met, self.wanting),
            (self.mutual, self.groups),
        ]
        return [
            *(f"{part / max(1, whole):.1%}" for part, whole in shares),
            str(self.impossible),
            str(self.left_out),
            str(self.left_out_twice),
            f"{self.seconds:.2f}",
        ]


def play(community: Community, method: Method) -> Tally:
    tally = Tally()
    met: dict[str, dict[str, int]] = {person.id: {} for person in community.people}
    waits = dict.fromkeys(met, 0)
    for number in range(ROUNDS):
        people = [
            replace(
                person,
                met={other: number - at for other, at in met[person.id].items()},
                rounds_left_out=waits[person.id],
            )
            for person in community.people
        ]
        started = process_time()
        groups = method(community, people, f"round {number}")
        tally.seconds = max(tally.seconds, process_time() - started)
        tally.add(community, groups, number)
        together = {person for group in groups for person in group}
        for person in waits:
            waits[person] = 0 if person in together else waits[person] + 1
        tally.left_out += sum(wait > 0 for wait in waits.values())
        tally.left_out_twice += sum(wait > 1 for wait in waits.values())
        for group in groups:
            for person in group:
                met[person] |= dict.fromkeys(set(group) - {person}, number)
    return tally


def row(name: str, values: Sequence[str]) -> str:
    widths = zip(values, COLUMNS.values(), strict=True)
    return f"  {name:<16}" + "".join(f"{value:>{width}}" for value, width in widths)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--people", nargs="*", type=int, default=PEOPLE)
    arguments = parser.parse_args()
    for kind, methods in (("circles", CIRCLES), ("pairs", PAIRS)):
        for count in arguments.people:
            print(f"\n{count:,} people in {kind}, {ROUNDS} rounds")
            print(row("", list(COLUMNS)))
            community = make(count, Random(count))  # noqa: S311 - no secret
            for name, method in methods.items():
                print(row(name, play(community, method).figures()), flush=True)
    for kind, look in ROLES.items():
        for count in arguments.people:
            print(f"\n{count:,} people, {kind}\n{HEADER}")
            for line in look(count):
                print(line, flush=True)
    for title, check in CHECKS.items():
        print(f"\n{title}")
        for line in check():
            print(line, flush=True)
    for path in arguments.files:
        print(walk(path), flush=True)


if __name__ == "__main__":
    main()
