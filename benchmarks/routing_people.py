"""The people of a simulated year: who asks what, and who answers without a request."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

PEOPLE, CHANNELS = 500, 20
TOPICS, ASKS_A_DAY = 200, 40
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
ANSWERED_UNASKED = 0.6
KNOWN_TOPICS = 4
HELPS_IF_KNOWN, HELPS_OTHERWISE = 0.35, 0.04
# Of every hundred people, by their numbers: those who answer much, and the most
# requests in a week that some chose.
ANSWERING_MUCH, WILLINGNESS = frozenset({3, 4, 7}), 10
CHOSEN = {0: 0, 1: 1, 2: 2, 3: 5, 4: 7}
ASSUMPTIONS = f"""\
{PEOPLE} people in {CHANNELS} channels ask {ASKS_A_DAY} questions on each weekday,
from 8 to 16 o'clock (UTC, as all people). Each question is on one of {TOPICS} topics;
everybody knows {KNOWN_TOPICS} of them. {len(ANSWERING_MUCH)} in a hundred know 22 to
110, and are {WILLINGNESS} times as willing. {ANSWERED_UNASKED:.0%} of all questions are
answered without a request, after a time drawn from a log-normal distribution with
a median of two hours (sigma 1.5); by someone who knows the topic, and the more
willing more often (a log-normal weight, sigma 1.2). Who is asked answers within four
hours with a chance of {HELPS_IF_KNOWN:.0%} if they know the topic, else of
{HELPS_OTHERWISE:.0%}. Five in a hundred chose a number of requests in a week: 0, 1, 2,
5 or 7; the last two answer much. Each channel has a champion, who is told of its asks.
No other feature writes to people."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and the answer that it gets without a request, if any."""

    at: datetime
    asker: int
    channel: int
    topic: int
    answered_at: datetime | None
    answerer: int


def chosen_cap(n: int) -> int | None:
    """Return the most requests in a week that a person chose; None: their own pace."""
    return CHOSEN.get(n % 100)


def _answers_much(n: int) -> bool:
    return n % 100 in ANSWERING_MUCH


def _topic_count(n: int) -> int:
    return 22 * (1 + n // 100) if _answers_much(n) else KNOWN_TOPICS


class People:
    """The topics that people know, and how willing they are."""

    def __init__(self, draw: random.Random) -> None:
        self.known = [
            set(draw.sample(range(TOPICS), _topic_count(n))) for n in range(PEOPLE)
        ]
        self.weights = [
            draw.lognormvariate(0, 1.2) * (WILLINGNESS if _answers_much(n) else 1)
            for n in range(PEOPLE)
        ]

    def questions(self, draw: random.Random, days: int) -> list[Question]:
        asked = []
        for day in range(days):
            opens = START + timedelta(days=day)
            if opens.weekday() >= 5:  # noqa: PLR2004 - the weekend
                continue
            times = sorted(draw.uniform(0, 8) for _ in range(ASKS_A_DAY))
            asked += [self._question(draw, opens + timedelta(hours=h)) for h in times]
        return asked

    def _question(self, draw: random.Random, at: datetime) -> Question:
        asker, topic = draw.randrange(PEOPLE), draw.randrange(TOPICS)
        knowing = [
            n for n in range(PEOPLE) if topic in self.known[n] and n != asker
        ] or [(asker + 1) % PEOPLE]
        weights = [self.weights[n] for n in knowing]
        answerer = draw.choices(knowing, weights)[0]
        delay = timedelta(hours=2 * draw.lognormvariate(0, 1.5))
        is_answered = draw.random() < ANSWERED_UNASKED
        channel = topic % CHANNELS
        when = at + delay if is_answered else None
        return Question(at, asker, channel, topic, when, answerer)
