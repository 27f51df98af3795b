"""A circle's conversation when people, circles, channels and scopes change."""

from datetime import timedelta

import pytest
from sqlalchemy import select

import jobs.workspace
from bot.circles import personal_data
from bot.circles.vote_rules import Kind
from bot.people import places
from bot.slack.api import NotSent, Rejected
from models import Channel, CircleMeetingMessage
from tests.circles import go_to, keep
from tests.factories import Story
from tests.handlers.circles.test_conversation import (
    CHANNEL,
    GROUP,
    REFUSED,
    channel_of,
    clicks,
    go_to_next_offer,
    grant,
    hours_come_to,
    inside,
    place,
    texts,
)
from tests.handlers.circles.test_merges import answer, leave, offers, two_circles
from tests.handlers.circles.test_times import chooses_time
from tests.quiet import LATE, answers, hours_come
from tests.rows import all_rows
from tests.seasons import circle_of, circles_of, press
from tests.slack_payloads import BOT

COMPLETE, JOINED, GONE = "circle is complete", "joined your circle", "can't come to"


def with_words(story: Story, recipient: str, words: str) -> list[str]:
    return [text for text in texts(story, recipient) if words in text]


def channels_known(story: Story) -> set[str]:
    with story.rt.read_session() as session:
        return {*session.scalars(select(Channel.slack_id))}


@pytest.mark.deep
@pytest.mark.parametrize("scope", [CHANNEL, GROUP])
@pytest.mark.parametrize("is_private", [True, False])
@pytest.mark.each_parameter
def test_the_bot_never_reads_where_it_wrote_to_a_circle(
    story: Story, program: int, scope: str, is_private: bool
) -> None:
    """The channel is opened to all, or the group made a channel; the bot is invited."""
    grant(story, scope)
    _, _, people = circle_of(story, program, 5)
    hours_come(story)
    channel = channel_of(story)
    facts = story.slack.channels.setdefault(channel, {"creator": people[0]})
    facts |= {"id": channel, "name": "ours", "is_member": True}
    facts |= {"is_private": is_private}
    joined = {"type": "member_joined_channel", "user": BOT, "channel": channel}
    joined |= {"channel_type": "G" if is_private else "C", "inviter": people[0]}
    assert story.event(joined) == 200
    jobs.workspace.sync_channels(story.rt, story.worker)
    story.command(people[0], "/ask", "What now? whistling-canary", channel=channel)
    before = all_rows(story)
    written = {
        "type": "message",
        "channel": channel,
        "user": people[0],
        "text": "whistling-canary",
        "ts": "1772442999.000100",
    }
    assert story.event(written) == 200
    story.deliver()
    assert channel not in channels_known(story)
    assert all_rows(story) == before
    assert "canary" not in str(before)
    assert len(texts(story, channel)) == 1


@pytest.mark.deep
def test_a_merge_brings_people_into_the_channel_of_the_other_circle(
    story: Story, program: int
) -> None:
    grant(story, CHANNEL, GROUP)
    season, [(small, people), (other, others)] = two_circles(story, program, 9)
    hours_come(story)
    with story.rt.read(story.workspace) as tx:
        left, channel = (
            places.channel_of(places.latest(tx, f"circle:{each}"))
            for each in (small, other)
        )
    assert left
    assert channel
    story.slack.uninvitable = {people[4]}
    leave(story, small, people[:2])
    hours_come(story)
    posted = len(texts(story, left))
    [(merge, _)] = offers(story)
    answer(story, people[2:4], merge)
    answer(story, others[:3], merge)
    assert dict(circles_of(story, season)).keys() == {other}
    hours_come(story)
    assert inside(story, channel) == {*others, people[2], people[3]}
    assert len(with_words(story, channel, JOINED)) == 3
    for person in others:
        assert not with_words(story, person, COMPLETE)
    for person in people[2:]:
        [note] = with_words(story, person, COMPLETE)
        assert "complete: 7" in note
    # One can't be in the channel, and reads alone what is for all.
    assert len(texts(story, left)) == posted
    leave(story, other, others[:1])
    hours_come(story)
    assert with_words(story, channel, GONE)
    assert with_words(story, people[4], GONE)
    assert not with_words(story, people[3], GONE)


