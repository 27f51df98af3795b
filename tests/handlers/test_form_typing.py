"""The form to ask while Slack reports each character of the question."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.config.mentors import SMALL_WORKSPACE
from bot.feature import Features
from bot.features import load_features
from bot.search.follower import SearchFollower
from bot.slack.api import HashConflict, RateLimited, Rejected, SlackError
from tests.ask_forms import (
    block_ids,
    elements,
    open_form,
    report_question,
    with_typed,
)
from tests.factories import Story
from tests.knowledge import TITLE, solve_an_ask
from tests.slack_payloads import (
    HELP_CHANNEL,
    HELPER,
    PEER,
)

QUESTION = "VPN certificate expired"


@pytest.fixture
def features() -> Features:
    return load_features(SMALL_WORKSPACE, looks_while_typing=True)


@pytest.fixture
def earlier(story: Story, follower: SearchFollower) -> str:
    answer = solve_an_ask(story)
    story.ask("Where is the coffee machine?", member=HELPER)
    follower.follow()
    story.clock.advance(hours=2)
    return answer


def type_text(
    story: Story, view: dict[str, Any], text: str, *, begin: int = 0
) -> list[tuple[str, dict[str, Any]]]:
    """Type the text; return the forms that are drawn, each with the text so far."""
    drawn = []
    for end in range(begin + 1, len(text) + 1):
        shown = report_question(story, view, text[:end], "Since noon.")
        if shown is not None:
            view = shown
            drawn.append((text[:end], shown))
    return drawn


def test_each_way_to_ask_takes_characters(story: Story):
    def triggers() -> Any:
        config = elements(story.slack.views[-1][1])["title"]["dispatch_action_config"]
        return config["trigger_actions_on"]

    ways: list[Callable[[], Any]] = [
        lambda: story.command(PEER, "/ask"),
        lambda: story.command(PEER, "/ask", channel="D0PEER"),
        lambda: story.command(PEER, "/ask", QUESTION, channel="D0PEER"),
        lambda: story.command(PEER, "/ask", QUESTION, channel="C0ELSE"),
        lambda: story.dispatch(
            {
                "type": "shortcut",
                "callback_id": "ask",
                "trigger_id": "T1",
                "team": {"id": story.team},
                "user": {"id": PEER, "team_id": story.team},
            }
        ),
        lambda: story.click(PEER, "home_ask"),
        lambda: story.click(PEER, "find_ask", "VPN"),
    ]
    for way in ways:
        way()
        assert triggers() == ["on_character_entered"]
        story.slack.views.clear()


def test_suggestions_come_with_the_second_word(story: Story, earlier: str):
    form = open_form(story)
    drawn = type_text(story, form, QUESTION)
    # "certificate" counts as soon as it is finished.
    [(typed, shown)] = drawn
    assert typed == "VPN certificate "
    assert TITLE in json.dumps(shown)
    assert block_ids(shown) == block_ids(form)
    fields = elements(shown)
    assert fields["title"]["initial_value"] == typed
    assert fields["title"]["dispatch_action_config"] == {
        "trigger_actions_on": ["on_character_entered"]
    }
    assert fields["details"]["initial_value"] == "Since noon."
    assert fields["channel"]["initial_conversation"] == HELP_CHANNEL


def test_the_form_rests_two_seconds_and_then_looks_at_all_words(
    story: Story, earlier: str
):
    [(typed, shown)] = type_text(story, open_form(story), QUESTION)
    longer = f"{typed}expired on my laptop "
    story.clock.advance(seconds=1.9)
    assert type_text(story, shown, longer, begin=len(typed)) == []
    story.clock.advance(seconds=0.1)
    again = report_question(story, shown, f"{longer}a")
    assert again is not None
    words = json.loads(again["private_metadata"])["words"]
    assert words == ["certificate", "expired", "laptop", "vpn"]


def test_it_looks_only_for_a_word_that_is_new(story: Story, earlier: str):
    [(typed, shown)] = type_text(story, open_form(story), QUESTION)
    for text in (f"{typed}certificate ", "The VPN certificate ", "VPN ", ""):
        story.clock.advance(seconds=3)
        assert report_question(story, shown, text) is None


@pytest.mark.deep
def test_it_stops_after_five_draws(story: Story, earlier: str):
    view, text = open_form(story), "VPN"
    for word in ("certificate", "renew", "laptop", "office", "home"):
        text += f" {word}"
        story.clock.advance(seconds=3)
        shown = report_question(story, view, f"{text} ")
        assert shown is not None
        view = shown
    story.clock.advance(seconds=3)
    assert report_question(story, view, f"{text} train ") is None


def test_a_character_that_comes_late_draws_nothing(story: Story, earlier: str):
    form = open_form(story)
    early, late = story.ts(), story.ts()
    assert report_question(story, form, "VPN ", action_ts=late) is None
    shown = report_question(story, form, f"{QUESTION}?", action_ts=early)
    assert shown is None


def test_a_look_is_overtaken_while_slack_is_slow(story: Story, earlier: str):
    form = open_form(story)
    early, late = story.ts(), story.ts()

    def types_on(method: str) -> None:
        if method == "users.info":
            story.slack.on_call = lambda _: None
            report_question(story, form, "VPN certificate x ", action_ts=late)

    story.slack.on_call = types_on
    shown = report_question(story, form, "VPN certificate ", action_ts=early)
    assert shown is not None
    assert elements(shown)["title"]["initial_value"] == "VPN certificate x "
    assert story.slack.calls.count("views.update") == 1


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (HashConflict("views.update", "hash_conflict"), "INFO"),
        # The member has closed the form.
        (Rejected("views.update", "not_found"), "INFO"),
        (RateLimited("views.update", 30), "WARNING"),
    ],
)
def test_a_draw_that_slack_refuses_is_dropped(
    story: Story,
    earlier: str,
    error: SlackError,
    level: str,
    caplog: pytest.LogCaptureFixture,
):
    form = open_form(story)
    story.slack.fail["views.update"] = [error]
    assert type_text(story, form, QUESTION) == []
    [logged] = (record for record in caplog.records if record.msg == "not shown")
    assert logged.levelname == level
    # Nobody is bothered with a message, and nothing was tried again.
    assert len(story.slack.views) == 1
    assert story.slack.calls.count("views.update") == 1
    story.clock.advance(seconds=3)
    assert report_question(story, form, f"{QUESTION}?") is not None


def test_slack_is_down_and_the_member_types_on(story: Story, earlier: str):
    form = open_form(story)
    story.slack.fail["users.info"] = [SlackError("users.info", "fatal_error")] * 9
    assert type_text(story, form, QUESTION) == []
    assert len(story.slack.views) == 1


@pytest.mark.deep
def test_enter_posts_what_was_typed_while_a_look_is_on_its_way(
    story: Story, earlier: str
):
    form = open_form(story)
    values = {"title": QUESTION, "details": "Since noon.", "channel": HELP_CHANNEL}

    def submits(method: str) -> None:
        if method == "views.update":
            story.slack.on_call = lambda _: None
            story.slack.fail["views.update"] = [Rejected("views.update", "not_found")]
            assert not story.submit(PEER, form, values).body

    story.slack.on_call = submits
    type_text(story, form, QUESTION)
    story.deliver()
    asks = [ask for ask in story.asks() if ask.title == QUESTION]
    assert [ask.details for ask in asks] == ["Since noon."]


@pytest.mark.deep_on_postgresql
def test_the_trigger_has_expired_and_the_form_stays(story: Story, earlier: str):
    [(typed, shown)] = type_text(story, open_form(story), QUESTION)
    [value] = [
        element["value"]
        for block in shown["blocks"]
        for element in block.get("elements", [])
        if element.get("action_id") == "similar_solved"
    ]
    story.slack.fail["views.push"] = [SlackError("views.push", "expired_trigger_id")]
    before = story.slack.calls.count("views.update")
    story.click(PEER, "similar_solved", value, view=with_typed(shown, typed))
    # The message is on top of the form, which keeps what was typed.
    assert "didn't open the form in time" in json.dumps(story.slack.views[-1][1])
    assert story.slack.calls.count("views.update") == before


def test_the_channel_is_chosen_right_after_a_draw(story: Story, earlier: str):
    story.set_up_channel(topics="vpn")
    [(typed, shown)] = type_text(story, open_form(story), QUESTION)
    story.click(
        PEER,
        "ask_channel",
        view=with_typed(shown, f"{typed}expired"),
        selected_conversation=HELP_CHANNEL,
    )
    chosen = story.slack.views[-1][1]
    # What was typed last counts now, though no space follows.
    assert "expired" in json.loads(chosen["private_metadata"])["words"]
    assert "topics" in block_ids(chosen)


@pytest.mark.parametrize(
    "typed", ["<@U0ASKER> <!here> ", "\u202e\u202e ", "🎉 🎉 ", "***** "]
)
def test_what_has_no_words_looks_for_nothing(story: Story, earlier: str, typed: str):
    assert report_question(story, open_form(story), typed) is None
