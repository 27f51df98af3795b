"""What matching knows of people, from what they did and said."""

from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event, update

from bot.matching.people import Way
from bot.people import exclusions, facts, meetings
from bot.privacy import service as privacy
from bot.slack.text import ANONYMOUS
from models import (
    Ask,
    Channel,
    ChannelMember,
    Circle,
    CircleMember,
    DoNotPair,
    Installation,
    MemberAttributes,
    PeerMeeting,
)
from tests.circles import make_circle
from tests.factories import Story
from tests.knowledge import solve_an_ask
from tests.people import choose, join_program, matchable, person
from tests.private_channel import DEN
from tests.programs import change_program, make_program
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    user_object,
)
from tests.workspace import channel as channel_row


def is_in(story: Story, channel: str, *people: str) -> None:
    """Let Slack have said who is in a channel that the bot knows."""
    row = channel_row(story, channel)
    with story.rt.write(story.workspace) as tx:
        for member in people:
            tx.session.merge(
                ChannelMember(
                    channel_id=row.id, member=member, is_member=True, event_micros=1
                )
            )


def set_attributes(story: Story, member: str, **values: Any) -> None:
    with story.rt.write(story.workspace) as tx:
        row = MemberAttributes(
            installation_id=story.workspace.id, member=member, **values
        )
        tx.session.merge(row)


def test_people_want_what_they_ask_and_know_what_they_answered(story: Story) -> None:
    choose(story, ASKER, topics_wanted=["Kafka"])
    choose(story, HELPER, topics_known=["kafka", "dbt"])
    solve_an_ask(story, "How do I restart a Kafka consumer?")
    asked = story.ask("What is dbt for?").ts
    story.ask("And is dbt slow?")
    story.say(PEER, "No idea", thread_ts=asked)
    ana, ben, chi = (
        person(story, each, ASKER, HELPER) for each in (ASKER, HELPER, PEER)
    )
    assert dict(ana.wants) == {"Kafka": 2, "dbt": 2}
    first, second, third = (ask.id for ask in story.asks())
    assert ana.asked == {"Kafka": (first,), "dbt": (third, second)}
    assert ana.open_asks == {"dbt": (third, second)}
    assert dict(ben.knows) == {"Kafka": 2, "dbt": 1}
    assert ben.helped_with == ben.solved == {"Kafka": (first,)}
    assert [ana.helped, ben.helped, chi.helped] == [{HELPER}, {ASKER}, {ASKER}]
    assert ben.activity == chi.activity > ana.activity
    assert not chi.knows


def test_several_answers_to_an_ask_count_once(story: Story) -> None:
    choose(story, HELPER, topics_known=["dbt"])
    ask = story.ask("Is dbt slow?")
    for answer in ("No", "Look here"):
        ts = story.say(HELPER, answer, thread_ts=ask.ts)
        story.react(PEER, ts, "bulb")
    ben = person(story, HELPER, ASKER)
    assert ben.helped_with == {"dbt": (story.only_ask().id,)}
    assert not ben.solved
    assert ben.knows == {"dbt": 2}


def test_what_was_deleted_or_is_old_counts_no_more(story: Story) -> None:
    choose(story, ASKER, topics_wanted=["dbt"], topics_known=["dbt"])
    choose(story, HELPER, topics_known=["dbt"])
    answer = solve_an_ask(story, "Is dbt slow?")
    ask = story.only_ask()
    story.clock.advance(days=364)
    assert person(story, ASKER, HELPER).wants == {"dbt": 2}
    story.clock.advance(days=2)
    assert person(story, ASKER, HELPER).wants == {"dbt": 1}
    # An answer that helped still does.
    assert person(story, HELPER, ASKER).knows == {"dbt": 2}
    story.delete(HELPER, answer, thread_ts=ask.ts)
    assert person(story, HELPER, ASKER).knows == {"dbt": 1}
    assert not person(story, HELPER, ASKER).helped


