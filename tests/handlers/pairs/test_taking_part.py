"""Taking part in peer coffee: the Home tab, settings, leads, and erasure."""

import itertools
import json
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bot.pairs import opt_ins
from bot.programs import membership
from models import PairMatchMember, PairOptIn
from tests.factories import Story
from tests.home import opens
from tests.pairs import (
    DUE,
    groups,
    names_of,
    opt_in,
    people_page,
    presses,
    rounds,
    runs,
    takes_part,
    texts_to,
)
from tests.people import choose, join_program, workspace_program
from tests.personal_data import forget
from tests.programs import program_page
from tests.slack_payloads import ADMIN, ASKER, HELPER, PEER, user_object


@pytest.mark.deep
def test_the_home_tab_offers_it_to_people_in_a_program(story: Story) -> None:
    story.ask()
    assert "Peer coffee" not in people_page(story, ASKER)
    join_program(story, ASKER)
    page = people_page(story, ASKER)
    assert "Meet a peer you may learn from, every 2 weeks" in page
    begins = "It begins when 6 people of your program take part. "
    assert f"{begins}0 people take part now." in page
    story.click(ASKER, "pair_join", "coffee", view={"type": "home"})
    story.advance(seconds=5)
    assert "You take part." in json.dumps(story.slack.homes[ASKER])


def test_a_day_is_promised_only_if_there_is_a_round(story: Story) -> None:
    people = names_of(6)
    takes_part(story, *people[:4])
    choose(story, people[1], paused_until=date(2026, 9, 1))
    with story.rt.write(story.workspace) as tx:
        program = workspace_program(tx)
        membership.leave(tx, program, people[2], event_micros=10**17)
        [silent] = tx.session.scalars(select(PairOptIn).filter_by(member=people[3]))
        silent.paused_at = tx.now + timedelta(minutes=1)
    # Those who left are not counted, nor those whom the bot paused.
    for person, said in ((people[4], "You are 3 now."), (people[5], "You are 4 now.")):
        story.slack.people[person] = user_object(person)
        join_program(story, person)
        story.click(person, "pair_join", "coffee", channel="D0X")
        begins = "Peer coffee begins when 6 people of your program take part."
        assert story.slack.replaced_texts[-1] == f"You're in. {begins} {said}"
    story.set_up_workspace(coffee="on")
    story.click(people[5], "pair_join", "coffee", channel="D0X")
    assert "The next round of peer coffee is on" in story.slack.replaced_texts[-1]
    assert "4 people take part." in program_page(story, ADMIN)


@pytest.mark.deep
def test_rounds_that_have_begun_wait_for_nobody(story: Story) -> None:
    people = names_of(6)
    takes_part(story, *people)
    story.clock.now = DUE
    runs(story)
    story.click(people[5], "pair_stop", "coffee", view={"type": "home"})
    assert "The next round is on" in people_page(story, people[0])
    assert "It begins when" not in program_page(story, ADMIN)


