"""The round's message is deleted."""

import json
from typing import Any

import pytest
from sqlalchemy import select

import jobs.checkins
from bot.checkins import responses
from bot.slack.api import Rejected
from models import Round
from tests.checkins import WEEK, join, open_form, response_states, share
from tests.factories import MONDAY, Story
from tests.slack_payloads import ASKER, BOT, HELP_CHANNEL, HELPER


def remove_round_message(story: Story, round_: Round, *, with_replies: bool) -> None:
    """Delete the message as Slack reports it with replies, and without."""
    event = {"type": "message", "channel": HELP_CHANNEL, "channel_type": "channel"}
    before = {"user": BOT, "bot_id": "B0BACKSWING", "ts": round_.ts, "text": "?"}
    about: dict[str, Any] = {
        "subtype": "message_deleted",
        "deleted_ts": round_.ts,
        "previous_message": before | {"type": "message"},
    }
    if with_replies:
        tombstone = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT"}
        about = {
            "subtype": "message_changed",
            "message": tombstone
            | {"ts": round_.ts, "thread_ts": round_.ts, "text": "Gone."},
            "previous_message": before | {"type": "message"},
        }
    ts = story.ts()
    assert story.event(event | about | {"ts": ts, "event_ts": ts}) == 200


@pytest.mark.parametrize("with_replies", [True, False])
def test_a_round_whose_message_is_deleted_ends_without_missed_responses(
    story: Story, with_replies: bool
):
    round_ = story.post_round()
    for member in (ASKER, HELPER):
        join(story, member, round_)
    share(story, HELPER, round_)
    view = open_form(story, ASKER, round_)
    remove_round_message(story, round_, with_replies=with_replies)
    assert response_states(story, round_) == {HELPER: "shared"}
    response = story.submit(ASKER, view, {"working_on": "Gold"}).body
    assert "This round was cancelled" in response
    story.advance(days=1, hours=1)
    jobs.checkins.send_reminders(story.rt, story.worker)
    story.deliver()
    assert story.slack.messages_to(ASKER) == []
    with story.rt.read_session() as session:
        ended = session.get_one(Round, round_.id)
        assert (ended.state, ended.reason, ended.ts) == ("failed", "removed", None)
    story.command(ASKER, "/backswing", "checkins")
    assert "its message was deleted" in json.dumps(story.slack.views[-1][1])
    # The next round starts as planned.
    assert story.post_round(MONDAY + WEEK).state == "open"


@pytest.mark.deep_on_postgresql
def test_a_deleted_digest_is_no_longer_linked(story: Story):
    round_ = story.post_round()
    share(story, ASKER, round_)
    story.close_rounds()
    remove_round_message(story, round_, with_replies=False)
    story.command(ASKER, "/backswing", "checkins")
    view_json = json.dumps(story.slack.views[-1][1])
    assert "Ana" in view_json
    assert f"p{(round_.ts or '').replace('.', '')}" not in view_json


def test_an_unreported_deletion_is_learned_from_slack(story: Story):
    round_ = story.post_round()
    join(story, ASKER, round_)
    story.slack.messages.clear()
    story.close_rounds()
    assert response_states(story, round_) == {ASKER: "missed"}
    then = story.post_round(MONDAY + WEEK)
    story.slack.fail["conversations.replies"] = [
        Rejected("conversations.replies", "thread_not_found")
    ]
    back = {"type": "member_joined_channel", "user": BOT, "channel": HELP_CHANNEL}
    assert story.event(back | {"event_ts": story.ts()}) == 200
    story.deliver()
    with story.rt.read_session() as session:
        profile = {
            row.id: (row.state, row.ts) for row in session.scalars(select(Round)).all()
        }
    assert profile == {round_.id: ("closed", None), then.id: ("failed", None)}
    assert response_states(story, then) == {}


def test_replies_during_the_delivery_of_the_post_are_fetched(story: Story):
    """Slack's response came late, and so the thread's ts was unknown."""
    round_ = story.post_round()
    story.slack.thread_messages[HELP_CHANNEL, round_.ts or ""] = [
        {"ts": round_.ts, "user": "U0BACKSWING", "bot_id": "B0BACKSWING", "text": "?"},
        {"ts": "1773043300.000100", "user": HELPER, "text": "Tests"},
    ]
    join(story, HELPER, round_)
    assert response_states(story, round_) == {HELPER: "pending"}
    with story.rt.write(story.rt.workspaces.only) as tx:
        responses.request_thread_sync(tx, tx.session.get_one(Round, round_.id))
    story.deliver()
    assert response_states(story, round_) == {HELPER: "shared"}
