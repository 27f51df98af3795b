"""Rounds of peer coffee: when they begin, who is matched, and who is left out."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.pairs import rounds as service
from bot.people import exclusions
from jobs import pairs as jobs
from models import (
    Channel,
    ChannelMember,
    MemberAttributes,
    PairMatch,
    PairMatchMember,
)
from tests.factories import Story
from tests.pairs import (
    DUE,
    groups,
    match_of,
    names_of,
    next_round,
    opt_in,
    presses,
    rounds,
    runs,
    takes_part,
    texts_to,
    words,
)
from tests.people import choose
from tests.slack_payloads import ADMIN, ASKER, HELPER, user_object


@pytest.mark.deep
def test_six_people_begin_a_round_by_themselves(story: Story) -> None:
    people = names_of(6)
    takes_part(story, *people[:5])
    story.clock.now = DUE
    runs(story)
    assert rounds(story) == []
    takes_part(story, people[5])
    # The sixth came after ten o'clock.
    runs(story)
    assert rounds(story) == []
    next_round(story, 7)
    [first] = rounds(story)
    assert (first.day, first.people, first.unmatched) == (date(2026, 3, 17), 6, 0)
    assert sorted(member for group in groups(story) for member in group) == people
    for person in people:
        [text] = texts_to(story, person, "Peer coffee")
        assert text.startswith("Peer coffee: meet ")


@pytest.mark.deep
def test_rounds_go_on_with_fewer_than_six(story: Story) -> None:
    people = names_of(6)
    takes_part(story, *people)
    story.clock.now = DUE
    runs(story)
    story.click(people[5], "pair_stop", "coffee", view={"type": "home"})
    next_round(story)
    assert [each.people for each in rounds(story)] == [6, 5]


@pytest.mark.deep
def test_rounds_come_every_two_weeks(story: Story) -> None:
    takes_part(story, *names_of(6))
    story.clock.now = DUE
    for _ in range(43):
        runs(story)
        story.clock.advance(days=1)
    days = [each.day for each in rounds(story)]
    assert days == [
        date(2026, 3, 10),
        date(2026, 3, 24),
        date(2026, 4, 7),
        date(2026, 4, 21),
    ]


@pytest.mark.deep
def test_a_lead_can_begin_with_two_and_set_the_day(story: Story) -> None:
    story.set_up_workspace(
        coffee="on", coffee_weekday="4", coffee_weeks="1", coffee_hour="15"
    )
    takes_part(story, *names_of(2))
    story.clock.now = datetime(2026, 3, 12, 12, 59, tzinfo=UTC)
    runs(story)
    assert rounds(story) == []
    story.clock.advance(minutes=1)
    runs(story)
    assert [each.day for each in rounds(story)] == [date(2026, 3, 12)]
    story.clock.advance(days=7)
    runs(story)
    assert [each.day for each in rounds(story)][1:] == [date(2026, 3, 19)]


def test_it_can_be_off(story: Story) -> None:
    takes_part(story, *names_of(6))
    story.set_up_workspace(coffee="off")
    story.clock.now = DUE
    runs(story)
    assert rounds(story) == []
    story.click(ASKER, "pair_join", "coffee", view={"type": "home"})
    assert opt_in(story, names_of(1)[0]).is_in


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7])
def test_any_number_of_people(story: Story, count: int) -> None:
    story.set_up_workspace(coffee="on")
    people = names_of(count)
    takes_part(story, *people)
    story.clock.now = DUE
    runs(story)
    sizes = sorted(len(group) for group in groups(story))
    expected = {1: [], 2: [2], 3: [3], 4: [2, 2], 5: [2, 3], 7: [2, 2, 3]}
    assert sizes == expected[count]
    [first] = rounds(story)
    assert (first.people, first.unmatched) == (count, count == 1)
    if count == 1:
        assert texts_to(story, people[0], "I found nobody for you")


@pytest.mark.deep
def test_nobody_is_told_each_round_that_there_is_nobody(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER)
    story.clock.now = DUE
    runs(story)
    for _ in range(3):
        next_round(story)
    assert len(rounds(story)) == 4
    assert len(texts_to(story, ASKER, "I found nobody for you")) == 1


def test_each_gets_it_at_ten_in_their_own_zone(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, "U0TOKYO", tz="Asia/Tokyo")
    takes_part(story, "U0DELHI", tz="Asia/Kolkata")
    story.clock.now = datetime(2026, 3, 10, 1, tzinfo=UTC)
    runs(story)
    assert len(texts_to(story, "U0TOKYO", "meet U0DELHI")) == 1
    assert texts_to(story, "U0DELHI") == []
    story.advance(hours=3, minutes=29)
    assert texts_to(story, "U0DELHI") == []
    story.advance(minutes=1)
    assert len(texts_to(story, "U0DELHI", "meet U0TOKYO")) == 1


@pytest.mark.deep
def test_two_replicas_form_one_round(story: Story) -> None:
    takes_part(story, *names_of(8))
    story.clock.now = DUE
    with story.rt.read(story.workspace) as tx:
        drafts = [service.draft(tx), service.draft(tx)]
    for draft in drafts:
        assert draft is not None
        formed = draft.form()
        with story.rt.write(story.workspace) as tx:
            service.store(tx, draft, formed)
    story.deliver()
    assert len(rounds(story)) == 1
    assert len(groups(story)) == 4
    for person in names_of(8):
        assert len(texts_to(story, person, "Peer coffee")) == 1


def test_the_same_people_are_matched_alike(story: Story) -> None:
    takes_part(story, *names_of(8))
    story.clock.now = DUE
    with story.rt.read(story.workspace) as tx:
        first, second = service.draft(tx), service.draft(tx)
    assert first is not None
    assert second is not None
    assert first.form() == second.form()


def test_someone_who_stops_while_the_round_is_formed_is_not_in_it(story: Story) -> None:
    people = names_of(6)
    takes_part(story, *people)
    story.clock.now = DUE + timedelta(minutes=1)
    # Someone who presses only now, takes part in the next one.
    takes_part(story, "U0LATE")
    with story.rt.read(story.workspace) as tx:
        draft = service.draft(tx)
    assert draft is not None
    assert len(draft.people) == len(people)
    formed = draft.form()
    story.click(people[0], "pair_stop", "coffee", view={"type": "home"})
    with story.rt.write(story.workspace) as tx:
        service.store(tx, draft, formed)
    story.deliver()
    assert all(people[0] not in group for group in groups(story))
    [first] = rounds(story)
    assert (first.people, first.unmatched) == (5, 1)


@pytest.mark.deep
def test_people_who_wait_are_first_if_a_list_leaves_some_out(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    people = names_of(4)
    takes_part(story, *people)
    # These three don't want to meet each other: one of them can meet the fourth.
    with story.rt.write(story.workspace) as tx:
        for member, other in ((0, 1), (1, 2), (0, 2)):
            exclusions.exclude(tx, people[member], people[other], source="own")
    story.clock.now = DUE
    left_out: list[set[str]] = []
    for _ in range(4):
        runs(story)
        matched = {member for group in groups(story) for member in group}
        left_out.append(set(people) - matched)
        for group in groups(story):
            presses(story, group[0], "We have a time")
            presses(story, group[1], "We have a time")
        story.clock.advance(days=14)
    for before, after in itertools.pairwise(left_out):
        # Two wait each time; the one of them who waited longest is first.
        assert len(before) == len(after) == 2
        assert before != after
    assert [each.unmatched for each in rounds(story)] == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("reason", "count", "waiting_count"),
    [("manager", 2, 2), ("report", 6, 2), ("report", 3, 1), ("guest", 5, 1)],
)
@pytest.mark.deep
@pytest.mark.each_parameter
def test_two_who_must_not_meet_are_parted_before_they_read_of_each_other(
    story: Story, reason: str, count: int, waiting_count: int
) -> None:
    """It becomes known between the match and ten o'clock in their zone."""
    story.set_up_workspace(coffee="on")
    # The round is formed when it is ten in Tokyo.
    takes_part(story, "U0TOKYO", tz="Asia/Tokyo")
    choose(story, "U0TOKYO", paused_until=date(2026, 4, 1))
    people = names_of(count)
    guest = people[0] if reason == "guest" else ""
    for person in people:
        is_guest = person == guest
        story.slack.people[person] = user_object(person, is_restricted=is_guest)
    takes_part(story, *people)
    if reason == "guest":
        story.ask("How do I reach Mercury?")
        shares_channel(story, *people)
    story.clock.now = DUE - timedelta(hours=6)
    runs(story)
    [group] = [group for group in groups(story) if people[0] in group]
    first, second = group[:2]
    if reason == "guest":
        shares_channel(story, first, is_member=False)
    else:
        report, manager = (first, second) if reason == "manager" else (second, first)
        with story.rt.write(story.workspace) as tx:
            row = MemberAttributes(member=report, manager=manager, source="file")
            row.installation_id = tx.workspace.id
            tx.session.add(row)
    for _ in range(10):
        story.advance(hours=1)
        runs(story)
    assert not any({first, second} <= set(group) for group in groups(story))
    waiting = set(people) - {member for group in groups(story) for member in group}
    assert len(waiting) == waiting_count
    for person in people:
        told = texts_to(story, person)
        assert len(told) == 1
        assert told[0].startswith("I found nobody for you") == (person in waiting)
        if person in {first, second}:
            assert not {first, second} - {person} & set(told[0].split())


