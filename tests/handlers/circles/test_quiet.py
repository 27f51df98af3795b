"""A circle that goes quiet is asked, has a break, and comes back."""

from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from bot.circles import decisions, service, votes
from bot.circles import quiet as quiet_circles
from bot.circles.vote_rules import Answer, Kind
from models import CircleSeason, CircleVoteAnswer
from tests.circles import (
    PEOPLE,
    button_values,
    come_later,
    meeting_of,
    open_agenda,
    presses,
)
from tests.factories import Story
from tests.handlers.circles.test_merges import answer, offers, two_circles
from tests.handlers.circles.test_started import circle as started_circle
from tests.handlers.circles.test_times import chooses_time
from tests.personal_data import forget
from tests.quiet import (
    QUIET,
    a_circle,
    answers,
    circle,
    hours_come,
    misses_two,
    open_votes,
    runs_jobs,
    until,
    vote_of,
)
from tests.seasons import (
    circles_of,
    messages_with,
    places_of,
    press,
    signs_up,
    text_of,
)
from tests.slack_payloads import ADMIN, ASKER, CHAMPION, GUEST, HELPER, PEER

ENDED, BACK = "Your circle has ended", "One of you brought your circle back"


@pytest.fixture
def quiet(story: Story) -> int:
    """A circle of five that missed its first two meetings, and was asked."""
    circle_id = a_circle(story)
    misses_two(story)
    return circle_id


def texts(story: Story) -> list[int]:
    return [len(story.slack.messages_to(member)) for member in PEOPLE]


@pytest.mark.deep
def test_people_who_came_later_missed_nothing(story: Story):
    circle_id = a_circle(story)
    runs_jobs(story)
    for number in (1, 2):
        meeting = meeting_of(story, number)
        until(story, meeting.planned_at + timedelta(hours=3))
        for member in PEOPLE[:3]:
            story.click(member, "meeting_met_part", f"{meeting.id}:0:0")
    come_later(story, GUEST, "U0LATER")
    with story.rt.read(story.workspace) as tx:
        assert not quiet_circles.is_quiet(tx, service.get(tx, circle_id))


def season_of(story: Story) -> CircleSeason:
    with story.rt.read_session() as session:
        return session.scalars(
            select(CircleSeason).order_by(CircleSeason.id).limit(1)
        ).one()


@pytest.mark.deep
def test_without_an_answer_it_has_a_break_until_a_member_brings_it_back(
    story: Story, quiet: int
):
    for member in PEOPLE:
        [question] = messages_with(story, member, QUIET)
        # Alone in its season, it has no circle to join.
        assert "Join another circle" not in question
        # Nobody reads who was missing.
        assert not any(f"<@{other}>" in question for other in PEOPLE)
    before = texts(story)
    until(story, vote_of(story).answer_until + timedelta(minutes=1))
    frozen_at = circle(story, quiet).frozen_at
    assert frozen_at is not None
    # Eight weeks, over the third meeting and those after it.
    until(story, frozen_at + timedelta(weeks=8))
    assert texts(story) == before
    assert meeting_of(story, 3).announced_at is None
    # Nor by a button of before, nor because one of them leaves.
    value = f"{meeting_of(story, 3).id}:0:0"
    story.click(HELPER, "meeting_want_turn", value)
    assert "has a break" in text_of(story.slack.responses[-1])
    press(story, ADMIN, "leave", quiet)
    story.deliver()
    assert texts(story) == before

    page = text_of(press(story, PEER, "see", quiet))
    assert "❄ Your circle has a break." in page
    assert "Choose a time" not in page
    assert "❄ It has a break." in text_of(press(story, PEER, "new_people", quiet))
    back = press(story, PEER, "thaw", quiet)
    assert "Your circle is back." in text_of(back)
    press(story, HELPER, "thaw", quiet)
    story.deliver()
    meeting = meeting_of(story, 3)
    # Wednesday at noon in Berlin, as before; the clocks have changed since.
    assert timedelta(days=7) <= meeting.planned_at - story.clock.now
    assert meeting.planned_at - story.clock.now < timedelta(days=14)
    assert (meeting.planned_at.weekday(), meeting.planned_at.hour) == (2, 10)
    hours_come(story)
    stayed = [each for each in PEOPLE if each != ADMIN]
    for member in stayed:
        assert len(messages_with(story, member, BACK)) == 1
    assert not messages_with(story, ADMIN, BACK)
    assert sum(file.member == PEER for file in story.slack.files.values()) == 1
    until(story, meeting.planned_at - timedelta(minutes=10))
    assert "meeting_start" in button_values(story.slack.messages_to(PEER)[-1])
    # All its meetings are still to come, and it ends after the last.
    last = meeting.planned_at + timedelta(weeks=6)
    assert circle(story, quiet).ends_on == (last + timedelta(days=7)).date()
    assert season_of(story).ends_on >= last.date()


