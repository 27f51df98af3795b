"""Marks: their meaning, permissions, and independence of their order."""

import itertools
import json
import random
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.workspace import sync
from jobs import privacy as job
from models import Base, OutboxItem
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    button,
    message_event,
    reaction_event,
    user_object,
)

HELPED_CHI = ["Your answer to Ana's ask “How do I fix x?” helped Chi."]


@pytest.fixture
def thread(story: Story) -> tuple[str, str]:
    """Return an ask and its answer."""
    ask = story.ask("How do I fix x?")
    return ask.ts, story.say(HELPER, "So.", thread_ts=ask.ts)


def test_several_answers_may_solve(story: Story, thread: tuple[str, str]) -> None:
    ask, first = thread
    second = story.say(PEER, "Or so.", thread_ts=ask)
    for answer in (first, second):
        story.react(ASKER, answer, "white_check_mark")
    assert story.answer_marks() == {first: (True, 0), second: (True, 0)}
    story.unreact(ASKER, first, "white_check_mark")
    assert story.only_ask().state == "solved"
    story.unreact(ASKER, second, "white_check_mark")
    assert story.only_ask().state == "answered"


def test_a_check_mark_from_a_peer_is_only_helpful(
    story: Story, thread: tuple[str, str]
) -> None:
    story.react(PEER, thread[1], "white_check_mark")
    assert story.only_ask().state == "answered"
    assert story.answer_marks() == {thread[1]: (False, 1)}


def test_an_admin_solves_for_the_asker_who_may_reject_it(
    story: Story, thread: tuple[str, str]
) -> None:
    story.react(ADMIN, thread[1], "white_check_mark")
    story.advance(seconds=1)  # Eva's role is fetched first.
    assert story.only_ask().state == "solved"
    story.advance(seconds=61)
    [*_, note_received] = story.slack.messages_to(ASKER)
    assert note_received.text.startswith(
        "Eva marked your ask “How do I fix x?” as solved by Ben."
    )
    assert "Not solved yet" in json.dumps(note_received.blocks)
    story.click(ASKER, "ask_reopen", str(story.only_ask().id))
    assert story.only_ask().state == "answered"
    # The rejected mark stays rejected, whatever else happens.
    story.react(PEER, thread[1], "heart")
    assert story.only_ask().state == "answered"


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize(
    ("facts", "helped"),
    [({"is_stranger": True}, 0), ({"team_id": "T9"}, 0), ({"deleted": True}, 1)],
)
def test_another_workspaces_admin_neither_solves_nor_marks(
    story: Story,
    thread: tuple[str, str],
    facts: dict[str, Any],
    helped: int,
    *,
    is_known: bool,
) -> None:
    story.slack.people["U9"] = user_object("U9", "Zed", is_admin=True, **facts)
    if is_known:
        story.say("U9", "Hello", thread_ts=thread[0])
        story.deliver()
    story.react("U9", thread[1], "white_check_mark")
    story.deliver()
    assert story.only_ask().state == "answered"
    assert story.answer_marks()[thread[1]] == (False, helped)
    for emoji in ("heart", "+1"):
        story.react("U9", thread[1], emoji)
    for emoji in ("eyes", "raising_hand", "white_check_mark"):
        story.react("U9", thread[0], emoji)
    story.advance(minutes=2)
    assert story.answer_marks()[thread[1]] == (False, helped)
    blocks_json = json.dumps(story.slack.message_at(HELP_CHANNEL, thread[0]).blocks)
    assert ("Zed" in blocks_json) is bool(helped)
    assert ("this problem" in blocks_json) is bool(helped)
    assert ("helped Zed" in " ".join(story.slack.texts_to(HELPER))) is bool(helped)


def test_own_answers_can_not_be_marked(story: Story, thread: tuple[str, str]) -> None:
    story.react(HELPER, thread[1], "heart")
    story.react(HELPER, thread[1], "white_check_mark")
    assert story.answer_marks() == {thread[1]: (False, 0)}
    story.message_shortcut(HELPER, "mark_helpful", HELPER, thread[1])
    assert "your own answer" in story.slack.responses[-1][1]


