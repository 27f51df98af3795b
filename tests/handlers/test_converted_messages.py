"""Messages that a person converts to asks."""

import json

import pytest

from bot.slack.api import OutcomeUnknown, Rejected
from tests.asks import line_below
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    button,
    message_event,
    user_object,
)


def test_the_author_converts_a_message_to_an_ask(story: Story) -> None:
    ts = story.say(ASKER, "My build fails")
    answer = story.say(HELPER, "Clean it", thread_ts=ts)
    story.slack.thread_messages[HELP_CHANNEL, ts] = [
        {"ts": ts, "user": ASKER, "text": "My build fails"},
        {
            "ts": answer,
            "thread_ts": ts,
            "user": HELPER,
            "text": "Clean it",
            "reactions": [{"name": "+1", "users": [PEER], "count": 1}],
        },
    ]
    assert story.answers() == []
    story.message_shortcut(ASKER, "make_ask", ASKER, ts, "My build fails")
    story.deliver()
    ask = story.only_ask()
    assert (ask.title, ask.asker, ask.is_users_message) == (
        "My build fails",
        ASKER,
        True,
    )
    # Earlier replies and reactions are fetched once, and count.
    assert story.answer_marks() == {answer: (False, 1)}
    assert story.slack.messages_to(ASKER) == []


def converted(story: Story, text: str = "My build fails") -> tuple[str, PostedMessage]:
    """Return a message that its author converted, and the bot's line in its thread."""
    ts = story.say(ASKER, text)
    story.message_shortcut(ASKER, "make_ask", ASKER, ts, text)
    story.deliver()
    return ts, line_below(story, ts)


def test_a_converted_message_has_one_line_that_is_kept_up_to_date(
    story: Story,
) -> None:
    ts, line = converted(story)
    assert ":white_circle: Open" in json.dumps(line.blocks)
    story.click(HELPER, *button(line, "I can help"))
    story.click(PEER, *button(line, "Same here"))
    answer = story.say(HELPER, "Clean it", thread_ts=ts)
    story.deliver()
    current = json.dumps(line.blocks)
    assert ":speech_balloon: Answered" in current
    assert "Looking into it: Ben" in current
    assert "1 other person has this problem" in current
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    assert "Ben's answer" in json.dumps(line.blocks)
    assert story.slack.reactions == {(HELP_CHANNEL, ts, "white_check_mark")}
    story.unreact(ASKER, answer, "white_check_mark")
    story.deliver()
    assert story.slack.reactions == set()
    story.click(ASKER, "ask_menu", option=f"close:{story.only_ask().id}")
    story.deliver()
    assert "Closed by the asker" in json.dumps(line.blocks)
    assert story.slack.messages_to(HELP_CHANNEL) == [line]


def test_changes_before_the_lines_ts_is_known_are_shown_later(
    story: Story,
) -> None:
    ts = story.say(ASKER, "My build fails")
    story.slack.fail_after["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "TimeoutError")
    ]
    story.message_shortcut(ASKER, "make_ask", ASKER, ts)
    story.deliver()
    story.say(HELPER, "Clean it", thread_ts=ts)
    story.advance(minutes=2)
    assert "Answered" in json.dumps(line_below(story, ts).blocks)


@pytest.mark.parametrize("is_heard", [True, False])
def test_a_deleted_line_does_not_come_back(story: Story, is_heard: bool) -> None:
    ts, line = converted(story)
    story.slack.messages.remove(line)
    if is_heard:
        story.delete(BOT, line.ts, thread_ts=ts)
    answer = story.say(HELPER, "Clean it", thread_ts=ts)
    story.deliver()
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    assert story.only_ask().state == "solved"
    assert story.only_ask().thread_line_ts is None
    assert story.slack.messages_to(HELP_CHANNEL) == []
    assert [a.ts for a in story.answers()] == [answer]


@pytest.mark.deep_on_postgresql
@pytest.mark.parametrize(
    ("error", "state"),
    [
        # The message was deleted before the bot knew that it is an ask.
        ("thread_not_found", "deleted"),
        ("restricted_action", "open"),
    ],
)
def test_a_channel_that_rejects_the_line_keeps_the_ask(
    story: Story, error: str, state: str
) -> None:
    ts = story.say(ASKER, "My build fails")
    story.slack.fail["chat.postMessage"] = [Rejected("chat.postMessage", error)]
    story.message_shortcut(ASKER, "make_ask", ASKER, ts)
    story.deliver()
    assert story.only_ask().state == state
    assert story.slack.messages == []
    story.message_shortcut(ASKER, "make_ask", ASKER, ts)
    assert story.only_ask().state == state


