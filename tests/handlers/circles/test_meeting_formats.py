"""The facilitator chooses the format of a meeting until it starts."""

import json
from datetime import timedelta

import pytest

from tests.circles import (
    PEOPLE,
    STARTS_AT,
    agenda_of,
    button_values,
    fills_in,
    go_to,
    keep,
    make_circle,
    meeting_of,
    open_agenda,
    presses,
)
from tests.factories import Story
from tests.personal_data import everything_in, file_of, forget
from tests.programs import last_reply
from tests.seasons import press
from tests.slack_payloads import ASKER, CHAMPION, GUEST, HELPER, PEER

GOAL, SCOPE = "Know who moves to Mercury", "The dates of Jupiter"


def agenda(story: Story, member: str = ASKER) -> str:
    return json.dumps(agenda_of(story, member).blocks, ensure_ascii=False)


def announced(story: Story, member: str, words: str):
    [message] = [m for m in story.slack.messages_to(member) if words in m.text]
    return message


@pytest.fixture
def discussion(story: Story) -> Story:
    """An open discussion that is about to begin."""
    make_circle(story)
    open_agenda(story)
    presses(story, ASKER, "discussion")
    story.advance(seconds=11)
    return story


@pytest.mark.deep
def test_one_press_in_the_reminder_changes_it_for_all(story: Story):
    circle = make_circle(story)
    keep(story)
    go_to(story, STARTS_AT - timedelta(days=2, hours=-1))
    reminder = announced(story, ASKER, "your turn")
    assert "Turns: " in json.dumps(reminder.blocks)
    value = button_values(reminder)["meeting_case_clinic"]
    story.click(ASKER, "meeting_case_clinic", value)
    assert last_reply(story).startswith("Case clinic: ")
    for member in PEOPLE:
        page = press(story, member, "see", circle)
        assert "Case clinic: " in json.dumps(page)
    open_agenda(story)
    presses(story, HELPER, "want_turn")
    story.advance(seconds=11)
    presses(story, ASKER, "start")
    story.advance(seconds=11)
    for _ in range(2):
        presses(story, ASKER, "next")
        story.advance(seconds=11)
    assert "Ben's turn: The case" in agenda(story)


def test_only_the_facilitator_chooses_and_only_before_the_start(story: Story):
    make_circle(story)
    open_agenda(story)
    value = button_values(agenda_of(story, HELPER))["meeting_discussion"]
    story.click(HELPER, "meeting_discussion", value)
    assert last_reply(story) == "Ana facilitates this meeting, and chooses."
    story.click(GUEST, "meeting_discussion", value)
    assert last_reply(story) == "Only the people in this circle can do that."
    presses(story, ASKER, "start")
    story.advance(seconds=11)
    story.click(ASKER, "meeting_discussion", value)
    assert "Its format stays as it is" in last_reply(story)
    assert "Arrive and good news" in agenda(story)


def test_the_next_facilitator_reads_the_format_that_was_chosen(story: Story):
    make_circle(story)
    keep(story)
    go_to(story, STARTS_AT - timedelta(days=2, hours=-1))
    values = button_values(announced(story, ASKER, "your turn"))
    story.click(ASKER, "meeting_discussion", values["meeting_discussion"])
    story.click(ASKER, "meeting_cannot", values["meeting_cannot"])
    story.deliver()
    reminder = announced(story, HELPER, "your turn")
    assert "Open discussion: " in json.dumps(reminder.blocks)
    assert "meeting_turns" in button_values(reminder)


@pytest.mark.deep
def test_a_discussion_has_a_goal_and_a_scope_and_closes_with_actions(
    discussion: Story,
):
    story = discussion
    presses(story, PEER, "focus")
    fills_in(story, PEER, goal=GOAL, scope=SCOPE)
    story.advance(seconds=11)
    for member in PEOPLE:
        assert GOAL in agenda(story, member)
        assert SCOPE in agenda(story, member)
    presses(story, ASKER, "start")
    story.advance(seconds=11)
    for _ in range(6):
        presses(story, ASKER, "next")
        story.advance(seconds=11)
    assert "Say what you learned and decided" in agenda(story)
    assert GOAL in agenda(story)
    presses(story, HELPER, "focus")
    fills_in(story, HELPER, goal="", scope=SCOPE)
    story.advance(seconds=11)
    assert GOAL not in agenda(story)


@pytest.mark.deep
def test_the_goal_is_for_the_circle_alone(discussion: Story):
    story = discussion
    presses(story, PEER, "focus")
    fills_in(story, PEER, goal=GOAL, scope=SCOPE)
    story.advance(seconds=11)
    for message in story.slack.messages:
        if "Mercury" in json.dumps(message.blocks):
            assert message.channel in PEOPLE
    assert GOAL in json.dumps(file_of(story, PEER))
    assert "Mercury" not in json.dumps(file_of(story, ASKER))
    value = f"{meeting_of(story).id}:0:0"
    story.click(GUEST, "meeting_focus", value)
    assert last_reply(story) == "Only the people in this circle can do that."


@pytest.mark.deep
def test_the_goal_goes_with_the_member_who_wrote_it(discussion: Story):
    story = discussion
    presses(story, PEER, "focus")
    fills_in(story, PEER, goal=GOAL, scope=SCOPE)
    forget(story, PEER)
    story.advance(minutes=2)
    assert "Mercury" not in everything_in(story)
    assert "Mercury" not in agenda(story, CHAMPION)


def test_other_formats_have_no_goal(story: Story):
    make_circle(story)
    open_agenda(story)
    story.click(PEER, "meeting_focus", f"{meeting_of(story).id}:0:0")
    assert last_reply(story) == "This meeting is not an open discussion."


def test_a_goal_after_the_end_or_after_another_choice_is_refused(discussion: Story):
    story = discussion
    presses(story, PEER, "focus")
    presses(story, ASKER, "turns")
    assert "not an open discussion" in fills_in(story, PEER, goal=GOAL)
    assert "Mercury" not in everything_in(story)


@pytest.mark.parametrize("words", ["x" * 141, "y" * 40_000])
def test_a_goal_is_one_line(discussion: Story, words: str):
    presses(discussion, PEER, "focus")
    assert "Up to 140 characters" in fills_in(discussion, PEER, goal=words)


def test_harmful_words_are_shown_as_written(discussion: Story):
    presses(discussion, PEER, "focus")
    goal = "<!channel> <@U0B> <https://a.b|c> \u202e*x*"
    fills_in(discussion, PEER, goal=goal)
    discussion.advance(seconds=11)
    shown = agenda(discussion, HELPER)
    assert '"type": "broadcast"' not in shown
    assert '"type": "link"' not in shown
    assert "\u202e" not in shown