@pytest.mark.parametrize("emoji", ["tada", "eyes", "raising_hand", "unknown-custom"])
def test_other_emoji_on_an_answer_have_no_effect(
    story: Story, thread: tuple[str, str], emoji: str
) -> None:
    story.react(PEER, thread[1], emoji)
    assert story.answer_marks() == {thread[1]: (False, 0)}


def test_bots_neither_answer_nor_mark(story: Story, thread: tuple[str, str]) -> None:
    story.slack.people["U0ROBO"] = user_object("U0ROBO", "Robo", is_bot=True)
    story.react("U0ROBO", thread[1], "heart")
    story.react(BOT, thread[1], "white_check_mark")
    story.say(PEER, "I am a bot", thread_ts=thread[0], bot_id="B1")
    story.say("U0ROBO", "So am I", thread_ts=thread[0])
    # Only a fetch from Slack shows that a user is a bot.
    story.deliver()
    story.react(PEER, thread[1], "heart")
    assert story.answer_marks() == {thread[1]: (False, 1)}
    assert story.only_ask().state == "answered"


def test_a_bots_reply_delivered_before_its_ask_is_no_answer(
    story: Story,
) -> None:
    story.set_up_channel(capture="all")
    story.slack.people["U0ROBO"] = user_object("U0ROBO", "Robo", is_bot=True)
    ts = story.ts()
    story.say("U0ROBO", "I am a bot", thread_ts=ts)
    story.say(ASKER, "How do I do it?", ts=ts)
    story.advance(minutes=2)
    assert story.only_ask().state == "open"


def test_reactions_to_files_are_ignored(story: Story) -> None:
    event = {
        "type": "reaction_added",
        "user": PEER,
        "reaction": "heart",
        "item": {"type": "file", "file": "F1"},
        "event_ts": "1.000001",
    }
    assert story.event(event) == 200
    assert story.event({**event, "item": None}) == 200
    story.react(PEER, "1700000000.000001", "heart")


def test_two_skin_tones_by_one_person_are_one_mark(
    story: Story, thread: tuple[str, str]
) -> None:
    for tone in ("+1", "thumbsup::skin-tone-2", "+1::skin-tone-5"):
        story.react(PEER, thread[1], tone)
    assert story.answer_marks() == {thread[1]: (False, 1)}
    story.unreact(PEER, thread[1], "+1")
    story.unreact(PEER, thread[1], "thumbsup::skin-tone-2")
    assert story.answer_marks() == {thread[1]: (False, 1)}
    story.unreact(PEER, thread[1], "+1::skin-tone-5")
    assert story.answer_marks() == {thread[1]: (False, 0)}


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
    assert asker_note(story).text == "Ben answered your ask “How do I fix x?”."
    story.react(ASKER, thread[1], "white_check_mark")
    story.deliver()
    assert (
        "answered" in story.slack.messages_to(ASKER)[0].text
    )  # An undo sends no message.
    solved = asker_note(story)
    assert solved.text.startswith("Solved by Ben: “How do I fix x?”.")
    assert labels(solved) == ["Add what worked"]
    story.click(ASKER, *button(solved, "Add what worked"))
    story.submit(ASKER, story.slack.views[-1][1], {"worked": "Jitter"})
    assert labels(asker_note(story)) == []
    story.unreact(ASKER, thread[1], "white_check_mark")
    assert asker_note(story).text == "Ben answered your ask “How do I fix x?”."
    story.react(ASKER, thread[1], "white_check_mark")
    assert asker_note(story).text == "Solved by Ben: “How do I fix x?”."


def test_a_solution_undone_at_once_sends_no_message(
    story: Story, thread: tuple[str, str]
) -> None:
    story.deliver()
    story.react(ASKER, thread[1], "white_check_mark")
    story.unreact(ASKER, thread[1], "white_check_mark")
    assert asker_note(story).text == "Ben answered your ask “How do I fix x?”."


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


def test_a_deleted_answer_no_longer_counts(
    story: Story, thread: tuple[str, str]
) -> None:
    story.react(ASKER, thread[1], "white_check_mark")
    story.delete(HELPER, thread[1], thread_ts=thread[0])
    assert story.only_ask().state == "open"
    story.advance(seconds=90)
    assert story.slack.texts_to(HELPER) == []
    # The message's own event, delivered late, does not bring it back.
    story.say(HELPER, "So.", thread_ts=thread[0], ts=thread[1])
    assert story.only_ask().state == "open"