@pytest.mark.deep
def test_a_circle_reads_in_its_channel_who_moved_to_another(
    story: Story, program: int
) -> None:
    grant(story, CHANNEL)
    season, [(small, people), (other, others)] = two_circles(story, program, 12)
    leave(story, small, people[:3])
    [(merge, _)] = offers(story)
    answer(story, [*people[3:], *others], merge)
    hours_come(story)
    after = dict(circles_of(story, season))
    [mover] = {*others} - {*after[other]}
    with story.rt.read(story.workspace) as tx:
        channels = [
            places.channel_of(places.latest(tx, f"circle:{each}")) or ""
            for each in (small, other)
        ]
    assert len(with_words(story, channels[0], JOINED)) == 1
    assert len(with_words(story, channels[1], GONE)) == 1
    assert [inside(story, each) for each in channels] == [
        {*after[small]},
        {*after[other]},
    ]
    assert len(with_words(story, mover, COMPLETE)) == 1


@pytest.mark.deep
def test_a_channel_with_a_new_id_stays_the_circles(story: Story, program: int) -> None:
    grant(story, CHANNEL)
    _, circle, people = circle_of(story, program, 5)
    hours_come(story)
    old = channel_of(story)
    at = chooses_time(story, people[0], circle)
    story.deliver()
    [greeting] = story.slack.messages_to(old)
    go_to(story, at - timedelta(minutes=10))
    keep(story)
    new = "C0SHARED"
    for each in story.slack.messages_to(old):
        each.channel = new
    story.slack.members_by_channel[new] = story.slack.members_by_channel.pop(old)
    moved = {"old_channel_id": old, "new_channel_id": new}
    for _ in range(2):
        assert story.event({"type": "channel_id_changed", **moved}) == 200
    assert channel_of(story) == new
    assert new not in channels_known(story)
    [agenda] = [m for m in story.slack.messages_to(new) if "_lead" in str(m.blocks)]
    clicks(story, people[2], "meeting_want_turn", agenda)
    clicks(story, people[2], "circle_agree", greeting)
    story.advance(seconds=11)
    assert agenda.updates == 1
    assert "1 of 5 agreed." in str(greeting.blocks)
    leave(story, circle, people[:1])
    hours_come(story)
    assert inside(story, new) == {*people[1:]}
    assert with_words(story, new, GONE)
    with story.rt.read_session() as session:
        assert {*session.scalars(select(CircleMeetingMessage.recipient))} == {new}


@pytest.mark.deep
@pytest.mark.parametrize("change", ["left", "lost"])
def test_what_waited_for_the_night_is_posted_at_the_new_place(
    story: Story, program: int, change: str
) -> None:
    """Between the announcement and the morning, the circle gets another group."""
    scope = {"left": GROUP, "lost": CHANNEL}[change]
    grant(story, scope, GROUP)
    _, circle, people = circle_of(story, program, 6)
    hours_come(story)
    at = chooses_time(story, people[0], circle)
    keep(story)
    first = channel_of(story)
    # It is night when the job runs.
    story.clock.now = at.replace(hour=1)
    keep(story)
    assert not with_words(story, first, "coming up")
    if change == "lost":
        story.slack.fail["conversations.kick"] = [REFUSED]
    leave(story, circle, people[1:2])
    second = channel_of(story)
    assert second != first
    hours_come_to(story, at - timedelta(hours=1))
    assert not with_words(story, first, "coming up")
    assert len(with_words(story, second, "coming up")) == 1
    for person in people:
        assert not with_words(story, person, "coming up")


