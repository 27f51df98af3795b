"""Rounds start on time and once; others are skipped or paused, with a message."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

import jobs.checkins
from bot.slack.api import NotSent, OutcomeUnknown, Rejected
from bot.workspace import leads, member_settings
from bot.workspace.sync import store_user
from models import Round, Schedule
from tests.checkins import visible_text
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.slack_payloads import (
    ADMIN,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    user_object,
)

# Nine in Berlin, on the Monday after the stories begin.
MONDAY = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


def tick(story: Story, at: datetime | None = None) -> None:
    """Run the jobs and deliver the messages that they enqueued."""
    story.clock.now = at or story.clock.now
    jobs.checkins.start_rounds(story.rt, story.worker)
    story.deliver()


def rounds(story: Story) -> list[tuple[date, str, str | None]]:
    with story.rt.read_session() as session:
        return [
            (row.local_date, row.state, row.reason)
            for row in session.scalars(select(Round).order_by(Round.local_date))
        ]


def schedule(story: Story) -> Schedule:
    with story.rt.read_session() as session:
        return session.scalars(select(Schedule)).one()


def change(story: Story, **values: Any) -> None:
    with story.rt.write_session.begin() as session:
        row = session.scalars(select(Schedule)).one()
        for name, value in values.items():
            setattr(row, name, value)


def update_profile(story: Story, member: str, **facts: Any) -> None:
    user = user_object(member, **facts)
    story.slack.people[member] = user
    with story.rt.write(story.rt.workspaces.only) as tx:
        store_user(tx, user)


def posts(story: Story, channel: str = HELP_CHANNEL) -> list[PostedMessage]:
    return story.slack.messages_to(channel)


def test_a_round_starts_at_its_hour_and_not_before(story: Story):
    story.add_schedule(reflections=["What surprised you?", "What will you drop?"])
    tick(story, MONDAY - timedelta(seconds=1))
    assert posts(story) == []
    tick(story, MONDAY)
    [post] = posts(story)
    assert post.text == "What are you working on this week?"
    post_text = visible_text(post)
    assert "Just a sentence or two" in post_text
    assert "What surprised you?" in post_text
    assert "Open until Friday 13 March at 09:00 CET" in post_text
    # Slack shows the time in each reader's zone.
    assert f"<!date^{int((MONDAY + timedelta(days=4)).timestamp())}^" in str(
        post.blocks
    )
    assert "<!" not in post_text
    assert "'broadcast'" not in str(post.blocks)
    with story.rt.read_session() as session:
        row = session.scalars(select(Round)).one()
        assert (row.ts, row.state, row.local_date) == (post.ts, "open", MONDAY.date())
        buttons = [
            (button["action_id"], button["value"])
            for block in post.blocks
            if block["type"] == "actions"
            for button in block["elements"]
        ]
        assert buttons == [
            ("checkin_share", str(row.id)),
            ("checkin_join", str(row.id)),
        ]
    for _ in range(3):
        tick(story)
    tick(story, MONDAY + WEEK)
    assert len(posts(story)) == 2
    assert "What will you drop?" in str(posts(story)[1].blocks)


def test_a_question_is_shown_as_it_was_typed(story: Story):
    story.add_schedule(question="&lt;!channel&gt; *Done* &amp; dusted?")
    tick(story, MONDAY)
    [post] = posts(story)
    assert post.text == "&lt;!channel&gt; *Done* &amp; dusted?"
    [question] = post.blocks[0]["elements"][0]["elements"]
    assert question["text"] == "<!channel> *Done* & dusted?"


def test_after_downtime_a_round_starts_up_to_six_hours_late(story: Story):
    story.add_schedule()
    tick(story, MONDAY + timedelta(hours=5, minutes=59))
    assert len(posts(story)) == 1
    assert "Open until Friday 13 March at 09:00 CET" in visible_text(posts(story)[0])
    assert story.slack.messages_to(ADMIN) == []


def test_after_longer_downtime_a_round_is_skipped_with_one_message(story: Story):
    story.add_schedule()
    for _ in range(3):
        tick(story, MONDAY + timedelta(hours=6))
    assert posts(story) == []
    assert rounds(story) == [(MONDAY.date(), "skipped", "down")]
    [note] = story.slack.texts_to(ADMIN)
    assert "was skipped on Monday 9 March: I was offline" in note
    tick(story, MONDAY + WEEK)
    assert len(posts(story)) == 1


def test_after_weeks_of_downtime_no_burst_follows(story: Story):
    story.add_schedule(weekdays=["1", "2", "3", "4", "5"])
    back = MONDAY + 2 * WEEK + timedelta(minutes=5)
    tick(story, back)
    assert len(posts(story)) == 1
    # From Tuesday the 3rd on: on Monday the hour had passed before the set-up.
    states = [state for _, state, _ in rounds(story)]
    assert states == ["skipped"] * 14 + ["open"]
    [note] = story.slack.texts_to(ADMIN)
    assert "skipped 14 times, from Tuesday 3 March to Friday 20 March" in note


def test_a_late_post_does_not_cross_midnight(story: Story):
    story.add_schedule(at=time(22))
    tick(story, MONDAY.replace(hour=23))
    assert posts(story) == []
    assert rounds(story)[-1] == (MONDAY.date(), "skipped", "down")


@pytest.mark.deep_on_postgresql
def test_a_post_that_slack_delays_too_long_is_cancelled_and_skipped(story: Story):
    story.add_schedule()
    story.slack.fail["chat.postMessage"] = [NotSent("chat.postMessage", "off")] * 14
    tick(story, MONDAY)
    assert rounds(story) == [(MONDAY.date(), "open", None)]
    # No job runs; only the deliveries go on.
    story.advance(hours=6)
    assert posts(story) == []
    story.slack.fail.clear()
    tick(story)
    tick(story)
    assert posts(story) == []
    assert rounds(story) == [(MONDAY.date(), "skipped", "unsent")]
    assert "Slack didn't accept it in time" in story.slack.texts_to(ADMIN)[-1]
    assert len(story.slack.messages_to(ADMIN)) == 1


@pytest.mark.deep_on_postgresql
def test_an_unconfirmed_post_is_looked_up_and_never_cancelled(story: Story):
    story.add_schedule()
    story.slack.fail_after["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "reset")
    ]
    # The post is in the last minute of its grace, the lookup after it.
    tick(story, MONDAY + timedelta(hours=5, minutes=59, seconds=55))
    story.clock.advance(seconds=6)
    jobs.checkins.start_rounds(story.rt, story.worker)
    assert rounds(story) == [(MONDAY.date(), "open", None)]
    story.advance(seconds=30)
    tick(story)
    [post] = posts(story)
    with story.rt.read_session() as session:
        assert session.scalars(select(Round.ts)).one() == post.ts
    assert story.slack.messages_to(ADMIN) == []


@pytest.mark.parametrize("reason", ["skipped", "paused"])
def test_the_message_about_a_skip_waits_for_a_pause_that_began_later(
    story: Story, reason: str
):
    def prefer(**choices: Any) -> None:
        with story.rt.write(story.rt.workspaces.only) as tx:
            member_settings.update(tx, ADMIN, **choices)

    story.add_schedule()
    # It is ten in Helsinki.
    prefer(hours_from=time(16, 30))
    if reason == "paused":
        refused = Rejected("chat.postMessage", "restricted_action")
        story.slack.fail["chat.postMessage"] = [refused]
        tick(story, MONDAY)
    tick(story, MONDAY + timedelta(hours=6))
    prefer(paused_until=MONDAY.date() + timedelta(days=1))
    tick(story, MONDAY + timedelta(hours=6, minutes=45))
    assert story.slack.messages_to(ADMIN) == []
    tick(story, MONDAY + timedelta(days=1, hours=6, minutes=45))
    [note] = story.slack.texts_to(ADMIN)
    assert reason in note


@pytest.mark.deep_on_postgresql
def test_a_channel_that_rejects_the_post_pauses_the_check_in(story: Story):
    story.add_schedule()
    refused = Rejected("chat.postMessage", "restricted_action")
    story.slack.fail["chat.postMessage"] = [refused]
    tick(story, MONDAY)
    assert rounds(story) == [(MONDAY.date(), "failed", "restricted_action")]
    assert schedule(story).state == "paused"
    [note] = story.slack.texts_to(ADMIN)
    assert "is paused because #help doesn't accept my posts" in note
    for _ in range(3):
        tick(story, story.clock() + WEEK)
    assert len(story.slack.messages_to(ADMIN)) == 1
    assert posts(story) == []


@pytest.mark.deep_on_postgresql
def test_a_lost_post_is_not_repeated_and_the_owner_is_asked_to_check(story: Story):
    story.add_schedule()
    story.slack.fail_after["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "reset")
    ]
    story.slack.fail["conversations.history"] = [
        Rejected("conversations.history", "not_in_channel")
    ]
    tick(story, MONDAY)
    story.advance(minutes=1)
    assert len(posts(story)) == 1
    assert rounds(story) == [(MONDAY.date(), "failed", "unknown")]
    # The post exists after all, and its thread is unknown.
    with story.rt.read_session() as session:
        only_round = session.scalars(select(Round)).one()
    story.click(CHAMPION, "checkin_share", str(only_round.id))
    assert "This round was cancelled" in story.slack.responses[-1][1]
    assert "Please check" in story.slack.texts_to(ADMIN)[-1]
    assert schedule(story).state == "on"


LEFT = {"type": "channel_left", "channel": HELP_CHANNEL}
ENDS: dict[str, tuple[dict[str, Any], str]] = {
    "archived": ({"type": "channel_archive", "channel": HELP_CHANNEL}, "was archived"),
    "deleted": ({"type": "channel_deleted", "channel": HELP_CHANNEL}, "or deleted"),
    "removed": (LEFT, "no longer has me"),
    "private": (
        {
            "type": "message",
            "subtype": "channel_convert_to_private",
            "channel": HELP_CHANNEL,
            "user": CHAMPION,
            "text": "made the channel private",
            "ts": "1772500000.000100",
        },
        "was made private",
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_channels_end_pauses_its_check_ins_with_one_message(story: Story, end):
    event, reason = ENDS[end]
    story.add_schedule()
    assert story.event(event) == 200
    for _ in range(3):
        tick(story)
    assert schedule(story).state == "paused"
    [note] = story.slack.texts_to(ADMIN)
    assert reason in note
    tick(story, MONDAY)
    assert posts(story) == []
    assert rounds(story) == []


@pytest.mark.deep_on_postgresql
def test_missed_channel_events_are_fetched_before_a_round_starts(story: Story):
    story.add_schedule()
    story.add_schedule("C0OTHER")
    story.slack.channels[HELP_CHANNEL]["is_private"] = True
    tick(story, MONDAY)
    assert posts(story) == []
    assert len(posts(story, "C0OTHER")) == 1
    assert "was made private" in story.slack.texts_to(ADMIN)[-1]
    # One call fetches all channels; another checks that the owner is a member.
    assert story.slack.calls.count("users.conversations") == 2
    assert story.slack.calls.count("conversations.info") == 0


def test_a_round_starts_although_slack_returns_no_channels(story: Story):
    story.add_schedule()
    story.slack.fail["users.conversations"] = [NotSent("users.conversations", "off")]
    tick(story, MONDAY)
    assert len(posts(story)) == 1


def test_a_round_paused_before_its_post_is_not_posted(story: Story):
    story.add_schedule()
    story.clock.now = MONDAY
    jobs.checkins.start_rounds(story.rt, story.worker)
    story.event(LEFT)
    tick(story)
    assert posts(story) == []
    assert rounds(story) == [(MONDAY.date(), "skipped", "paused")]


@pytest.mark.parametrize(
    ("have_left", "heir"),
    [
        ([ADMIN], CHAMPION),
        ([ADMIN, CHAMPION], PEER),
        ([ADMIN, CHAMPION, PEER], HELPER),
    ],
)
@pytest.mark.deep_on_postgresql
def test_after_the_owner_left_a_successor_is_told(
    story: Story, have_left: list[str], heir: str
):
    """The successor is a champion, else a program lead, else an admin."""
    with story.rt.write(story.rt.workspaces.only) as tx:
        leads.set_program_leads(tx, [PEER])
    story.set_up_channel(champions=[CHAMPION])
    story.add_schedule()
    for member in (CHAMPION, PEER, HELPER):
        update_profile(story, member, is_admin=member == HELPER)
    for member in have_left:
        update_profile(story, member, deleted=True)
    story.event(LEFT)
    tick(story)
    assert "is paused" in story.slack.texts_to(heir)[-1]
    assert [member for member in have_left if story.slack.messages_to(member)] == []


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)])
@pytest.mark.deep_on_postgresql
def test_a_clock_set_back_starts_no_round_twice(story: Story, back: timedelta):
    story.add_schedule(weekdays=["1", "2"])
    tick(story, MONDAY)
    tick(story, MONDAY - back)
    jobs.checkins.reschedule(story.rt, story.worker)
    tick(story, MONDAY)
    assert len(posts(story)) == 1
    tick(story, MONDAY + timedelta(days=1))
    assert len(posts(story)) == 2


@pytest.mark.deep_on_postgresql
def test_a_clock_that_was_ahead_loses_no_round(story: Story):
    story.add_schedule()
    tick(story, MONDAY + timedelta(days=300))
    assert posts(story) == []
    tick(story, MONDAY - timedelta(hours=1))
    jobs.checkins.reschedule(story.rt, story.worker)
    for _ in range(2):
        tick(story, MONDAY)
    assert len(posts(story)) == 1
    assert rounds(story)[0] == (MONDAY.date(), "open", None)


def test_skipped_and_repeated_local_times_start_one_round(story: Story):
    story.add_schedule(weekdays=["7"], at=time(2, 30))
    for day, hour in ((date(2026, 3, 29), 1), (date(2026, 10, 25), 0)):
        before = len(posts(story))
        start = datetime.combine(day, time(), UTC)
        change(story, next_date=day, next_at=start + timedelta(hours=hour, minutes=30))
        tick(story, start + timedelta(hours=hour, minutes=29))
        assert len(posts(story)) == before
        for minutes in (30, 90, 150):
            tick(story, start + timedelta(hours=hour, minutes=minutes))
        assert len(posts(story)) == before + 1


def test_planned_dates_follow_new_calendar_rules(story: Story):
    story.add_schedule()
    # The date by the rules of another year.
    change(story, next_at=MONDAY + timedelta(hours=1))
    jobs.checkins.reschedule(story.rt, story.worker)
    assert schedule(story).next_at == MONDAY


@pytest.mark.parametrize(
    ("earlier", "after", "state"),
    [
        # The job runs after the new rules: on time, late, or too late.
        (timedelta(hours=1), timedelta(), ("open", None)),
        (timedelta(hours=1), timedelta(minutes=30), ("open", None)),
        (timedelta(hours=8), timedelta(hours=7), ("skipped", "down")),
    ],
)
def test_new_rules_that_move_todays_round_earlier_lose_none(
    story: Story, earlier: timedelta, after: timedelta, state: tuple[str, str | None]
):
    story.add_schedule()
    due = schedule(story).next_at
    assert due is not None
    change(story, next_at=due + earlier)
    story.clock.now = due + after
    jobs.checkins.reschedule(story.rt, story.worker)
    for _ in range(2):
        tick(story, story.clock.now)
    assert rounds(story) == [(due.date(), *state)]
    # The old rules and those of a year later add no second round.
    jobs.checkins.reschedule(story.rt, story.worker)
    tick(story, due + earlier)
    assert len(rounds(story)) == 1
    assert schedule(story).next_at == due + timedelta(days=7)


def test_the_owner_is_told_in_their_own_daytime(story: Story):
    story.add_schedule(zone="Asia/Tokyo")
    # Three in the afternoon here is eight in the morning in Helsinki.
    tick(story, MONDAY.replace(hour=6))
    assert story.slack.messages_to(ADMIN) == []
    assert rounds(story) == [(MONDAY.date(), "skipped", "down")]
    story.advance(hours=1)
    assert len(story.slack.messages_to(ADMIN)) == 1


@pytest.mark.deep_on_postgresql
def test_replicas_that_start_at_once_start_each_round_once(story: Story):
    for n in range(8):
        story.add_schedule(f"C0N{n}")
    story.clock.now = MONDAY

    def start(_: int) -> None:
        jobs.checkins.start_rounds(story.rt, story.worker)

    with ThreadPoolExecutor(4) as replicas:
        list(replicas.map(start, range(4)))
    assert [state for _, state, _ in rounds(story)] == ["open"] * 8
    story.deliver()
    assert len({post.channel for post in story.slack.messages}) == 8
    assert len(story.slack.messages) == 8


@pytest.mark.deep
def test_many_rounds_start_in_the_order_of_their_due_times(story: Story):
    due = {}
    for n in range(60):
        minute = 59 - n
        channel = f"C0N{n:02}"
        story.slack.channels[channel] = conversation_object(channel, f"n{n}")
        story.add_schedule(channel, at=time(9, minute))
        due[channel] = minute
    story.clock.now = MONDAY + timedelta(hours=2)
    for _ in range(3):
        jobs.checkins.start_rounds(story.rt, story.worker)
    story.deliver()
    channels_in_order = [due[post.channel] for post in story.slack.messages]
    assert channels_in_order == list(range(60))
