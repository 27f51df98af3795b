"""After a meeting: did you meet, and was it worth your time?"""

import json
from datetime import timedelta
from itertools import permutations
from typing import NamedTuple

import pytest
from sqlalchemy import select

from bot.circles import meeting_store, outcomes
from bot.circles.outcome_rules import Outcome, Receipt, Worth
from models import CircleMeeting, CircleMember, CircleSeason, MeetingAnswer, PeerMeeting
from tests.circles import (
    PEOPLE,
    button_values,
    come_later,
    keep,
    make_circle,
    meeting_of,
    open_agenda,
    presses,
)
from tests.factories import Story
from tests.personal_data import days_pass, everything_in, file_of, forget
from tests.programs import last_reply
from tests.seasons import press
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELPER,
    PEER,
    user_object,
)


class Button(NamedTuple):
    action_id: str
    value: str


@pytest.fixture
def over(story: Story) -> Story:
    """A meeting that Ana alone started and ended; Ben wanted a turn, before it."""
    make_circle(story)
    open_agenda(story)
    presses(story, HELPER, "want_turn")
    story.advance(seconds=1)
    presses(story, ASKER, "start")
    story.advance(minutes=50)
    presses(story, ASKER, "end")
    story.advance(seconds=61)
    return story


def question(story: Story, member: str):
    [message] = [m for m in story.slack.messages_to(member) if "is over" in m.text]
    return message


def says(story: Story, member: str, act: str, number: int = 1) -> str:
    """Press a button after the meeting; return what the message says then."""
    value = f"{meeting_of(story, number).id}:0:0"
    story.click(member, f"meeting_{act}", value)
    return json.dumps(story.slack.responses[-1], ensure_ascii=False)


def take_back_button(story: Story):
    """Return the button in the reply to the last press."""
    [found] = [
        Button(each["action_id"], each["value"])
        for block in story.slack.responses[-1][2]
        for each in block.get("elements", [])
        if each.get("action_id", "").startswith("meeting_unrate_")
    ]
    return found


def pairs(story: Story) -> set[tuple[str, str]]:
    with story.rt.read_session() as session:
        rows = session.execute(select(PeerMeeting.member, PeerMeeting.other))
        return {(row.member, row.other) for row in rows}


def worths(story: Story) -> tuple[int, int, int]:
    meeting = meeting_of(story, 1)
    return meeting.worth_yes, meeting.worth_so_so, meeting.worth_no


def line_of(story: Story) -> str:
    with story.rt.read(story.workspace) as tx:
        season = tx.session.scalars(select(CircleSeason)).one()
        return outcomes.season_line(tx, season)


@pytest.mark.deep
def test_one_person_who_starts_and_ends_has_met_nobody(over: Story):
    assert pairs(over) == set()
    assert not meeting_of(over, 1).took_place
    assert line_of(over) == "0 meetings took place so far."


def test_two_who_say_that_it_took_place_speak_for_all(over: Story):
    come_later(over, GUEST)
    for member in (HELPER, PEER):
        asked = button_values(question(over, member))
        assert list(asked) == [f"meeting_met_{each}" for each in Outcome]
        assert "You said: It took place" in says(over, member, "met_all")
    assert len(pairs(over)) == 10
    assert line_of(over) == "1 meeting took place so far."
    # Each was asked once.
    keep(over)
    for member in PEOPLE:
        question(over, member)


def test_part_of_us_are_those_who_say_so(over: Story):
    says(over, HELPER, "met_part")
    says(over, PEER, "met_none")
    assert pairs(over) == {tuple(sorted((ASKER, HELPER)))}
    # Nobody but the one who said it reads it.
    for member in PEOPLE:
        assert "Part of us." not in str(question(over, member).blocks)


@pytest.mark.deep
def test_the_last_press_counts_in_any_order(over: Story):
    meeting_id = meeting_of(over, 1).id
    acts = (Outcome.NONE, Outcome.ALL, Outcome.PART)
    for start, order in enumerate(permutations(range(3))):
        with over.rt.write(over.workspace) as tx:
            meeting = meeting_store.get(tx, meeting_id, by=PEER)
            for at in order:
                outcomes.answer(
                    tx, meeting, acts[at], by=PEER, event_micros=start * 10 + at + 1
                )
            row = tx.session.get_one(
                MeetingAnswer, (meeting_id, PEER), populate_existing=True
            )
            assert row.answer == "part"


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_worth_is_counted_once_and_without_a_name(over: Story):
    answer = says(over, HELPER, "met_all")
    assert "Was it worth your time?" in answer
    assert "I don't store that it is yours" in says(over, HELPER, "worth_no")
    first = take_back_button(over)
    # A second press leaves the message as it is, with the button to take it back.
    for act in ("worth_no", "worth_yes"):
        says(over, HELPER, act)
        assert last_reply(over) == outcomes.HAS_RATED
        assert len(over.slack.replaced_texts) == 2
    for act in ("met_all", "worth_yes"):
        says(over, PEER, act)
    others = take_back_button(over)
    assert worths(over) == (1, 0, 1)
    # Only the answer that they gave can be taken back, and only once.
    secret = first.value.partition(":")[2]
    for forged in ("0:0", "", secret[:-1], others.value.partition(":")[2]):
        value = f"{meeting_of(over, 1).id}:{forged}"
        for worth in Worth:
            over.click(HELPER, f"meeting_unrate_{worth}", value)
            assert last_reply(over) == outcomes.NOT_LAST
    over.click(HELPER, "meeting_unrate_yes", first.value)
    assert last_reply(over) == outcomes.NOT_LAST
    assert worths(over) == (1, 0, 1)
    for _ in range(2):
        over.click(HELPER, "meeting_unrate_no", first.value)
        assert "Was it worth your time?" in json.dumps(over.slack.responses[-1])
        assert worths(over) == (1, 0, 0)
    # The button of an earlier answer takes back nothing of the next one.
    says(over, HELPER, "worth_yes")
    second = take_back_button(over)
    for button in (first, others):
        over.click(HELPER, button.action_id, button.value)
        assert last_reply(over) == outcomes.NOT_LAST
    assert worths(over) == (2, 0, 0)
    # No stored row tells the answer, and no secret is stored.
    with over.rt.read_session() as session:
        receipt = session.get_one(
            MeetingAnswer, (meeting_of(over, 1).id, HELPER)
        ).receipt
    assert receipt == Receipt(Worth.YES, second.value.partition(":")[2]).fingerprint
    assert receipt not in {Receipt(worth, "").fingerprint for worth in Worth}
    assert second.value.partition(":")[2] not in everything_in(over)
    file = json.dumps(file_of(over, HELPER)["tables"]["meeting_answers"])
    assert "worth" not in file


