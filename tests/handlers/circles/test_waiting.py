"""People who wait for a place, and what a no leaves to see."""

import pytest

from bot.circles import roster, seasons
from bot.people import exclusions
from models import CircleSeason, MemberAttributes
from tests.factories import Story
from tests.programs import joins_program, program_page
from tests.seasons import (
    PEOPLE,
    circle_of,
    circles_of,
    forms_circles,
    has_people,
    invites,
    messages_with,
    opens_season,
    passes_on,
    places_of,
    press,
    season_with,
    signs_up,
    text_of,
)
from tests.slack_payloads import CHAMPION, user_object

OFFER = "There is a place for you"
LATE = "U0LATE"

# What is said here does not depend on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def comes_late(story: Story, program: int, season: int) -> None:
    story.slack.people[LATE] = user_object(LATE, "Lee")
    joins_program(story, LATE, program)
    signs_up(story, LATE, season)
    story.deliver()


def invited(story: Story, program: int, count: int = 7) -> tuple[int, int, list[str]]:
    """Invite people to one circle; return its season, its id and its people."""
    season = season_with(story, program, count)
    forms_circles(story)
    invites(story, season)
    [(circle, people)] = circles_of(story, season)
    return season, circle, people


@pytest.mark.deep
def test_who_wants_a_place_that_is_gone_waits_for_another(story: Story, program: int):
    season, circle, [silent, *others] = invited(story, program)
    for person in others:
        press(story, person, "take", circle)
    comes_late(story, program, season)
    story.advance(days=3, hours=2)
    passes_on(story)
    press(story, LATE, "take", circle)
    story.click(silent, "circle_take", str(circle), channel="D1")
    assert "on the list again" in text_of(story.slack.responses[-1])
    press(story, others[0], "leave", circle)
    story.deliver()
    assert len(messages_with(story, silent, OFFER)) == 2
    press(story, silent, "take", circle)
    assert silent in dict(circles_of(story, season))[circle]


def test_who_gave_a_place_back_is_not_asked_again(story: Story, program: int):
    season, circle, [first, *others] = invited(story, program)
    press(story, first, "decline", circle)
    for person in others:
        press(story, person, "take", circle)
    press(story, others[0], "leave", circle)
    story.deliver()
    assert len(messages_with(story, first, OFFER)) == 1
    # Unless they sign up again.
    signs_up(story, first, season)
    story.deliver()
    assert len(messages_with(story, first, OFFER)) == 2


@pytest.mark.deep
def test_who_stays_alone_is_told_and_waits(story: Story, program: int):
    season, circle, people = circle_of(story, program, 4)
    for person in people[1:]:
        press(story, person, "leave", circle)
    story.deliver()
    assert circles_of(story, season) == []
    [told] = messages_with(story, people[0], "There is no circle for you this time")
    assert "The season has none" in str(told)
    with story.rt.read(story.workspace) as tx:
        assert roster.waiting(tx, seasons.get(tx, season)) == [people[0]]


def test_the_time_for_an_answer_begins_when_the_invitation_comes(
    story: Story, program: int
):
    season = season_with(story, program, 6)
    forms_circles(story)
    [(circle, people)] = circles_of(story, season)
    away = people[2]
    profile = story.slack.people[away]
    # Until Friday at 8.
    until = int(story.clock.now.timestamp()) + 4 * 86400
    profile["profile"] |= {
        "status_emoji": ":palm_tree:",
        "status_expiration": until,
    }
    story.event({"type": "user_change", "user": profile})
    invites(story, season)
    assert not messages_with(story, away, OFFER)
    # Three working days have passed, and two of them in the weekend do not count.
    story.advance(days=3, hours=22)
    passes_on(story)
    story.advance(hours=6)
    assert messages_with(story, away, OFFER)
    passes_on(story)
    story.advance(days=4)
    passes_on(story)
    press(story, away, "take", circle)
    [place] = places_of(story, away)
    assert place.taken_at is not None


@pytest.mark.deep
def test_an_invitation_that_reaches_nobody_is_withdrawn(story: Story, program: int):
    season = season_with(story, program, 6)
    forms_circles(story)
    [(_, people)] = circles_of(story, season)
    away = people[2]
    profile = story.slack.people[away]
    profile["profile"] |= {"status_emoji": ":palm_tree:"}
    story.event({"type": "user_change", "user": profile})
    invites(story, season)
    story.advance(days=8)
    passes_on(story)
    [place] = places_of(story, away)
    assert place.left_at is not None
    story.advance(days=21)
    assert not messages_with(story, away, OFFER)