def test_nobody_outside_a_program_takes_part(story: Story) -> None:
    story.ask()
    story.click(ASKER, "pair_join", "coffee", channel="D0X")
    refusal = "Peer coffee is for people in a program that has it."
    assert story.slack.responses[-1][1] == refusal
    with story.rt.read_session() as session:
        assert session.scalars(select(PairOptIn)).all() == []


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_the_command_shows_the_page_and_its_buttons_work_there(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    story.ask()
    refusal = story.command(ASKER, "/backswing", "pairs").body
    assert "it's for people who are in a program" in refusal
    join_program(story, ASKER)
    takes_part(story, HELPER)
    assert story.command(ASKER, "/backswing", "pairs").body == ""
    view = story.slack.views[-1][1]
    assert view["title"]["text"] == "People"
    assert "Meet a peer you may learn from, every 2 weeks" in json.dumps(view)

    def clicks(action: str, value: str) -> str:
        story.click(ASKER, action, value, view={"type": "modal", "id": "V1"})
        return json.dumps(story.slack.views[-1][1], ensure_ascii=False)

    shown = clicks("pair_join", "coffee")
    assert "You take part. The next round is on" in shown
    story.clock.now = DUE
    runs(story)
    story.command(ASKER, "/backswing", "pairs")
    page = json.dumps(story.slack.views[-1][1])
    assert "This round you meet " in page
    for label in ("We have a time", "Can't this round", "Stop"):
        assert f'"{label}"' in page
    match = _match(story, ASKER)
    assert "You have a time with Ben" in clicks("pair_time", match)
    assert "Was it a good match?" in clicks("pair_met", match)
    assert "no longer take part" in clicks("pair_stop", "coffee")
    assert "Meet a peer you may learn from" in page_text(story, ASKER)


def page_text(story: Story, member: str) -> str:
    story.command(member, "/backswing", "pairs")
    return json.dumps(story.slack.views[-1][1])


def test_presses_in_any_order_give_one_wish(story: Story) -> None:
    join_program(story, ASKER)
    for stops_first in (True, False):
        base = int(story.clock().timestamp())
        presses_ = [("pair_join", f"{base}.000001"), ("pair_stop", f"{base}.000002")]
        for action, at in presses_[:: -1 if stops_first else 1]:
            story.click(ASKER, action, "coffee", action_ts=at, view={"type": "home"})
        assert not opt_in(story, ASKER).is_in
        story.clock.advance(minutes=1)


def test_my_settings_have_a_line(story: Story) -> None:
    join_program(story, ASKER)
    story.change_my_settings(ASKER, takes_coffee=["yes"])
    assert opt_in(story, ASKER).is_in
    story.change_my_settings(ASKER, takes_coffee=[])
    assert not opt_in(story, ASKER).is_in


def test_someone_who_leaves_their_program_is_not_matched(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER, PEER)
    with story.rt.write(story.workspace) as tx:
        program = workspace_program(tx)
        membership.leave(tx, program, PEER, event_micros=10**17)
    story.clock.now = DUE
    runs(story)
    assert groups(story) == [(ASKER, HELPER)]


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_leads_see_numbers_and_names_but_no_answers(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER, PEER)
    page = program_page(story, ADMIN)
    assert "3 people take part. The next round is on Tuesday, 3 March." in page
    story.click(ADMIN, "pair_preview", "coffee", view={"type": "home"})
    preview = json.dumps(story.slack.views[-1][1])
    assert "Tuesday, 3 March, as things are now: 3 people, 0 unmatched." in preview
    assert "Ana, Ben and Chi" in preview
    story.clock.now = DUE
    runs(story)
    presses(story, PEER, "Can't this round")
    story.click(ADMIN, "pair_last_round", "coffee", view={"type": "home"})
    last = json.dumps(story.slack.views[-1][1])
    assert "Ana, Ben and Chi" in last
    assert "can" not in last.lower()
    assert "Last round, Tuesday, 10 March: 3 people." in program_page(story, ADMIN)


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_the_list_of_a_round_tells_no_lead_who_could_not_come(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER, PEER, ADMIN)
    story.clock.now = DUE
    runs(story)
    before = last_round(story)
    [first, second] = groups(story)
    presses(story, first[0], "Can't this round")
    presses(story, second[0], "Can't this round")
    runs(story)
    assert groups(story) == [tuple(sorted((first[1], second[1])))]
    assert last_round(story) == before


def last_round(story: Story) -> str:
    story.click(ADMIN, "pair_last_round", "coffee", view={"type": "home"})
    return json.dumps(story.slack.views[-1][1]["blocks"])


@pytest.mark.parametrize("action", ["pair_preview", "pair_last_round"])
def test_others_do_not_see_the_pairs(story: Story, action: str) -> None:
    takes_part(story, ASKER)
    before = len(story.slack.views)
    story.click(ASKER, action, "coffee", channel="D0X")
    assert len(story.slack.views) == before
    assert "can see the pairs" in story.slack.responses[-1][1]


@pytest.mark.deep
def test_a_forgotten_person_is_in_no_match(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER)
    story.clock.now = DUE
    runs(story)
    forget(story, HELPER)
    story.deliver()
    assert texts_to(story, ASKER, "Someone can't this time")
    with story.rt.read_session() as session:
        assert session.scalars(select(PairMatchMember.member)).all() == [ASKER]
        assert session.scalars(select(PairOptIn.member)).all() == [ASKER]
    story.advance(days=12)
    assert texts_to(story, ASKER, "Did you meet") == []
    # What they were introduced with names nobody now.
    assert texts_to(story, ASKER, "Ben") == []


def test_it_is_gone_where_it_is_off(story: Story) -> None:
    takes_part(story, ASKER)
    assert "Peer coffee" in people_page(story, ASKER)
    story.set_up_workspace(coffee="off")
    story.advance(seconds=5)
    opens(story, ASKER)
    assert "Peer coffee" not in json.dumps(story.slack.homes[ASKER])
    with story.rt.read(story.workspace) as tx:
        assert not opt_ins.is_offered(tx)


@pytest.mark.deep
@pytest.mark.timeout(300)
def test_twelve_rounds_over_the_clocks_and_leavers(story: Story) -> None:
    """Match people in three zones over half a year; the clocks change twice."""
    people = names_of(12)
    takes_part(story, *people[:6])
    takes_part(story, *people[6:9], tz="America/New_York")
    takes_part(story, *people[9:], tz="Asia/Kolkata")
    # Helsinki's clocks change between the first and the second round.
    story.clock.now = DUE.replace(hour=0, minute=30)
    met: list[frozenset[str]] = []
    for number in range(12):
        # The round is formed on the first day, and people read of it in their zones.
        for hours in (*[6] * 8, *[72] * 4):
            story.clock.advance(hours=hours)
            runs(story)
        if number == 4:
            user = {**story.slack.people[people[0]], "deleted": True}
            story.slack.people[people[0]] = user
            story.event({"type": "user_change", "user": user})
        matched = [member for group in groups(story) for member in group]
        present = people[1:] if number > 4 else people
        assert sorted(matched) == present
        for group in groups(story):
            for member in group:
                introductions = texts_to(story, member, "Peer coffee: meet")
                assert len(introductions) == number + 1
                story.click(member, "pair_met", _match(story, member), channel="D0X")
            met += map(frozenset, itertools.combinations(group, 2))
    assert [each.day.month for each in rounds(story)] == [
        *(3, 3, 4, 4, 5, 5, 6, 6, 6, 7, 7, 8)
    ]
    # With 66 pairs, nobody need meet anyone for the third time.
    assert max(Counter(met).values()) <= 2


def _match(story: Story, member: str) -> str:
    with story.rt.read_session() as session:
        row = session.scalars(
            select(PairMatchMember)
            .filter_by(member=member)
            .order_by(PairMatchMember.match_id.desc())
        ).first()
        assert row is not None
        return str(row.match_id)
