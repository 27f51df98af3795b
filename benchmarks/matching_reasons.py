"""Write the reasons of real circles and pairs to a file, to be read by a person.

    uv run --group dev python -m benchmarks.matching_reasons EXPORT.zip --output FILE

Circles are formed, and pairs meet, every four weeks from what was known then. Written
are 20 circles and 100 pairs: those with a reason that is based on asks, then the
others, the latest first. Below each reason are the titles of these asks, so that a
reader can tell if it is true.

An export has no topics that people named, no teams and no levels. The topics are a list
such as a group like this might give to its channels; an ask is on those that its title
names, as in `bot/people/rules.py`. Messages are taken for asks by rules only, and not
confirmed as members do. So those without a question mark in the title do not count, nor
do those that begin with a mention: they are for one person.
"""

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from zipfile import ZipFile

from benchmarks.asked_before import PastAsk, read
from benchmarks.matching_walk import HALF_ACTIVE, SEASON, STEP
from bot.matching import circles, pairs
from bot.matching.cost import pair_parts
from bot.matching.people import Person
from bot.matching.reasons import Readers, Sentence, group_reasons, pair_reasons, plain
from bot.people.rules import ASKED_WITHIN, Vocabulary, rounds_since
from bot.routing.rules import Outcome
from bot.slack.text import to_plain
from bot.workspace.display_names import Names, disambiguate

CIRCLES, PAIRS = 20, 100
_QUESTION = re.compile(r"\?(?!\S)")
OPEN_FOR = timedelta(weeks=4)
TOPICS = """
ALTREP, Arabic, Bug BBQ, Bugzilla, C, C++, CRAN, CS50, Catalan, GSoC, GSoD, GitHub,
Korean, Linux, Mac, MacOS, ModernC, Polish, Portuguese, Python, R Dev Day, R Dev Guide,
RTools, Rcpp, RStudio, Spanish, Weblate, Windows, book club, bug reports, building R,
clang, debugging, dev container, documentation, glossary, good first issues,
office hours, open source, patches, pull requests, svn, translating, translation,
translations, useR!
"""


Ids = defaultdict[str, dict[str, tuple[int, ...]]]


def people_at(
    asks: Sequence[PastAsk],
    topics: Mapping[int, set[str]],
    met: Mapping[str, Mapping[str, datetime]],
    now: datetime,
) -> list[Person]:
    """Return those who were active in the season before, with what was known then."""
    asked, open_asks, helped_with, solved = (Ids(dict) for _ in range(4))
    helped: dict[str, set[str]] = defaultdict(set)
    answered: dict[str, int] = defaultdict(int)
    active = set()
    for ask in asks:
        if ask.at >= now - SEASON:
            active.add(ask.asker)
        answers = [answer for answer in ask.answers if answer.at < now]
        is_solved = any(answer.outcome == Outcome.SOLVED for answer in answers)
        if ask.at >= now - ASKED_WITHIN:
            _add(asked[ask.asker], topics[ask.ask_id], ask.ask_id)
        if ask.at >= now - OPEN_FOR and not is_solved:
            _add(open_asks[ask.asker], topics[ask.ask_id], ask.ask_id)
        for answer in answers:
            if answer.at >= now - SEASON:
                active.add(answer.author)
                answered[answer.author] += 1
            helped[answer.author].add(ask.asker)
            if answer.outcome != Outcome.ANSWERED:
                _add(helped_with[answer.author], topics[ask.ask_id], ask.ask_id)
            if answer.outcome == Outcome.SOLVED:
                _add(solved[answer.author], topics[ask.ask_id], ask.ask_id)
    return [
        Person(
            person,
            wants={topic: len(ids) for topic, ids in asked[person].items()},
            knows={topic: len(ids) for topic, ids in helped_with[person].items()},
            activity=answered[person] / (answered[person] + HALF_ACTIVE),
            asked=asked[person],
            open_asks=open_asks[person],
            helped_with=helped_with[person],
            solved=solved[person],
            helped=frozenset(helped[person]),
            met={other: rounds_since(at, now) for other, at in met[person].items()},
        )
        for person in sorted(active)
    ]


