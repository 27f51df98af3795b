"""A member's own settings, and their effects."""

import json
from datetime import date, time
from typing import Any

import pytest
from sqlalchemy import select

from bot.workspace import member_settings
from bot.workspace.member_settings import MemberSettings
from models import Credit, MemberSettingsRow
from tests.factories import Story
from tests.slack_payloads import (
    ASKER,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    form_values,
    user_object,
)

DEFAULT = MemberSettings()


def chosen(story: Story, member: str = ASKER) -> MemberSettings:
    with story.rt.read(story.rt.workspaces.only) as tx:
        return member_settings.get(tx, member)


def home(story: Story, member: str) -> str:
    opened = {"type": "app_home_opened", "user": member, "tab": "home"}
    assert story.event(opened) == 200
    story.deliver()
    return visible_home(story, member)


def visible_home(story: Story, member: str) -> str:
    return json.dumps(story.slack.homes[member], ensure_ascii=False)


@pytest.mark.parametrize("member", [ASKER, GUEST])
def test_a_save_without_a_change_stores_nothing(story: Story, member: str):
    assert story.change_my_settings(member).body == ""
    with story.rt.read_session() as session:
        row = session.scalars(select(MemberSettingsRow)).one()
    assert (row.hours_from, row.hours_to, row.public_naming) == (None, None, None)
    assert chosen(story, member) == DEFAULT


def test_chosen_values_are_stored_and_shown_again(story: Story):
    values = {
        "topics_known": ["Python", "time zones"],
        "topics_wanted": "Rust",
        "participation": "calls",
        "wants_reminders": [],
        "max_requests_per_week": "2",
        "topics_refused": "Java",
        "refused_channels": [],
        "paused_until": "2026-03-06",
        "hours_from": "22:00",
        "hours_to": "06:30",
        "holidays_of": "FI",
        "public_naming": "never",
        "wants_greetings": [],
        "keeps_answer_texts": [],
        "wants_anonymous_notices": [],
    }
    typed = values | {"topics_known": "Python, #time zones,", "holidays_of": " fi "}
    assert story.change_my_settings(ASKER, **typed).body == ""
    assert chosen(story) == MemberSettings(
        topics_known=("Python", "time zones"),
        topics_wanted=("Rust",),
        participation="calls",
        wants_reminders=False,
        max_requests_per_week=2,
        topics_refused=("Java",),
        paused_until=date(2026, 3, 6),
        hours_from=time(22),
        hours_to=time(6, 30),
        holidays_of="FI",
        public_naming="never",
        wants_greetings=False,
        keeps_answer_texts=False,
        wants_anonymous_notices=False,
    )
    story.command(ASKER, "/backswing", " My Settings ")
    form = story.slack.views[-1][1]
    assert "Europe/Helsinki" in form["blocks"][0]["text"]["text"]
    assert form_values(form) == values | {"topics_known": "Python, time zones"}
    page = home(story, ASKER)
    for line in (
        "Topics you know: Python, time zones",
        "How you take part: in calls",
        "Reminders: off",
        "22:00 to 06:30, Europe/Helsinki",
        "Paused until 6 March 2026",
    ):
        assert line in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hours_to": "09:00"}, "hours_to"),
        ({"hours_from": "25:00"}, "hours_from"),
        ({"hours_from": ""}, "hours_from"),
        ({"paused_until": "2027-03-09"}, "paused_until"),
        ({"paused_until": "tomorrow"}, "paused_until"),
        ({"paused_until": "2026-03-01"}, "paused_until"),
        ({"public_naming": "perhaps"}, "public_naming"),
        ({"topics_known": ",".join(map(str, range(51)))}, "topics_known"),
    ],
)
def test_an_invalid_value_is_reported_beside_its_field(
    story: Story, changes: dict[str, Any], field: str
):
    answer = story.change_my_settings(ASKER, **{"topics_known": "Rust"} | changes)
    assert list(json.loads(answer.body)["errors"]) == [field]
    assert chosen(story) == DEFAULT


def test_a_pause_follows_the_members_own_calendar(story: Story):
    """At nine in the morning, UTC, it is tomorrow on Kiritimati."""
    story.slack.people[ASKER] = user_object(ASKER, tz="Pacific/Kiritimati")
    story.clock.advance(hours=3)
    # It is the third there, so an end date of the second is past.
    story.change_my_settings(ASKER, paused_until="2026-03-03")
    assert chosen(story).paused_until is None
    story.change_my_settings(ASKER, paused_until="2026-03-04")
    assert chosen(story).paused_until == date(2026, 3, 4)


def test_a_pause_that_is_over_does_not_block_other_changes(story: Story):
    story.change_my_settings(ASKER, paused_until="2026-03-06")
    story.clock.advance(days=7)
    assert story.change_my_settings(ASKER, topics_known="Python").body == ""
    assert chosen(story).topics_known == ("Python",)


