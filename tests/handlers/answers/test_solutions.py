"""The answers that solve an ask, and the messages about them."""

import json

import pytest

from bot.slack.api import OutcomeUnknown
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.slack_payloads import ADMIN, ASKER, HELP_CHANNEL, HELPER, PEER, button


def test_a_check_mark_on_the_ask_solves_it_and_asks_who_helped(
    story: Story, thread: tuple[str, str]
) -> None:
    story.react(ASKER, thread[0], "white_check_mark")
    assert story.only_ask().state == "solved"
    story.advance(seconds=61)
    [*_, note_received] = story.slack.messages_to(ASKER)
    assert "Who helped?" in note_received.text
    select_ = note_received.blocks[1]["elements"][0]
    [option] = select_["options"]
    assert option["text"]["text"].startswith("Ben, 2 Mar 11:00 EET")
    story.click(ASKER, "who_helped", option=option["value"])
    assert story.answer_marks() == {thread[1]: (True, 0)}
    story.advance(seconds=61)
    assert "solved Ana's ask" in story.slack.texts_to(HELPER)[-1]


def test_an_author_is_told_of_a_solution_after_the_minute_for_undoing_it(
    story: Story, thread: tuple[str, str]
) -> None:
    story.react(ASKER, thread[1], "white_check_mark")
    story.advance(seconds=50)
    assert story.slack.texts_to(HELPER) == []
    story.advance(seconds=15)
    [note_received] = story.slack.texts_to(HELPER)
    assert "solved Ana's ask" in note_received


def asker_note(story: Story) -> PostedMessage:
    """Return the only direct message to the asker, in its current version."""
    story.advance(seconds=61)
    [found] = story.slack.messages_to(ASKER)
    return found


def labels(message: PostedMessage) -> list[str]:
    return [
        element["text"]["text"]
        for block in message.blocks
        for element in block.get("elements", [])
        if element["type"] == "button"
    ]


def test_one_direct_message_shows_the_state_of_an_ask(
    story: Story, thread: tuple[str, str]
) -> None:
    assert asker_note(story).text == "Ben answered your ask “How do I fix x?”"
    story.react(ASKER, thread[1], "white_check_mark")
    story.deliver()
    assert (
        "answered" in story.slack.messages_to(ASKER)[0].text
    )  # An undo sends no message.
    solved = asker_note(story)
    assert solved.text.startswith("Solved by Ben: “How do I fix x?”")
    assert labels(solved) == ["Add what worked"]
    story.click(ASKER, *button(solved, "Add what worked"))
    story.submit(ASKER, story.slack.views[-1][1], {"worked": "Jitter"})
    assert labels(asker_note(story)) == []
    story.unreact(ASKER, thread[1], "white_check_mark")
    assert asker_note(story).text == "Ben answered your ask “How do I fix x?”"
    story.react(ASKER, thread[1], "white_check_mark")
    assert asker_note(story).text == "Solved by Ben: “How do I fix x?”"


def test_a_direct_message_that_was_looked_up_shows_what_came_meanwhile(
    story: Story, thread: tuple[str, str]
) -> None:
    for method, fail, count in (
        ("chat.postMessage", story.slack.fail_after, 1),
        ("conversations.history", story.slack.fail, 6),
    ):
        fail[method] = [OutcomeUnknown(method, "TimeoutError")] * count
    story.deliver()
    story.react(ASKER, thread[1], "white_check_mark")
    for _ in range(10):
        story.advance(minutes=1)
    texts = story.slack.texts_to(ASKER)
    assert [text[:13] for text in texts] == ["Solved by Ben"] * 2


def test_a_solution_undone_at_once_sends_no_message(
    story: Story, thread: tuple[str, str]
) -> None:
    story.deliver()
    story.react(ASKER, thread[1], "white_check_mark")
    story.unreact(ASKER, thread[1], "white_check_mark")
    assert asker_note(story).text == "Ben answered your ask “How do I fix x?”"


def test_after_not_solved_yet_the_button_disappears(
    story: Story, thread: tuple[str, str]
) -> None:
    story.deliver()
    story.react(ADMIN, thread[1], "white_check_mark")
    story.advance(seconds=61)
    solved = asker_note(story)
    assert labels(solved) == ["Add what worked", "Not solved yet"]
    story.click(ASKER, *button(solved, "Not solved yet"))
    assert labels(asker_note(story)) == []


def test_a_direct_message_about_a_closed_ask_shows_that_it_is_reopened(
    story: Story,
) -> None:
    story.ask("How do I fix x?")
    ask_id = story.only_ask().id
    story.click(ADMIN, "ask_menu", option=f"close:{ask_id}")
    story.submit(ADMIN, story.slack.views[-1][1], {"reason": "Asked before"})
    assert labels(asker_note(story)) == ["Reopen it"]
    story.click(ASKER, "ask_menu", option=f"reopen:{ask_id}")
    assert asker_note(story).text.endswith(": “Asked before”. It's open again.")
    assert labels(asker_note(story)) == []


def test_the_question_who_helped_disappears_when_it_is_answered(
    story: Story, thread: tuple[str, str]
) -> None:
    story.deliver()
    story.react(ASKER, thread[0], "white_check_mark")
    note = asker_note(story)
    option = note.blocks[1]["elements"][0]["options"][0]["value"]
    story.click(ASKER, "who_helped", option=option)
    story.deliver()
    assert "Who helped?" not in note.text
    assert note.text.startswith("Solved by Ben")


@pytest.mark.deep_on_postgresql
def test_every_answerer_can_be_chosen(story: Story, thread: tuple[str, str]) -> None:
    story.say(HELPER, "Or so.", thread_ts=thread[0])
    second = story.say(PEER, "Or so.", thread_ts=thread[0])
    story.say(ASKER, "Thanks, that worked!", thread_ts=thread[0])
    story.deliver()
    [offer] = story.slack.ephemeral_messages
    helped, solved = offer.blocks[1]["elements"]
    assert [o["text"]["text"] for o in helped["options"]] == [
        "Ben's answer",
        "Chi's answer",
    ]
    story.click(ASKER, helped["action_id"], option=helped["options"][0]["value"])
    story.click(ASKER, solved["action_id"], option=solved["options"][1]["value"])
    assert story.answer_marks()[second] == (True, 0)
    assert sum(helped for _, helped in story.answer_marks().values()) == 1


def test_only_the_asker_chooses_who_helped(
    story: Story, thread: tuple[str, str]
) -> None:
    [answer] = story.answers()
    story.click(PEER, "who_helped", option=str(answer.id))
    assert "Only the person who asked" in story.slack.responses[-1][1]
    assert story.answer_marks() == {thread[1]: (False, 0)}


@pytest.mark.deep_on_postgresql
def test_the_asker_writes_what_worked(story: Story, thread: tuple[str, str]) -> None:
    story.react(ASKER, thread[1], "white_check_mark")
    ask_id = str(story.only_ask().id)
    story.click(ASKER, "ask_worked", ask_id)
    view = story.slack.views[-1][1]
    story.submit(PEER, view, {"worked": "Not mine to say"})
    assert story.only_ask().what_worked is None
    story.submit(ASKER, view, {"worked": "Jitter, *always*"})
    story.deliver()
    blocks_json = json.dumps(story.slack.message_at(HELP_CHANNEL, thread[0]).blocks)
    assert "What worked: Jitter, *always*" in blocks_json
