"""Messages that become asks by themselves."""

import pytest
from sqlalchemy import func, select

from bot.workspace import sync
from jobs import privacy as job
from models import Base
from tests.factories import Story
from tests.slack_payloads import (
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    user_object,
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


@pytest.mark.deep_on_postgresql
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