def test_a_broadcast_a_file_and_an_edit_count_once(story: Story) -> None:
    ask = story.ask()
    ts = story.say(HELPER, "To all", thread_ts=ask.ts, subtype="thread_broadcast")
    story.say(HELPER, "To all", thread_ts=ask.ts, ts=ts)
    story.say(PEER, "", thread_ts=ask.ts, subtype="file_share", files=[{"id": "F1"}])
    story.edit(HELPER, ts, "To everybody", thread_ts=ask.ts)
    assert len(story.answers()) == 2


def test_the_askers_replies_are_no_answers(story: Story) -> None:
    ask = story.ask()
    story.say(ASKER, "I forgot to say", thread_ts=ask.ts)
    assert story.answers() == []
    assert story.only_ask().state == "open"


def test_later_answers_send_no_message(story: Story, thread: tuple[str, str]) -> None:
    story.say(PEER, "Or so.", thread_ts=thread[0])
    story.deliver()
    assert len(story.slack.messages_to(ASKER)) == 1


def test_a_mark_repeated_after_an_undo_is_notified_once(
    story: Story, thread: tuple[str, str]
) -> None:
    story.react(PEER, thread[1], "heart")
    story.unreact(PEER, thread[1], "heart")
    story.advance(seconds=61)
    assert story.slack.texts_to(HELPER) == []
    story.react(PEER, thread[1], "heart")
    story.advance(seconds=61)
    story.unreact(PEER, thread[1], "heart")
    story.react(PEER, thread[1], "heart")
    story.advance(seconds=61)
    assert len(story.slack.messages_to(HELPER)) == 1


def test_a_peer_who_was_helped_learns_that_it_is_no_solution_after_all(
    story: Story, thread: tuple[str, str]
) -> None:
    story.react(PEER, thread[1], "heart")
    story.advance(seconds=30)
    story.react(ASKER, thread[1], "white_check_mark")
    story.advance(seconds=31)
    story.unreact(ASKER, thread[1], "white_check_mark")
    story.advance(seconds=61)
    assert story.slack.texts_to(HELPER) == HELPED_CHI


def test_a_peer_who_was_helped_learns_that_the_ask_is_restored(
    story: Story,
) -> None:
    story.set_up_channel(capture="all")
    ts = story.say(ASKER, "How do I fix x?")
    answer = story.say(HELPER, "So.", thread_ts=ts)
    story.react(PEER, answer, "heart")
    story.click(ASKER, "ask_menu", option=f"delete:{story.only_ask().id}")
    story.submit(ASKER, story.slack.views[-1][1], {})
    story.advance(seconds=61)
    assert story.slack.texts_to(HELPER) == []
    story.message_shortcut(ASKER, "make_ask", ASKER, ts, "How do I fix x?")
    story.advance(seconds=61)
    assert story.slack.texts_to(HELPER) == HELPED_CHI


def test_messages_outside_asks_are_not_stored(story: Story) -> None:
    story.command(ASKER, "/backswing")  # The channel is known, with capture off.
    ts = story.say(ASKER, "What a day?")
    reply = story.say(PEER, "Quite", thread_ts=ts)
    story.react(HELPER, reply, "heart")
    story.delete(PEER, reply, thread_ts=ts)
    assert story.asks() == []
    with story.rt.read_session() as session:
        for table in ("reactions", "unmatched_messages", "answers"):
            found = Base.metadata.tables[table]
            assert session.scalar(select(func.count()).select_from(found)) == 0


def test_an_answer_delivered_late_is_fetched(story: Story) -> None:
    ask = story.ask()
    ts = story.ts()
    story.slack.thread_messages[HELP_CHANNEL, ask.ts] = [
        {"ts": ask.ts, "user": BOT, "bot_id": "B1", "text": "ask"},
        {
            "ts": ts,
            "thread_ts": ask.ts,
            "user": HELPER,
            "text": "So.",
            "reactions": [{"name": "heart", "users": [PEER, HELPER, BOT]}],
        },
    ]
    # The reaction arrived first, while the message was unknown.
    story.react(PEER, ts, "heart")
    story.advance(seconds=5)
    story.say(HELPER, "So.", thread_ts=ask.ts, ts=ts)
    story.deliver()
    assert story.answer_marks() == {ts: (False, 1)}


