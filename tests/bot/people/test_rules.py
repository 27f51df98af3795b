"""Rules on people, without a database."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import timezones
from bot.matching.people import Hours, Person, meeting_times
from bot.people import rules
from bot.people.rules import Vocabulary

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
AUCKLAND, LONDON = ZoneInfo("Pacific/Auckland"), ZoneInfo("Europe/London")
MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOURS = st.times().map(lambda at: time(at.hour))


@given(start=HOURS, end=HOURS)
@pytest.mark.deep
def test_people_meet_only_when_they_can_be_written_to(start: time, end: time) -> None:
    zone = ZoneInfo("Europe/Helsinki")
    hours = rules.meeting_hours(start, end)
    free = meeting_times(Person("U0ANA", zone=zone, hours=hours), MONDAY)
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    for hour in range(7 * 24):
        at = monday + timedelta(hours=hour)
        is_open = timezones.next_open_time(at, zone, start, end) == at
        assert bool(free >> 4 * hour & 1) is is_open or start == end, at


def test_a_night_is_of_the_day_on_which_it_begins() -> None:
    hours = rules.meeting_hours(time(21, 30), time(5, 30))
    free = {
        (day, hour)
        for day in hours.weekdays
        for hour in range(24)
        if (day, hour) not in hours.never
    }
    assert (0, 21) not in free
    assert {(0, 22), (4, 23), (5, 4)} <= free
    assert {(5, 5), (5, 22), (6, 2), (0, 4)}.isdisjoint(free)


@pytest.mark.parametrize(
    ("days", "rounds"), [(0, 1), (13, 1), (14, 1), (28, 2), (168, 12), (365, 26)]
)
def test_meetings_count_in_rounds(days: int, rounds: int) -> None:
    assert rules.rounds_since(MONDAY - timedelta(days=days), MONDAY) == rounds


def test_a_topic_has_one_spelling_and_is_a_whole_word_of_a_title() -> None:
    vocabulary = Vocabulary(["Kafka", "kafka", "Kafka", "go", "CI/CD", "C++", ".net"])
    title = "KAFKA in our ci/cd: is C++ good, or going nowhere? Ask asp.net"
    assert vocabulary.topics_of([], title) == {"Kafka", "CI/CD", "C++"}
    assert vocabulary.topics_of(["KAFKA", "Go", ".NET"], "") == {"Kafka", "go", ".net"}
    letters = Vocabulary(["A", "i", "R"])
    assert letters.topics_of([], "How can I plot a map in R?") == {"R"}
    assert vocabulary.topics_of([], "c++11 and kafkaesque") == set()


def test_a_title_says_what_it_asks_about_not_all_that_it_mentions() -> None:
    vocabulary = Vocabulary(["Kafka", "go", "C", "C++"])
    assert vocabulary.topics_of([], "see https://kafka.dev/c?go, and Go") == {"go"}
    assert vocabulary.topics_of([], "C++ and C# or C?") == {"C", "C++"}
    assert vocabulary.topics_of([], "C++ and C#") == {"C++"}
    assert vocabulary.topics_of([], "Is it in the log of Kafka or the C…") == {"Kafka"}
    title = "I know C and Go. Where do I begin with Kafka? Thanks for Go!"
    assert vocabulary.topics_of([], title) == {"Kafka"}
    assert vocabulary.topics_of(["C"], "Kafka? Go!") == {"C", "Kafka"}
    assert vocabulary.topics_of([], "Kafka is slow. And so is Go.") == {"Kafka", "go"}


@pytest.mark.parametrize(
    ("title", "topics"),
    [
        ("Are you a beginner who wants to learn Kafka? Fill in the Go poll", set()),
        ("Would you like to talk about Kafka?", set()),
        ("Hi all! Want to join our group on Kafka?", set()),
        ("Is anybody interested in Kafka? When do we meet about Go?", {"go"}),
        ("Are you using Kafka?", {"Kafka"}),
        ("Who wants to help me with Kafka?", {"Kafka"}),
        ("Is anyone an expert in Kafka?", {"Kafka"}),
    ],
)
def test_an_announcement_asks_about_nothing(title: str, topics: set[str]) -> None:
    vocabulary = Vocabulary(["Kafka", "go"])
    assert vocabulary.topics_of([], title) == topics


def test_those_who_answer_more_are_more_active() -> None:
    chances = [rules.activity(count) for count in range(100)]
    assert chances == sorted(chances)
    assert 0 < chances[0] < chances[-1] < 1


# Suggested times


def person(name: str, zone: ZoneInfo | None = BERLIN, **fields: object) -> Person:
    values = {"zone": zone, "hours": Hours(time(9), time(17)), **fields}
    return Person(name, **values)  # type: ignore[arg-type]


def test_times_are_on_two_days_within_the_hours_of_both() -> None:
    people = [person("U1"), person("U2", NEW_YORK)]
    times = rules.suggested_times(people, datetime(2026, 3, 10, 9, tzinfo=UTC))
    # In these weeks New York is five hours behind Berlin, not six.
    assert times == [
        datetime(2026, 3, 11, 14, tzinfo=UTC),
        datetime(2026, 3, 12, 14, tzinfo=UTC),
    ]


@pytest.mark.parametrize("start", [date(2026, 3, 3) + timedelta(n) for n in range(35)])
def test_times_hold_when_the_clocks_change(start: date) -> None:
    since = datetime.combine(start, time(9), UTC)
    people = [person("U1"), person("U2", NEW_YORK), person("U3", LONDON)]
    times = rules.suggested_times(people, since)
    assert len(times) == 2
    for at, each in itertools.product(times, people):
        local = at.astimezone(each.zone)
        assert time(9) <= local.time() <= time(16)
        assert local.weekday() < 5


def test_there_are_no_times_without_a_common_hour() -> None:
    since = datetime(2026, 3, 10, 9, tzinfo=UTC)
    assert rules.suggested_times([person("U1"), person("U2", AUCKLAND)], since) == []
    assert rules.suggested_times([person("U1"), person("U2", None)], since) == []


def test_no_time_is_on_a_holiday_of_one_of_them() -> None:
    since = datetime(2026, 4, 2, 9, tzinfo=UTC)
    # Good Friday is a holiday of both, Easter Monday only in Germany.
    for holidays_of, days in (("DE", [7, 8]), ("CA", [6, 7]), (None, [3, 6])):
        people = [person("U1"), person("U2", NEW_YORK, holidays_of=holidays_of)]
        times = rules.suggested_times(people, since)
        assert [at.day for at in times] == days, holidays_of


def test_the_last_hour_of_the_day_can_be_used() -> None:
    late = Hours(time(23), time())
    people = [person("U1", hours=late), person("U2", hours=late)]
    times = rules.suggested_times(people, datetime(2026, 3, 10, 9, tzinfo=UTC))
    assert [at.astimezone(BERLIN).hour for at in times] == [23, 23]
