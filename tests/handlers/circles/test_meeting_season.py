"""A whole season: clocks change, a holiday comes, and so do not all people."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from models import Circle, CircleMeeting, CircleMember, CircleQuestion, CircleSeason
from tests.circles import PEOPLE, go_to, keep, make_circle, meeting_of, presses
from tests.circles import open_agenda as open_next
from tests.factories import Story
from tests.slack_payloads import ADMIN, ASKER, CHAMPION, HELPER, PEER

pytestmark = pytest.mark.deep

BERLIN = ZoneInfo("Europe/Berlin")


def leave(story: Story, member: str) -> None:
    with story.rt.write_session.begin() as session:
        for row in session.scalars(select(CircleMember).filter_by(member=member)):
            row.left_at = story.clock()


def hold(story: Story, number: int, by: str, *, is_lost: bool = False) -> None:
    """Hold a meeting; `by` takes over first if its facilitator is lost."""
    open_next(story, number)
    if is_lost:
        presses(story, by, "lead")
        story.advance(seconds=11)
    presses(story, by, "start")
    story.advance(minutes=50)
    presses(story, by, "end")
    story.advance(seconds=30)


def test_a_season_over_a_clock_change_and_a_holiday_with_two_who_leave_and_one_lost(
    story: Story,
):
    make_circle(story)
    with story.rt.write_session.begin() as session:
        session.scalars(select(CircleSeason)).one().holidays_of = "CY"
    hold(story, 1, ASKER)
    leave(story, CHAMPION)
    hold(story, 2, HELPER)
    # Chi should facilitate, and does not come: Eva takes over, Chi is next.
    hold(story, 3, ADMIN, is_lost=True)
    leave(story, ASKER)
    hold(story, 4, PEER)
    # Nobody comes to the fifth meeting.
    open_next(story, 5)
    go_to(story, meeting_of(story, 5).planned_at + timedelta(hours=2))
    keep(story)
    hold(story, 6, HELPER)
    go_to(story, story.clock() + timedelta(days=15))
    keep(story)
    with story.rt.read_session() as session:
        meetings = session.scalars(
            select(CircleMeeting).order_by(CircleMeeting.number)
        ).all()
        keys = session.scalars(select(CircleQuestion.key)).all()
    assert [meeting.facilitator for meeting in meetings] == [
        *(ASKER, HELPER, ADMIN, PEER, None, HELPER)
    ]
    # At noon in Berlin, before and after the clocks have changed.
    assert {m.planned_at.astimezone(BERLIN).hour for m in meetings} == {12}
    assert {m.planned_at.hour for m in meetings} == {11, 10}
    # The first of April is Cyprus National Day; the later meetings stay as planned.
    days = [m.planned_at.date() for m in meetings]
    assert [str(day) for day in days] == [
        *("2026-03-18", "2026-04-02", "2026-04-15"),
        *("2026-04-29", "2026-05-13", "2026-05-27"),
    ]
    assert not [m for m in meetings if m.is_open or m.ended_at is None]
    assert len(set(keys)) == 6
    # Those who left read nothing of what came after.
    for member in PEOPLE:
        coming = [t for t in story.slack.texts_to(member) if "coming up" in t]
        assert len(coming) == {CHAMPION: 1, ASKER: 3}.get(member, 6)


def test_people_who_choose_another_time_are_told_again(story: Story):
    make_circle(story)
    keep(story)
    go_to(story, meeting_of(story, 1).planned_at - timedelta(days=1, hours=23))
    keep(story)
    later = meeting_of(story, 1).planned_at + timedelta(days=7)
    with story.rt.write_session.begin() as session:
        session.scalars(select(Circle)).one().starts_at = later
    keep(story)
    assert meeting_of(story, 1).planned_at == later
    open_next(story, 1)
    assert story.clock() > later - timedelta(minutes=15)
    for member in PEOPLE:
        texts = story.slack.texts_to(member)
        assert len([each for each in texts if "coming up" in each]) == 2
        assert texts.count("Meeting 1 of your circle") == 1
