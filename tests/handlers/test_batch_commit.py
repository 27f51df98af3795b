"""Batches of events: each has its own response, and sees those before it."""

import json
from typing import Any

import pytest
from slack_bolt import BoltRequest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from bot.db.engine import Database
from bot.workspace import sync
from handlers.bolt_app import BoltApp
from models import Ask, Kudos
from tests.factories import Story
from tests.slack_payloads import (
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    TEAM,
    message_event,
    reaction_event,
)

pytestmark = pytest.mark.on_postgresql


def request(event_fields: dict[str, Any]) -> BoltRequest:
    body = {
        "type": "event_callback",
        "team_id": TEAM,
        "authorizations": [{"team_id": TEAM, "enterprise_id": None}],
        "event": event_fields,
    }
    return BoltRequest(body=json.loads(json.dumps(body)), mode="socket_mode")


def together(bolt: BoltApp, *events: dict[str, Any]) -> list[int]:
    return [answer.status for answer in bolt.dispatch_batch([*map(request, events)])]


@pytest.fixture
def begun(story: Story) -> list[str]:
    """Return a list that gets an entry for each committed transaction."""
    commits: list[str] = []
    event.listen(
        story.rt.write_session, "after_commit", lambda _: commits.append("commit")
    )
    return commits


def test_a_batch_is_one_transaction(bolt: BoltApp, story: Story, begun: list[str]):
    threads = [
        story.ask("How is it done?"),
        story.ask("How else is it done?"),
        story.ask("And how is it done?"),
    ]
    replies = [message_event(HELPER, "So.", story.ts(), ask.ts) for ask in threads]
    begun.clear()
    assert together(bolt, *replies) == [200, 200, 200]
    assert len(begun) == 1
    assert len(story.answers()) == 3