@pytest.mark.parametrize("later", [False, True])
def test_private_channels_tell_nothing(story: Story, later: bool) -> None:
    story.slack.channels[DEN] = conversation_object(DEN, "den", is_private=not later)
    story.slack.members_by_channel[DEN] = [ASKER, HELPER]
    choose(story, HELPER, topics_known=["dbt"])
    story.command(ASKER, "/ask", "Is dbt slow?", channel=DEN)
    story.deliver()
    ask = story.only_ask()
    answer = story.say(HELPER, "No", thread_ts=ask.ts, channel=DEN)
    story.react(ASKER, answer, "white_check_mark", channel=DEN)
    assert story.only_ask().state == "solved"
    if later:
        assert person(story, ASKER, HELPER).wants == {"dbt": 1}
        with story.rt.write(story.workspace) as tx:
            tx.session.get_one(Channel, ask.channel_id).is_private = True
    assert person(story, ASKER, HELPER).wants == {}
    assert person(story, HELPER, ASKER).knows == {"dbt": 1}
    assert not person(story, HELPER, ASKER).helped_with


def test_an_ask_without_a_name_is_nobodys(story: Story) -> None:
    choose(story, HELPER, topics_known=["dbt"])
    solve_an_ask(story, "Is dbt slow?")
    with story.rt.write(story.workspace) as tx:
        tx.session.execute(update(Ask).values(asker=ANONYMOUS))
    ben = person(story, HELPER, ASKER)
    assert ben.knows == {"dbt": 1}
    assert not ben.helped
    assert not ben.helped_with
    assert not person(story, ASKER, HELPER).wants


@pytest.mark.deep_on_postgresql
def test_hours_and_ways_are_those_of_ones_settings(story: Story) -> None:
    join_program(story, ASKER)
    choose(
        story,
        ASKER,
        hours_from=time(7),
        hours_to=time(12),
        participation="writing",
    )
    ana = person(story, ASKER)
    assert ana.zone == ZoneInfo("Europe/Helsinki")
    assert ana.hours is not None
    assert (ana.hours.start, ana.hours.end) == (time(7), time(12))
    assert ana.way is Way.WRITING
    assert person(story, "U0NEVERSEEN").zone is None


def test_teams_are_as_people_corrected_them_and_hidden_ones_unknown(
    story: Story,
) -> None:
    file = {"team": "Data", "level": "Senior", "source": "file"}
    set_attributes(story, ASKER, **file, manager=ADMIN)
    set_attributes(story, HELPER, **file, own_team="data", own_level="")
    set_attributes(story, PEER, **file, is_team_hidden=True, own_team="Search")
    set_attributes(story, CHAMPION, **file, is_level_hidden=True)
    everyone = (ASKER, HELPER, PEER, CHAMPION)
    people = [person(story, each, *everyone) for each in everyone]
    assert [each.team for each in people] == ["Data", "Data", None, "Data"]
    assert [each.level for each in people] == ["Senior", None, "Senior", None]
    assert [each.manager for each in people] == [ADMIN, None, None, None]


def test_meetings_count_whoever_is_asked_about(story: Story) -> None:
    with story.rt.write(story.workspace) as tx:
        meetings.record(tx, [PEER, ASKER, HELPER], met_at=tx.now - timedelta(days=28))
        meetings.record(tx, [HELPER, ASKER], met_at=tx.now)
        meetings.record(tx, [ASKER, HELPER], met_at=tx.now - timedelta(days=70))
        meetings.record(tx, [CHAMPION], met_at=tx.now)
    everyone = (ASKER, HELPER, PEER)
    met = {each: dict(person(story, each, *everyone).met) for each in everyone}
    assert met == {ASKER: {HELPER: 1, PEER: 2}, HELPER: {PEER: 2}, PEER: {}}
    assert not person(story, ASKER, CHAMPION).met