@pytest.mark.deep
def test_leads_see_the_answers_of_five_people_at_a_time(story: Story):
    """A lead looks after each answer, and never learns that of one person."""
    people = (*PEOPLE, "U0SIX", "U0SEVEN")
    for member in people[5:]:
        story.slack.people[member] = user_object(member)
    make_circle(story, people)
    open_agenda(story)
    presses(story, ASKER, "start")
    story.advance(minutes=50)
    presses(story, ASKER, "end")
    story.advance(seconds=61)
    for number, member in enumerate(people):
        says(story, member, "met_all")
        says(story, member, "worth_no" if number > 4 else "worth_yes")
        text = "1 meeting took place so far. Worth the time? 5 yes, 0 so-so, 0 no."
        assert (line_of(story) == text) == (number >= 4)
    with story.rt.read_session() as session:
        assert not session.scalars(select(MeetingAnswer.receipt)).first()
    says(story, people[0], "unrate_yes")
    assert "The leads see the counts by now" in last_reply(story)
    assert line_of(story) == text
    with story.rt.write_session.begin() as session:
        first = meeting_of(story, 1)
        columns = {each.key for each in CircleMeeting.__table__.columns} - {"id"}
        same = {name: getattr(first, name) for name in columns}
        later = {"number": 9, "worth_yes": 0, "worth_no": 0}
        session.add(CircleMeeting(**same | later))
    # Two are pending; each counts once, however many meetings they rate.
    for member in (*people[5:], *people[:2]):
        says(story, member, "worth_so_so", number=9)
        assert "5 yes, 0 so-so, 0 no." in line_of(story)
    says(story, people[2], "worth_so_so", number=9)
    text = "Worth the time? 5 yes, 5 so-so, 2 no."
    assert text in line_of(story)
    with story.rt.read_session() as session:
        season_id = session.scalars(select(CircleSeason.id)).one()
    assert text in json.dumps(press(story, ADMIN, "preview", f"{season_id}:0"))
    # An erased answer is not subtracted from what they saw.
    forget(story, people[0])
    says(story, people[3], "worth_no", number=9)
    assert text in line_of(story)


def test_who_says_no_is_not_asked_whether_it_was_worth_it(over: Story):
    assert "worth your time" not in says(over, PEER, "met_none")


@pytest.mark.deep
def test_people_outside_and_those_who_left_say_nothing(over: Story):
    with over.rt.write_session.begin() as session:
        for row in session.scalars(select(CircleMember).filter_by(member=CHAMPION)):
            row.left_at = over.clock()
    for member in (GUEST, CHAMPION):
        for act in ("met_all", "worth_yes"):
            says(over, member, act)
            assert last_reply(over) == "Only the people in this circle can do that."
    with over.rt.read_session() as session:
        assert not session.scalars(select(MeetingAnswer)).all()


@pytest.mark.parametrize("value", ["", "x", "999999:0:0", "1:0", "9" * 30, "1:0:0:0"])
def test_forged_values_do_nothing(over: Story, value: str):
    for act in ("met_all", "met_part", "met_none", "worth_yes", "unrate_no"):
        assert over.click(PEER, f"meeting_{act}", value).status == 200
    with over.rt.read_session() as session:
        assert not session.scalars(select(MeetingAnswer)).all()


def test_nobody_answers_before_the_end_or_long_after(story: Story):
    make_circle(story)
    open_agenda(story)
    says(story, PEER, "met_all")
    assert last_reply(story) == "This meeting is not over."
    story.advance(hours=3)
    keep(story)
    story.clock.now += timedelta(days=15)
    says(story, PEER, "met_all")
    assert last_reply(story) == "This meeting was too long ago."


@pytest.mark.deep
def test_answers_go_with_their_member_and_90_days_after_the_end(over: Story):
    says(over, HELPER, "met_all")
    says(over, PEER, "met_all")
    forget(over, HELPER)
    assert HELPER not in "\n".join(
        row for row in everything_in(over).splitlines() if "meeting_answers" in row
    )
    with over.rt.write_session.begin() as session:
        session.scalars(select(CircleSeason)).one().ended_at = over.clock()
    days_pass(over, 91)
    days_pass(over, 0)
    with over.rt.read_session() as session:
        assert not session.scalars(select(MeetingAnswer)).all()
