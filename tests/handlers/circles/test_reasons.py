"""The reasons for a circle: true when they are read, and seen by their reader."""

import pytest

from models import MemberAttributes
from tests.factories import Story
from tests.people import choose
from tests.seasons import (
    circles_of,
    forms_circles,
    has_people,
    invites,
    messages_with,
    opens_season,
    press,
    signs_up,
    text_of,
)
from tests.slack_payloads import CHAMPION, user_object

QUESTION = "How do I stop kafka from lagging?"


def season_of_six(story: Story, program: int) -> int:
    people = has_people(story, program, 6)
    season = opens_season(story, program)
    for person in people:
        signs_up(story, person, season)
    return season


def preview(story: Story, season: int) -> str:
    return text_of(press(story, CHAMPION, "preview", f"{season}:0"))


def page(story: Story, season: int, member: str) -> str:
    [(circle, people)] = circles_of(story, season)
    for person in people:
        press(story, person, "take", circle)
    return text_of(press(story, member, "see", circle))


@pytest.mark.deep
def test_each_reads_first_what_is_for_them(story: Story, program: int):
    season = season_of_six(story, program)
    choose(story, "U0C01", topics_wanted=["kafka"])
    choose(story, "U0C02", topics_known=["kafka"])
    choose(story, "U0C03", topics_wanted=["dbt"])
    choose(story, "U0C04", topics_wanted=["dbt"])
    forms_circles(story)
    lead = preview(story, season)
    assert "Person01 wants to learn kafka; Person02 knows about that." in lead
    assert "They haven't met here." in lead
    invites(story, season)
    own = "•  You want to learn kafka; Person02 knows about that."
    assert messages_with(story, "U0C01", own)
    shown = page(story, season, "U0C02")
    assert "•  Person01 wants to learn kafka; you know about that." in shown
    assert "Person03 and Person04 want to learn dbt." in shown
    assert "You haven't met here." in shown


def test_what_changes_after_the_circles_are_formed_is_no_reason(
    story: Story, program: int
):
    season = season_of_six(story, program)
    choose(story, "U0C02", topics_known=["kafka"])
    choose(story, "U0C03", topics_wanted=["dbt"])
    choose(story, "U0C04", topics_known=["dbt"])
    ask = story.ask(QUESTION, member="U0C01")
    forms_circles(story)
    shown = preview(story, season)
    assert "|asked> about kafka; Person02 knows about that." in shown
    assert "Person03 wants to learn dbt; Person04 knows about that." in shown
    story.delete("U0BACKSWING", ask.ts)
    choose(story, "U0C03", topics_wanted=[])
    story.deliver()
    invites(story, season)
    for text in (preview(story, season), page(story, season, "U0C02")):
        assert "kafka" not in text
        assert "dbt" not in text
    assert not messages_with(story, "U0C01", "kafka")


@pytest.mark.deep
def test_teams_differ_only_if_each_two_are_in_different_ones(
    story: Story, program: int
):
    season = season_of_six(story, program)
    with story.rt.write(story.workspace) as tx:
        for number in range(6):
            tx.session.add(
                MemberAttributes(
                    installation_id=tx.workspace.id,
                    member=f"U0C{number:02}",
                    team=f"Team {max(1, number)}",
                    source="file",
                )
            )
    forms_circles(story)
    assert "They are in several teams" in preview(story, season)
    with story.rt.write(story.workspace) as tx:
        tx.session.get_one(
            MemberAttributes, (tx.workspace.id, "U0C00")
        ).own_team = "Team 9"
    assert "They are all in different teams" in preview(story, season)


@pytest.mark.deep
def test_people_are_called_by_their_first_names(story: Story, program: int):
    names = {
        "U0C00": ("Aino Virtanen", "Aino"),
        "U0C01": ("Ben Berg", "Ben"),
        "U0C02": ("Ben Okoro", "Ben"),
    }
    season = season_of_six(story, program)
    for person, (name, first_name) in names.items():
        user = user_object(person, name)
        user["profile"] |= {"real_name": name, "first_name": first_name}
        story.slack.people[person] = user
        story.event({"type": "user_change", "user": user})
    forms_circles(story)
    invites(story, season)
    offer = messages_with(story, "U0C03", "With Aino, Ben Berg, Ben Okoro, Person04")
    assert offer
    assert "Aino Virtanen" not in page(story, season, "U0C03")
