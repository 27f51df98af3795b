"""Sharing in check-ins by a reply, joining and leaving."""

from datetime import timedelta

import jobs.checkins
import jobs.workspace
from tests.checkins import WEEK, get_checkin, join, response_states, visible_text
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


def test_messages_during_the_bots_absence_are_fetched(story: Story):
    round_ = story.post_round()
    join(story, HELPER, round_)
    response = {"ts": "1773043300.000100", "user": HELPER, "text": "Tests"}
    story.slack.thread_messages[HELP_CHANNEL, round_.ts or ""] = [response]
    back = {"type": "member_joined_channel", "user": BOT, "channel": HELP_CHANNEL}
    assert story.event(back | {"event_ts": story.ts()}) == 200
    story.deliver()
    assert response_states(story, round_) == {HELPER: "shared"}
