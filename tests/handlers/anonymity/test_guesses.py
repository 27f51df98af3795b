"""Guessers try to find out who asked without a name, in simulated workspaces.

People write messages in sessions, around an hour of their own, and open their Home tab
now and then. Some ask without their name, through the product's own functions. Each
guesser gets what an adversary sees, and names a person. Their hits are compared with
chance, which names anyone in the channel.
"""

import math
import random
import re
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any

import pytest
from sqlalchemy import DateTime, insert, select

from bot.anonymity import authors, drafts, rules, stops
from bot.asks import service as asks
from bot.asks.service import AskDraft
from bot.clock import datetime_to_micros
from bot.config.mentors import SMALL_WORKSPACE
from bot.exports import service as exports
from bot.feature import Features
from bot.features import load_features
from bot.home import traces
from bot.runtime import Runtime, Transaction, Workspace
from bot.workspace import workspace_settings
from bot.workspace.installations import to_workspace
from models import (
    AnonymousLink,
    Ask,
    Base,
    Champion,
    Channel,
    ChannelMember,
    Home,
    Installation,
    Member,
    OutboxItem,
)
from tests.factories import Clock
from tests.handlers.anonymity.keys import KEYS
from tests.two_workspaces import install

pytestmark = [
    pytest.mark.deep,
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]

# With four asks in each of few, 8 hits are too many where chance makes 3. So a guesser
# who names 4 in 100 authors is found; with many, who names 3 in 100.
FEW, MANY, ASKS = 100, 200, 4
SMALLEST, LARGEST = 20, 500
BIG = 100
# So many people ask with their names, the author among them.
FIRST_ASKS = 10
DAY = datetime(2026, 3, 2, tzinfo=UTC)
SESSION = timedelta(minutes=40)
PARTS = 8
# The share of authors who come to the form by their Home tab.
BY_HOME = 1 / 3
# Exact times help by so much, for each setting of the random time: only people who are
# there ask. With the longest, by 5 percentage points at most. With the others, about as
# much as was measured. See the decision in the docs.
MAX_ADVANTAGE = {5: 0.12, 30: 0.10, 60: 0.08, 120: 0.05}
# So long before the press, an author who takes care writes nothing, until the post.
QUIET = timedelta(minutes=10)
# Then the others hold the 5 percentage points, too.
SHORTEST, MAX_OF_QUIET = 5, 0.05


def words(text: str) -> list[str]:
    return text.split()


NOUNS = words("""
customer invoice printer release review schedule server contract meeting budget report
template migration password backup estimate roadmap vendor travel laptop
""")
FILLERS = words("""
honestly basically actually kinda literally obviously frankly anyway perhaps maybe
essentially presumably hopefully somehow surely indeed mostly rather quite simply
""")
QUESTION = "How do I handle the {} for a {}?"


@dataclass
class Person:
    slack_id: str
    # Messages in a session, and the hour (UTC) around which they work.
    pace: float
    hour: float
    # The words that they like.
    fillers: Sequence[str]
    sessions: list[datetime] = field(default_factory=list)
    # Of the day of the asks.
    messages: list[datetime] = field(default_factory=list)
    openings: list[datetime] = field(default_factory=list)
    # Of the two weeks before.
    hours: Counter[int] = field(default_factory=Counter)
    # How often they write each trigram, as a part of all.
    style: Mapping[str, float] = field(default_factory=dict)

    def last_message(self, before: datetime) -> datetime:
        index = bisect_right(self.messages, before)
        return self.messages[index - 1] if index else DAY

    def quiet_since(self, begin: datetime, end: datetime) -> "Person":
        """Return the same person, who writes nothing in that time."""
        messages = [at for at in self.messages if not begin <= at <= end]
        return replace(self, messages=messages)

    def presence(self, moments: Sequence[datetime]) -> float:
        """Return how likely the person was there at these moments, on average.

        They write at any minute of a session. The guesser knows how long it is.
        """
        near = self.messages[
            bisect_right(self.messages, moments[0] - SESSION) : bisect_right(
                self.messages, moments[-1] + SESSION
            )
        ]
        if not near:
            return 0.0
        return sum(
            max(0.0, 1 - min(abs(at - moment) for at in near) / SESSION)
            for moment in moments
        )

    def activity(self, at: datetime, moments: Sequence[datetime]) -> "Activity":
        return Activity(self.last_message(at), self.presence(moments))

    def likeness(self, text: Sequence[str]) -> float:
        """Return how alike their texts and these trigrams are, up to a factor."""
        return sum(map(self.style.get, text, repeat(0.0)))


