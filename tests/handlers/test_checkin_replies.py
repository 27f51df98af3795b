"""Sharing in check-ins by a reply, joining and leaving."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

import jobs.checkins
import jobs.workspace
from bot.checkins import home, responses
from bot.slack.api import Rejected
from models import Participant, Round
from tests.checkins import (
    WEEK,
    get_checkin,
    join,
    open_form,
    response_states,
    share,
    visible_text,
)
from tests.factories import MONDAY, Story
from tests.slack_payloads import (
    ASKER,
    BOT,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    user_object,
)

# Replies


def test_a_participants_first_reply_is_their_response(story: Story):
    round_ = story.post_round()
    join(story, ASKER, round_)
    assert response_states(story, round_) == {ASKER: "pending"}
    first = story.say(ASKER, "The parser", thread_ts=round_.ts)
    story.say(ASKER, "And the lexer", thread_ts=round_.ts)
    assert (
        get_checkin(story, round_, ASKER).state,
        get_checkin(story, round_, ASKER).reply_ts,
    ) == (
        "shared",
        first,
    )
    story.advance(minutes=5)
    assert story.slack.messages_to(ASKER) == []


def test_a_reply_counts_whether_or_not_they_have_joined(story: Story):
    round_ = story.post_round()
    story.say(ASKER, "The parser", thread_ts=round_.ts)
    story.say(GUEST, "The lexer", thread_ts=round_.ts)
    # Until Slack sends their profile, it is unknown whether they may take part.
    assert response_states(story, round_) == {}
    jobs.workspace.fetch_new_users(story.rt, story.worker)
    assert response_states(story, round_) == {ASKER: "shared", GUEST: "shared"}
    join(story, ASKER, round_)
    assert response_states(story, round_) == {ASKER: "shared", GUEST: "shared"}
    story.advance(minutes=5)
    assert story.slack.messages_to(ASKER) == []
    story.close_rounds()
    assert "2 people shared" in visible_text(story.slack.messages_to(HELP_CHANNEL)[0])


def test_an_external_members_reply_counts_for_nothing_whenever_it_is_known(
    story: Story,
):
    round_ = story.post_round()
    story.slack.people["U0ZED"] = user_object("U0ZED", "Zed", is_stranger=True)
    story.say("U0ZED", "The parser", thread_ts=round_.ts)
    jobs.workspace.fetch_new_users(story.rt, story.worker)
    story.say("U0ZED", "The lexer", thread_ts=round_.ts)
    story.advance(minutes=5)
    assert response_states(story, round_) == {}
    assert story.slack.messages_to("U0ZED") == []


def test_only_participants_are_reminded(story: Story):
    round_ = story.post_round()
    join(story, ASKER, round_)
    reply = story.say(PEER, "The parser", thread_ts=round_.ts)
    story.delete(PEER, reply, thread_ts=round_.ts)
    assert response_states(story, round_) == {ASKER: "pending"}
    story.clock.now = MONDAY + timedelta(days=1, hours=1)
    jobs.checkins.send_reminders(story.rt, story.worker)
    story.deliver()
    assert len(story.slack.messages_to(ASKER)) == 1
    assert story.slack.messages_to(PEER) == []


def test_deletions_are_followed(story: Story):
    round_ = story.post_round()
    join(story, ASKER, round_)
    first = story.say(ASKER, "The parser", thread_ts=round_.ts)
    second = story.say(ASKER, "And the lexer", thread_ts=round_.ts)
    story.delete(ASKER, first, thread_ts=round_.ts)
    assert get_checkin(story, round_, ASKER).reply_ts == second
    story.edit(ASKER, second, "Only the lexer", before="And", thread_ts=round_.ts)
    story.delete(ASKER, second, thread_ts=round_.ts)
    assert response_states(story, round_) == {ASKER: "pending"}
    # Repeated or late events change nothing.
    story.say(ASKER, "The parser", thread_ts=round_.ts, ts=first)
    assert response_states(story, round_) == {ASKER: "pending"}


def test_a_deletion_delivered_before_its_reply_wins(story: Story):
    round_ = story.post_round()
    join(story, ASKER, round_)
    ts = story.ts()
    story.delete(ASKER, ts, thread_ts=round_.ts)
    story.say(ASKER, "The parser", thread_ts=round_.ts, ts=ts)
    assert response_states(story, round_) == {ASKER: "pending"}


def test_a_member_who_replies_without_joining_is_invited_once_ever(story: Story):
    round_ = story.post_round()
    story.say(PEER, "Nice", thread_ts=round_.ts)
    story.say(PEER, "Very", thread_ts=round_.ts)
    jobs.workspace.fetch_new_users(story.rt, story.worker)
    story.deliver()
    assert story.slack.messages_to(PEER) == []
    story.advance(minutes=1)
    [invitation] = story.slack.messages_to(PEER)
    assert "Want to join?" in invitation.text
    [button] = invitation.blocks[-1]["elements"]
    assert (button["action_id"], button["value"]) == ("checkin_join", str(round_.id))
    story.say(PEER, "Very much", thread_ts=round_.ts)
    story.advance(minutes=5)
    then = story.post_round(MONDAY + WEEK)
    story.say(PEER, "Nice again", thread_ts=then.ts)
    story.advance(minutes=5)
    assert len(story.slack.messages_to(PEER)) == 1
    story.click(PEER, "checkin_join", button["value"], channel="D0CHI")
    assert response_states(story, round_) == {PEER: "shared"}
    assert response_states(story, then) == {PEER: "shared"}
    assert "You've joined" in story.slack.responses[-1][1]


def test_a_member_who_deletes_their_reply_within_a_minute_is_not_invited(story: Story):
    round_ = story.post_round()
    ts = story.say(PEER, "Nice", thread_ts=round_.ts)
    story.delete(PEER, ts, thread_ts=round_.ts)
    story.advance(minutes=2)
    assert story.slack.messages_to(PEER) == []
    assert response_states(story, round_) == {}


def test_a_member_who_may_not_join_is_not_invited(story: Story):
    story.set_up_channel(guests_may_ask=[])
    story.slack.people["U0ROBO"] = user_object("U0ROBO", "Robo", is_bot=True)
    round_ = story.post_round()
    for member in (GUEST, "U0ROBO"):
        story.say(member, "Hello", thread_ts=round_.ts)
    story.deliver()
    story.advance(minutes=2)
    assert story.slack.messages_to(GUEST) == story.slack.messages_to("U0ROBO") == []


def test_a_member_who_loses_access_is_no_longer_expected_and_can_not_share(
    story: Story,
):
    story.set_up_channel()
    round_ = story.post_round()
    for member in (GUEST, HELPER):
        join(story, member, round_)
    story.say(GUEST, "The parser", thread_ts=round_.ts)
    story.set_up_channel(guests_may_ask=[])
    then = story.post_round(MONDAY + WEEK)
    assert response_states(story, then) == {HELPER: "pending"}
    story.say(GUEST, "The lexer", thread_ts=then.ts)
    story.advance(minutes=2)
    assert response_states(story, then) == {HELPER: "pending"}
    # Earlier responses stay.
    story.say(GUEST, "And the lexer", thread_ts=round_.ts)
    assert response_states(story, round_)[GUEST] == "shared"


# The round's message is deleted


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


# Joining


def test_joining_and_leaving_are_one_click_each(story: Story):
    round_ = story.post_round()
    join(story, ASKER, round_)
    join(story, ASKER, round_)
    text, blocks = story.slack.responses[-1][1:]
    assert text.startswith(
        "You've joined “What are you working on this week?” in #help."
    )
    [leave] = blocks[-1]["elements"]
    assert leave["action_id"] == "checkin_leave"
    story.click(ASKER, "checkin_leave", leave["value"])
    assert "You've left" in story.slack.responses[-1][1]
    assert response_states(story, round_) == {}
    story.advance(days=2)
    assert story.slack.messages_to(ASKER) == []


def test_a_member_who_leaves_keeps_their_response(story: Story):
    round_ = story.post_round()
    for member in (ASKER, HELPER):
        join(story, member, round_)
    story.say(ASKER, "The parser", thread_ts=round_.ts)
    share(story, HELPER, round_)
    with story.rt.read_session() as session:
        schedule = str(session.get_one(Round, round_.id).schedule_id)
    for member in (ASKER, HELPER):
        story.click(member, "checkin_leave", schedule)
    assert response_states(story, round_) == {ASKER: "shared", HELPER: "shared"}


def test_sharing_signs_nobody_up_but_invites_once(story: Story):
    round_ = story.post_round()
    share(story, ASKER, round_)
    story.advance(minutes=2)
    assert "Want to join?" in story.slack.messages_to(ASKER)[-1].text
    with story.rt.read_session() as session:
        [participant] = session.scalars(select(Participant))
        assert (participant.is_active, participant.is_invited) == (False, True)
    then = story.post_round(MONDAY + WEEK)
    assert response_states(story, then) == {}


def test_the_lists_of_check_ins_to_join_and_joined_ones(story: Story):
    round_ = story.post_round()

    def look(member: str) -> tuple[int, int, int]:
        with story.rt.read(story.rt.workspaces.only) as tx:
            return (
                len(home.joined_schedules(tx, member)),
                len(home.joinable_schedules(tx, member, [HELP_CHANNEL, "C0ELSE"])),
                len(home.open_rounds_for(tx, member)),
            )

    assert look(ASKER) == (0, 1, 0)
    join(story, ASKER, round_)
    assert look(ASKER) == (1, 0, 1)
    with story.rt.read(story.rt.workspaces.only) as tx:
        [due] = home.open_rounds_for(tx, ASKER)
        assert (due.round_id, due.channel_name) == (round_.id, "help")
        assert home.joinable_schedules(tx, PEER, ["C0ELSE"]) == []
    share(story, ASKER, round_)
    assert look(ASKER) == (1, 0, 0)
    story.close_rounds()
    assert look(HELPER) == (0, 1, 0)


def test_all_participants_are_expected_in_the_next_round(story: Story):
    round_ = story.post_round()
    for member in (ASKER, HELPER):
        join(story, member, round_)
    share(story, ASKER, round_)
    then = story.post_round(MONDAY + WEEK)
    jobs.checkins.close_rounds(story.rt, story.worker)
    assert response_states(story, round_) == {ASKER: "shared", HELPER: "missed"}
    assert response_states(story, then) == {ASKER: "pending", HELPER: "pending"}


def test_a_member_who_leaves_the_channel_leaves_its_check_ins(story: Story):
    round_ = story.post_round()
    for member in (ASKER, HELPER):
        join(story, member, round_)
    left = {"type": "member_left_channel", "user": ASKER, "channel": HELP_CHANNEL}
    assert story.event(left | {"event_ts": story.ts()}) == 200
    assert response_states(story, round_) == {HELPER: "pending"}
    # They are back; the old leave event is delivered again.
    join(story, ASKER, round_)
    earlier = f"{int(MONDAY.timestamp()) - 60}.000100"
    assert story.event(left | {"event_ts": earlier}) == 200
    assert response_states(story, round_) == {ASKER: "pending", HELPER: "pending"}


def test_messages_during_the_bots_absence_are_fetched(story: Story):
    round_ = story.post_round()
    join(story, HELPER, round_)
    response = {"ts": "1773043300.000100", "user": HELPER, "text": "Tests"}
    story.slack.thread_messages[HELP_CHANNEL, round_.ts or ""] = [response]
    back = {"type": "member_joined_channel", "user": BOT, "channel": HELP_CHANNEL}
    assert story.event(back | {"event_ts": story.ts()}) == 200
    story.deliver()
    assert response_states(story, round_) == {HELPER: "shared"}
