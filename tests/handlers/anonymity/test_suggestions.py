"""What may be similar, for someone who asks without their name."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from bot.search.follower import SearchFollower
from models import AskSuggestion
from tests.ask_forms import open_form, with_typed
from tests.factories import Story
from tests.handlers.anonymity.conftest import Anonymity
from tests.home import opens
from tests.knowledge import TITLE, WORDS, solve_an_ask
from tests.rows import all_rows
from tests.slack_payloads import HELP_CHANNEL, PEER

SIMILAR = "VPN certificate expired?"


@pytest.fixture
def earlier(anonymity: Anonymity, story: Story, follower: SearchFollower) -> str:
    answer = solve_an_ask(story)
    story.ask("Where is the coffee machine?")
    follower.follow()
    story.advance(hours=2)
    opens(story, PEER)
    return answer


def ticked(view: dict[str, Any], question: str = SIMILAR) -> dict[str, Any]:
    """Type a question into the form, and tick the box."""
    typed = with_typed(view, question)
    option = {"value": "yes"}
    typed["state"]["values"]["anonymous"] = {
        "anonymous": {"type": "checkboxes", "selected_options": [option]}
    }
    return typed


def typed_in(story: Story, view: dict[str, Any]) -> dict[str, Any]:
    """Report the question; return the form that follows."""
    before = len(story.slack.views)
    story.click(PEER, "ask_title", SIMILAR, view=view)
    [(_, shown)] = story.slack.views[before:]
    return dict(shown)


def apart_from_the_tick(view: dict[str, Any]) -> str:
    blocks = [b for b in view["blocks"] if b.get("block_id") != "anonymous"]
    return json.dumps(blocks)


@pytest.mark.deep
def test_the_form_shows_the_same_without_a_name(
    story: Story, earlier: str, caplog: pytest.LogCaptureFixture
) -> None:
    form, other_form = open_form(story), open_form(story)
    before = all_rows(story, but=())
    caplog.set_level("DEBUG")
    with_tick = typed_in(story, ticked(form))
    without = typed_in(story, with_typed(other_form, SIMILAR))
    assert TITLE in json.dumps(with_tick)
    assert WORDS in json.dumps(with_tick)
    assert apart_from_the_tick(with_tick) == apart_from_the_tick(without)
    [tick] = [b for b in with_tick["blocks"] if b.get("block_id") == "anonymous"]
    assert tick["element"]["initial_options"]
    assert all_rows(story, but=()) == before
    for word in (PEER, "Chi", SIMILAR, "VPN"):
        assert word not in caplog.text, word


def test_an_entry_is_dismissed_without_a_trace(story: Story, earlier: str) -> None:
    shown = typed_in(story, ticked(open_form(story)))
    [entry] = [
        element["value"]
        for block in shown["blocks"]
        for element in block.get("elements", ())
        if element.get("action_id") == "similar_dismiss"
    ]
    before = all_rows(story, but=())
    story.click(PEER, "similar_dismiss", entry, view=ticked(shown))
    again = story.slack.views[-1][1]
    assert TITLE not in json.dumps(again)
    [tick] = [b for b in again["blocks"] if b.get("block_id") == "anonymous"]
    assert tick["element"]["initial_options"]
    assert all_rows(story, but=()) == before


@pytest.mark.deep
def test_after_the_post_no_one_is_shown_anything(
    anonymity: Anonymity, story: Story, earlier: str, follower: SearchFollower
) -> None:
    """A note to the author would be a row with their id; the form has shown it."""
    before = len(story.slack.ephemeral_messages)
    anonymity.ask(TITLE, member=PEER)
    follower.follow()
    story.advance(minutes=5)
    assert story.asks()[-1].asker == "anonymous"
    assert story.slack.ephemeral_messages[before:] == []
    with story.rt.read_session() as session:
        assert session.scalars(select(AskSuggestion)).all() == []
    assert "Perhaps already solved" not in opens(story, PEER)
    shown = json.dumps([m.blocks for m in story.slack.messages_to(HELP_CHANNEL)])
    assert "Perhaps already solved" not in shown