@dataclass(frozen=True)
class Activity:
    """What the exact times of a person's messages tell about a post."""

    last_message: datetime
    # How likely they were there, when the author may have pressed.
    presence: float


@dataclass(frozen=True)
class Trial:
    """An ask, and the people in its channel."""

    people: Sequence[Person]
    author: Person
    title: str
    pressed_at: datetime
    posted_at: datetime
    ask_id: int


def trigrams(text: str) -> list[str]:
    return [text[start : start + 3] for start in range(len(text) - 2)]


def style_of(text: str) -> dict[str, float]:
    counts = Counter(trigrams(text))
    norm = math.hypot(*counts.values())
    return {trigram: count / norm for trigram, count in counts.items()}


class Simulation:
    """The workspaces, and the guesses in them; everything follows from the seed."""

    def __init__(
        self, rt: Runtime, clock: Clock, chance: random.Random, minutes: int
    ) -> None:
        self.rt, self.clock, self.chance, self.minutes = rt, clock, chance, minutes
        self.trials: list[Trial] = []
        self.hits: dict[str, list[float]] = {}
        self.chances: dict[str, list[float]] = {}

    # People

    def person(self, slack_id: str) -> Person:
        chance = self.chance
        person = Person(
            slack_id,
            math.exp(chance.gauss(0.3, 1.0)),
            chance.gauss(13, 3),
            chance.sample(FILLERS, 4),
        )
        for _ in range(min(40, round(person.pace * 6))):
            person.hours[round(chance.gauss(person.hour, 2.5)) % 24] += 1
        text = " ".join(self.sentence(person) for _ in range(4))
        person.style = style_of(text)
        for _ in range(chance.choice((0, 1, 1, 2, 3))):
            self.add_session(person)
        return person

    def sentence(self, person: Person) -> str:
        filler, noun = self.chance.choice(person.fillers), self.chance.choice(NOUNS)
        return f"{filler} the {noun} is {self.chance.choice(person.fillers)} late"

    def add_session(self, person: Person) -> datetime:
        chance = self.chance
        hour = min(22.0, max(1.0, chance.gauss(person.hour, 2.5)))
        start = DAY + timedelta(hours=hour)
        person.sessions.append(start)
        count = round(chance.expovariate(1 / person.pace))
        person.messages += [start + SESSION * chance.random() for _ in range(count)]
        person.messages.sort()
        if chance.random() < 0.3:
            person.openings.append(start + SESSION * chance.random())
        return start

    # Workspaces

    def play(self, number: int) -> None:
        """Let people of a new workspace ask, and store what the day leaves behind."""
        size = self.chance.randint(SMALLEST, LARGEST)
        people = [self.person(f"U{number:03}X{index:03}") for index in range(size)]
        self.clock.now = DAY
        workspace = install(self.rt, f"T{number:03}")
        channel_id = self.set_up(workspace, people)
        asked = self.chance.sample(people, ASKS)
        presses = sorted((self.press(author), author.slack_id) for author in asked)
        by_id = {person.slack_id: person for person in people}
        for at, slack_id in presses:
            author = by_id[slack_id]
            self.trials.append(self.ask(workspace, channel_id, people, author, at))
        self.store_openings(workspace, channel_id, people)

    def press(self, author: Person) -> datetime:
        start = self.chance.choice(author.sessions or [self.add_session(author)])
        at = start + SESSION * self.chance.random()
        if self.chance.random() < BY_HOME:
            author.openings.append(at - timedelta(seconds=self.chance.uniform(30, 180)))
        author.openings.sort()
        return at

    def set_up(self, workspace: Workspace, people: Sequence[Person]) -> int:
        with self.rt.write(workspace) as tx:
            channel = Channel(
                installation_id=workspace.id,
                slack_id="C0HELP",
                name="help",
                is_joined=True,
                fetched_at=DAY,
                anonymous_asks="on",
            )
            tx.session.add(channel)
            workspace_settings.update(
                tx, anonymous_asks=True, anonymous_delay_minutes=self.minutes
            )
            tx.session.execute(
                insert(Member),
                [
                    {
                        "installation_id": workspace.id,
                        "slack_id": person.slack_id,
                        "name": f"Name {person.slack_id}",
                        "fetched_at": DAY - timedelta(days=7 * self.chance.random()),
                    }
                    for person in people
                ],
            )
            tx.session.flush()
            champion = Champion(channel_id=channel.id, member=people[0].slack_id)
            tx.session.add(champion)
            return channel.id

    def ask(
        self,
        workspace: Workspace,
        channel_id: int,
        people: Sequence[Person],
        author: Person,
        at: datetime,
    ) -> Trial:
        """Ask through the product's functions, and wait until the ask is posted."""
        title = QUESTION.format(*self.chance.sample(NOUNS, 2))
        self.clock.now = at
        with self.rt.write(workspace) as tx:
            drafts.submit(
                tx,
                tx.session.get_one(Channel, channel_id),
                AskDraft(title, ""),
                member=author.slack_id,
                people=[person.slack_id for person in people],
                source=f"V{len(self.trials)}",
            )
            [draft] = drafts.own_drafts(tx, author.slack_id)
            draft_id, self.clock.now = draft.id, draft.due_at
            longest = timedelta(minutes=self.minutes)
            assert at <= draft.due_at <= at + longest
        with self.rt.write(workspace) as tx:
            drafts.advance(tx, draft_id)
            newest = select(Ask).order_by(Ask.id.desc()).limit(1)
            ask = tx.session.scalars(newest).first()
            assert ask is not None
            assert ask.title == title
            return Trial(people, author, title, at, ask.asked_at, ask.id)

    def store_openings(
        self, workspace: Workspace, channel_id: int, people: Sequence[Person]
    ) -> None:
        """Store what the last opening of each Home tab leaves, as the handler does."""
        last = {p.slack_id: p.openings[-1] for p in people if p.openings}
        items: list[dict[str, Any]] = [
            {
                "installation_id": workspace.id,
                "kind": kind,
                "dedup_key": f"{kind}:0:{member}",
                "subject_id": 0,
                "recipient": member,
                "payload": {},
                "priority": 1,
                "due_at": at,
                "due_set_at": at,
                "state": "sent",
                "metadata_token": f"{self.chance.getrandbits(128):032x}",
                "created_at": at,
                "first_sent_at": at,
                "finished_at": at + timedelta(seconds=2),
            }
            for member, at in last.items()
            for kind in ("home.publish", "home.fetch_memberships")
        ]
        with self.rt.write(workspace) as tx:
            tx.session.execute(
                insert(Home),
                [
                    {
                        "installation_id": workspace.id,
                        "member": member,
                        "page_offsets": {},
                        "memberships_fetched_at": at,
                    }
                    for member, at in last.items()
                ],
            )
            tx.session.execute(
                insert(ChannelMember),
                [
                    {
                        "channel_id": channel_id,
                        "member": member,
                        "is_member": True,
                        "event_micros": datetime_to_micros(at),
                    }
                    for member, at in last.items()
                ],
            )
            tx.session.execute(insert(OutboxItem), items)

    # Guesses

    def guess(self, guesser: str, trial: Trial, suspects: Sequence[Person]) -> None:
        """Count a guess among the suspects; among all in the channel without any.

        All suspects are equally likely: it counts as that part of a hit.
        """
        pool = {person.slack_id for person in suspects or trial.people}
        hit = 1 / len(pool) if trial.author.slack_id in pool else 0.0
        self.hits.setdefault(guesser, []).append(hit)
        self.chances.setdefault(guesser, []).append(1 / len(trial.people))

    def best(self, trial: Trial, score: Mapping[str, float]) -> list[Person]:
        top = max(score.values(), default=0.0)
        return [p for p in trial.people if top and score.get(p.slack_id) == top]