# Any order, any number of deliveries


def _captured_story() -> list[dict[str, Any]]:
    """Capture an ask with two answers, marks, removed marks, an edit, a deletion."""
    ask, first_reply, two = (
        "1772442000.000100",
        "1772442010.000100",
        "1772442020.000100",
    )
    deleted = {
        "type": "message",
        "subtype": "message_deleted",
        "channel": HELP_CHANNEL,
        "ts": "1772442090.000100",
        "event_ts": "1772442090.000100",
        "deleted_ts": two,
        "previous_message": message_event(PEER, "Or so.", two, ask),
    }
    edited = {
        "type": "message",
        "subtype": "message_changed",
        "channel": HELP_CHANNEL,
        "ts": "1772442095.000100",
        "event_ts": "1772442095.000100",
        "message": message_event(ASKER, "How do I fix y?", ask),
        "previous_message": message_event(ASKER, "How do I fix x?", ask),
    }
    return [
        message_event(ASKER, "How do I fix x?", ask),
        message_event(HELPER, "So.", first_reply, ask),
        message_event(PEER, "Or so.", two, ask),
        reaction_event(PEER, first_reply, "heart", "1772442030.000100"),
        reaction_event(PEER, first_reply, "heart", "1772442031.000100", added=False),
        reaction_event(PEER, first_reply, "heart", "1772442032.000100"),
        reaction_event(ASKER, first_reply, "white_check_mark", "1772442040.000100"),
        reaction_event(ASKER, two, "white_check_mark", "1772442041.000100"),
        reaction_event(HELPER, first_reply, "heart", "1772442042.000100"),
        reaction_event(ADMIN, ask, "raising_hand", "1772442043.000100"),
        deleted,
        edited,
    ]


def _outcome(story: Story) -> tuple[Any, ...]:
    ask = story.only_ask()
    return (ask.title, ask.state, ask.solved_by, ask.ts, story.answer_marks())


@pytest.mark.parametrize("seed", range(12))
def test_the_order_and_number_of_deliveries_do_not_matter(
    story: Story, seed: int
) -> None:
    story.set_up_channel(capture="all")
    events = _captured_story()
    shuffled = random.Random(seed)
    if seed == 1:
        events.reverse()
    elif seed > 1:
        events = list(itertools.chain(events, shuffled.sample(events, 6)))
        shuffled.shuffle(events)
    for event in events:
        assert story.event(event) == 200
    assert _outcome(story) == (
        "How do I fix y?",
        "solved",
        ASKER,
        "1772442000.000100",
        {"1772442010.000100": (True, 1)},
    )


def test_capture_takes_questions_only_or_everything(story: Story) -> None:
    story.set_up_channel(capture="questions")
    story.say(ASKER, "Good morning")
    story.say(ASKER, "How do I fix x?")
    story.say(ASKER, "Was it ?a=b or https://x.y/?z")
    assert [ask.title for ask in story.asks()] == ["How do I fix x?"]
    story.set_up_channel(capture="all")
    story.say(ASKER, "It is broken")
    assert [ask.title for ask in story.asks()] == ["How do I fix x?", "It is broken"]


@pytest.mark.parametrize("is_known", [False, True])
def test_an_external_members_question_becomes_no_ask(
    story: Story, *, is_known: bool
) -> None:
    story.slack.people["U9"] = user_object("U9", "Zed", team_id="T9")
    story.set_up_channel(capture="all", champions=[CHAMPION])
    if is_known:
        sync.refresh(story.rt, story.rt.workspaces.only, users=["U9"])
    head = story.say("U9", "How do you x?")
    story.deliver()
    assert [ask.deleted_at for ask in story.asks()].count(None) == 0
    assert story.slack.messages_to("U9") == []
    # The same for an explicit conversion.
    story.message_shortcut(CHAMPION, "make_ask", "U9", head, "How do you x?")
    assert "another organisation" in story.slack.responses[-1][1]
    story.edit("U9", head, "How do you y?")
    story.deliver()
    assert [ask.deleted_at for ask in story.asks()].count(None) == 0
    # External members may answer a peer's ask.
    ask = story.say(ASKER, "How do I fix x?")
    story.say("U9", "So.", thread_ts=ask)
    assert [a.author for a in story.answers()] == ["U9"]


