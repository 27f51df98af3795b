"""The help names the leads whom a member can ask about the program."""

import json
from typing import Any

import pytest

from bot.slack.api import NotSent
from tests.checkins import visible_text
from tests.factories import Story
from tests.personal_data import forget
from tests.program_leads import add_program, depart, lead_peers
from tests.slack_payloads import (
    ASKER,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    user_object,
)

# Replies do not depend on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

QUESTIONS = "Questions about the program?"


def helped(story: Story, member: str) -> dict[str, Any]:
    """Return the reply to the command; without blocks it is a text."""
    body = story.command(member, "/backswing", "help").body
    assert "How do I" in body
    return {"blocks": json.loads(body)["blocks"] if body.startswith("{") else []}


def test_the_help_names_the_leads_and_a_button_asks_them(story: Story):
    lead_peers(story, ASKER)
    reply = helped(story, PEER)
    assert f"{QUESTIONS} Ask Ana." in visible_text(reply)
    [asks] = [b["accessory"] for b in reply["blocks"] if b.get("accessory")]
    assert asks["text"]["text"] == "Ask Ana"
    story.click(PEER, "program_ask", asks["value"])
    assert story.slack.views[-1][1]["callback_id"] == "program_ask"
    lead_peers(story, ASKER, HELPER)
    assert f"{QUESTIONS} Ask Ana and Ben." in visible_text(helped(story, PEER))
    # A lead does not ask themselves.
    assert f"{QUESTIONS} Ask Ben." in visible_text(helped(story, ASKER))
    ask = story.ask()
    assert ask.ts
    story.click(PEER, "ask_menu", option=f"help:{story.only_ask().id}")
    assert QUESTIONS in str(story.slack.responses[-1])


@pytest.mark.parametrize("typed", ["setings", "<@U1> *hi*", "help me with x"])
def test_a_command_that_is_unknown_shows_the_help_and_says_why(
    story: Story, typed: str
):
    answer = story.command(PEER, "/backswing", typed).body
    assert "I don't know that command." in answer
    assert "How do I" in answer
    assert "don't know" not in story.command(PEER, "/backswing", "help").body


def test_without_leads_it_names_nobody(story: Story):
    assert helped(story, PEER)["blocks"] == []
    add_program(story, HELPER, slack_channels=[HELP_CHANNEL])
    lead_peers(story, PEER)
    assert helped(story, PEER)["blocks"] == []


@pytest.mark.deep
def test_it_names_nobody_who_left_or_was_forgotten(story: Story):
    lead_peers(story, ASKER, HELPER)
    depart(story, ASKER)
    assert f"{QUESTIONS} Ask Ben." in visible_text(helped(story, PEER))
    forget(story, HELPER)
    assert helped(story, PEER)["blocks"] == []


def test_guests_can_ask_the_leads_and_strangers_see_no_name(story: Story):
    lead_peers(story, ASKER)
    assert QUESTIONS in visible_text(helped(story, GUEST))
    story.slack.people["U9ZED"] = user_object("U9ZED", team_id="T9")
    assert "Ana" not in story.command("U9ZED", "/backswing", "help").body


def test_the_help_is_shown_without_slack(story: Story):
    lead_peers(story, ASKER)
    story.slack.fail["users.info"] = [NotSent("users.info", "not_connected")]
    assert helped(story, PEER)["blocks"] == []
    assert QUESTIONS in visible_text(helped(story, PEER))
