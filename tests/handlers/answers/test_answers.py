"""Marks: their meaning, permissions, and independence of their order."""

import itertools
import json
import random
from typing import Any

import pytest
from sqlalchemy import func, select

from models import Base, OutboxItem
from tests.factories import Story
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    HELP_CHANNEL,
    HELPER,
    PEER,
    message_event,
    reaction_event,
    user_object,
)

HELPED_CHI = ["Your answer to Ana's ask “How do I fix x?” helped Chi."]


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


def test_a_reply_without_text_is_an_answer(
    story: Story, thread: tuple[str, str]
) -> None:
    event = message_event(PEER, "", story.ts(), thread[0]) | {"text": None}
    assert story.event(event) == 200
    assert len(story.answers()) == 2


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