@pytest.mark.deep
def test_a_break_of_twelve_weeks_is_the_end(story: Story, quiet: int):
    until(story, vote_of(story).answer_until + timedelta(minutes=1))
    story.clock.now += timedelta(weeks=12)
    runs_jobs(story)
    assert circle(story, quiet).ended_at is None
    story.advance(days=1)
    runs_jobs(story)
    hours_come(story)
    assert circle(story, quiet).ended_at is not None
    assert messages_with(story, PEER, ENDED)
    press(story, PEER, "thaw", quiet)
    assert circle(story, quiet).frozen_at is not None


@pytest.mark.deep
def test_it_goes_on_and_is_asked_again_after_two_more(story: Story, quiet: int):
    vote = answers(story, "continue", *PEOPLE[:4])
    # One has not answered yet.
    assert vote.decided_at is None
    until(story, vote.answer_until + timedelta(minutes=1))
    hours_come(story)
    for member in PEOPLE:
        assert messages_with(story, member, "Your circle goes on. You next meet on")
    until(story, meeting_of(story, 3).planned_at + timedelta(days=5))
    assert vote_of(story).id == vote.id
    until(story, meeting_of(story, 4).planned_at + timedelta(days=5))
    assert vote_of(story).id != vote.id
    # The circle says late that it met, so silence is no reason for a break.
    for member in PEOPLE[:2]:
        story.click(member, "meeting_met_all", f"{meeting_of(story, 4).id}:0:0")
    until(story, vote_of(story).answer_until + timedelta(minutes=1))
    assert vote_of(story).result == "continue"
    assert circle(story, quiet).frozen_at is None


@pytest.mark.deep
def test_a_circle_that_meets_is_not_asked(story: Story):
    circle_id = a_circle(story)
    for number in (1, 2):
        open_agenda(story, number)
        presses(story, meeting_of(story, number).rota[0], "start")
        for member in (ASKER, HELPER, PEER):
            presses(story, member, "lead")
        story.advance(hours=3)
        runs_jobs(story)
    until(story, meeting_of(story, 2).planned_at + timedelta(days=5))
    assert circle(story, circle_id).check_at is None
    assert open_votes(story, circle_id) == []


@pytest.mark.deep
def test_they_find_another_time(story: Story, quiet: int):
    answers(story, "time", *PEOPLE)
    for member in PEOPLE:
        [result] = messages_with(story, member, "looks for another time")
        assert "circle_change" in result
    assert "Choose a time" in text_of(press(story, PEER, "see", quiet))
    at = chooses_time(story, PEER, quiet)
    assert meeting_of(story, 3).planned_at == at
    until(story, at + timedelta(hours=3))
    # The others follow; those that were keep their times.
    fourth = meeting_of(story, 4).planned_at
    assert timedelta(days=13) < fourth - at < timedelta(days=15)
    page = text_of(press(story, PEER, "see", quiet))
    assert "18 March" in page
    # The choice is made.
    assert not any(
        block["block_id"] == "time"
        for block in press(story, CHAMPION, "change", quiet)["blocks"]
    )


