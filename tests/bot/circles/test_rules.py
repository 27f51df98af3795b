"""Times at which all can meet, across zones and clock changes; calendars; states."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.circles import rules
from bot.circles.meeting_times import planned_at
from bot.circles.rules import Calendar, State
from bot.matching.people import Hours, Person, meeting_times

BERLIN, YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


def person(zone: ZoneInfo, *never: str, name: str = "U1") -> Person:
    hours = Hours(time(9), time(17), never=rules.never_hours(never))
    return Person(name, zone=zone, hours=hours)


def test_the_proposed_times_suit_everyone_and_are_on_different_days():
    people = [person(BERLIN), person(YORK, "0-early", name="U2")]
    times = rules.proposal(people, BERLIN, date(2026, 3, 23), 60).times
    # New York's day begins at 14 in Berlin then, and at 16 on Mondays for the second.
    local = [at.astimezone(BERLIN) for at in times]
    assert [(at.weekday(), at.hour) for at in local] == [(0, 16), (1, 14), (2, 14)]


def test_a_longer_meeting_needs_a_longer_common_time():
    people = [person(BERLIN), person(YORK, name="U2")]
    first = date(2026, 4, 6)
    hours = [
        {
            at.astimezone(BERLIN).hour
            for at in rules.proposal(people, BERLIN, first, m).times
        }
        for m in (60, 90)
    ]
    assert hours == [{15}, {15}]
    short = [Person("U1", zone=BERLIN, hours=Hours(time(9), time(16))), people[1]]
    assert rules.proposal(short, BERLIN, first, 60).suits_all
    assert not rules.proposal(short, BERLIN, first, 90).suits_all


def test_people_without_a_common_hour_get_times_that_suit_most():
    people = [person(BERLIN, name=f"U{n}") for n in range(3)]
    people.append(person(ZoneInfo("Asia/Tokyo"), name="U9"))
    found = rules.proposal(people, BERLIN, date(2026, 1, 12), 60)
    assert [at.astimezone(BERLIN).hour for at in found.times] == [11, 11, 11]
    assert not found.suits_all


@pytest.mark.parametrize(
    ("people", "answers", "decision"),
    [
        ("abcd", "yy", None),
        ("abcd", "yyy", True),
        ("abcd", "nn", False),
        ("abcde", "nn", None),
        ("abcde", "yyynn", True),
        ("abcde", "nnny", False),
        # Answers of people who have left don't count.
        ("de", "yyy", None),
        ("", "", False),
    ],
)
def test_a_meeting_moves_if_more_than_half_say_yes(
    people: str, answers: str, decision: bool | None
):
    given = dict(zip("abcde", [each == "y" for each in answers], strict=False))
    assert rules.move_decision(people, given) is decision


def test_a_time_at_which_someone_has_another_meeting_suits_them_not():
    """The clocks of the two circles' zones change in different weeks."""
    york = datetime(2026, 3, 3, 14, tzinfo=UTC)
    dates = [planned_at(york, YORK, number, 2) for number in range(1, 4)]
    busy = tuple((at, at + timedelta(minutes=45)) for at in dates)
    # Nine in New York is 15 in Berlin, but 14 on 17 March.
    ana = replace(person(BERLIN), busy=busy)
    assert not meeting_times(ana, york) & 1 << (24 + 14) * 4
    assert meeting_times(ana, york) & 1 << (24 + 15) * 4
    assert meeting_times(replace(ana, zone=None), york) & 1 << (24 + 15) * 4
    assert not meeting_times(replace(ana, zone=None), york) & 1 << (24 + 13) * 4 + 1

    def dates_of(at: datetime) -> list[datetime]:
        return [planned_at(at, BERLIN, number, 1) for number in range(1, 6)]

    ben = person(BERLIN, "1-early", "1-midday", name="U2")
    for at, suits in ((13, True), (14, False), (15, False), (16, True)):
        start = datetime(2026, 3, 3, at, tzinfo=BERLIN).astimezone(UTC)
        assert rules.is_busy(busy, dates_of(start), 60) is not suits, at
        assert rules.can_meet(ana, dates_of(start), 60) is suits, at
    tuesday = [f"{day}-{part}" for day in (0, 2, 3, 4) for part in rules.PARTS]
    people = [replace(ana, hours=person(BERLIN, *tuesday).hours), ben]
    found = rules.proposal(people, BERLIN, date(2026, 3, 3), 60, dates_of=dates_of)
    assert found.suits_all
    assert [at.astimezone(BERLIN).hour for at in found.times] == [16]