def test_only_a_first_captured_ask_is_explained_to_its_asker(story: Story) -> None:
    story.set_up_channel(capture="all")
    story.say(ASKER, "It is broken")
    story.say(ASKER, "It is broken again")
    story.deliver()
    [note_received] = story.slack.messages_to(ASKER)
    assert note_received.text.startswith(
        "I've listed your question “It is broken” as an ask"
    )
    assert story.slack.messages_to(HELP_CHANNEL) == []


def test_unmatched_ids_are_deleted_after_a_week(story: Story) -> None:
    story.set_up_channel(capture="questions")
    ts = story.say(ASKER, "Good morning")
    reply = story.say(PEER, "Morning", thread_ts=ts)
    story.react(HELPER, reply, "heart")
    tables = ("unmatched_messages", "reactions")

    def stored_ids() -> list[int]:
        with story.rt.read_session() as session:
            return [
                session.scalar(
                    select(func.count()).select_from(Base.metadata.tables[t])
                )
                or 0
                for t in tables
            ]

    job.purge_expired(story.rt, story.worker)
    assert stored_ids() == [1, 1]
    story.clock.advance(days=8)
    job.purge_expired(story.rt, story.worker)
    assert stored_ids() == [0, 0]


def test_unmatched_ids_are_deleted_when_capture_ends(
    story: Story,
) -> None:
    story.set_up_channel(capture="questions")
    ask = story.say(ASKER, "How do I fix x?")
    answer = story.say(HELPER, "So.", thread_ts=ask)
    story.react(PEER, answer, "heart")
    other = story.say(ASKER, "Good morning")
    reply = story.say(PEER, "Morning", thread_ts=other)
    story.react(HELPER, reply, "heart")
    story.set_up_channel(capture="off")
    with story.rt.read_session() as session:
        sightings, reactions = (
            session.scalar(select(func.count()).select_from(Base.metadata.tables[t]))
            for t in ("unmatched_messages", "reactions")
        )
    assert (sightings, reactions) == (0, 1)
    assert story.answer_marks() == {answer: (False, 1)}


def test_a_reply_without_text_is_an_answer(
    story: Story, thread: tuple[str, str]
) -> None:
    event = message_event(PEER, "", story.ts(), thread[0]) | {"text": None}
    assert story.event(event) == 200
    assert len(story.answers()) == 2


def test_a_deleted_captured_message_is_no_ask(story: Story) -> None:
    story.set_up_channel(capture="all")
    ts = story.say(ASKER, "It is broken")
    story.delete(ASKER, ts)
    assert story.only_ask().state == "deleted"


def test_a_tombstone_is_a_deletion(story: Story) -> None:
    story.set_up_channel(capture="all")
    ts = story.say(ASKER, "It is broken")
    story.say(HELPER, "So.", thread_ts=ts)
    event = {
        "type": "message",
        "subtype": "message_changed",
        "channel": HELP_CHANNEL,
        "ts": story.ts(),
        "event_ts": story.ts(),
        "message": {
            "type": "message",
            "subtype": "tombstone",
            "user": "USLACKBOT",
            "text": "This message was deleted.",
            "ts": ts,
            "thread_ts": ts,
        },
    }
    assert story.event(event) == 200
    assert story.only_ask().state == "deleted"


def test_the_outbox_sends_each_message_once(
    story: Story, thread: tuple[str, str]
) -> None:
    for _ in range(3):
        story.react(ASKER, thread[1], "white_check_mark")
    with story.rt.read_session() as session:
        kinds = session.scalars(
            select(OutboxItem.kind).where(OutboxItem.kind == "answer.solved")
        ).all()
    assert kinds == ["answer.solved"]