# What adversaries see


def of_members(simulation: Simulation) -> None:
    """(a) Guess from what any member sees, without and with exact times."""
    for trial in simulation.trials:
        people, at, author = trial.people, trial.posted_at, trial.author
        asked = trigrams(trial.title)
        today = {p.slack_id: float(len(p.messages)) for p in people}
        style = {p.slack_id: p.likeness(asked) for p in people}
        hours = {
            p.slack_id: p.hours[at.hour] / p.hours.total() for p in people if p.hours
        }
        simulation.guess(
            "a: most active that day", trial, simulation.best(trial, today)
        )
        simulation.guess("a: writing style", trial, simulation.best(trial, style))
        simulation.guess("times: time of day", trial, simulation.best(trial, hours))
        # The author pressed at one of these moments.
        longest = timedelta(minutes=simulation.minutes)
        moments = [at - longest * part / PARTS for part in range(PARTS, -1, -1)]
        seen = {p.slack_id: p.activity(at, moments) for p in people}
        crowd = "under 100" if len(people) < BIG else "100 or more"
        for guesser, suspects in by_messages(simulation, trial, seen).items():
            simulation.guess(f"times: {guesser}", trial, suspects)
            simulation.guess(f"if {crowd}: {guesser}", trial, suspects)
        # As if the author had written nothing around the press.
        quiet = author.quiet_since(trial.pressed_at - QUIET, at)
        seen[author.slack_id] = quiet.activity(at, moments)
        for guesser, suspects in by_messages(simulation, trial, seen).items():
            simulation.guess(f"if quiet: {guesser}", trial, suspects)
        own_words = trigrams(f"{simulation.sentence(author)} {trial.title}")
        own = {p.slack_id: p.likeness(own_words) for p in people}
        simulation.guess("words: own style", trial, simulation.best(trial, own))


