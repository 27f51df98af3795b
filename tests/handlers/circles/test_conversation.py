"""A circle's conversation: a private channel, a group, or each person alone."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

import jobs.circle_meetings
from bot.people import places
from bot.privacy import service as privacy
from bot.slack.api import NotSent, Rejected
from models import Channel, CircleMeeting, Installation, PeerPlace
from tests.circles import button_values, go_to, keep
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.handlers.circles.test_times import chooses_time
from tests.people import choose
from tests.quiet import hours_come
from tests.rows import all_rows
from tests.seasons import circle_of, press
from tests.slack_payloads import BOT, CHAMPION

CHANNEL, GROUP = "groups:write", "mpim:write"
REFUSED = Rejected("x", "restricted_action")


def grant(story: Story, *scopes: str) -> None:
    with story.rt.write(story.workspace) as tx:
        tx.session.get_one(Installation, story.workspace.id).scopes = [*scopes]


def text_of(message: PostedMessage) -> str:
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


def texts(story: Story, recipient: str) -> list[str]:
    return [text_of(message) for message in story.slack.messages_to(recipient)]


def place(story: Story) -> PeerPlace:
    with story.rt.read_session() as session:
        query = select(PeerPlace).order_by(PeerPlace.id.desc()).limit(1)
        return session.scalars(query).one()


def channel_of(story: Story) -> str:
    channel = place(story).channel
    assert channel is not None
    return channel


def inside(story: Story, channel: str) -> set[str]:
    return {*story.slack.members_by_channel[channel]} - {BOT}


def clicks(story: Story, member: str, action: str, message: PostedMessage) -> None:
    """Press a button of a message in a channel."""
    value = button_values(message)[action]
    response = story.click(member, action, value, channel=message.channel)
    assert response.status == 200
    story.deliver()


@pytest.mark.deep
def test_what_is_for_all_is_posted_once_in_their_channel(
    story: Story, program: int
) -> None:
    grant(story, CHANNEL, GROUP)
    _, circle, people = circle_of(story, program, 5, theme="Größer denken & <!here>")
    hours_come(story)
    channel = channel_of(story)
    name = story.slack.channels[channel]["name"]
    assert name.startswith("circle-gro")
    assert set(name) <= {*"abcdefghijklmnopqrstuvwxyz0123456789-"}
    assert inside(story, channel) == {*people}
    [greeting] = story.slack.messages_to(channel)
    assert "0 of 5 agreed." in text_of(greeting)
    for person in people:
        assert "Your circle is complete" not in str(texts(story, person))

    for person in people[1:3]:
        clicks(story, person, "circle_agree", greeting)
    assert "2 of 5 agreed." in text_of(greeting)
    at = chooses_time(story, people[0], circle)
    story.deliver()
    assert "You meet next: " in text_of(greeting)

    # One who is away does not hold the others up.
    choose(story, people[4], paused_until=at.date() + timedelta(days=9))
    keep(story)
    go_to(story, at + timedelta(minutes=-10))
    keep(story)
    posted = Counter(message.channel for message in story.slack.messages)
    assert len([t for t in texts(story, channel) if "coming up" in t]) == 1
    [agenda] = [m for m in story.slack.messages_to(channel) if "_lead" in str(m.blocks)]
    for person in people:
        assert not [t for t in texts(story, person) if "coming up" in t]
        assert not [t for t in texts(story, person) if "meeting_start" in t]
    [asked_to_facilitate] = [
        person
        for person in people
        if any("your turn to facilitate" in each for each in texts(story, person))
    ]
    clicks(story, people[2], "meeting_want_turn", agenda)
    story.advance(seconds=11)
    clicks(story, asked_to_facilitate, "meeting_start", agenda)
    # One message for all is edited at once, and again after a moment.
    story.advance(seconds=2)
    assert "Arrive and good news" in text_of(agenda)
    clicks(story, asked_to_facilitate, "meeting_extend", agenda)
    edited = text_of(agenda)
    clicks(story, asked_to_facilitate, "meeting_extend", agenda)
    assert text_of(agenda) == edited
    story.advance(seconds=2)
    assert text_of(agenda) != edited
    # A refusal is for the person who pressed.
    clicks(story, CHAMPION, "meeting_next", agenda)
    assert "Only the people in this circle" in str(story.slack.responses[-1])
    story.advance(seconds=11)
    clicks(story, asked_to_facilitate, "meeting_end", agenda)
    story.advance(seconds=11)
    assert "The meeting is over" in text_of(agenda)
    now = Counter(message.channel for message in story.slack.messages)
    assert now[channel] == posted[channel] == 3
    hours_come(story)
    # Whether they met is asked of each alone.
    assert all(
        any("meeting_met_" in each for each in texts(story, person))
        for person in people[:4]
    )


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_the_channel_follows_who_is_in_the_circle(
    story: Story, program: int, begun: tuple[int, int, list[str]]
) -> None:
    """A circle that met before has direct messages; then it gets a channel."""
    _, circle, people = begun
    grant(story, CHANNEL)
    go_to_next_offer(story)
    channel = channel_of(story)
    assert inside(story, channel) == {*people}
    hours_come(story)
    assert len(texts(story, channel)) == 1
    # Slack does not answer at first: nothing is posted until the person is out.
    story.slack.fail["conversations.kick"] = [NotSent("conversations.kick", "x")] * 2
    press(story, people[1], "leave", circle)
    story.deliver()
    assert people[1] in inside(story, channel)
    posted = len(texts(story, channel))
    assert posted == 1
    hours_come(story)
    assert inside(story, channel) == {*people} - {people[1]}
    assert "can't come to your circle" in texts(story, channel)[-1]
    assert "of 4 agreed." in texts(story, channel)[0]
    before = len(texts(story, people[1]))

    # One leaves the channel, not the circle, and reads the messages alone.
    story.slack.members_by_channel[channel].remove(people[2])
    left = {"type": "member_left_channel", "user": people[2], "channel": channel}
    assert story.event(left) == 200
    with story.rt.write(story.workspace) as tx:
        own = places.latest(tx, f"circle:{circle}")
        assert own is not None
        assert places.recipients(own) == [channel, people[2]]
    with story.rt.write(story.workspace) as tx:
        privacy.erase(tx, people[3])
    hours_come(story)
    assert inside(story, channel) == {people[0], people[4]}
    assert "can't come to your circle" in texts(story, people[2])[-1]
    assert "can't come to your circle" in texts(story, channel)[-1]
    assert people[3] not in str(all_rows(story)["peer_places"])
    assert len(texts(story, people[1])) == before


def go_to_next_offer(story: Story) -> None:
    with story.rt.read_session() as session:
        due = session.scalars(
            select(CircleMeeting.due_at).where(CircleMeeting.offered_at.is_(None))
        ).one()
    assert due is not None
    go_to(story, due)
    jobs.circle_meetings.keep_meetings(story.rt, story.worker)
    story.deliver()


@pytest.mark.deep
def test_a_new_group_follows_each_change(story: Story, program: int) -> None:
    grant(story, GROUP)
    _, circle, people = circle_of(story, program, 6)
    hours_come(story)
    first = channel_of(story)
    assert story.slack.groups[first] == sorted(people)
    [greeting] = story.slack.messages_to(first)
    press(story, people[0], "leave", circle)
    hours_come(story)
    second = channel_of(story)
    assert story.slack.groups[second] == sorted(people[1:])
    # Those who were in the group read no more there of the circle.
    press(story, people[1], "agree", circle)
    story.deliver()
    assert "0 of 6 agreed." in text_of(greeting)
    [greeting] = story.slack.messages_to(second)
    assert "1 of 5 agreed." in text_of(greeting)
    assert "a change of your circle starts a new one" in text_of(greeting)
    assert len(texts(story, first)) == 1
    for person in people[1:]:
        assert "can't come to your circle" in texts(story, person)[-1]


def hours_come_to(story: Story, at: Any) -> None:
    while story.clock.now < at:
        story.clock.now += min(at - story.clock.now, timedelta(hours=6))
        keep(story)


def test_nothing_is_stored_of_what_people_write_there(
    story: Story, program: int
) -> None:
    grant(story, CHANNEL)
    _, _, people = circle_of(story, program, 5)
    hours_come(story)
    channel = channel_of(story)
    before = all_rows(story, but=())
    joined = {
        "type": "member_joined_channel",
        "user": BOT,
        "channel": channel,
        "channel_type": "G",
    }
    assert story.event(joined) == 200
    canary = "I am about to quit, whistling-canary"
    written = {
        "type": "message",
        "channel": channel,
        "channel_type": "group",
        "user": people[0],
        "text": f"{canary} <@{people[1]}>?",
        "ts": "1772442999.000100",
    }
    assert story.event(written) == 200
    assert story.event(written | {"thread_ts": story.slack.messages[-1].ts}) == 200
    reacted = {
        "type": "reaction_added",
        "user": people[1],
        "reaction": "white_check_mark",
        "item": {"type": "message", "channel": channel, "ts": "1772442999.000100"},
        "item_user": people[0],
    }
    assert story.event(reacted) == 200
    story.command(people[0], "/ask", "What now?", channel=channel)
    story.command(people[0], "/kudos", f"<@{people[1]}> for it", channel=channel)
    jobs.workspace.sync_bot_channels(story.rt, story.workspace)
    jobs.mentors.flush_message_counts(story.rt, story.worker)
    jobs.onboarding.notice_newcomers(story.rt, story.worker)
    story.deliver()
    assert len(texts(story, channel)) == 1
    after = all_rows(story, but=())
    changed = {name for name in after if after[name] != before[name]}
    # Profiles and the other channels were fetched again.
    assert changed <= {"members", "channels"}
    with story.rt.read_session() as session:
        query = select(Channel.slack_id).where(Channel.slack_id == channel)
        assert session.scalars(query).all() == []
    assert "canary" not in str(after)
    assert "canary" not in str(story.slack.messages)