def test_who_signed_up_during_the_preview_is_not_told_there_is_none(
    story: Story, program: int
):
    season = season_with(story, program, 6)
    forms_circles(story)
    comes_late(story, program, season)
    invites(story, season)
    assert messages_with(story, LATE, OFFER)
    assert not messages_with(story, LATE, "no circle for you")


@pytest.mark.deep
def test_a_sign_up_can_be_taken_back_while_leads_look_at_the_circles(
    story: Story, program: int
):
    """Until the invitation nothing shows whether someone has a place."""
    season = season_with(story, program, 6)
    forms_circles(story)
    [(circle, [first, *others])] = circles_of(story, season)
    assert "Take it back" in program_page(story, first)
    answer = press(story, first, "withdraw", season)
    assert "You took it back" in text_of(answer)
    assert circles_of(story, season) == [(circle, others)]
    invites(story, season)
    assert not messages_with(story, first, OFFER)


@pytest.mark.deep
def test_a_no_leaves_nothing_to_see(story: Story, program: int):
    season, circle, [first, silent, *others] = invited(story, program)
    for person in others:
        press(story, person, "take", circle)

    def shown() -> list[str]:
        story.deliver()
        return [
            text_of(press(story, CHAMPION, "preview", f"{season}:0")),
            *(program_page(story, person) for person in others),
        ]

    before = shown()
    for name in (first, silent):
        assert f"Person{name[-2:]}" not in str(before)
    press(story, first, "decline", circle)
    assert shown() == before
    # A place that was taken is shown.
    press(story, silent, "take", circle)
    assert f"Person{silent[-2:]}" in str(shown())


def test_a_lead_is_reminded_to_invite_once(story: Story, program: int):
    season = season_with(story, program, 6)
    forms_circles(story)
    assert len(messages_with(story, CHAMPION, "1 circle is formed")) == 1
    story.advance(days=2, hours=6)
    assert len(messages_with(story, CHAMPION, "1 circle is formed")) == 2
    story.advance(days=10)
    assert len(messages_with(story, CHAMPION, "1 circle is formed")) == 2
    invites(story, season)


@pytest.mark.parametrize("event", ["nothing", "end", "invite"])
def test_those_who_were_not_invited_by_the_first_day_are_told(
    story: Story, program: int, event: str
):
    people = has_people(story, program, 7)
    season = opens_season(story, program)
    for person in people:
        signs_up(story, person, season)
    press(story, people[6], "withdraw", season)
    forms_circles(story)
    if event == "end":
        press(story, CHAMPION, "end_season", season)
    if event == "invite":
        invites(story, season)
    with story.rt.read_session() as session:
        first = session.get_one(CircleSeason, season).starts_on
    told = {
        "nothing": "Its lead has not invited people yet.",
        "end": "The season ended before people were invited.",
    }
    while story.clock.now.date() < first:
        for text in told.values():
            assert not messages_with(story, people[0], text)
        story.advance(days=1)
    story.advance(days=3)
    for kind, text in told.items():
        for person in people[:6]:
            assert len(messages_with(story, person, text)) == (kind == event)
        assert not messages_with(story, people[6], text)
    if event == "nothing":
        invites(story, season)
        assert messages_with(story, people[0], OFFER)


def test_a_lead_who_invited_is_not_reminded(story: Story, program: int):
    season = season_with(story, program, 6)
    forms_circles(story)
    invites(story, season)
    story.advance(days=5)
    assert len(messages_with(story, CHAMPION, "1 circle is formed")) == 1


@pytest.mark.parametrize("reason", ["manager", "excluded"])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_two_who_must_not_meet_are_parted_before_they_read_of_each_other(
    story: Story, program: int, reason: str
):
    """It becomes known between the forming and the invitation."""
    season = season_with(story, program, 12)
    forms_circles(story)
    (circle, [first, *_, last]), (other_circle, others) = circles_of(story, season)
    with story.rt.write(story.workspace) as tx:
        if reason == "excluded":
            exclusions.exclude(tx, first, last, source="own")
        else:
            row = MemberAttributes(member=first, manager=last, source="file")
            row.installation_id = tx.workspace.id
            tx.session.add(row)
    invites(story, season)
    for person in (first, last):
        assert not messages_with(story, person, OFFER)
    passes_on(story)
    story.advance(minutes=3)
    [offer] = messages_with(story, first, OFFER)
    assert PEOPLE[last] not in offer
    # There is a place in the other circle; nobody learns why.
    assert dict(circles_of(story, season)) == {
        circle: [first, *_],
        other_circle: [*others, last],
    }
    [offer] = messages_with(story, last, OFFER)
    assert PEOPLE[first] not in offer
    assert not messages_with(story, last, "There is no circle for you")
    assert not messages_with(story, others[0], "can't come to your circle")
