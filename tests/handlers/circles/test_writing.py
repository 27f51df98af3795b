"""A circle meets in writing: two issues, questions first, ideas, and thanks."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models import CircleMeeting, CircleMember, MeetingEntry, MeetingTurn
from tests.circles import (
    PEOPLE,
    button_values,
    fills_in,
    go_to,
    keep,
    make_circle,
    meeting_of,
)
from tests.factories import Story
from tests.making_programs import shown
from tests.personal_data import everything_in, forget
from tests.programs import last_reply
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELPER,
    PEER,
    form_values,
)

# Nine in Berlin, on the first Monday of the season.

MONDAY = datetime(2026, 3, 16, 8, tzinfo=UTC)
ISSUE, QUESTION = "How do I move to Mercury?", "Why not to Venus?"
IDEA, THANKS = "Take the early train", "The train helped"


@pytest.fixture
def week(story: Story) -> Story:
    make_circle(story, starts_at=None, is_in_writing=True)
    keep(story)
    go_to(story, MONDAY + timedelta(minutes=1))
    keep(story)
    return story


def latest(story: Story, member: str):
    return [m for m in story.slack.messages_to(member) if "in writing" in m.text][-1]


def text(story: Story, member: str) -> str:
    return json.dumps(latest(story, member).blocks, ensure_ascii=False)


def opens_form(story: Story, member: str) -> dict[str, Any]:
    """Open the form to write; return its values."""
    value = button_values(latest(story, member))["meeting_write"]
    assert story.click(member, "meeting_write", value).status == 200
    return form_values(shown(story))


def writes(story: Story, member: str, words: str, about: str = "") -> str:
    opens_form(story, member)
    answer = fills_in(story, member, **{f"text_{about}" if about else "text": words})
    story.advance(seconds=11)
    return answer


def go_to_stage(story: Story, **after: int) -> None:
    go_to(story, MONDAY + timedelta(**after))
    keep(story)


@pytest.mark.deep
def test_a_week_in_writing(week: Story):
    assert "Put an issue" in text(week, ADMIN)
    writes(week, HELPER, ISSUE)
    assert "Ben: " in text(week, ADMIN)
    assert ISSUE in text(week, ADMIN)
    go_to_stage(week, days=1, minutes=1)
    assert "Questions first" in text(week, PEER)
    writes(week, PEER, QUESTION, about=HELPER)
    assert QUESTION in text(week, HELPER)
    go_to_stage(week, days=2, hours=9, minutes=1)
    writes(week, CHAMPION, IDEA, about=HELPER)
    go_to_stage(week, days=4, hours=9, minutes=1)
    writes(week, HELPER, THANKS)
    value = button_values(latest(week, HELPER))["meeting_action"]
    week.click(HELPER, "meeting_action", value)
    fills_in(week, HELPER, action="Buy a ticket")
    for words in (ISSUE, QUESTION, IDEA, THANKS):
        assert words in text(week, ADMIN)
    go_to_stage(week, days=7, hours=1)
    week.advance(seconds=30)
    assert "This week is over" in text(week, ADMIN)
    for member in PEOPLE:
        assert "Buy a ticket" in str(week.slack.messages_to(member)[-1].blocks)
    first, second = meeting_of(week, 1), meeting_of(week, 2)
    assert not first.is_open
    # Two weeks later, at nine after the clocks have changed.
    assert second.planned_at == MONDAY + timedelta(days=14, hours=-1)
    with week.rt.read_session() as session:
        assert list(session.scalars(select(MeetingTurn.member))) == [HELPER]


@pytest.mark.deep
def test_each_stage_is_one_message_and_nobody_learns_who_wrote_nothing(week: Story):
    writes(week, HELPER, ISSUE)
    for after in ({"days": 1, "minutes": 1}, {"days": 5}, {"days": 8}):
        go_to_stage(week, **after)
        keep(week)
    posts = [m for m in week.slack.messages_to(ADMIN) if "in writing" in m.text]
    assert len(posts) == 4
    for message in week.slack.messages:
        assert "Dan" not in str(message.blocks)


@pytest.mark.deep_on_postgresql
def test_two_people_put_their_issues_and_may_change_them(week: Story):
    writes(week, HELPER, ISSUE)
    writes(week, PEER, "And mine?")
    assert "Two of you" in writes(week, ASKER, "Mine, too?")
    assert writes(week, HELPER, "Another one?") == ""
    assert "Another one?" in text(week, ADMIN)
    assert ISSUE not in text(week, ADMIN)


@pytest.mark.deep
def test_the_form_shows_what_one_wrote_about_each_issue(week: Story):
    for member in (HELPER, PEER):
        writes(week, member, ISSUE)
    go_to_stage(week, days=1, minutes=1)
    writes(week, ADMIN, QUESTION, about=HELPER)
    values = opens_form(week, ADMIN)
    assert values == {f"text_{HELPER}": QUESTION, f"text_{PEER}": []}
    fills_in(week, ADMIN, **{f"text_{PEER}": "And to Mars?"})
    week.advance(seconds=11)
    for words in (QUESTION, "And to Mars?"):
        assert words in text(week, CHAMPION)
    opens_form(week, ADMIN)
    fills_in(week, ADMIN, **{f"text_{HELPER}": ""})
    week.advance(seconds=11)
    assert QUESTION not in text(week, CHAMPION)
    assert "And to Mars?" in text(week, CHAMPION)


def test_a_stage_comes_in_ones_hours_and_only_while_it_lasts(story: Story):
    make_circle(story, starts_at=None, is_in_writing=True)
    story.slack.people[PEER]["tz"] = "America/Los_Angeles"
    story.event({"type": "user_change", "user": story.slack.people[PEER]})
    go_away(story, ADMIN)
    keep(story)
    go_to(story, MONDAY + timedelta(minutes=1))
    assert "Put an issue" in text(story, HELPER)
    # Midnight in Los Angeles.
    assert not [m for m in story.slack.messages_to(PEER) if "in writing" in m.text]
    writes(story, HELPER, ISSUE)
    go_to_stage(story, hours=9)
    assert "Put an issue" in text(story, PEER)
    for after in ({"days": 1, "hours": 1}, {"days": 2, "hours": 10}):
        go_to_stage(story, **after)
    go_away(story, ADMIN, emoji="")
    go_to_stage(story, days=4, hours=1)
    [post] = [m for m in story.slack.messages_to(ADMIN) if "in writing" in m.text]
    assert "Ideas" in str(post.blocks)


def go_away(story: Story, member: str, emoji: str = ":palm_tree:") -> None:
    profile = story.slack.people[member].setdefault("profile", {})
    profile |= {"status_emoji": emoji, "status_text": "", "status_expiration": 0}
    story.event({"type": "user_change", "user": story.slack.people[member]})


def test_a_week_without_an_issue_ends_the_next_day(week: Story):
    go_to_stage(week, days=1, minutes=1)
    week.advance(seconds=30)
    assert "Nobody put an issue" in text(week, ADMIN)
    assert meeting_of(week, 2).planned_at > week.clock()


def test_a_form_that_is_sent_after_its_stage_says_so(week: Story):
    writes(week, HELPER, ISSUE)
    value = button_values(latest(week, PEER))["meeting_write"]
    week.click(PEER, "meeting_write", value)
    go_to_stage(week, days=1, minutes=1)
    assert "This stage is over" in fills_in(week, PEER, text="Too late")
    with week.rt.read_session() as session:
        assert len(session.scalars(select(MeetingEntry)).all()) == 1


@pytest.mark.parametrize("words", ["", "  \n ", "\u200b", "x" * 301, "y" * 40_000])
@pytest.mark.deep_on_postgresql
def test_a_text_has_words(week: Story, words: str):
    assert "up to 300 characters" in writes(week, HELPER, words)


def test_people_outside_and_those_who_left_write_nothing(week: Story):
    value = button_values(latest(week, ASKER))["meeting_write"]
    with week.rt.write_session.begin() as session:
        for row in session.scalars(select(CircleMember).filter_by(member=ASKER)):
            row.left_at = week.clock()
    for member in (GUEST, ASKER):
        week.click(member, "meeting_write", value)
        assert last_reply(week) == "Only the people in this circle can do that."
    # The buttons of the other agenda do nothing here.
    week.click(HELPER, "meeting_start", value)
    assert last_reply(week) == "This circle meets in writing."


def test_a_circle_with_open_places_does_not_begin(story: Story):
    make_circle(story, starts_at=None, is_in_writing=True, introduced_at=None)
    with story.rt.write_session.begin() as session:
        for row in session.scalars(select(CircleMember).filter_by(member=ASKER)):
            row.taken_at = None
    keep(story)
    with story.rt.read_session() as session:
        assert session.scalars(select(CircleMeeting)).all() == []


@pytest.mark.deep
def test_the_words_of_a_forgotten_member_go(week: Story):
    writes(week, HELPER, ISSUE)
    go_to_stage(week, days=1, minutes=1)
    writes(week, PEER, QUESTION, about=HELPER)
    forget(week, HELPER)
    week.advance(minutes=2)
    assert "Mercury" not in everything_in(week)
    assert "Mercury" not in str([m.blocks for m in week.slack.messages])