@pytest.mark.deep
def test_who_leaves_the_channel_at_night_or_in_a_meeting_misses_nothing(
    story: Story, program: int
) -> None:
    grant(story, CHANNEL)
    _, circle, people = circle_of(story, program, 5)
    hours_come(story)
    at = chooses_time(story, people[0], circle)
    keep(story)
    channel = channel_of(story)
    # It is night when the job runs.
    story.clock.now = at.replace(hour=1)
    keep(story)
    assert not with_words(story, channel, "coming up")
    left = {"type": "member_left_channel", "channel": channel}
    assert story.event(left | {"user": people[2]}) == 200
    hours_come_to(story, at - timedelta(minutes=10))
    for recipient in (channel, people[2]):
        assert len(with_words(story, recipient, "coming up")) == 1
        assert len(with_words(story, recipient, "meeting_lead")) == 1
    for _ in range(2):
        assert story.event(left | {"user": people[3]}) == 200
        story.deliver()
    assert len(with_words(story, people[3], "meeting_lead")) == 1
    assert not with_words(story, people[3], "coming up")
    assert len(with_words(story, channel, "meeting_lead")) == 1


@pytest.mark.deep
def test_a_newcomer_is_introduced_while_slack_is_asked_for_a_channel(
    story: Story, program: int, begun: tuple[int, int, list[str]]
) -> None:
    _, circle, people = begun
    grant(story, CHANNEL)
    story.click(LATE, "circle_take", str(circle), channel="D1")
    create = "conversations.create"
    story.slack.fail[create] = [NotSent(create, "x")] * 3
    go_to_next_offer(story)
    assert place(story).opened_at is None
    answers(story, "yes", *people, kind=Kind.PLACE)
    story.slack.fail[create] = [Rejected(create, "restricted_action")]
    hours_come(story)
    assert place(story).channel is None
    assert len(with_words(story, LATE, COMPLETE)) == 1
    for person in people:
        assert len(with_words(story, person, COMPLETE)) == 1


@pytest.mark.deep
def test_who_leaves_the_channel_while_others_are_invited_reads_alone(
    story: Story, program: int
) -> None:
    grant(story, CHANNEL)
    _, circle, people = circle_of(story, program, 6)
    hours_come(story)
    channel = channel_of(story)
    left = {"type": "member_left_channel", "user": people[2], "channel": channel}

    def leaves(method: str) -> None:
        if method == "conversations.kick":
            assert story.event(left) == 200

    story.slack.on_call = leaves
    press(story, people[1], "leave", circle)
    story.deliver()
    with story.rt.read(story.workspace) as tx:
        own = places.latest(tx, f"circle:{circle}")
        assert own is not None
        assert places.recipients(own) == [channel, people[2]]
        assert people[1] not in own.inside


@pytest.mark.deep
def test_a_circle_whose_channel_is_gone_gets_no_other_one(
    story: Story, program: int, begun: tuple[int, int, list[str]]
) -> None:
    _, circle, people = begun
    grant(story, CHANNEL)
    story.slack.uninvitable = {people[1]}
    go_to_next_offer(story)
    hours_come(story)
    channel = channel_of(story)
    # Only those who are in it see its link.
    assert f"<#{channel}>" in str(press(story, people[0], "see", circle))
    assert channel not in str(press(story, people[1], "see", circle))
    # The others read that a newcomer can read what they wrote.
    story.click(LATE, "circle_take", str(circle), channel="D1")
    hours_come(story)
    [question] = with_words(story, people[0], "Lee would like a free place")
    assert "read" in question
    story.slack.fail["conversations.kick"] = [REFUSED]
    leave(story, circle, people[2:3])
    hours_come(story)
    assert place(story).channel is None
    last = place(story).id
    # The next meeting is prepared.
    hours_come_to(story, story.clock.now + timedelta(days=16))
    assert place(story).id == last
    assert channel not in str(press(story, people[0], "see", circle))
    # The rows go a year after the season; even then the bot reads nothing there.
    story.clock.now += timedelta(days=800)
    with story.rt.write(story.workspace) as tx:
        personal_data.purge(tx)
    assert all_rows(story)["peer_places"] == []
    joined = {"type": "member_joined_channel", "user": BOT, "channel": channel}
    for inviter in ({}, {"inviter": people[0]}):
        assert story.event(joined | {"channel_type": "G"} | inviter) == 200
    story.slack.channels[channel]["is_private"] = False
    jobs.workspace.sync_channels(story.rt, story.worker)
    assert channel not in channels_known(story)