def shares_channel(story: Story, *people: str, is_member: bool = True) -> None:
    with story.rt.write(story.workspace) as tx:
        values = {"channel_id": tx.session.scalars(select(Channel.id)).one()}
        values |= {"is_member": is_member, "event_micros": 1}
        for person in people:
            tx.session.merge(ChannelMember(member=person, **values))


@pytest.mark.deep
def test_an_odd_one_is_never_left_out(story: Story) -> None:
    takes_part(story, *names_of(9))
    story.clock.now = DUE
    for _ in range(5):
        runs(story)
        assert sum(len(group) for group in groups(story)) == 9
        for person in names_of(9):
            presses(story, person, "We have a time")
        next_round(story, 13)
        story.clock.advance(days=1)
    assert all(each.unmatched == 0 for each in rounds(story))


def test_they_take_turns_to_write_first(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER)
    story.clock.now = DUE
    for _ in range(4):
        runs(story)
        presses(story, ASKER, "We have a time")
        presses(story, HELPER, "We have a time")
        story.clock.advance(days=14)
    with story.rt.read_session() as session:
        writers = session.scalars(
            select(PairMatch.first_writer).order_by(PairMatch.id)
        ).all()
    assert len(writers) == 4
    assert writers[0] == writers[2] != writers[1] == writers[3]
    lines = [
        "You write first." in words(message)
        for message in story.slack.messages_to(ASKER)
        if message.text.startswith("Peer coffee")
    ]
    assert lines == [writer == ASKER for writer in writers]


