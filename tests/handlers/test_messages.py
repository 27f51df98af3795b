"""The main story, as people see it: ask, answer, helpful, solved, and undo."""

from tests.factories import Story
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER


def test_an_ask_is_answered_and_solved(story: Story) -> None:
    ask = story.ask("How do I test daylight saving?")
    assert "How do I test daylight saving?" in ask.text
    assert story.only_ask().ts == ask.ts

    answer = story.say(HELPER, "Freeze the clock.", thread_ts=ask.ts)
    story.deliver()
    assert story.only_ask().state == "answered"
    assert story.slack.texts_to(ASKER) == [
        "Ben answered your ask “How do I test daylight saving?”"
    ]

    story.react(ASKER, answer, "white_check_mark")
    assert story.only_ask().state == "solved"
    story.deliver()
    assert "(solved)" in story.slack.message_at(HELP_CHANNEL, ask.ts).text
    assert story.slack.texts_to(HELPER) == []

    story.advance(seconds=60)
    assert story.slack.texts_to(HELPER) == [
        "Your answer solved Ana's ask “How do I test daylight saving?” Thank you!"
    ]
    assert "one line on what worked" in story.slack.texts_to(ASKER)[-1]


def test_an_undo_within_a_minute_notifies_nobody(story: Story) -> None:
    ask = story.ask()
    answer = story.say(HELPER, "Like this.", thread_ts=ask.ts)
    story.react(ASKER, answer, "white_check_mark")
    story.unreact(ASKER, answer, "white_check_mark")
    story.advance(seconds=90)
    assert story.only_ask().state == "answered"
    assert story.slack.texts_to(HELPER) == []
    assert len(story.slack.texts_to(ASKER)) == 1


def test_a_peer_marks_an_answer_helpful(story: Story) -> None:
    ask = story.ask()
    answer = story.say(HELPER, "Like this.", thread_ts=ask.ts)
    story.react(PEER, answer, "thumbsup::skin-tone-3")
    story.react(PEER, answer, "heart")
    assert story.answer_marks() == {answer: (False, 1)}
    story.advance(seconds=60)
    assert story.slack.texts_to(HELPER) == [
        "Your answer to Ana's ask “How do I fix x?” helped Chi."
    ]