@pytest.mark.deep
def test_a_pause_is_ended_with_one_button(story: Story):
    story.change_my_settings(ASKER, paused_until="2026-03-06", topics_known="Python")
    assert "Paused until 6 March 2026" in home(story, ASKER)
    story.click(ASKER, "home_end_pause", view=story.slack.homes[ASKER])
    story.deliver()
    assert "Paused" not in visible_home(story, ASKER)
    assert chosen(story).topics_known == ("Python",)
    # The form does not show a pause that is over either.
    story.change_my_settings(ASKER, paused_until="2026-03-06")
    story.clock.advance(days=7)
    story.command(ASKER, "/backswing", "me")
    assert form_values(story.slack.views[-1][1])["paused_until"] == []


def test_a_save_updates_the_home_tab_at_once(story: Story):
    home(story, ASKER)
    story.click(ASKER, "my_settings", view=story.slack.homes[ASKER])
    form = story.slack.views[-1][1]
    story.submit(ASKER, form, form_values(form) | {"topics_known": "Python"})
    # No clock has to advance for it.
    assert story.worker.send_due() == 1
    assert "Topics you know: Python" in visible_home(story, ASKER)


@pytest.mark.parametrize(
    "facts", [{"team_id": "T0OTHER"}, {"is_bot": True}, {"deleted": True}]
)
def test_a_person_without_permissions_can_not_change_settings(
    story: Story, facts: dict[str, Any]
):
    story.command(ASKER, "/backswing", "me")
    form = story.slack.views[-1][1]
    story.slack.people["U0ODD"] = user_object("U0ODD", "Odd", **facts)
    assert story.command("U0ODD", "/backswing", "me").body != ""
    assert "errors" in story.submit("U0ODD", form, form_values(form)).body
    story.click("U0ODD", "home_end_pause", view={"type": "home"})
    assert len(story.slack.views) == 2
    with story.rt.read_session() as session:
        assert session.scalars(select(MemberSettingsRow)).all() == []


# Being named in public


@pytest.fixture
def asked_for_consent(story: Story) -> Story:
    """Tell Ben of a credit, and ask whether the channel may know it."""
    story.slack.people |= {
        member: user_object(member) for member in (ASKER, HELPER, PEER)
    }
    story.slack.channels[HELP_CHANNEL] = conversation_object(HELP_CHANNEL, "help")
    story.ask()
    with story.rt.write_session.begin() as session:
        session.add(
            Credit(
                installation_id=story.rt.workspaces.only.id,
                member=HELPER,
                period=date(2026, 2, 27),
                credited_at=story.clock(),
                channel_id=story.only_ask().channel_id,
                notified_at=story.clock(),
                notified_channel="D0BEN",
                notified_ts=story.slack.post("D0BEN", "Asked", [], metadata_token="x")[
                    1
                ],
            )
        )
    return story


def consent(story: Story) -> str:
    with story.rt.read_session() as session:
        return session.scalars(select(Credit.consent)).one()


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_always_naming_answers_the_open_question(asked_for_consent: Story):
    assert "May I thank you in #help?" in home(asked_for_consent, HELPER)
    assert "Waiting for you" in visible_home(asked_for_consent, HELPER)
    before = len(asked_for_consent.slack.messages_to(HELP_CHANNEL))
    asked_for_consent.change_my_settings(HELPER, public_naming="yes")
    asked_for_consent.advance(seconds=3)
    assert consent(asked_for_consent) == "public"
    assert len(asked_for_consent.slack.messages_to(HELP_CHANNEL)) == before + 1
    assert "I posted it in #help." in visible_home(asked_for_consent, HELPER)
    assert "Waiting for you" not in visible_home(asked_for_consent, HELPER)


@pytest.mark.deep
def test_never_naming_removes_the_name_and_can_be_undone(asked_for_consent: Story):
    asked_for_consent.change_my_settings(HELPER, public_naming="yes")
    asked_for_consent.advance(seconds=3)
    before = len(asked_for_consent.slack.messages_to(HELP_CHANNEL))
    asked_for_consent.change_my_settings(HELPER, public_naming="never")
    asked_for_consent.advance(seconds=3)
    assert consent(asked_for_consent) == "never"
    assert len(asked_for_consent.slack.messages_to(HELP_CHANNEL)) == before - 1
    assert "You chose never to be named." in home(asked_for_consent, HELPER)
    assert "Yes, tell them" not in visible_home(asked_for_consent, HELPER)
    # The undo: to be asked again, and then to say yes.
    asked_for_consent.change_my_settings(HELPER, public_naming="ask")
    asked_for_consent.advance(seconds=3)
    assert consent(asked_for_consent) == "never"
    assert "Yes, tell them" in visible_home(asked_for_consent, HELPER)
    with asked_for_consent.rt.read_session() as session:
        credit = session.scalars(select(Credit.id)).one()
    asked_for_consent.click(
        HELPER, "mentor_tell", str(credit), view=asked_for_consent.slack.homes[HELPER]
    )
    asked_for_consent.advance(seconds=3)
    assert len(asked_for_consent.slack.messages_to(HELP_CHANNEL)) == before


def test_other_changes_answer_nothing(asked_for_consent: Story):
    asked_for_consent.change_my_settings(HELPER, topics_known="Python")
    assert consent(asked_for_consent) == "asked"