def test_an_event_about_unknown_messages_opens_no_transaction(
    bolt: BoltApp, story: Story, begun: list[str]
):
    story.ask()
    begun.clear()
    untracked = story.ts()
    assert together(
        bolt,
        message_event(HELPER, "So.", story.ts(), untracked),
        reaction_event(PEER, untracked, "+1", story.ts()),
    ) == [200, 200]
    assert begun == []


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT", {}, Exception("timeout")),
        TypeError("our own mistake"),
    ],
    ids=["database", "bug"],
)
def test_a_team_that_cannot_be_looked_up_holds_up_no_other(
    bolt: BoltApp, story: Story, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    def fail(_team_id: str, _is_new: bool) -> None:
        raise error

    thread = story.ask()
    monkeypatch.setattr(story.rt.workspaces, "_look_up", fail)
    good = request(message_event(HELPER, "So.", story.ts(), thread.ts))
    unknown = request(message_event(HELPER, "So.", story.ts()))
    unknown.context["team_id"] = "T0NEW"
    answers = bolt.dispatch_batch([unknown, good])
    assert [answer.status for answer in answers] == [500, 200]
    assert len(story.answers()) == 1


def test_a_failing_event_is_not_acknowledged_and_the_others_are(
    bolt: BoltApp, story: Story, database: Database
):
    ask = story.ask()
    broken = story.ts()

    replies = [message_event(HELPER, "So.", story.ts(), ask.ts) for _ in range(3)]
    replies.insert(1, message_event(HELPER, "Broken", broken, ask.ts))

    @event.listens_for(database.engine, "before_cursor_execute")
    def fail(_c: Any, _cursor: Any, sql: str, params: Any, *_: Any) -> None:
        if "INSERT INTO answers" in sql and broken in str(params):
            raise ZeroDivisionError

    assert together(bolt, *replies) == [200, 500, 200, 200]
    assert broken not in {answer.ts for answer in story.answers()}
    assert len(story.answers()) == 3


def test_a_malformed_event_fails_alone(bolt: BoltApp, story: Story):
    ask = story.ask()
    good = message_event(HELPER, "So.", story.ts(), ask.ts)
    senseless = request(good)
    senseless.body["event"] = 5
    nameless = request(good)
    nameless.context["team_id"] = ["T0PEERS"]
    answers = bolt.dispatch_batch([request(good), senseless, nameless])
    assert [answer.status for answer in answers] == [200, 400, 400]
    assert len(story.answers()) == 1


def test_a_reaction_finds_the_answer_earlier_in_the_batch(bolt: BoltApp, story: Story):
    ask = story.ask()
    ts = story.ts()
    assert together(
        bolt,
        message_event(HELPER, "So.", ts, ask.ts),
        reaction_event(PEER, ts, "+1", story.ts()),
        reaction_event(ASKER, ts, "white_check_mark", story.ts()),
    ) == [200, 200, 200]
    [answer] = story.answers()
    assert (answer.is_solution, story.only_ask().state) == (True, "solved")


def test_a_deletion_comes_after_the_reactions_before_it(bolt: BoltApp, story: Story):
    people = [ASKER, HELPER]
    sync.refresh(story.rt, story.workspace, users=people, channel=HELP_CHANNEL)
    story.set_up_channel(kudos=":tada:")
    ts = story.ts()
    deletion = {
        "type": "message",
        "subtype": "message_deleted",
        "channel": HELP_CHANNEL,
        "ts": story.ts(),
        "event_ts": story.ts(),
        "deleted_ts": ts,
    }
    reaction = reaction_event(ASKER, ts, "tada", story.ts()) | {"item_user": HELPER}
    assert together(bolt, reaction, deletion) == [200, 200]
    with story.rt.read_session() as session:
        [kudos] = session.scalars(select(Kudos))
    assert kudos.about_ts is None


@pytest.mark.parametrize("has_other", [False, True])
def test_thanks_are_about_the_reply_before_them(
    bolt: BoltApp, story: Story, has_other: bool
):
    other, ask, solved = (story.ask(f"How is it done, {n}?") for n in range(3))
    answer = story.say(PEER, "Like this.", thread_ts=solved.ts)
    story.deliver()
    events = (
        [message_event(ASKER, "Thanks!", story.ts(), other.ts)] if has_other else []
    )
    events += [
        message_event(HELPER, "So.", story.ts(), ask.ts),
        message_event(ASKER, "Thanks!", story.ts(), ask.ts),
        reaction_event(ASKER, answer, "white_check_mark", story.ts()),
        message_event(ASKER, "Thanks!", story.ts(), solved.ts),
    ]
    assert {*together(bolt, *events)} == {200}
    story.deliver()
    [offer] = story.slack.ephemeral_messages
    assert offer.text == "Did Ben's answer help?"


def test_the_last_of_several_marks_by_one_person_counts(bolt: BoltApp, story: Story):
    ask = story.ask()
    ts = story.say(HELPER, "So.", thread_ts=ask.ts)
    early, late = story.ts(), story.ts()
    assert together(
        bolt,
        reaction_event(PEER, ts, "+1", late, added=False),
        reaction_event(PEER, ts, "+1", early),
        reaction_event(ASKER, ts, "heart", late),
    ) == [200, 200, 200]
    [answer] = story.answers()
    assert answer.helpful_count == 1


def test_marks_of_many_people_are_one_transaction(
    bolt: BoltApp, story: Story, begun: list[str]
):
    asks = [story.ask(), story.ask("How else is it done?")]
    answers = [story.say(HELPER, "So.", thread_ts=ask.ts) for ask in asks]
    people = [PEER, CHAMPION, "U0NEW", "U0NEWER"]
    marks = [
        reaction_event(member, ts, name, story.ts())
        for ts in answers
        for member in people
        for name in ("+1", "heart")
    ]
    begun.clear()
    assert together(bolt, *marks) == [200] * len(marks)
    assert len(begun) == 1
    assert [answer.helpful_count for answer in story.answers()] == [4, 4]
    assert together(bolt, *marks) == [200] * len(marks)
    assert [answer.helpful_count for answer in story.answers()] == [4, 4]


@pytest.mark.deep  # It waits for locks.
def test_a_locked_ask_delays_no_other(bolt: BoltApp, story: Story, database: Database):
    if database.engine.dialect.name != "postgresql":
        pytest.skip("SQLite locks all or nothing")
    first, second, free = (
        story.ask(),
        story.ask("How else is it done?"),
        story.ask("And how is it done?"),
    )
    stuck = [first.ts, second.ts]
    with database.write_session() as other:
        other.scalars(select(Ask).where(Ask.ts.in_(stuck)).with_for_update()).all()
        assert together(
            bolt,
            message_event(HELPER, "So.", story.ts(), first.ts),
            message_event(HELPER, "So.", story.ts(), second.ts),
            message_event(HELPER, "So.", story.ts(), free.ts),
        ) == [500, 500, 200]


def test_replies_in_one_batch_load_each_ask_once(
    bolt: BoltApp, story: Story, begun: list[str]
):
    asks = [story.ask(), story.ask("How else is it done?")]
    replies = [
        message_event(member, "So.", story.ts(), ask.ts)
        for ask in asks
        for member in (HELPER, PEER, "U0NEW", ASKER)
    ]
    begun.clear()
    assert together(bolt, *replies, replies[0]) == [200] * 9
    assert len(begun) == 1
    assert len(story.answers()) == 6
    assert [ask.state for ask in story.asks()] == ["answered", "answered"]
    story.deliver()
    assert len(story.slack.messages_to(ASKER)) == 2
