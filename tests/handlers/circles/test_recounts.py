"""People leave while a circle decides: the answers of the others are counted again."""

import pytest

from bot.circles.vote_rules import Kind
from tests.circles import PEOPLE, STARTS_AT, keep, meeting_of
from tests.factories import Story
from tests.handlers.circles.test_merges import answer, offers, two_circles
from tests.handlers.circles.test_moves import LATER, move_of, proposes, texts
from tests.handlers.circles.test_moves import answers as answers_move
from tests.handlers.circles.test_newcomers import JOINED, asks
from tests.quiet import a_circle, answers, circle, hours_come, misses_two, vote_of
from tests.seasons import circles_of, messages_with, passes_on, press
from tests.slack_payloads import ADMIN, ASKER, CHAMPION, HELPER, PEER

# What is said in the other tests does not depend on the database.
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def deactivate(story: Story, member: str) -> None:
    story.slack.people[member]["deleted"] = True
    story.event({"type": "user_change", "user": story.slack.people[member]})
    passes_on(story)


@pytest.mark.deep
def test_a_majority_for_a_move_is_reached_when_others_go(story: Story):
    circle_id = a_circle(story)
    keep(story)
    proposes(story, HELPER, "2026-03-19")
    story.deliver()
    answers_move(story, PEER, "yes")
    press(story, CHAMPION, "leave", circle_id)
    # Two of four are not more than half.
    assert meeting_of(story).planned_at == STARTS_AT
    deactivate(story, ADMIN)
    assert meeting_of(story).planned_at == LATER
    assert move_of(story).is_accepted
    for member in (ASKER, HELPER, PEER):
        assert len(texts(story, member, "Meeting 1 of your circle moved")) == 1
    passes_on(story)
    assert len(texts(story, ASKER, "Meeting 1 of your circle moved")) == 1


@on_sqlite
@pytest.mark.deep
def test_a_majority_for_a_move_gets_impossible_when_its_friends_go(story: Story):
    circle_id = a_circle(story)
    keep(story)
    proposes(story, HELPER, "2026-03-19")
    story.deliver()
    answers_move(story, PEER, "yes")
    for member in (ASKER, ADMIN):
        answers_move(story, member, "no")
    assert move_of(story).is_accepted is None
    press(story, PEER, "leave", circle_id)
    story.deliver()
    assert move_of(story).is_accepted is False
    assert meeting_of(story).planned_at == STARTS_AT
    assert texts(story, HELPER, "Meeting 1 of your circle does not move")


@pytest.mark.deep
@on_sqlite
def test_the_last_answer_about_a_quiet_circle_is_not_awaited_from_who_left(
    story: Story,
):
    circle_id = a_circle(story)
    misses_two(story)
    answers(story, "break", *PEOPLE[:4])
    assert vote_of(story).decided_at is None
    press(story, PEOPLE[4], "leave", circle_id)
    assert vote_of(story).result == "break"
    assert circle(story, circle_id).frozen_at is not None


@pytest.mark.deep
@on_sqlite
def test_half_of_those_who_are_left_agree_to_a_newcomer(
    story: Story, begun: tuple[int, int, list[str]]
):
    _, circle_id, people = begun
    asks(story, circle_id)
    answers(story, "yes", *people[:2], kind=Kind.PLACE)
    assert vote_of(story, Kind.PLACE).decided_at is None
    press(story, people[4], "leave", circle_id)
    hours_come(story)
    assert vote_of(story, Kind.PLACE).result == "yes"
    assert messages_with(story, people[0], JOINED)


@pytest.mark.deep
@on_sqlite
def test_circles_merge_when_those_leave_whose_answer_was_missing(
    story: Story, program: int
):
    season, [(small, people), (other, others)] = two_circles(story, program, 9)
    for person in people[:2]:
        press(story, person, "leave", small)
    story.deliver()
    [(merge, _)] = offers(story)
    answer(story, [people[2], *others], merge)
    assert offers(story) == [(merge, None)]
    press(story, people[3], "leave", small)
    story.deliver()
    assert offers(story)[0] == (merge, True)
    [(_, together)] = circles_of(story, season)
    assert {people[2], *others} <= set(together)
    assert other in dict(circles_of(story, season))
