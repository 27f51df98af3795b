"""Someone said that they can't this round, and can after all."""

import pytest

from tests.factories import Story
from tests.pairs import (
    DUE,
    groups,
    match_of,
    opt_in,
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
