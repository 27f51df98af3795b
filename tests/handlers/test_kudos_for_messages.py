"""Kudos for a message, and its link."""

import json

import pytest

from bot.slack.api import OutcomeUnknown, Rejected
from tests.factories import Story
from tests.kudos import REASON, filled, give, kudos
from tests.slack_payloads import (
    ASKER,
    BOT,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
)


def test_the_author_of_a_message_is_filled_in_with_a_link(story: Story) -> None:
    story.command(ASKER, "/kudos")
    give(story, giver=PEER)
    ts = story.say(HELPER, "Use jitter.")
    story.message_shortcut(ASKER, "thank_author", HELPER, ts)
    view = story.slack.views[-1][1]
    assert view["blocks"][1]["element"]["initial_users"] == [HELPER]
    assert ts.replace(".", "") in json.dumps(view["blocks"][0])
    before = len(story.slack.messages_to(HELP_CHANNEL))
    story.submit(ASKER, view, filled())
    story.deliver()
    posted = story.slack.messages_to(HELP_CHANNEL)[before]
    assert posted.thread_ts is None
    assert ts.replace(".", "") in json.dumps(posted.blocks)
    assert ts.replace(".", "") in json.dumps(story.slack.messages_to(HELPER)[-1].blocks)


def test_in_a_thread_kudos_are_a_reply_and_looked_up_there(story: Story) -> None:
    give(story, giver=PEER)
    top = story.say(ASKER, "How is it done?")
    ts = story.say(HELPER, "So.", thread_ts=top)
    story.message_shortcut(ASKER, "thank_author", HELPER, ts, thread_ts=top)
    story.slack.fail_after["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "reset")
    ]
    story.submit(ASKER, story.slack.views[-1][1], filled())
    for _ in range(3):
        story.advance(seconds=11)
    [reply] = [m for m in story.slack.messages_to(HELP_CHANNEL) if m.thread_ts]
    assert reply.thread_ts == top
    assert kudos(story)[-1].ts == reply.ts


@pytest.mark.parametrize("is_seen_at_once", [True, False])
def test_in_a_deleted_thread_they_are_not_given_and_not_retried(
    story: Story, is_seen_at_once: bool
) -> None:
    top = story.say(ASKER, "How is it done?")
    ts = story.say(HELPER, "So.", thread_ts=top)
    story.message_shortcut(ASKER, "thank_author", HELPER, ts, thread_ts=top)
    thread_error = Rejected("chat.postMessage", "thread_not_found")
    if is_seen_at_once:
        story.slack.fail["chat.postMessage"] = [thread_error]
    else:
        story.slack.fail["chat.postMessage"] = [
            OutcomeUnknown("chat.postMessage", "reset")
        ]
        story.slack.fail["conversations.history"] = [thread_error]
    story.submit(ASKER, story.slack.views[-1][1], filled())
    for _ in range(5):
        story.advance(seconds=60)
    assert kudos(story)[-1].taken_back_at is not None
    assert [m for m in story.slack.messages_to(HELP_CHANNEL) if m.thread_ts] == []
    assert "don't count" in story.slack.messages_to(ASKER)[-1].text
    assert story.slack.calls.count("chat.postMessage") == 2


def test_kudos_for_a_posted_ask_go_to_its_asker(story: Story) -> None:
    ask = story.ask()
    story.message_shortcut(HELPER, "thank_author", BOT, ask.ts)
    view = story.slack.views[-1][1]
    assert ASKER in json.dumps(view["blocks"])


@pytest.mark.parametrize(
    ("author", "reason"), [(ASKER, "your own message"), (BOT, "from an app")]
)
def test_without_an_author_nobody_is_filled_in(
    story: Story, author: str, reason: str
) -> None:
    story.message_shortcut(ASKER, "thank_author", author, "1772442000.000100")
    assert reason in story.slack.responses[-1][1]
    assert story.slack.views == []


def test_a_link_to_a_private_channel_is_not_shown_elsewhere(story: Story) -> None:
    story.slack.channels["C0DEN"] = conversation_object("C0DEN", "den", is_private=True)
    give(story, giver=PEER, channel="C0DEN")
    ts = story.say(HELPER, "Secret", channel="C0DEN")
    story.message_shortcut(ASKER, "thank_author", HELPER, ts, channel="C0DEN")
    story.submit(ASKER, story.slack.views[-1][1], filled())
    story.deliver()
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    assert "C0DEN" not in json.dumps(posted.blocks)


@pytest.mark.deep_on_postgresql
def test_a_link_to_an_unknown_private_channel_is_not_shown_elsewhere(
    story: Story,
) -> None:
    """Slack sends nothing about private channels without the bot."""
    give(story, giver=PEER)
    ts = "1772442000.000100"
    story.message_shortcut(ASKER, "thank_author", HELPER, ts, channel="C0DEN")
    story.submit(ASKER, story.slack.views[-1][1], filled())
    story.deliver()
    posted = story.slack.messages_to(HELP_CHANNEL)[-1]
    assert REASON in posted.text
    assert "C0DEN" not in json.dumps(posted.blocks)


@pytest.mark.deep_on_postgresql
def test_a_message_in_a_public_channel_is_linked(story: Story) -> None:
    story.slack.channels["C0OUT"] = conversation_object("C0OUT", "out", is_member=False)
    ts = "1772442000.000100"
    story.message_shortcut(ASKER, "thank_author", HELPER, ts, channel="C0OUT")
    story.submit(ASKER, story.slack.views[-1][1], filled())
    story.deliver()
    assert "C0OUT" in json.dumps(story.slack.messages_to(HELP_CHANNEL)[-1].blocks)


def test_a_link_is_removed_with_its_message(story: Story) -> None:
    give(story, giver=PEER)
    ts = story.say(HELPER, "Use jitter.")
    story.message_shortcut(ASKER, "thank_author", HELPER, ts)
    story.submit(ASKER, story.slack.views[-1][1], filled())
    story.deliver()
    posted = story.slack.messages_to(HELP_CHANNEL)[-1]
    assert ts.replace(".", "") in json.dumps(posted.blocks)
    story.delete(HELPER, ts)
    story.deliver()
    assert REASON in posted.text
    assert ts.replace(".", "") not in json.dumps(posted.blocks)


def test_a_recipient_outside_does_not_see_a_private_channels_name(story: Story) -> None:
    story.slack.channels["C0DEN"] = conversation_object("C0DEN", "den", is_private=True)
    give(story, channel="C0DEN")
    [note] = story.slack.messages_to(HELPER)
    assert note.text.startswith("Ana thanks you in a private channel: ")


def test_a_message_in_a_direct_message_is_not_linked(story: Story) -> None:
    ts = "1772442000.000100"
    story.message_shortcut(ASKER, "thank_author", HELPER, ts, channel="D0X")
    view = story.slack.views[-1][1]
    assert json.loads(view["private_metadata"]) == {"about": None}
    assert "D0X" not in json.dumps(view["blocks"])