def by_messages(
    simulation: Simulation, trial: Trial, seen: Mapping[str, Activity]
) -> dict[str, list[Person]]:
    """Return each guesser's suspects by the exact times of all messages.

    `seen` is what they tell about each person.
    """
    recent = {member: a.last_message.timestamp() for member, a in seen.items()}
    there = {member: a.presence for member, a in seen.items()}
    silence = {member: trial.posted_at - a.last_message for member, a in seen.items()}

    def silent(least: timedelta, most: timedelta) -> list[Person]:
        return [p for p in trial.people if least <= silence[p.slack_id] < most]

    return {
        "latest message": simulation.best(trial, recent),
        "anyone online": silent(timedelta(0), timedelta(minutes=20)),
        # People who take care go quiet; so the guesser looks for those.
        "went quiet": silent(QUIET, SESSION),
        "there all the time": simulation.best(trial, there),
    }


def of_champions(simulation: Simulation, workspaces: Sequence[Workspace]) -> None:
    """(a) Make a suspect leave, or stop the author, and watch what changes."""
    for workspace, trial in zip(
        workspaces, simulation.trials[ASKS - 1 :: ASKS], strict=True
    ):
        suspect = max(
            trial.people, key=lambda person: person.last_message(trial.posted_at)
        )
        with simulation.rt.write(workspace) as tx:
            before = watched(tx, trial)
            authors.cut_in_channel(tx, "C0HELP", suspect.slack_id, left_at=tx.now)
            tx.session.flush()
            changed = [suspect] if watched(tx, trial) != before else []
            simulation.guess("a: kick and watch", trial, changed)
            stops.stop_author(
                tx, trial.ask_id, "Please stop this now", by=trial.people[0].slack_id
            )
            tx.session.flush()
            after = watched(tx, trial)
            new = people_in(trial, str(set(after) - set(before)))
            simulation.guess("a: block and watch", trial, new)


