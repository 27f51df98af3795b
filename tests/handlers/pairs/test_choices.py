"""What people choose about their meetings: how often, languages, and holidays."""

from datetime import UTC, date, datetime

import pytest

from bot.workspace import member_settings
from tests.factories import Story
from tests.pairs import (
    DUE,
    groups,
    mate_of,
    names_of,
    next_round,
    people_page,
    presses,
    rounds,
    runs,
    takes_part,
    texts_to,
)
from tests.programs import program_page
from tests.slack_payloads import ADMIN, ASKER, HELPER


def matched(story: Story) -> set[str]:
    return {member for group in groups(story) for member in group}


@pytest.mark.deep
def test_someone_may_want_fewer_rounds_than_there_are(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    people = [ASKER, *names_of(3)]
    takes_part(story, *people)
    assert story.change_my_settings(ASKER, coffee_weeks="4").body == ""
    story.clock.now = DUE
    runs(story)
    assert matched(story) == set(people)
    for number in range(2, 8):
        for person in people[1:]:
            presses(story, person, "We have a time")
        next_round(story)
        is_in = number in {3, 5}
        assert (ASKER in matched(story)) is is_in, number
        if number == 2:
            assert "Every 4 weeks at most: the next time on Tuesday, 7 April." in (
                people_page(story, ASKER)
            )
        assert texts_to(story, ASKER, "I found nobody") == []
    # After three rounds of their own it is paused.
    story.advance(hours=8)
    assert len(texts_to(story, ASKER, "I've paused it")) == 1


@pytest.mark.deep
def test_a_round_in_which_all_rest_does_not_move_the_next_one(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER)
    for person in (ASKER, HELPER):
        story.change_my_settings(person, coffee_weeks="4")
    story.clock.now = DUE
    runs(story)
    next_round(story)
    # The day that they read is the day on which they meet.
    assert "the next time on Tuesday, 7 April." in people_page(story, ASKER)
    nobody = "Last round, Tuesday, 24 March: nobody took part."
    assert nobody in program_page(story, ADMIN)
    next_round(story)
    assert [(each.day, each.people) for each in rounds(story)] == [
        (date(2026, 3, 10), 2),
        (date(2026, 3, 24), 0),
        (date(2026, 4, 7), 2),
    ]


def test_a_round_in_which_they_could_not_come_does_not_count(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER)
    for person in (ASKER, HELPER):
        story.change_my_settings(person, coffee_weeks="8")
    story.clock.now = DUE
    runs(story)
    presses(story, ASKER, "Can't this round")
    next_round(story)
    assert matched(story) == {ASKER, HELPER}
    assert len(rounds(story)) == 2
    # A shorter pace counts from the next round on.
    next_round(story)
    assert [each.people for each in rounds(story)] == [2, 2, 0]
    story.change_my_settings(HELPER, coffee_weeks="4")
    story.change_my_settings(ASKER, coffee_weeks="0")
    next_round(story)
    assert matched(story) == {ASKER, HELPER}
    assert len(rounds(story)) == 4
    with story.rt.read(story.workspace) as tx:
        assert member_settings.get(tx, ASKER).coffee_weeks is None


def test_people_without_a_common_language_are_not_matched(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER, "U0ANY")
    # A forged language is none.
    story.change_my_settings(ASKER, languages=["fi", "sv", "xx"])
    story.change_my_settings(HELPER, languages=["de"])
    with story.rt.read(story.workspace) as tx:
        assert member_settings.get(tx, ASKER).languages == ("fi", "sv")
    story.clock.now = DUE
    runs(story)
    assert mate_of(story, "U0ANY") in {ASKER, HELPER}
    [left] = {ASKER, HELPER} - matched(story)
    [text] = texts_to(story, left)
    assert text.startswith("I found nobody for you in this round")
    story.click("U0ANY", "pair_stop", "coffee", view={"type": "home"})
    next_round(story)
    assert matched(story) == set()
    story.change_my_settings(HELPER, languages=["de", "sv"])
    next_round(story)
    assert mate_of(story, ASKER) == HELPER


def test_on_their_holiday_nobody_is_introduced(story: Story) -> None:
    """The second of June is a holiday in Italy, and here a Tuesday."""
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER)
    assert story.change_my_settings(ASKER, holidays_of="it").body == ""
    story.clock.now = datetime(2026, 6, 2, 8, tzinfo=UTC)
    runs(story)
    assert [each.day for each in rounds(story)] == [date(2026, 6, 2)]
    assert len(texts_to(story, HELPER, "Peer coffee: meet")) == 1
    story.advance(hours=10)
    assert texts_to(story, ASKER, "Peer coffee: meet") == []
    # At nine of the next day in Helsinki.
    story.clock.now = datetime(2026, 6, 3, 6, tzinfo=UTC)
    runs(story)
    assert len(texts_to(story, ASKER, "Peer coffee: meet")) == 1