@pytest.mark.deep_on_postgresql
def test_those_who_share_a_circle_count_as_met_while_it_goes_on(story: Story) -> None:
    """It need not have met yet; a place that is only offered does not count."""
    circle_id = make_circle(story, (ASKER, HELPER, PEER, CHAMPION))
    with story.rt.write(story.workspace) as tx:
        tx.session.get_one(CircleMember, (circle_id, PEER)).taken_at = None
        tx.session.get_one(CircleMember, (circle_id, CHAMPION)).left_at = tx.now
    everyone = (ASKER, HELPER, PEER, CHAMPION)
    ana = person(story, ASKER, *everyone)
    assert ana.met == {HELPER: 1}
    assert ana.circle_mates == {HELPER}
    assert person(story, HELPER, *everyone).circle_mates == {ASKER}
    # Circles are formed by meetings alone.
    with story.rt.write(story.workspace) as tx:
        people = facts.load_people(tx, everyone, for_circles=True)
        assert not any(each.met or each.circle_mates for each in people)
        tx.session.get_one(Circle, circle_id).ended_at = tx.now
    assert not person(story, ASKER, *everyone).met


def test_someone_whom_a_member_excludes_is_apart_from_them(story: Story) -> None:
    with story.rt.write(story.workspace) as tx:
        exclusions.exclude(tx, ASKER, HELPER, source="own")
        exclusions.exclude(tx, PEER, ASKER, source="fit")
    everyone = (ASKER, HELPER, PEER)
    apart = {each: person(story, each, *everyone).do_not_pair for each in everyone}
    assert apart == {ASKER: {HELPER}, HELPER: set(), PEER: {ASKER}}


def test_guests_meet_only_people_they_know(story: Story) -> None:
    everyone = (GUEST, ASKER, HELPER, PEER, CHAMPION, ADMIN)
    program = make_program(story, guests_may_join=True)
    join_program(story, *everyone)
    join_program(story, GUEST, ASKER, program_id=program)
    is_in(story, HELP_CHANNEL, GUEST, HELPER)
    choose(story, GUEST, topics_wanted=["dbt"])
    solve_an_ask(story, "Is dbt slow?", asker=PEER, author=GUEST)
    assert person(story, GUEST, *everyone).do_not_pair == {CHAMPION, ADMIN}
    assert not person(story, CHAMPION, *everyone).do_not_pair


def test_newcomers_are_those_who_joined_lately(story: Story) -> None:
    join_program(story, ASKER)
    with story.rt.read(story.workspace) as tx:
        joined_at = tx.now
    join_program(story, HELPER, joined_at=joined_at)
    assert not person(story, ASKER).is_newcomer
    assert person(story, HELPER).is_newcomer
    story.clock.advance(days=91)
    assert not person(story, HELPER).is_newcomer


class TestWhoCanBeMatched:
    def test_those_who_joined_a_program_that_runs(self, story: Story) -> None:
        program = make_program(story)
        join_program(story, HELPER, ASKER)
        join_program(story, PEER, program_id=program)
        join_program(story, CHAMPION, program_id=program, is_joined=False)
        assert matchable(story) == sorted([ASKER, HELPER, PEER])
        change_program(story, program, starts_on=story.clock().date() + timedelta(1))
        assert matchable(story) == sorted([ASKER, HELPER])
        change_program(story, program, starts_on=None, ended_at=story.clock())
        assert matchable(story) == sorted([ASKER, HELPER])

    @pytest.mark.parametrize(
        "fields",
        [
            {"is_bot": True},
            {"deleted": True},
            {"team_id": "T0OTHER"},
            {"profile": {"status_text": "On vacation"}},
        ],
    )
    def test_nobody_who_is_not_there(
        self, story: Story, fields: dict[str, Any]
    ) -> None:
        story.slack.people[PEER] = user_object(PEER, **fields)
        join_program(story, ASKER, PEER)
        assert matchable(story) == [ASKER]

    def test_an_absence_ends(self, story: Story) -> None:
        until = story.clock() + timedelta(days=3)
        story.slack.people[PEER] = user_object(
            PEER,
            profile={
                "status_emoji": ":palm_tree:",
                "status_expiration": int(until.timestamp()),
            },
        )
        join_program(story, PEER)
        assert matchable(story) == []
        story.clock.advance(days=3, seconds=1)
        assert matchable(story) == [PEER]

    def test_a_pause_ends_in_ones_own_zone(self, story: Story) -> None:
        story.slack.people[PEER] = user_object(PEER, tz="Pacific/Auckland")
        day = story.clock().date() + timedelta(days=2)
        join_program(story, ASKER, PEER, paused_until=day)
        join_program(story, HELPER)
        choose(story, HELPER, paused_until=day)
        assert matchable(story) == []
        # Noon in UTC is the next day in Auckland.
        story.clock.now = story.clock().replace(hour=12) + timedelta(days=1)
        assert matchable(story) == [PEER]
        story.clock.advance(days=1)
        assert matchable(story) == sorted([ASKER, HELPER, PEER])

    def test_a_pause_in_one_program_is_none_in_another(self, story: Story) -> None:
        program = make_program(story)
        later = story.clock().date() + timedelta(days=30)
        join_program(story, ASKER, PEER, program_id=program, paused_until=later)
        join_program(story, ASKER)
        assert matchable(story) == [ASKER]