@pytest.mark.deep
def test_half_of_them_end_it_and_no_other_circle(story: Story, quiet: int):
    answers(story, "end", *PEOPLE[:3])
    answers(story, "continue", *PEOPLE[3:])
    for member in PEOPLE:
        assert messages_with(story, member, ENDED)
    assert circle(story, quiet).ended_at is not None
    assert season_of(story).ended_at is None


@pytest.mark.deep
def test_people_whose_circle_decided_to_end_sign_up_for_another(
    story: Story, program: int
):
    season, [(first, people), (other, _)] = two_circles(story, program, 9)
    at = chooses_time(story, people[0], first)
    until(story, at + timedelta(days=1))
    with story.rt.write(story.workspace) as tx:
        votes.ask(tx, service.lock(tx, first), Kind.QUIET)
    story.deliver()
    answers(story, "end", *people)
    assert circle(story, first).ended_at is not None
    offer = "There is a place for you"
    # Their sign-up was for the circle that has ended.
    for person in people:
        runs_jobs(story)
        assert len(messages_with(story, person, offer)) == 1
        assert '"Sign up"' in text_of(press(story, person, "new_people", first))
    again = people[0]
    signs_up(story, again, season)
    hours_come(story)
    assert len(messages_with(story, again, offer)) == 2
    press(story, again, "take", other)
    assert [row.left_at for row in places_of(story, again)] == [None, None]
    assert again in dict(circles_of(story, season))[other]
    assert "Take it back" not in text_of(press(story, again, "new_people", first))
    # They were in the first circle until its end.
    assert press(story, again, "again", first)["callback_id"] == "circle_start"


@pytest.mark.deep
def test_it_joins_another_circle_that_wants_it(story: Story, program: int):
    """A circle of four went quiet; one of three of its season has declined an offer."""
    season, [(first, people), (other, others)] = two_circles(story, program, 9)
    press(story, people[4], "leave", first)
    press(story, others[3], "leave", other)
    [(declined, _)] = offers(story)
    answer(story, people[:3], declined, "no")
    at = chooses_time(story, people[0], first)
    until(story, at + timedelta(days=1))
    with story.rt.write(story.workspace) as tx:
        votes.ask(tx, service.lock(tx, first), Kind.QUIET)
    story.deliver()
    [question] = messages_with(story, people[0], QUIET)
    assert "Join another circle" in question
    answers(story, "join", *people[:4])
    assert messages_with(story, people[0], "Your circle could join another one.")
    assert messages_with(story, others[0], "Another circle of 4 people would like")
    [_, (merge, _)] = offers(story)
    answer(story, [*people[:2], *others[:2]], merge)
    [(circle_id, together)] = circles_of(story, season)
    assert sorted(together) == sorted([*people[:4], *others[:3]])
    for member in together:
        assert messages_with(story, member, "Your circle is complete: 7")
    assert circle_id == other


@pytest.mark.parametrize("is_wanted", [True, False])
@pytest.mark.deep
def test_a_member_proposes_a_break(story: Story, is_wanted: bool):
    circle_id = a_circle(story)
    runs_jobs(story)
    assert "circle_break" in text_of(press(story, ASKER, "see", circle_id))
    for _ in range(2):
        press(story, ASKER, "break", circle_id)
    story.deliver()
    for member in PEOPLE:
        [question] = messages_with(story, member, "would like a break")
        assert "Ana" not in question
    vote = vote_of(story, Kind.BREAK)
    if is_wanted:
        answers(story, "yes", HELPER, PEER, kind=Kind.BREAK)
        [result] = messages_with(story, CHAMPION, "Your circle has a break.")
        assert "circle_thaw" in result
        # The first meeting would have been the first that two missed.
        until(story, meeting_of(story, 1).planned_at + timedelta(days=1))
        story.click(ADMIN, "circle_thaw", str(circle_id), channel="D1")
        assert "Your circle is back" in text_of(story.slack.responses[-1])
        assert circle(story, circle_id).frozen_at is None
        assert meeting_of(story, 1).planned_at > story.clock.now
    else:
        until(story, vote.answer_until + timedelta(minutes=1))
        assert messages_with(story, CHAMPION, "Your circle has no break.")
        assert circle(story, circle_id).frozen_at is None


