"""Teams and levels from fields of members' profiles."""

import pytest
from sqlalchemy import select

import jobs.people
from bot.people import attributes, profiles
from bot.people.team_file import parse
from bot.privacy import service as privacy
from bot.slack.api import NotSent, RateLimited, Rejected, SlackError
from bot.slack.client import SlackClient
from cli.manifest import manifest
from models import Installation, MemberAttributes
from sandbox import Sandbox
from tests.factories import Story
from tests.people import join_program, person
from tests.slack_payloads import ASKER, HELPER, PEER, user_object

LABELS = {"Department": "Xf1", "Grade": "Xf2"}


@pytest.fixture
def profiled(story: Story) -> Story:
    """Two people joined a program; an admin named the field with the team."""
    story.slack.profile_labels = dict(LABELS)
    story.slack.profiles = {
        ASKER: {"Xf1": "Data", "Xf2": "Senior"},
        HELPER: {"Xf2": "Junior"},
        PEER: {"Xf1": "Data"},
    }
    join_program(story, ASKER, HELPER)
    with story.rt.write(story.workspace) as tx:
        workspace = tx.session.get_one(Installation, story.workspace.id)
        workspace.scopes = ["users.profile:read"]
    assert story.set_up_workspace(profile_team=" department ").status == 200
    return story


def read(story: Story) -> None:
    jobs.people.read_profiles(story.rt, story.worker)


def stored(story: Story) -> dict[str, MemberAttributes]:
    with story.rt.read_session() as session:
        return {row.member: row for row in session.scalars(select(MemberAttributes))}


def test_those_who_joined_are_read_once_a_day(profiled: Story) -> None:
    read(profiled)
    assert {m: (row.team, row.level) for m, row in stored(profiled).items()} == {
        ASKER: ("Data", ""),
        HELPER: ("", ""),
    }
    profiled.slack.profiles[ASKER]["Xf1"] = "Search"
    profiled.clock.advance(hours=23)
    read(profiled)
    assert person(profiled, ASKER).team == "Data"
    profiled.clock.advance(hours=1)
    read(profiled)
    assert person(profiled, ASKER).team == "Search"
    assert profiled.slack.calls.count("users.profile.get") == 4


@pytest.mark.deep_on_postgresql
def test_another_field_is_read_at_once(profiled: Story) -> None:
    read(profiled)
    profiled.set_up_workspace(profile_level="Grade")
    read(profiled)
    assert (person(profiled, ASKER).team, person(profiled, ASKER).level) == (
        "Data",
        "Senior",
    )
    profiled.set_up_workspace(profile_team="", profile_level="")
    assert stored(profiled) == {}
    read(profiled)
    assert stored(profiled) == {}


def test_a_correction_and_a_file_count_more(profiled: Story) -> None:
    read(profiled)
    profiled.change_my_settings(ASKER, team="Machine learning")
    with profiled.rt.write(profiled.workspace) as tx:
        attributes.load(tx, parse(["id,team\n", f"{HELPER},Sales\n"]))
    profiled.slack.profiles[HELPER]["Xf1"] = "Data"
    profiled.clock.advance(days=1)
    read(profiled)
    assert person(profiled, ASKER).team == "Machine learning"
    assert person(profiled, HELPER).team == "Sales"


@pytest.mark.parametrize("labels", [{}, {"Unit": "Xf1"}])
def test_what_is_known_stays_when_a_field_is_removed_or_renamed(
    profiled: Story, labels: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    read(profiled)
    profiled.slack.profile_labels = labels
    profiled.clock.advance(days=1)
    read(profiled)
    assert "a profile field of the workspace's settings is missing" in caplog.text
    assert person(profiled, ASKER).team == "Data"


@pytest.mark.parametrize(
    "error",
    [
        Rejected("team.profile.get", "missing_scope"),
        NotSent("team.profile.get", "connection"),
    ],
)
def test_slack_is_asked_again_later(profiled: Story, error: SlackError) -> None:
    profiled.slack.fail["team.profile.get"] = [error]
    read(profiled)
    assert stored(profiled) == {}
    read(profiled)
    assert person(profiled, ASKER).team == "Data"


def test_a_refused_token_says_nothing_about_a_person(profiled: Story) -> None:
    read(profiled)
    profiled.clock.advance(days=1)
    refusal = Rejected("users.profile.get", "token_expired")
    profiled.slack.fail["users.profile.get"] = [refusal]
    read(profiled)
    assert person(profiled, ASKER).team == "Data"


def test_a_rate_limit_is_waited_for(profiled: Story) -> None:
    profiled.slack.fail["users.profile.get"] = [RateLimited("users.profile.get", 30)]
    read(profiled)
    read(profiled)
    assert profiled.slack.calls.count("users.profile.get") == 1
    profiled.clock.advance(seconds=31)
    read(profiled)
    assert person(profiled, ASKER).team == "Data"


def test_without_the_scope_slack_is_not_asked(profiled: Story) -> None:
    with profiled.rt.write(profiled.workspace) as tx:
        tx.session.get_one(Installation, profiled.workspace.id).scopes = ["chat:write"]
    read(profiled)
    assert "team.profile.get" not in profiled.slack.calls
    profiled.command("U0EVA", "/backswing", "workspace")
    assert "lacks the optional scope" in str(profiled.slack.views[-1][1])


def test_nobody_who_is_gone_is_read(profiled: Story) -> None:
    profiled.slack.people[HELPER] = user_object(HELPER, deleted=True)
    join_program(profiled, HELPER)
    with profiled.rt.write(profiled.workspace) as tx:
        privacy.erase(tx, ASKER)
    read(profiled)
    assert stored(profiled) == {}


def test_slack_gives_fields_and_values() -> None:
    pretend = Sandbox(manifest())
    pretend.start()
    try:
        pretend.workspace.profile_fields = {"Xf1": "Department"}
        ana, ben = pretend.add_person("ana"), pretend.add_person("ben")
        ana.fields = {"Xf1": "Data"}
        client = SlackClient(pretend.bot_token, base_url=pretend.api_url)
        assert client.profile_fields() == {"Department": "Xf1"}
        assert client.profile_values(ana.id) == {"Xf1": "Data"}
        assert client.profile_values(ben.id) == {}
    finally:
        pretend.stop()


def test_nothing_is_stored_about_someone_forgotten_meanwhile(profiled: Story) -> None:
    """A batch may have fetched the profile before."""
    with profiled.rt.write(profiled.workspace) as tx:
        privacy.erase(tx, ASKER)
    with profiled.rt.write(profiled.workspace) as tx:
        profiles.store(tx, ASKER, team="Data", level="")
    assert ASKER not in stored(profiled)