@pytest.mark.parametrize("is_shown", [True, False])
def test_edits_before_the_conversion_change_nothing_afterwards(
    story: Story, is_shown: bool
) -> None:
    """Slack repeats the event of an edit; `edited` has whole seconds."""
    ts = story.say(ASKER, "One is broken")
    early = story.ts()
    story.clock.advance(seconds=5)
    late = story.ts()
    edit = {"user": ASKER, "ts": f"{late.partition('.')[0]}.000000"}
    edited, text = edit if is_shown else None, "Three is broken"
    story.message_shortcut(ASKER, "make_ask", ASKER, ts, text, edited=edited)
    for at, old in ((early, "Two is broken"), (late, "Three is broken")):
        story.edit(ASKER, ts, old, before="One is broken", event_ts=at)
        assert story.only_ask().title == "Three is broken"
    story.clock.advance(seconds=5)
    story.edit(ASKER, ts, "Four is broken", before="Three is broken")
    assert story.only_ask().title == "Four is broken"


@pytest.mark.deep_on_postgresql
@pytest.mark.parametrize(
    ("capture", "text"),
    [
        ("questions", "My build fails"),
        ("questions", "Why does it fail?"),
        ("off", "My build fails"),
    ],
)
def test_a_deleted_message_becomes_no_ask(
    story: Story, capture: str, text: str
) -> None:
    """A champion's Slack still shows it."""
    story.set_up_channel(champions=[CHAMPION], capture=capture)
    ts = story.say(ASKER, text)
    if capture == "off":
        story.message_shortcut(ASKER, "make_ask", ASKER, ts, text)
    story.delete(ASKER, ts)
    for by in (CHAMPION, ASKER):
        story.message_shortcut(by, "make_ask", ASKER, ts, text)
        assert story.slack.responses[-1][1] == "That message was deleted."
    assert [ask.state for ask in story.asks()] in ([], ["deleted"])
    story.deliver()
    assert story.slack.messages_to(HELP_CHANNEL) == []


def test_an_ask_goes_when_its_thread_shows_that_its_message_was_deleted(
    story: Story,
) -> None:
    """Its event came before the conversion: the bot knew nothing of the message yet."""
    ts = story.say(ASKER, "My build fails")
    story.slack.thread_messages[HELP_CHANNEL, ts] = [
        {
            "type": "message",
            "subtype": "tombstone",
            "user": "USLACKBOT",
            "text": "This message was deleted.",
            "ts": ts,
            "thread_ts": ts,
        },
        message_event(HELPER, "Clean it", story.ts(), ts),
    ]
    story.message_shortcut(ASKER, "make_ask", ASKER, ts, "My build fails")
    story.deliver()
    assert story.only_ask().state == "deleted"
    assert story.slack.messages_to(HELP_CHANNEL) == []


def test_an_edit_that_came_before_its_conversion_is_made_up_for(story: Story) -> None:
    """The bot knew nothing of the message yet, and reads the thread afterwards."""
    ts = story.say(ASKER, "The password is hunter2")
    story.clock.advance(seconds=5)
    at = story.ts()
    story.edit(ASKER, ts, "The password is secret", before="…", event_ts=at)
    edited = {"user": ASKER, "ts": f"{at.partition('.')[0]}.000000"}
    now = message_event(ASKER, "The password is secret", ts, edited=edited)
    story.slack.thread_messages[HELP_CHANNEL, ts] = [now]
    # Slack had sent the shortcut before.
    text = "The password is hunter2"
    story.message_shortcut(ASKER, "make_ask", ASKER, ts, text, action_ts=ts)
    story.deliver()
    assert story.only_ask().title == "The password is secret"


def test_the_line_is_deleted_with_its_message(story: Story) -> None:
    ts, _ = converted(story)
    story.delete(ASKER, ts)
    story.deliver()
    assert story.only_ask().state == "deleted"
    assert story.slack.messages_to(HELP_CHANNEL) == []


def _know(story: Story, *, is_stranger: bool) -> None:
    """Let the bot learn whether the asker is from another organisation."""
    facts = user_object(ASKER, "Ana", is_stranger=is_stranger)
    story.slack.people[ASKER] = facts
    story.event({"type": "user_change", "user": facts})


@pytest.mark.deep_on_postgresql
@pytest.mark.parametrize("is_heard", [True, False])
def test_a_message_that_is_an_ask_again_gets_its_line_again(
    story: Story, is_heard: bool
) -> None:
    ts, first = converted(story)
    for line in (first, None):
        current = line or line_below(story, ts)
        _know(story, is_stranger=True)
        story.deliver()
        assert current not in story.slack.messages
        if is_heard:
            story.delete(BOT, current.ts, thread_ts=ts)
        _know(story, is_stranger=False)
        story.message_shortcut(ASKER, "make_ask", ASKER, ts, "My build fails")
        story.deliver()
        again = line_below(story, ts)
        assert ":white_circle: Open" in json.dumps(again.blocks)
        assert story.slack.messages_to(HELP_CHANNEL) == [again]
    answer = story.say(HELPER, "Clean it", thread_ts=ts)
    story.deliver()
    assert ":speech_balloon: Answered" in json.dumps(line_below(story, ts).blocks)
    assert [each.ts for each in story.answers()] == [answer]