@given(
    zones=st.lists(
        st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]),
        min_size=1,
        max_size=4,
    ),
    first=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    minutes=st.sampled_from(rules.MINUTES),
    never=st.lists(st.sampled_from(["0-early", "1-midday", "2-late", "4-late"])),
)
@pytest.mark.deep
def test_each_proposed_time_is_within_the_hours_of_each(zones, first, minutes, never):
    people = [
        person(ZoneInfo(zone), *never, name=f"U{n}") for n, zone in enumerate(zones)
    ]
    zone = rules.common_zone(each.zone for each in people)
    found = rules.proposal(people, zone, first, minutes)
    assert 0 < len(found.times) <= 3
    for at in found.times if found.suits_all else ():
        assert first <= at.astimezone(zone).date() < first + timedelta(days=14)
        for each in people:
            start = at.astimezone(each.zone)
            end = (at + timedelta(minutes=minutes)).astimezone(each.zone)
            assert time(9) <= start.time() < end.time() <= time(17)
            assert start.weekday() < 5
            assert each.hours is not None
            assert (start.weekday(), start.hour) not in each.hours.never


def test_the_meetings_keep_the_clock_of_the_circles_zone():
    start = datetime(2026, 3, 23, 9, tzinfo=UTC)
    dates = [planned_at(start, BERLIN, number, 2) for number in range(1, 7)]
    assert [at.astimezone(BERLIN).hour for at in dates] == [10] * 6
    # The clocks change on 29 March.
    assert [at.hour for at in dates] == [9, 8, 8, 8, 8, 8]


def test_a_calendar_has_an_event_for_each_meeting_and_counts_its_changes():
    dates = [datetime(2026, 3, 23, 9, tzinfo=UTC), datetime(2026, 4, 6, 8, tzinfo=UTC)]
    text = rules.ics(
        Calendar(
            7, "Circle: Ä, b; c\\d", "https://x/y" + "z" * 90, dates, 90, 3, dates[0]
        )
    ).decode()
    lines = text.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2] == "END:VCALENDAR"
    assert text.count("BEGIN:VEVENT") == 2
    assert "UID:circle-7-2@backswing" in lines
    assert lines.count("SEQUENCE:3") == 2
    assert "DTSTART:20260406T080000Z" in lines
    assert "DTEND:20260406T093000Z" in lines
    assert "SUMMARY:Circle: Ä\\, b\\; c\\\\d" in lines


def test_the_parts_of_days_are_read_in_order_and_others_are_dropped():
    chosen = ["4-late", "0-early", "5-early", "x", "0-night", "0-early"]
    assert rules.parse_never(chosen) == ["0-early", "4-late"]
    assert (4, 23) in rules.never_hours(["4-late"])
    assert (4, 13) not in rules.never_hours(["4-late"])


class Season:
    def __init__(self, **times: datetime) -> None:
        self.signup_ends_at = datetime(2026, 3, 16, 15, tzinfo=UTC)
        self.ends_on = date(2026, 6, 15)
        self.formed_at = times.get("formed_at")
        self.invited_at = times.get("invited_at")
        self.ended_at = times.get("ended_at")


@pytest.mark.parametrize(
    ("times", "now", "expected"),
    [
        ((), datetime(2026, 3, 16, 14, tzinfo=UTC), State.SIGN_UP),
        ((), datetime(2026, 3, 16, 15, tzinfo=UTC), State.FORMING),
        (("formed_at",), datetime(2026, 3, 17, tzinfo=UTC), State.PREVIEW),
        (("formed_at", "invited_at"), datetime(2026, 6, 15, tzinfo=UTC), State.RUNNING),
        (("formed_at", "invited_at"), datetime(2026, 6, 16, tzinfo=UTC), State.ENDED),
        (("ended_at",), datetime(2026, 3, 1, tzinfo=UTC), State.ENDED),
    ],
)
def test_the_state_of_a_season_derives_from_its_times(times, now, expected):
    season = Season(**dict.fromkeys(times, datetime(2026, 3, 16, tzinfo=UTC)))
    assert rules.state(season, now) is expected
