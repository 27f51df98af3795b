"""Someone can't this round, or can after all, as long as it goes on."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import DoNotPair
from tests.factories import Story
from tests.pairs import (
    DUE,
    groups,
    match_of,
    next_round,
    opt_in,
    people_page,
    presses,
    runs,
    takes_part,
    texts_to,
)
from tests.slack_payloads import ASKER, HELPER, PEER

BACK = "You're in this round again"


@pytest.fixture
def match(story: Story) -> int:
    """Match Ana and Ben, who are the only ones."""
    story.set_up_workspace(coffee="on")
    takes_part(story, ASKER, HELPER)
    story.clock.now = DUE
    runs(story)
    return match_of(story, ASKER)


def click(story: Story, member: str, act: str, match: int) -> str:
    """Press a button of a message; return what stands in its place then."""
    story.click(member, f"pair_{act}", str(match), channel="D0X")
    story.deliver()
    return str(story.slack.responses[-1])


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_two_who_still_wait_are_introduced_again(story: Story, match: int) -> None:
    assert "I can after all" in click(story, HELPER, "cant", match)
    assert texts_to(story, ASKER, "Ben can't this time.")
    assert groups(story) == []
    before = len(texts_to(story, ASKER, "meet"))
    for _ in range(2):
        assert BACK in click(story, HELPER, "back", match)
        assert groups(story) == [(ASKER, HELPER)]
    assert match_of(story, HELPER) != match
    assert len(texts_to(story, ASKER, "meet")) == before + 1
    # It is a match like any other.
    presses(story, HELPER, "Can't this round")
    assert groups(story) == []
    assert opt_in(story, HELPER).waits_in is None


def test_who_comes_back_alone_waits_and_can_take_that_back(
    story: Story, match: int
) -> None:
    click(story, HELPER, "cant", match)
    click(story, ASKER, "stop", match)
    shown = click(story, HELPER, "back", match)
    assert "If someone has nobody to meet, I'll introduce you" in shown
    assert opt_in(story, HELPER).waits_in is not None
    assert opt_in(story, HELPER).rounds_left_out == 0
    assert "I can after all" in click(story, HELPER, "cant", match)
    assert opt_in(story, HELPER).waits_in is None
    click(story, HELPER, "back", match)
    assert opt_in(story, HELPER).waits_in is not None
    # One who is back, or is in no match, can't bring another back.
    takes_part(story, PEER)
    assert "That match is gone." in click(story, PEER, "back", match)
    assert "won't" not in click(story, ASKER, "back", match)
    assert groups(story) == []


def test_it_is_too_late_near_the_end_and_after_a_stop(story: Story, match: int) -> None:
    click(story, HELPER, "cant", match)
    click(story, HELPER, "stop", match)
    assert "You don't take part" in click(story, HELPER, "back", match)
    story.advance(days=6)
    assert "I can after all" not in click(story, HELPER, "cant", match)
    assert "too late for this round" in click(story, HELPER, "back", match)
    assert opt_in(story, HELPER).waits_in is None


@pytest.mark.deep_on_postgresql
def test_a_press_that_they_cannot_after_they_met_tells_nobody(
    story: Story, match: int
) -> None:
    story.advance(days=3)
    story.click(HELPER, "pair_met", str(match), view={"type": "home"})
    # The buttons of the introduction are still there.
    assert "Was it a good match?" in click(story, ASKER, "cant", match)
    story.advance(days=1)
    assert texts_to(story, HELPER, "can't this time") == []
    assert "won't match you with Ana again" in click(story, HELPER, "fit_no", match)
    with story.rt.read_session() as session:
        [row] = session.scalars(select(DoNotPair))
    assert (row.member, row.other, row.source) == (HELPER, ASKER, "fit")


@pytest.mark.deep
def test_buttons_of_an_earlier_round_change_nothing_in_this_one(
    story: Story, match: int
) -> None:
    next_round(story)
    assert match_of(story, ASKER) != match
    assert "That round is over" in click(story, ASKER, "cant", match)
    assert groups(story) == [(ASKER, HELPER)]
    assert texts_to(story, HELPER, "can't this time") == []
    assert opt_in(story, HELPER).waits_in is None
    assert opt_in(story, HELPER).rounds_left_out == 0
    # They say so in this round, and their mate waits.
    presses(story, ASKER, "Can't this round")
    waits_in = opt_in(story, HELPER).waits_in
    assert waits_in is not None
    for act in ("cant", "back"):
        click(story, ASKER, act, match)
        assert opt_in(story, HELPER).waits_in == waits_in
    # That they met counts whenever they say it.
    assert "Was it a good match?" in click(story, ASKER, "met", match)


@pytest.mark.deep
def test_in_the_next_round_nobody_reads_of_a_no_in_the_last_one(story: Story) -> None:
    story.set_up_workspace(coffee="on")
    early, late = "U0TOKYO", "U0LONDON"
    takes_part(story, early, tz="Asia/Tokyo")
    takes_part(story, late, tz="Europe/London")
    story.clock.now = DUE
    runs(story)
    story.advance(hours=3)
    # They say so while it is night in London; the next round begins in Tokyo.
    story.clock.now = DUE + timedelta(days=13, hours=12)
    click(story, early, "cant", match_of(story, early))
    story.clock.now = DUE + timedelta(days=13, hours=17, minutes=5)
    runs(story)
    assert groups(story) == [(late, early)]
    story.advance(hours=12)
    assert texts_to(story, late, "come first next time") == []
    assert len(texts_to(story, late, "meet")) == 1


def test_no_round_follows_and_this_one_is_over_all_the_same(
    story: Story, match: int
) -> None:
    story.set_up_workspace(coffee="off")
    story.clock.advance(days=16)
    assert "That round is over" in click(story, ASKER, "cant", match)
    story.advance(days=1)
    assert texts_to(story, HELPER, "can't this time") == []


@pytest.mark.deep
def test_who_stops_leaves_only_the_match_of_this_round(story: Story) -> None:
    story.set_up_workspace(coffee="on", coffee_weeks="1")
    takes_part(story, ASKER, HELPER)
    story.clock.now = DUE
    runs(story)
    next_round(story, 7)
    presses(story, ASKER, "Stop")
    story.advance(hours=8)
    assert len(texts_to(story, HELPER, "ou come first next time")) == 1
    assert opt_in(story, HELPER).rounds_left_out == 1
    # In the next one there is nobody, and the Home tab names nobody of an earlier one.
    next_round(story, 7)
    page = people_page(story, HELPER)
    assert "I found nobody for you in this round" in page
    assert "This round you meet" not in page