def watched(tx: Transaction, trial: Trial) -> list[str]:
    """Return what everyone sees of the ask, and what is sent to anyone."""
    ask = tx.session.execute(select(Ask.__table__).filter_by(id=trial.ask_id)).one()
    items = tx.session.execute(
        select(OutboxItem.kind, OutboxItem.recipient, OutboxItem.version)
        .where(OutboxItem.installation_id == tx.workspace.id)
        .where(OutboxItem.created_at >= trial.posted_at)
        .order_by(OutboxItem.id)
    ).all()
    return [str(row) for row in (ask, *items)]


def of_logs(simulation: Simulation, lines: Sequence[str]) -> None:
    """(b) Look for ids in the log."""
    named = ids_in("\n".join(lines))
    for trial in simulation.trials:
        suspects = [p for p in trial.people if p.slack_id in named]
        simulation.guess("b: logs", trial, suspects)


def of_exports(simulation: Simulation, workspaces: Sequence[Workspace]) -> None:
    """(d) Look for the people whose numbers have changed since yesterday's export."""
    for number, workspace in enumerate(workspaces):
        with simulation.rt.read(workspace) as tx:
            rows = str([*exports.people(tx), *exports.asks(tx)])
        for trial in simulation.trials[number * ASKS : (number + 1) * ASKS]:
            simulation.guess("d: exports", trial, people_in(trial, rows))


def people_in(trial: Trial, text: str) -> list[Person]:
    named = ids_in(text)
    return [person for person in trial.people if person.slack_id in named]


def ids_in(text: str) -> set[str]:
    return set(re.findall(r"U\d{3}X\d{3}", text))


def of_lists(simulation: Simulation, workspaces: Sequence[Workspace]) -> None:
    """(a) Let some people ask with their names, and look for who is missing there.

    A first ask is a milestone that everyone reads. Someone without one, or
    missing in the list of askers, would be the author.
    """
    for workspace, trial in zip(
        workspaces, simulation.trials[ASKS - 1 :: ASKS], strict=True
    ):
        others = [p for p in trial.people if p is not trial.author]
        asking = [trial.author, *simulation.chance.sample(others, FIRST_ASKS - 1)]
        simulation.chance.shuffle(asking)
        with simulation.rt.write(workspace) as tx:
            channel_id = tx.session.get_one(Ask, trial.ask_id).channel_id
            channel = tx.session.get_one(Channel, channel_id)
            firsts = {
                person.slack_id
                for person in asking
                if (ask := ask_with_name(tx, channel, person)) and ask.is_first_ask
            }
            tx.session.flush()
            listed = "".join(map(str, exports.people(tx)))
        missing = [
            p for p in asking if p.slack_id not in firsts or p.slack_id not in listed
        ]
        simulation.guess("a: missing in lists", trial, missing)


def ask_with_name(tx: Transaction, channel: Channel, person: Person) -> Ask | None:
    return asks.insert_ask(
        tx,
        channel,
        AskDraft("How do I ask this with my name?", ""),
        asker=person.slack_id,
        dedup_key=f"named:{person.slack_id}",
        asked_at=tx.now,
    )


def of_database(simulation: Simulation) -> None:
    """(c) Read all rows with times near the post, at night and in these minutes."""
    times = stored_times(simulation)
    links = stored_links(simulation)
    for trial in simulation.trials:
        near: dict[str, float] = {}
        now: dict[str, float] = {}
        for person in trial.people:
            for found, score in (
                (times.get(person.slack_id, []), near),
                ([at for at in person.openings if at <= trial.posted_at], now),
            ):
                before = [at for at in found if at <= trial.posted_at]
                if before and trial.posted_at - max(before) < timedelta(minutes=15):
                    score[person.slack_id] = max(before).timestamp()
        simulation.guess("c: rows, at night", trial, simulation.best(trial, near))
        simulation.guess("minutes: rows, at once", trial, simulation.best(trial, now))
        sealed = links[trial.ask_id]
        open_ids = [p for p in trial.people if p.slack_id.encode() in sealed]
        simulation.guess("c: sealed bytes", trial, open_ids)


