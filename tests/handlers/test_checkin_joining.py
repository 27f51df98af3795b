"""Members join and leave check-ins."""

from datetime import timedelta

import pytest
from sqlalchemy import select

import jobs.checkins
from bot.checkins import home
from models import Participant, Round, Schedule
from tests.checkins import WEEK, join, response_states, share
from tests.factories import MONDAY, Story
from tests.personal_data import days_pass
from tests.slack_payloads import (
    ASKER,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
)


@pytest.mark.deep_on_postgresql
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


@pytest.mark.deep_on_postgresql
def test_a_member_who_leaves_keeps_their_response(story: Story):
    round_ = story.post_round()
    for member in (ASKER, HELPER):
        join(story, member, round_)
    story.say(ASKER, "The parser", thread_ts=round_.ts)
    share(story, HELPER, round_)
    with story.rt.read_session() as session:
        schedule = str(session.get_one(Round, round_.id).schedule_id)
    # Peer never joined.
    for member in (ASKER, HELPER, PEER):
        story.click(member, "checkin_leave", schedule)
    assert response_states(story, round_) == {ASKER: "shared", HELPER: "shared"}
    # A year later nothing says that they took part; what they shared stays.
    join(story, PEER, round_)

    def participants() -> set[str]:
        with story.rt.read_session() as session:
            return set(session.scalars(select(Participant.member)))

    days_pass(story, 364)
    assert participants() == {ASKER, HELPER, PEER}
    days_pass(story, 2)
    assert participants() == {PEER}
    assert {ASKER, HELPER} <= response_states(story, round_).keys()
    # Nor who took part in a check-in that was deleted.
    with story.rt.write_session.begin() as session:
        for row in session.scalars(select(Schedule)):
            row.state = "deleted"
    days_pass(story, 0)
    assert participants() == {PEER}
    days_pass(story, 10)
    assert participants() == set()


@pytest.mark.deep
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


@pytest.mark.deep_on_postgresql
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


@pytest.mark.deep_on_postgresql
def test_after_an_unreported_leave_of_a_private_channel_nobody_is_reminded(
    story: Story,
):
    story.slack.channels[HELP_CHANNEL] = conversation_object(
        HELP_CHANNEL, "secret", is_private=True
    )
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER]
    round_ = story.post_round()
    join(story, ASKER, round_)
    story.slack.members_by_channel[HELP_CHANNEL] = [HELPER]
    # In Helsinki it is ten on Tuesday.
    story.clock.now = MONDAY + timedelta(days=1, minutes=1)
    jobs.checkins.send_reminders(story.rt, story.worker)
    story.deliver()
    assert story.slack.texts_to(ASKER) == []
    assert response_states(story, round_) == {}
    with story.rt.read_session() as session:
        assert session.scalars(select(Participant.is_active)).one() is False