@pytest.mark.deep
def test_it_decides_after_a_meeting_that_is_on(story: Story, quiet: int):
    answers(story, "break", *PEOPLE[:4])
    until(story, vote_of(story).answer_until - timedelta(hours=1))
    with story.rt.write(story.workspace) as tx:
        meeting = tx.session.get_one(type(meeting_of(story)), meeting_of(story, 3).id)
        meeting.posted_at = tx.now
    until(story, vote_of(story).answer_until + timedelta(hours=1))
    answers(story, "break", PEOPLE[4])
    assert circle(story, quiet).frozen_at is None
    until(story, meeting_of(story, 3).planned_at + timedelta(hours=3))
    assert circle(story, quiet).frozen_at is not None


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_a_break_that_they_want_in_a_meeting_begins_at_its_end(story: Story):
    circle_id = a_circle(story)
    open_agenda(story)
    press(story, ASKER, "break", circle_id)
    answers(story, "yes", HELPER, PEER, kind=Kind.BREAK)
    assert circle(story, circle_id).frozen_at is None
    until(story, meeting_of(story, 1).planned_at + timedelta(hours=3))
    assert circle(story, circle_id).frozen_at is not None
    assert messages_with(story, CHAMPION, "Your circle has a break.")


@pytest.mark.deep
def test_a_started_circle_ends_with_its_own_season(story: Story, program: int):
    season, _, people = started_circle(story, program)
    misses_two(story)
    answers(story, "end", *people)
    hours_come(story)
    assert circles_of(story, season) == []
    with story.rt.read_session() as session:
        assert session.get_one(CircleSeason, season).ended_at is not None
    for person in people:
        assert len(messages_with(story, person, ENDED)) == 1


@pytest.mark.deep
def test_the_last_press_of_each_counts_in_any_order(story: Story, quiet: int):
    """Two people change their minds, and a third never answers."""
    given = [
        (ASKER, Answer.END, 1),
        (ASKER, Answer.TIME, 3),
        (HELPER, Answer.CONTINUE, 2),
        (HELPER, Answer.TIME, 4),
    ]
    vote_id = vote_of(story).id
    results = set()
    for start, order in enumerate(permutations(given)):
        with story.rt.write(story.workspace) as tx:
            for member, choice, at in order:
                decisions.answer(
                    tx, vote_id, choice, by=member, event_micros=start * 10 + at
                )
            results.add(tuple(sorted(votes.answers(tx, vote_of(story)).items())))
    assert results == {((ASKER, Answer.TIME), (HELPER, Answer.TIME))}


@pytest.mark.deep
def test_nobody_else_has_a_say_or_learns_of_it(story: Story, quiet: int):
    vote = vote_of(story)
    story.slack.views.clear()
    for person in (GUEST, "U9ZED"):
        for choice in Answer:
            press(story, person, f"vote_{choice}", vote.id)
        for name in ("break", "thaw", "see"):
            press(story, person, name, quiet)
        assert not messages_with(story, person, "circle")
    # An answer to another question is none to this one.
    press(story, ASKER, "vote_yes", vote.id)
    with story.rt.read_session() as session:
        assert session.scalars(select(CircleVoteAnswer)).all() == []
    answers(story, "end", ASKER)
    forget(story, ASKER)
    with story.rt.read_session() as session:
        assert session.scalars(select(CircleVoteAnswer)).all() == []
    assert places_of(story, ASKER) == []