@pytest.mark.deep
def test_people_who_are_away_or_left_are_not_matched(story: Story) -> None:
    people = names_of(9)
    takes_part(story, *people)
    choose(story, people[0], paused_until=date(2026, 4, 1))
    story.slack.people[people[1]]["deleted"] = True
    user = story.slack.people[people[1]]
    story.event({"type": "user_change", "user": user})
    away = story.slack.people[people[2]]
    away["profile"]["status_emoji"] = ":palm_tree:"
    story.event({"type": "user_change", "user": away})
    story.clock.now = DUE
    runs(story)
    matched = {member for group in groups(story) for member in group}
    assert matched == set(people[3:])


@pytest.mark.deep
def test_silence_in_three_rounds_is_a_pause(story: Story) -> None:
    takes_part(story, *names_of(6))
    quiet, *others = names_of(6)
    story.clock.now = DUE
    for _ in range(3):
        runs(story)
        for person in others:
            presses(story, person, "We have a time")
        next_round(story, 13)
        story.clock.advance(days=1)
    assert texts_to(story, quiet, "I've paused it") == []
    takes_part(story, "U0NEW")
    runs(story)
    story.advance(hours=8)
    assert len(texts_to(story, quiet, "I've paused it")) == 1
    matched = {member for group in groups(story) for member in group}
    assert quiet not in matched
    next_round(story)
    assert quiet not in {member for group in groups(story) for member in group}
    presses(story, quiet, "Take part again")
    next_round(story)
    assert quiet in {member for group in groups(story) for member in group}
    assert len(texts_to(story, quiet, "I've paused it")) == 1


def test_someone_whose_mate_said_that_they_met_is_not_silent(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER)
    story.clock.now = DUE
    for _ in range(4):
        runs(story)
        match = str(match_of(story, ASKER))
        story.click(ASKER, "pair_met", match, view={"type": "home"})
        next_round(story, 13)
        story.clock.advance(days=1)
    assert texts_to(story, HELPER, "I've paused it") == []


def test_rounds_that_were_missed_are_left_out(story: Story) -> None:
    takes_part(story, *names_of(6))
    story.clock.now = DUE
    story.clock.advance(days=3)
    runs(story)
    assert rounds(story) == []
    next_round(story, 5)
    assert [each.day for each in rounds(story)] == [date(2026, 3, 17)]


def test_old_rounds_are_deleted_after_a_year(story: Story) -> None:
    takes_part(story, *names_of(6))
    story.clock.now = DUE
    runs(story)
    story.clock.advance(days=366)
    with story.rt.write(story.workspace) as tx:
        service.purge(tx)
    with story.rt.read_session() as session:
        assert session.scalars(select(PairMatchMember)).all() == []
    assert rounds(story) == []


def test_the_job_is_quiet_without_anyone(story: Story) -> None:
    story.clock.now = DUE
    jobs.match_pairs(story.rt, story.worker)
    story.deliver()
    assert rounds(story) == []
    assert story.slack.messages_to(ADMIN) == []