def stored_times(simulation: Simulation) -> Mapping[str, list[datetime]]:
    """Return all times in rows with a person's id, in all tables."""
    known = {p.slack_id for trial in simulation.trials for p in trial.people}
    times: dict[str, list[datetime]] = {}
    with simulation.rt.read_session() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                for value in row:
                    if isinstance(value, str) and value in known:
                        times.setdefault(value, []).extend(_times(table, row))
    return times


def _times(table: Any, row: Any) -> Iterator[datetime]:
    for column, value in zip(table.c, row, strict=True):
        if isinstance(column.type, DateTime) and value is not None:
            yield value
        elif column.name.endswith("_micros") and value:
            yield datetime.fromtimestamp(value / 1_000_000, UTC)


def stored_links(simulation: Simulation) -> Mapping[int, bytes]:
    with simulation.rt.read_session() as session:
        return {
            row.ask_id: row.author
            for row in session.execute(
                select(AnonymousLink.ask_id, AnonymousLink.author)
            )
        }


# The result


def simulated(rt: Runtime) -> list[Workspace]:
    with rt.read_session() as session:
        rows = session.scalars(
            select(Installation)
            .where(Installation.team_id.regexp_match("^T[0-9]{3}$"))
            .order_by(Installation.id)
        )
        return [to_workspace(row) for row in rows]


def interval(hits: float, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Return Wilson's interval of a rate, 95 % with this z."""
    middle = (hits + z * z / 2) / (trials + z * z)
    rate = hits / trials
    half = z * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    half /= 1 + z * z / trials
    return middle - half, middle + half


HEADING = "guesser                          asks   hits   95 % interval   chance"


@pytest.fixture
def features() -> Features:
    return load_features(SMALL_WORKSPACE, anonymity_keys=KEYS)


def line(row: tuple[str, float, int, float]) -> str:
    guesser, hits, count, base = row
    low, high = interval(hits, count)
    return (
        f"{guesser:<31} {count:>5} {hits / count:>6.1%} {low:>7.1%} to {high:<6.1%}"
        f" {base:>5.1%}"
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("minutes", "count"),
    [
        # The default, which hides least; the others are more of many alike.
        (SHORTEST, FEW),
        *(
            pytest.param(minutes, MANY, marks=pytest.mark.exhaustive)
            for minutes in rules.GUESSED_ONE_IN
        ),
    ],
)
def test_no_guesser_is_better_than_chance(
    rt: Runtime,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    minutes: int,
    count: int,
) -> None:
    """Simulate `count` workspaces."""
    chance = random.Random(19)
    monkeypatch.setattr(
        rules, "random_delay", lambda longest: longest * chance.random()
    )
    caplog.set_level("DEBUG")
    simulation = Simulation(rt, clock, chance, minutes)
    for number in range(count):
        simulation.play(number)
    workspaces = simulated(rt)
    clock.now = DAY + timedelta(days=1, hours=3)
    for workspace in workspaces:
        with rt.write(workspace) as tx:
            traces.purge(tx)
    of_members(simulation)
    of_logs(simulation, [record.getMessage() for record in caplog.records])
    of_database(simulation)
    of_exports(simulation, workspaces)
    of_lists(simulation, workspaces)
    of_champions(simulation, workspaces)
    rows = []
    for guesser, hits in sorted(simulation.hits.items()):
        base = sum(simulation.chances[guesser]) / len(hits)
        rows.append((guesser, sum(hits), len(hits), base))
    with capsys.disabled():
        sys.stdout.write(
            "\n".join(["", f"{minutes} minutes", HEADING, *map(line, rows), ""])
        )
    for guesser, hit_count, guesses, base in rows:
        # A dozen guessers are tried: one in twenty would be too often lucky.
        low, _ = interval(hit_count, guesses, z=2.81)
        rate = hit_count / guesses
        if count == FEW:
            # It is inexact: what is certainly an advantage counts.
            rate, _ = interval(hit_count, guesses)
        match guesser.partition(":")[0]:
            case "a" | "b" | "c" | "d":
                assert low <= base, guesser
            case "if quiet" if minutes > SHORTEST:
                assert rate <= base + MAX_OF_QUIET, guesser
            case "times":
                assert rate <= base + MAX_ADVANTAGE[minutes], guesser
