"""Buttons offered after thanks, and shortcuts that mark an answer."""

import pytest

from tests.factories import Story
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER


def offered_buttons(story: Story) -> dict[str, tuple[str, str]]:
    """Return the buttons of the only offer: each label's action and value."""
    story.deliver()
    [offer] = story.slack.ephemeral_messages
    buttons = offer.blocks[1]["elements"]
    return {b["text"]["text"]: (b["action_id"], b["value"]) for b in buttons}


def undo(story: Story, member: str) -> None:
    """Press the undo button in the reply to the last click."""
    _, _, blocks = story.slack.responses[-1]
    button = blocks[1]["elements"][0]
    assert button["text"]["text"] == "Undo"
    story.click(member, button["action_id"], button["value"])
    assert story.slack.responses[-1][1] == "Undone."


@pytest.mark.deep_on_postgresql
def test_thanks_offer_the_buttons_once(story: Story, thread: tuple[str, str]) -> None:
    story.say(ASKER, "Thanks, that worked!", thread_ts=thread[0])
    story.say(ASKER, "thank you", thread_ts=thread[0])
    buttons = offered_buttons(story)
    story.say(PEER, "Thanks from me, too", thread_ts=thread[0])
    story.deliver()
    assert list(buttons) == ["It helped", "It solved it"]
    [offer] = story.slack.ephemeral_messages
    assert (offer.visible_to, offer.thread_ts) == (ASKER, thread[0])
    assert offer.text == "Did Ben's answer help?"
    story.click(ASKER, *buttons["It solved it"])
    assert story.only_ask().state == "solved"
    undo(story, ASKER)
    assert story.only_ask().state == "answered"


@pytest.mark.parametrize("capture", ["off", "questions", "all"])
def test_a_click_after_thanks_counts_as_helpful_once(
    story: Story, capture: str
) -> None:
    story.set_up_channel(capture=capture)
    if capture == "off":
        ask = story.ask("How do I fix x?").ts
    else:
        ask = story.say(ASKER, "How do I fix x?")
    answer = story.say(HELPER, "So.", thread_ts=ask)
    story.say(ASKER, "Thanks!", thread_ts=ask)
    tap = offered_buttons(story)["It helped"]
    for _ in range(2):
        story.click(ASKER, *tap)
    assert story.answer_marks() == {answer: (False, 1)}
    assert story.only_ask().state == "answered"
    # A reaction by the same person is no second mark.
    story.react(ASKER, answer, "heart")
    assert story.answer_marks() == {answer: (False, 1)}
    story.advance(seconds=61)
    helped_ana = "Your answer to Ana's ask “How do I fix x?” helped Ana."
    assert story.slack.texts_to(HELPER) == [helped_ana]


def test_a_click_after_thanks_is_undone_without_the_reaction(
    story: Story, thread: tuple[str, str]
) -> None:
    story.say(ASKER, "Thanks!", thread_ts=thread[0])
    story.click(ASKER, *offered_buttons(story)["It helped"])
    undo(story, ASKER)
    assert story.answer_marks() == {thread[1]: (False, 0)}
    story.advance(seconds=61)
    assert story.slack.texts_to(HELPER) == []
    # The undo does not remove a mark by emoji, nor the other way round.
    story.click(ASKER, *offered_buttons(story)["It helped"])
    story.react(ASKER, thread[1], "heart")
    story.unreact(ASKER, thread[1], "heart")
    assert story.answer_marks() == {thread[1]: (False, 1)}
    story.react(ASKER, thread[1], "heart")
    story.click(ASKER, "undo_helpful", f"{HELP_CHANNEL}:{thread[1]}")
    assert story.answer_marks() == {thread[1]: (False, 1)}


def test_after_a_helpful_mark_the_offer_asks_for_a_solution(
    story: Story, thread: tuple[str, str]
) -> None:
    story.react(ASKER, thread[1], "heart")
    story.say(ASKER, "Thanks!", thread_ts=thread[0])
    assert list(offered_buttons(story)) == ["It solved it"]
    assert story.slack.ephemeral_messages[0].text == "Did Ben's answer solve it?"


def test_no_buttons_for_thanks_in_advance(
    story: Story, thread: tuple[str, str]
) -> None:
    story.say(ASKER, "Thanks in advance for any more ideas", thread_ts=thread[0])
    story.deliver()
    assert story.slack.ephemeral_messages == []


@pytest.mark.parametrize("typed", ["helpful", "solved"])
def test_a_shortcut_marks_and_offers_undo(
    story: Story, thread: tuple[str, str], typed: str
) -> None:
    story.message_shortcut(ASKER, f"mark_{typed}", HELPER, thread[1])
    marked = {"helpful": (False, 1), "solved": (True, 0)}[typed]
    assert story.answer_marks() == {thread[1]: marked}
    _, _, blocks = story.slack.responses[-1]
    undo = blocks[1]["elements"][0]
    story.click(ASKER, undo["action_id"], undo["value"])
    assert story.slack.responses[-1][1] == "Undone."
    assert story.answer_marks() == {thread[1]: (False, 0)}
    story.advance(seconds=90)
    assert story.slack.texts_to(HELPER) == []


def test_a_shortcut_on_a_message_that_is_no_answer_is_refused(
    story: Story, thread: tuple[str, str]
) -> None:
    story.message_shortcut(PEER, "mark_helpful", ASKER, thread[0])
    assert "works on answers" in story.slack.responses[-1][1]
    story.message_shortcut(PEER, "mark_solved", HELPER, thread[1])
    assert "mark it helpful instead" in story.slack.responses[-1][1]
