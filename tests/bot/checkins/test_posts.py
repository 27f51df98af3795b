"""A closed round's digest: who shared, what went well, what is stuck."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

import jobs.checkins
from models import CheckIn, OutboxItem, Round
from tests.checkins import (
    WEEK,
    join,
    open_form,
    response_states,
    round_replies,
    share,
    visible_text,
)
from tests.factories import MONDAY, Story
from tests.fakes import PostedMessage
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER, conversation_object


def digest(story: Story, one: Round, channel: str = HELP_CHANNEL) -> PostedMessage:
    return story.slack.message_at(channel, one.ts or "")


def test_the_post_becomes_a_digest_and_notifies_nobody(story: Story):
    one = story.post_round()
    for member in (ASKER, HELPER, PEER):
        join(story, member, one)
    share(story, ASKER, one, proud_of="A *fast* parser :tada: <@U0BEN>", stuck_on="x?")
    reply = story.say(HELPER, "Tests", thread_ts=one.ts)
    posts = len(story.slack.messages)
    story.close_rounds(one.closes_at - timedelta(seconds=1))
    assert "Share" in json.dumps(digest(story, one).blocks)
    story.close_rounds(one.closes_at)
    closed = digest(story, one)
    assert visible_text(closed) == (
        "What are you working on this week?\n"
        "This check-in has closed. 2 people shared.\n"
        "Who shared: Ana, Ben\n"
        "Worth celebrating\n"
        "•  First check-in: Ana, Ben. Welcome!\n"
        "Proud of\n"
        "•  Ana: A *fast* parser :tada: <@U0BEN>\n"
        "Stuck on\n"
        "•  Ana: x?\n"
    )
    blocks_json = json.dumps(closed.blocks)
    assert '"user"' not in blocks_json
    assert '"button"' not in blocks_json
    assert f"p{reply.replace('.', '')}?thread_ts={one.ts}" in blocks_json
    assert f"p{round_replies(story, one)[0].ts.replace('.', '')}" in blocks_json
    assert len(story.slack.messages) == posts
    assert response_states(story, one) == {
        ASKER: "shared",
        HELPER: "shared",
        PEER: "missed",
    }


def test_the_digest_of_a_round_without_responses(story: Story):
    one = story.post_round()
    story.close_rounds()
    assert "Nobody shared." in visible_text(digest(story, one))
    story.close_rounds(one.closes_at + timedelta(days=1))
    assert digest(story, one).updates == 1


@pytest.mark.deep_on_postgresql
def test_a_late_reply_counts_and_the_digest_shows_it(story: Story):
    one = story.post_round()
    join(story, HELPER, one)
    story.close_rounds()
    assert "Nobody shared" in visible_text(digest(story, one))
    ts = story.say(HELPER, "Late, but here", thread_ts=one.ts)
    story.deliver()
    assert "Who shared: Ben" in visible_text(digest(story, one))
    story.delete(HELPER, ts, thread_ts=one.ts)
    story.deliver()
    assert "Nobody shared" in visible_text(digest(story, one))
    assert response_states(story, one) == {HELPER: "missed"}


@pytest.mark.deep
def test_ten_in_a_row_are_celebrated_and_an_absence_is_no_gap(story: Story):
    for week in range(11):
        one = story.post_round(MONDAY + week * WEEK)
        if week != 4:
            share(story, ASKER, one)
        else:
            join(story, ASKER, one)
            away = {"display_name": "Ana", "status_emoji": ":palm_tree:"}
            story.slack.people[ASKER] |= {"profile": away}
            user = story.slack.people[ASKER]
            assert story.event({"type": "user_change", "user": user}) == 200
        share(story, HELPER, one)
        story.close_rounds()
        assert ("First check-in" in visible_text(digest(story, one))) is (week == 0)
        text = visible_text(digest(story, one))
        assert ("Ten in a row: Ben." in text) is (week == 9)
        assert ("Ten in a row: Ana." in text) is (week == 10)


def test_two_hundred_people_fit_and_each_is_named(story: Story):
    one = story.post_round()
    with story.rt.write_session.begin() as session:
        session.add_all(
            CheckIn(
                round_id=one.id,
                member=f"U{n}",
                state="shared",
                proud_of=f"Win {n}: " + "&lt;long&gt; :tada: " * 50,
                stuck_on="Much " * 200,
            )
            for n in range(200)
        )
    story.close_rounds()
    closed = digest(story, one)
    assert "200 people shared" in visible_text(closed)
    assert visible_text(closed).count("someone") > 200
    assert "more, in the thread" in visible_text(closed)
    assert "Win 0: <long> " in visible_text(closed)
    assert len(closed.blocks) <= 50
    assert len(json.dumps(closed.blocks)) < 13_200


@pytest.mark.deep_on_postgresql
def test_two_replicas_close_a_round_once(story: Story):
    one = story.post_round()
    for member in (ASKER, HELPER):
        join(story, member, one)
    story.clock.now = one.closes_at

    def close(_: int) -> None:
        jobs.checkins.close_rounds(story.rt, story.worker)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(close, range(8)))
    story.deliver()
    assert digest(story, one).updates == 1
    assert set(response_states(story, one).values()) == {"missed"}
    with story.rt.read_session() as session:
        view_ts = session.scalar(
            select(func.count()).where(OutboxItem.kind == "checkin.digest")
        )
    assert view_ts == 1


@pytest.mark.deep_on_postgresql
def test_a_response_during_the_close_is_included_or_refused(story: Story):
    one = story.post_round()
    views = {member: open_form(story, member, one) for member in (ASKER, HELPER, PEER)}
    story.clock.now = one.closes_at - timedelta(microseconds=1)

    def act(member: str) -> str:
        if member == "close":
            story.clock.now = one.closes_at
            jobs.checkins.close_rounds(story.rt, story.worker)
            return ""
        return story.submit(member, views[member], {"working_on": member}).body or ""

    with ThreadPoolExecutor(4) as pool:
        text = dict(
            zip([*views, "close"], pool.map(act, [*views, "close"]), strict=True)
        )
    story.deliver()
    shared = {member for member in views if not text[member]}
    assert response_states(story, one) == dict.fromkeys(shared, "shared")
    count = {0: "Nobody", 1: "1 person"}.get(len(shared), f"{len(shared)} people")
    assert f"closed. {count} shared" in visible_text(digest(story, one))


def test_a_deleted_response_is_no_longer_linked(story: Story):
    one = story.post_round()
    share(story, ASKER, one, working_on="Parser")
    story.slack.messages.remove(round_replies(story, one)[0])
    share(story, ASKER, one, working_on="Lexer")
    story.close_rounds()
    assert "Who shared: Ana" in visible_text(digest(story, one))
    assert '"link"' not in json.dumps(digest(story, one).blocks)


# Erased members


def forget(story: Story, member: str) -> None:
    story.command(member, "/backswing", "forget me")
    assert story.submit(member, story.slack.views[-1][1], {}).status == 200
    for _ in range(3):
        story.advance(minutes=1)


@pytest.mark.deep
def test_an_erased_member_vanishes_from_the_digest_and_the_thread(story: Story):
    one = story.post_round()
    for member in (ASKER, HELPER):
        share(story, member, one, working_on=f"Secret of {member}", proud_of="It")
    story.say(ASKER, "More", thread_ts=one.ts)
    story.close_rounds()
    assert "Who shared: Ana, Ben" in visible_text(digest(story, one))
    forget(story, ASKER)
    text = visible_text(digest(story, one))
    assert "Who shared: Ben" in text
    assert "Ana" not in text
    everything = json.dumps([[m.text, m.blocks] for m in story.slack.messages])
    assert f"Secret of {ASKER}" not in everything
    assert f"Secret of {HELPER}" in everything
    assert ASKER not in everything
    # Late deliveries bring nothing back.
    old = f"{int(one.closes_at.timestamp()) - 50}.000200"
    story.say(ASKER, "Older", thread_ts=one.ts, ts=old)
    story.deliver()
    assert "Ana" not in visible_text(digest(story, one))
    assert ASKER not in response_states(story, one)


@pytest.mark.deep
def test_a_member_erased_during_a_round_is_not_reminded(story: Story):
    one = story.post_round()
    share(story, ASKER, one, working_on="Secret")
    join(story, HELPER, one)
    for member in (ASKER, HELPER):
        forget(story, member)
    story.clock.now = MONDAY + timedelta(days=1, hours=1)
    jobs.checkins.send_reminders(story.rt, story.worker)
    story.deliver()
    assert story.slack.messages_to(HELPER) == []
    assert "Secret" not in json.dumps([m.blocks for m in story.slack.messages])
    story.close_rounds()
    assert "Nobody shared" in visible_text(digest(story, one))


def test_a_private_channels_check_in_is_shown_nowhere_else(story: Story):
    story.slack.channels[HELP_CHANNEL] = conversation_object(
        HELP_CHANNEL, "secret", is_private=True
    )
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER]
    one = story.post_round()
    share(story, ASKER, one, working_on="Gold", stuck_on="Mercury", proud_of="Lead")
    story.say(HELPER, "Silver", thread_ts=one.ts)
    story.close_rounds()
    elsewhere = [
        m for m in story.slack.messages if m.channel not in {HELP_CHANNEL, ASKER}
    ]
    assert [m.channel for m in elsewhere if "Gold" in str(m) or "Lead" in str(m)] == []


# The next post starts with the last round's results.


def last_time(story: Story) -> str:
    """Return the first line of the newest post in the channel."""
    return visible_text(story.slack.messages_to(HELP_CHANNEL)[-1]).split("\n")[0]


def test_the_next_post_starts_with_the_last_rounds_results(story: Story):
    one = story.post_round()
    assert last_time(story) == one.question
    for member in (ASKER, HELPER):
        share(story, member, one)
    then = story.post_round(MONDAY + WEEK)
    assert last_time(story) == "Last time 2 shared."
    [to_last] = [
        piece
        for piece in story.slack.messages_to(HELP_CHANNEL)[-1].blocks[0]["elements"][0][
            "elements"
        ]
        if piece["type"] == "link"
    ]
    assert to_last["url"].endswith(
        f"/{HELP_CHANNEL}/p{(one.ts or '').replace('.', '')}"
    )
    # The notification still contains the question.
    assert story.slack.messages_to(HELP_CHANNEL)[-1].text == then.question


@pytest.mark.deep
def test_an_erased_member_counts_in_no_post(story: Story):
    one = story.post_round()
    for member in (ASKER, HELPER):
        share(story, member, one)
    forget(story, ASKER)
    story.post_round(MONDAY + WEEK)
    assert last_time(story) == "Last time 1 shared."


def test_a_round_without_responses_is_not_mentioned_in_the_next_post(story: Story):
    story.post_round()
    then = story.post_round(MONDAY + WEEK)
    assert last_time(story) == then.question


@pytest.mark.deep_on_postgresql
def test_a_round_without_a_message_is_not_linked(story: Story):
    one = story.post_round()
    share(story, ASKER, one)
    story.delete(ASKER, one.ts or "")
    then = story.post_round(MONDAY + WEEK)
    assert last_time(story) == then.question


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)])
@pytest.mark.deep_on_postgresql
def test_after_the_clock_is_set_back_a_round_closes_once(story: Story, back: timedelta):
    one = story.post_round()
    share(story, ASKER, one)
    story.close_rounds()
    story.close_rounds(one.closes_at - back)
    other = story.post_round(MONDAY + WEEK)
    story.close_rounds(other.closes_at - back)
    assert "Share" in json.dumps(digest(story, other).blocks)
    for _ in range(2):
        story.close_rounds(other.closes_at)
    assert [digest(story, round_).updates for round_ in (one, other)] == [1, 1]
    assert response_states(story, one) == {ASKER: "shared"}
