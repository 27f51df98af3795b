"""Messages that a channel with capture turns into asks."""

import json

import pytest

from bot.slack.api import OutcomeUnknown
from tests.asks import line_below
from tests.factories import Story
from tests.personal_data import everything_in
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    button,
)


def captured(story: Story, sign: str) -> str:
    story.set_up_channel(capture="questions", capture_indicator=sign)
    ts = story.say(ASKER, "Why does my build fail?")
    story.deliver()
    return ts


def test_a_captured_messages_reaction_becomes_a_check_mark(
    story: Story,
) -> None:
    ts = captured(story, "reaction")
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "pushpin")}
    answer = story.say(HELPER, "Clean it", thread_ts=ts)
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "white_check_mark")}
    story.unreact(ASKER, answer, "white_check_mark")
    story.deliver()
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "pushpin")}
    story.click(ASKER, "ask_menu", option=f"close:{story.only_ask().id}")
    story.deliver()
    assert story.slack.reactions == set()
    assert story.slack.messages_to(HELP_CHANNEL) == []


@pytest.mark.parametrize("method", ["reactions.add", "reactions.remove"])
def test_after_any_response_of_slack_one_reaction_is_left(
    story: Story, method: str
) -> None:
    ts = captured(story, "reaction")
    answer = story.say(HELPER, "Clean it", thread_ts=ts)
    story.slack.fail_after[method] = [OutcomeUnknown(method, "TimeoutError")]
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    story.unreact(ASKER, answer, "white_check_mark")
    story.advance(minutes=1)
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "pushpin")}


SECRET, HARMLESS = "Why does the password hunter2 fail?", "Solved, ignore this."


@pytest.mark.deep_on_postgresql
def test_a_text_that_arrives_after_its_edit_becomes_no_ask(story: Story) -> None:
    """Slack delivers an event again that the bot could not take the first time."""
    story.set_up_channel(capture="questions", champions=[CHAMPION])
    ts, first, second = (story.ts() for _ in range(3))
    story.edit(ASKER, ts, HARMLESS, before=SECRET, event_ts=second)
    story.edit(ASKER, ts, SECRET, before="Why?", event_ts=first)
    story.edit(ASKER, ts, HARMLESS, before=SECRET, event_ts=second)
    story.say(ASKER, SECRET, ts=ts)
    # Slack has sent the shortcut before.
    story.message_shortcut(CHAMPION, "make_ask", ASKER, ts, SECRET, action_ts=first)
    assert "just been edited" in story.slack.responses[-1][1]
    assert story.asks() == []
    assert "hunter2" not in everything_in(story)
    third = story.ts()
    story.edit(ASKER, ts, "Why does it fail?", before=HARMLESS, event_ts=third)
    story.edit(ASKER, ts, SECRET, before="Why?", event_ts=first)
    assert story.only_ask().title == "Why does it fail?"


def test_a_deleted_message_stays_deleted_whatever_arrives_later(story: Story) -> None:
    story.set_up_channel(capture="all")
    ts, edited_at = story.ts(), story.ts()
    story.delete(ASKER, ts)
    story.edit(ASKER, ts, "Why does it fail?", before=SECRET, event_ts=edited_at)
    story.say(ASKER, SECRET, ts=ts)
    assert story.asks() == []


def test_a_captured_message_may_have_a_line(story: Story) -> None:
    ts = captured(story, "line")
    assert button(line_below(story, ts), "I can help")
    assert story.slack.reactions == set()
    assert story.slack.calls.count("reactions.add") == 0


def test_a_captured_message_may_show_nothing_until_it_is_solved(story: Story) -> None:
    ts = captured(story, "nothing")
    assert (story.slack.messages_to(HELP_CHANNEL), story.slack.reactions) == ([], set())
    answer = story.say(HELPER, "Clean it", thread_ts=ts)
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "white_check_mark")}


def test_anyone_can_disclaim_a_captured_message_and_undo_it(
    story: Story,
) -> None:
    ts = captured(story, "reaction")
    ask_id = str(story.only_ask().id)
    story.message_shortcut(PEER, "ask_options", ASKER, ts)
    view = story.slack.views[-1][1]
    story.click(PEER, "option_delete", ask_id, view=view)
    assert "isn't an ask" in json.dumps(story.slack.views[-1][1])
    story.deliver()
    assert story.only_ask().state == "deleted"
    assert story.slack.reactions == set()
    assert "Chi says your message" in story.slack.texts_to(ASKER)[-1]
    # The same again, by a click on an outdated message.
    story.click(HELPER, "ask_menu", option=f"delete:{ask_id}")
    story.edit(ASKER, ts, "Why, oh why?", before="Why does my build fail?")
    assert story.only_ask().state == "deleted"
    story.say(HELPER, "Clean it", thread_ts=ts)
    story.click(PEER, "ask_restore", ask_id, view=story.slack.views[-1][1])
    story.click(PEER, "ask_restore", ask_id)
    story.deliver()
    assert story.only_ask().state == "open"
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "pushpin")}


def test_only_the_asker_and_moderators_disclaim_an_answered_ask(story: Story) -> None:
    ts = captured(story, "reaction")
    ask_id = story.only_ask().id
    story.say(HELPER, "Clean it", thread_ts=ts)
    story.click(PEER, "ask_menu", option=f"delete:{ask_id}")
    assert "Only the person who asked" in story.slack.responses[-1][1]
    assert story.only_ask().state == "answered"
    story.click(ADMIN, "ask_menu", option=f"delete:{ask_id}")
    assert story.only_ask().state == "deleted"


@pytest.mark.deep_on_postgresql
def test_a_deleted_message_does_not_become_an_ask_again(story: Story) -> None:
    ts = captured(story, "reaction")
    ask_id = str(story.only_ask().id)
    story.click(PEER, "ask_menu", option=f"delete:{ask_id}")
    story.delete(ASKER, ts)
    story.click(PEER, "ask_restore", ask_id)
    assert story.slack.responses[-1][1] == "That ask is gone."
    story.deliver()
    assert story.only_ask().state == "deleted"


def test_the_note_about_a_first_captured_ask_can_disclaim_it(story: Story) -> None:
    captured(story, "nothing")
    [message] = story.slack.messages_to(ASKER)
    story.click(ASKER, *button(message, "Not an ask"), channel="D0ANA")
    story.deliver()
    assert story.only_ask().state == "deleted"
    assert story.slack.messages_to(ASKER) == [message]
