"""Late or repeated events and undone actions, and the messages about them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import app
from bot.slack.api import OutcomeUnknown, Rejected
from bot.slack.client import SlackClient
from bot.workspace import sync
from sandbox import Sandbox
from tests.factories import Story
from tests.slack_payloads import ADMIN, ASKER, HELP_CHANNEL, HELPER, PEER, message_event

MANIFEST = Path(app.__file__).parent / "manifest.yml"


@pytest.mark.deep_on_postgresql
def test_a_mark_is_removed_although_its_emoji_has_lost_its_meaning(
    story: Story,
) -> None:
    story.set_up_channel(helpful=":tada:", solved=":100:")
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(PEER, answer, "tada")
    story.react(ASKER, answer, "100")
    assert story.answer_marks() == {answer: (True, 1)}
    story.set_up_channel(helpful=":heart:", solved=":white_check_mark:")
    story.unreact(PEER, answer, "tada")
    story.unreact(ASKER, answer, "100")
    assert story.answer_marks() == {answer: (False, 0)}
    assert story.only_ask().state == "answered"


def test_an_ask_is_closed_once_and_keeps_the_first_reason(story: Story) -> None:
    story.ask()
    ask_id = story.only_ask().id
    story.click(ADMIN, "ask_menu", option=f"close:{ask_id}")
    form = story.slack.views[-1][1]
    story.submit(ADMIN, form, {"reason": "Asked before"})
    assert "already closed" in str(story.submit(ADMIN, form, {"reason": "x"}).body)
    story.click(ASKER, "ask_menu", option=f"close:{ask_id}")
    assert "already closed" in story.slack.responses[-1][1]
    story.deliver()
    assert len(story.slack.messages_to(ASKER)) == 1
    assert story.only_ask().close_reason == "Asked before"


def test_an_ask_closed_by_a_form_is_closed_although_our_clock_is_behind(
    story: Story,
) -> None:
    story.ask()
    ask_id = story.only_ask().id
    story.click(ASKER, "ask_menu", option=f"close:{ask_id}")
    story.click(ASKER, "ask_menu", option=f"reopen:{ask_id}")
    story.clock.advance(minutes=-5)
    story.click(ADMIN, "ask_menu", option=f"close:{ask_id}")
    story.submit(ADMIN, story.slack.views[-1][1], {"reason": "Asked before"})
    assert story.only_ask().state == "closed"
    assert story.only_ask().close_reason == "Asked before"


def test_an_ask_closed_by_a_form_while_our_clock_was_ahead_can_be_reopened(
    story: Story,
) -> None:
    ask = story.ask()
    ask_id = story.only_ask().id
    story.clock.advance(hours=3)
    story.click(ADMIN, "ask_menu", option=f"close:{ask_id}")
    story.submit(ADMIN, story.slack.views[-1][1], {"reason": "Asked before"})
    story.clock.advance(hours=-3)
    story.click(ASKER, "ask_menu", option=f"reopen:{ask_id}")
    assert story.only_ask().state == "open"
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(ASKER, answer, "white_check_mark")
    assert story.only_ask().state == "solved"


def test_an_answer_to_a_closed_ask_is_notified_when_it_is_reopened(
    story: Story,
) -> None:
    ask = story.ask()
    ask_id = story.only_ask().id
    story.click(ASKER, "ask_menu", option=f"close:{ask_id}")
    story.say(HELPER, "So.", thread_ts=ask.ts)
    story.deliver()
    assert story.slack.messages_to(ASKER) == []
    story.click(ASKER, "ask_menu", option=f"reopen:{ask_id}")
    story.deliver()
    assert story.slack.texts_to(ASKER) == ["Ben answered your ask “How do I fix x?”"]


def test_fields_that_slack_omits_change_nothing(story: Story) -> None:
    story.ask()
    story.clock.advance(hours=2)
    story.slack.fail["conversations.info"] = [
        Rejected("conversations.info", "missing_scope")
    ]
    story.ask("Still here?")
    assert len(story.asks()) == 2


def test_a_channel_that_slack_hides_is_one_without_the_bot(story: Story) -> None:
    story.command(ASKER, "/ask", "How is it done?", channel="C0HIDDEN")
    assert "/invite @Backswing" in json.dumps(story.slack.views[-1][1])
    assert story.asks() == []


def test_the_asker_learns_that_the_posts_outcome_is_unknown(story: Story) -> None:
    story.slack.fail["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "TimeoutError")
    ]
    story.slack.fail["conversations.history"] = [
        Rejected("conversations.history", "missing_scope")
    ]
    story.command(ASKER, "/ask", "How do I fix x?")
    for _ in range(3):
        story.advance(seconds=11)
    [note] = story.slack.messages_to(ASKER)
    assert "I'm not sure your ask made it to #help" in note.text
    assert "How do I fix x?" in json.dumps(note.blocks)
    assert story.slack.messages_to(HELP_CHANNEL) == []


def test_a_repeated_offer_is_about_the_remaining_answer(story: Story) -> None:
    ask = story.ask()
    first = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.say(ASKER, "Thanks!", thread_ts=ask.ts)
    story.delete(HELPER, first, thread_ts=ask.ts)
    story.deliver()
    assert story.slack.ephemeral_messages == []
    story.say(PEER, "Or so.", thread_ts=ask.ts)
    story.say(ASKER, "Thank you!", thread_ts=ask.ts)
    story.deliver()
    [offer] = story.slack.ephemeral_messages
    assert offer.text == "Did Chi's answer help?"


def test_an_older_edit_delivered_later_changes_nothing(story: Story) -> None:
    story.set_up_channel(capture="all")
    ts = story.say(ASKER, "One?")
    first, second = story.ts(), story.ts()
    story.edit(ASKER, ts, "Three?", before="Two?", event_ts=second)
    story.edit(ASKER, ts, "Two?", before="One?", event_ts=first)
    assert story.only_ask().title == "Three?"


@pytest.mark.deep_on_postgresql
def test_an_edit_back_to_the_first_text_outlives_the_edit_before_it(
    story: Story,
) -> None:
    story.set_up_channel(capture="all")
    ts = story.say(ASKER, "One?")
    first, second = story.ts(), story.ts()
    story.edit(ASKER, ts, "One?", before="Two?", event_ts=second)
    story.edit(ASKER, ts, "Two?", before="One?", event_ts=first)
    assert story.only_ask().title == "One?"


def test_a_message_that_becomes_a_question_by_an_edit_has_its_thread_fetched(
    story: Story,
) -> None:
    story.command(
        ASKER, "/backswing"
    )  # The channel is known, and nothing is captured yet.
    ts = story.say(ASKER, "It is broken")
    reply = story.say(HELPER, "Restart it", thread_ts=ts)
    story.slack.thread_messages[HELP_CHANNEL, ts] = [
        message_event(ASKER, "Why is it broken?", ts),
        message_event(HELPER, "Restart it", reply, ts),
    ]
    story.set_up_channel(capture="questions")
    story.edit(ASKER, ts, "Why is it broken?", before="It is broken")
    story.deliver()
    assert [answer.ts for answer in story.answers()] == [reply]


@pytest.mark.parametrize("capture", ["off", "questions"])
def test_a_reply_before_the_bot_knows_its_message_counts(
    story: Story, capture: str
) -> None:
    story.set_up_channel(capture=capture)
    story.slack.fail_after["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "TimeoutError")
    ]
    story.command(ASKER, "/ask", "How do I fix x?")
    story.deliver()
    [ask] = story.slack.messages_to(HELP_CHANNEL)
    reply = story.say(HELPER, "So.", thread_ts=ask.ts)
    if capture == "off":
        # The bot stores nothing there that it does not know, and fetches it.
        story.slack.thread_messages[HELP_CHANNEL, ask.ts] = [
            message_event(HELPER, "So.", reply, ask.ts)
        ]
    assert story.answers() == []
    story.advance(minutes=1)
    assert [answer.ts for answer in story.answers()] == [reply]
    assert story.only_ask().state == "answered"


@pytest.mark.parametrize("capture", ["off", "questions"])
def test_a_reaction_before_the_bot_knows_its_message_is_shown(
    story: Story, capture: str
) -> None:
    story.set_up_channel(capture=capture)
    # When the bot first learns who someone is, it updates what they reacted to.
    story.ask("Where is Helen?", member=HELPER)
    story.deliver()
    story.slack.fail_after["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "TimeoutError")
    ]
    story.ask("Gradle needs 14 min")
    story.deliver()
    [_, ask] = story.slack.messages_to(HELP_CHANNEL)
    story.react(HELPER, ask.ts, "raising_hand")
    if capture == "off":
        reaction = {"name": "raising_hand", "users": [HELPER], "count": 1}
        story.slack.thread_messages[HELP_CHANNEL, ask.ts] = [
            {"ts": ask.ts, "reactions": [reaction]}
        ]
    story.advance(minutes=1)
    assert "1 other person has this problem" in str(ask.blocks)


def test_a_message_to_which_nobody_replied_yet_is_not_updated(story: Story) -> None:
    story.ask()
    story.slack.calls.clear()
    story.ask("And how do I fix y?")
    assert story.slack.calls == ["chat.postMessage", "conversations.replies"]


def test_a_mark_delivered_before_its_answer_is_fetched_counts(story: Story) -> None:
    story.set_up_channel(capture="questions")
    ts = story.say(ASKER, "It is broken")
    reply = story.ts()
    story.react(PEER, reply, "heart")
    late_event = message_event(HELPER, "Restart it", reply, ts)
    story.slack.thread_messages[HELP_CHANNEL, ts] = [
        message_event(ASKER, "Why is it broken?", ts),
        late_event,
    ]
    story.edit(ASKER, ts, "Why is it broken?", before="It is broken")
    story.deliver()
    assert story.event(late_event) == 200
    assert story.answer_marks() == {reply: (False, 1)}


def test_a_mark_during_the_fetch_of_the_thread_counts(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    ts = story.say(ASKER, "It is broken")
    reply = story.say(HELPER, "Restart it", thread_ts=ts)
    late_event = message_event(HELPER, "Restart it", reply, ts)
    thread = story.slack.thread_messages[HELP_CHANNEL, ts] = [
        message_event(ASKER, "It is broken", ts),
        late_event,
    ]
    looks: list[int] = []
    look = story.slack.replies

    def replies(channel: str, ts: str) -> Iterator[dict[str, Any]]:
        shown = [dict(one) for one in look(channel, ts)]
        looks.append(len(shown))
        if len(looks) == 1:
            # Slack has responded, and the response is not processed yet.
            story.react(PEER, reply, "heart")
            thread[1]["reactions"] = [{"name": "heart", "users": [PEER], "count": 1}]
        return iter(shown)

    monkeypatch.setattr(story.slack, "replies", replies)
    story.message_shortcut(ASKER, "make_ask", ASKER, ts, "It is broken")
    story.deliver()
    assert story.answer_marks() == {reply: (False, 1)}
    assert looks == [2, 2]


@pytest.mark.parametrize("reacting_users", [[PEER], [], None])
def test_missing_reactions_of_a_thread_are_fetched(
    story: Story, reacting_users: list[str] | None
) -> None:
    ts = story.say(ASKER, "It is broken")
    reply = story.say(HELPER, "Restart it", thread_ts=ts)
    shown: dict[str, Any] = message_event(HELPER, "Restart it", reply, ts)
    shown["reactions"] = [{"name": "heart", "users": reacting_users, "count": 2}]
    first: dict[str, Any] = message_event(ASKER, "It is broken", ts)
    first["reactions"] = None
    story.slack.thread_messages[HELP_CHANNEL, ts] = [first, shown]
    story.slack.full_reactions[HELP_CHANNEL, reply] = [
        {"name": "heart", "users": [PEER, ASKER], "count": 2}
    ]
    story.message_shortcut(ASKER, "make_ask", ASKER, ts, "It is broken")
    story.deliver()
    assert story.answer_marks() == {reply: (False, 2)}


def test_reactions_are_fetched_in_full(story: Story) -> None:
    slack = Sandbox(yaml.safe_load(MANIFEST.read_text()))
    slack.start()
    try:
        room = slack.add_channel("help")
        web = SlackClient(slack.bot_token, base_url=slack.api_url)
        _, ts = web.post(room.id, "Hello", [], metadata_token="x")
        assert web.reactions_of(room.id, ts) == []
        web.add_reaction(room.id, ts, "eyes")
        [reaction] = web.reactions_of(room.id, ts)
        assert (reaction["name"], reaction["count"]) == ("eyes", 1)
        web.delete(room.id, ts)
        assert web.reactions_of(room.id, ts) == []
        with pytest.raises(Rejected, match="channel_not_found"):
            web.reactions_of("C0NONE", ts)
    finally:
        slack.stop()


def test_the_sync_omits_private_channels_if_necessary(story: Story) -> None:
    slack = Sandbox(yaml.safe_load(MANIFEST.read_text()))
    slack.start()
    try:
        slack.scopes.difference_update({"groups:read", "groups:history"})
        room = slack.add_channel("help")
        web = SlackClient(slack.bot_token, base_url=slack.api_url)
        assert [channel["id"] for channel in web.own_conversations()] == [room.id]
    finally:
        slack.stop()


def test_users_are_fetched_before_they_are_named(story: Story) -> None:
    ask = story.ask()
    story.say(HELPER, "So.", thread_ts=ask.ts)
    sync.fetch_new_users(story.rt, story.rt.workspaces.only)
    story.deliver()
    assert story.slack.texts_to(ASKER) == ["Ben answered your ask “How do I fix x?”"]


def test_a_reaction_of_unknown_outcome_is_removed(story: Story) -> None:
    story.set_up_channel(capture="all")
    ts = story.say(ASKER, "How is it done?")
    answer = story.say(HELPER, "So.", thread_ts=ts)
    story.deliver()
    story.slack.fail_after["reactions.add"] = [
        OutcomeUnknown("reactions.add", "TimeoutError")
    ]
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    assert (HELP_CHANNEL, ts, "white_check_mark") in story.slack.reactions
    story.unreact(ASKER, answer, "white_check_mark")
    story.advance(minutes=1)
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "pushpin")}