def test_a_forgotten_person_is_in_nobodys_history(story: Story) -> None:
    join_program(story, ASKER, HELPER, PEER)
    set_attributes(story, HELPER, manager=ASKER, source="file")
    with story.rt.write(story.workspace) as tx:
        meetings.record(tx, [ASKER, HELPER, PEER], met_at=tx.now)
        exclusions.exclude(tx, HELPER, ASKER, source="own")
        exclusions.exclude(tx, ASKER, PEER, source="fit")
        privacy.erase(tx, ASKER)
        pairs = [(row.member, row.other) for row in tx.session.query(PeerMeeting)]
        assert pairs == [(HELPER, PEER)]
        assert exclusions.excluded(tx, HELPER) == []
        assert exclusions.excluded(tx, ASKER) == []
    ben = person(story, HELPER, ASKER, PEER)
    assert ben.manager != ASKER
    assert matchable(story) == sorted([HELPER, PEER])


def test_nobody_learns_who_excludes_them(story: Story) -> None:
    join_program(story, ASKER, HELPER)
    with story.rt.write(story.workspace) as tx:
        exclusions.exclude(tx, ASKER, HELPER, source="fit")
    with story.rt.read(story.workspace) as tx:
        assert privacy.rows_about(tx, HELPER)["do_not_pair"] == []
        [row] = privacy.rows_about(tx, ASKER)["do_not_pair"]
    assert row["other"] == HELPER


@pytest.mark.deep_on_postgresql
def test_many_people_take_as_many_statements_as_few(story: Story) -> None:
    join_program(story, ASKER, HELPER, GUEST)
    statements: list[str] = []

    def count(*arguments: Any) -> None:
        statements.append(arguments[2])

    many = [f"U0MANY{n}" for n in range(1500)]
    with story.rt.read(story.workspace) as tx:
        engine = tx.session.get_bind()
        assert isinstance(engine, Engine)
        event.listen(engine, "before_cursor_execute", count)
        few_people = facts.load_people(tx, [ASKER, HELPER, GUEST])
        few, statements[:] = len(statements), []
        people = facts.load_people(tx, [ASKER, HELPER, GUEST, *many])
        event.remove(engine, "before_cursor_execute", count)
    assert len(statements) == few <= 13
    assert [p.id for p in people] == sorted([ASKER, HELPER, GUEST, *many])
    by_id = {each.id: each for each in people}
    for each in few_people[:2]:
        assert by_id[each.id] == each


def test_the_facts_of_a_workspace_are_its_own(story: Story) -> None:
    with story.rt.write(story.workspace) as tx:
        other = Installation(
            team_id="T0OTHER",
            bot_id="B0OTHER",
            bot_user_id="U0OTHERBOT",
            team_name="Others",
            team_url="https://others.slack.test/",
            installed_at=tx.now,
        )
        tx.session.add(other)
        tx.session.flush()
        pair = {"installation_id": other.id, "member": ASKER, "other": HELPER}
        tx.session.add_all(
            [
                DoNotPair(**pair),
                PeerMeeting(**pair, last_met_at=tx.now),
                MemberAttributes(installation_id=other.id, member=ASKER, team="Data"),
            ]
        )
    ana = person(story, ASKER, HELPER)
    assert not ana.team
    assert not ana.met
    assert not ana.do_not_pair