def _add(ids: dict[str, tuple[int, ...]], topics: set[str], ask_id: int) -> None:
    for topic in topics:
        if ask_id not in ids.get(topic, ()):
            ids[topic] = (*ids.get(topic, ()), ask_id)


@dataclass(frozen=True, slots=True)
class Group:
    kind: str
    members: Sequence[Person]
    now: datetime

    def reasons(
        self, names: Mapping[str, Names], asks: Collection[int]
    ) -> list[Sentence]:
        """Return the sentences of a text that all of them read, with first names."""
        own = disambiguate({person.id: names[person.id] for person in self.members})
        readers = Readers(own, asks)
        if self.kind == "pair":
            first, second = self.members
            return pair_reasons(pair_parts(first, second, self.now), readers)
        return group_reasons(self.members, readers, self.now)


def _is_ask(title: str) -> bool:
    return not title.startswith("@") and _QUESTION.search(title) is not None


def groups(asks: Sequence[PastAsk]) -> Iterator[Group]:
    """Form circles and pairs every four weeks; pairs of earlier rounds have met."""
    vocabulary = Vocabulary(TOPICS.replace("\n", " ").strip().split(", "))
    topics = {
        ask.ask_id: vocabulary.topics_of((), title) if _is_ask(title) else set()
        for ask in asks
        for title in [to_plain(ask.title)]
    }
    met: dict[str, dict[str, datetime]] = defaultdict(dict)
    now = asks[0].at + SEASON
    while now <= asks[-1].at:
        people = people_at([ask for ask in asks if ask.at < now], topics, met, now)
        by_id = {person.id: person for person in people}
        formed = circles.form(people, seed=str(now), at=now).circles
        for circle in formed:
            yield Group("circle", [by_id[each] for each in circle], now)
        for pair in pairs.form(people, seed=str(now), at=now).groups:
            if len(pair) == len(("first", "second")):
                yield Group("pair", [by_id[each] for each in pair], now)
            for person, other in combinations(pair, 2):
                met[person][other] = met[other][person] = now
        now += STEP


def _has_asks(reasons: Sequence[Sentence]) -> bool:
    return any(phrase.asks for sentence in reasons for phrase in sentence)


def names_of(path: Path) -> dict[str, Names]:
    with ZipFile(path) as export:
        users = json.loads(export.read("users.json"))
    full_names = {user["id"]: user["profile"]["real_name"] for user in users}
    return {
        person: Names(full_name.split()[0], full_name)
        for person, full_name in full_names.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    asks = read(arguments.export)
    titles = {ask.ask_id: to_plain(ask.title) for ask in asks}
    names = names_of(arguments.export)
    latest = [(group, group.reasons(names, titles)) for group in groups(asks)][::-1]
    lines: list[str] = []
    for kind, limit in (("circle", CIRCLES), ("pair", PAIRS)):
        all_of_kind = [each for each in latest if each[0].kind == kind]
        all_of_kind.sort(key=lambda each: not _has_asks(each[1]))
        count = sum(_has_asks(reasons) for _, reasons in all_of_kind)
        lines.append(
            f"\n{count} of {len(all_of_kind)} {kind}s have a reason with asks."
        )
        for number, (group, reasons) in enumerate(all_of_kind[:limit], start=1):
            members = ", ".join(names[each.id].full_name for each in group.members)
            lines.append(f"\n{kind.title()} {number}, {group.now:%d %b %Y}: {members}")
            for sentence in reasons:
                lines.append(f"- {plain(sentence)}")
                lines += [
                    f"    {phrase.text.strip()}: {titles[ask]}"
                    for phrase in sentence
                    for ask in phrase.asks
                ]
    arguments.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