def test_a_line_that_still_waits_is_not_posted_twice(story: Story) -> None:
    ts, _ = converted(story)
    _know(story, is_stranger=True)
    story.deliver()
    for _ in range(2):
        _know(story, is_stranger=False)
        story.message_shortcut(ASKER, "make_ask", ASKER, ts, "My build fails")
        story.clock.advance(seconds=1)
        _know(story, is_stranger=True)
    _know(story, is_stranger=False)
    story.message_shortcut(ASKER, "make_ask", ASKER, ts, "My build fails")
    story.deliver()
    assert line_below(story, ts) in story.slack.messages


def test_a_line_that_a_person_deleted_stays_away_after_an_undo(story: Story) -> None:
    ts, line = converted(story)
    ask_id = story.only_ask().id
    story.slack.messages.remove(line)
    story.delete(BOT, line.ts, thread_ts=ts)
    story.click(ASKER, "ask_delete", value=str(ask_id))
    story.deliver()
    assert story.only_ask().state == "deleted"
    story.click(ASKER, "ask_restore", value=str(ask_id))
    story.deliver()
    assert story.only_ask().state == "open"
    assert story.slack.messages_to(HELP_CHANNEL) == []


def test_not_an_ask_is_one_click_and_so_is_its_undo(story: Story) -> None:
    _, line = converted(story)
    ask_id = story.only_ask().id
    story.click(PEER, "ask_menu", option=f"delete:{ask_id}")
    assert "Only the person who asked" in story.slack.responses[-1][1]
    story.click(ASKER, "ask_menu", option=f"delete:{ask_id}")
    story.deliver()
    assert story.only_ask().state == "deleted"
    assert line.text == "This message isn't an ask."
    story.click(PEER, *button(line, "Undo"))
    assert story.only_ask().state == "deleted"
    story.click(ASKER, *button(line, "Undo"))
    story.deliver()
    assert story.only_ask().state == "open"
    assert ":white_circle: Open" in json.dumps(line.blocks)
    assert story.slack.messages_to(HELP_CHANNEL) == [line]
    assert story.slack.messages_to(ASKER) == []


def test_a_champion_converts_another_members_message_and_the_author_is_told(
    story: Story,
) -> None:
    story.set_up_channel(champions=[CHAMPION])
    ts = story.say(ASKER, "My build fails")
    for other in (PEER, ADMIN):
        story.message_shortcut(other, "make_ask", ASKER, ts)
        assert "Only its author" in story.slack.responses[-1][1]
    story.message_shortcut(CHAMPION, "make_ask", ASKER, ts, "My build fails")
    story.deliver()
    assert story.slack.texts_to(ASKER)[0].startswith(
        "Dan made your message “My build fails” an ask"
    )
    story.message_shortcut(CHAMPION, "make_ask", ASKER, ts)
    assert "already an ask" in story.slack.responses[-1][1]


def test_where_guests_may_not_ask_their_messages_are_not_converted(
    story: Story,
) -> None:
    story.set_up_channel(guests_may_ask=[], champions=[CHAMPION], capture="all")
    story.say(GUEST, "Who am I?")  # Their role is fetched first.
    story.deliver()
    ask_count = len(story.asks())
    ts = story.say(GUEST, "My build fails")
    assert len(story.asks()) == ask_count
    for by in (GUEST, CHAMPION):
        story.message_shortcut(by, "make_ask", GUEST, ts)
        assert "Only full members" in story.slack.responses[-1][1]
    assert len(story.asks()) == ask_count


@pytest.mark.parametrize("author", ["USLACKBOT", BOT, "U0ROBO"])
def test_a_message_not_written_by_a_person_is_not_converted(
    story: Story, author: str
) -> None:
    story.slack.people["U0ROBO"] = user_object("U0ROBO", "Robo", is_bot=True)
    story.set_up_channel(champions=[CHAMPION])
    story.message_shortcut(CHAMPION, "make_ask", author, story.ts())
    assert "is from an app" in story.slack.responses[-1][1]
    assert story.asks() == []


def test_a_first_ask_from_ones_own_message_explains_marking(story: Story) -> None:
    story.set_up_channel(solved=":100:")
    for said in ("It breaks", "It breaks again"):
        story.message_shortcut(ASKER, "make_ask", ASKER, story.say(ASKER, said))
    first, second = (text for _, text, _ in story.slack.responses)
    assert "react to that reply with :100:" in first
    assert "react" not in second
