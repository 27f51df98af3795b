"""The form to ask shows what may be similar, and loses nothing that was typed."""

import json
from typing import Any

import pytest

from bot.search.follower import SearchFollower
from bot.slack.api import HashConflict
from tests.ask_forms import (
    block_ids,
    elements,
    open_form,
    report_question,
    with_typed,
)
from tests.factories import Story
from tests.knowledge import TITLE, solve_an_ask
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER, conversation_object


@pytest.fixture
def earlier(story: Story, follower: SearchFollower) -> str:
    answer = solve_an_ask(story)
    story.ask("Where is the coffee machine?", member=HELPER)
    follower.follow()
    story.clock.advance(hours=2)
    return answer


def values(view: dict[str, Any], action_id: str) -> list[str]:
    return [
        element["value"]
        for block in view["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == action_id
    ]


def test_what_may_be_similar_is_shown_below_the_question(story: Story, earlier: str):
    form = open_form(story)
    shown = report_question(
        story, form, "VPN certificate expired?", "Since *today* & <x>"
    )
    assert shown is not None
    assert TITLE in json.dumps(shown)
    # Slack keeps what is typed in a field as long as its ids stay the same.
    assert block_ids(shown) == block_ids(form)
    by_id = elements(shown)
    assert by_id["title"]["initial_value"] == "VPN certificate expired?"
    assert by_id["details"]["initial_value"] == "Since *today* & <x>"
    assert by_id["channel"]["initial_conversation"] == HELP_CHANNEL
    assert by_id["more_topics"]["initial_value"] == "vpn, it"


def test_nothing_found_changes_nothing_that_is_seen(story: Story, earlier: str):
    shown = report_question(story, open_form(story), "Flux capacitor broken?")
    assert shown is not None
    assert "similar" not in json.dumps(shown)


def test_it_does_not_look_for_nothing_in_particular(story: Story, earlier: str):
    about_vpn = "A quick question on VPN"
    for question in ("", "hello", "help!!!", "VPN", "Küche", about_vpn, "\u202e"):
        assert report_question(story, open_form(story), question) is None, question


def test_it_looks_again_when_a_word_is_added_and_not_for_ever(
    story: Story, earlier: str
):
    form = open_form(story)
    question = "VPN certificate"
    shown = report_question(story, form, question)
    assert shown is not None
    assert report_question(story, shown, "the certificate of the VPN?") is None
    for word in ("renew", "laptop", "office", "home"):
        question += f" {word}"
        shown = report_question(story, shown, question)
        assert shown is not None
    assert report_question(story, shown, f"{question} more") is None


def test_the_channel_is_chosen_and_topics_come(story: Story, earlier: str):
    story.set_up_channel(topics="vpn")
    form = with_typed(open_form(story), "VPN certificate expired?")
    story.click(PEER, "ask_channel", view=form, selected_conversation=HELP_CHANNEL)
    shown = story.slack.views[-1][1]
    assert "topics" in block_ids(shown)
    assert TITLE in json.dumps(shown)


def test_the_form_is_not_drawn_over_a_newer_one(story: Story, earlier: str):
    story.set_up_channel(topics="vpn")
    form = with_typed(open_form(story), "VPN certificate expired?")
    story.click(PEER, "ask_channel", view=form, selected_conversation=HELP_CHANNEL)
    shown = with_typed(story.slack.views[-1][1], "VPN certificate expired?")
    [value] = values(shown, "similar_dismiss")
    story.click(PEER, "similar_dismiss", value, view=shown)
    assert report_question(story, open_form(story), "VPN certificate on a laptop?")
    # Slack compares it with the form's.
    assert story.slack.update_hashes == ["h"] * 3


def test_topics_are_chosen_and_it_looks_again(story: Story, earlier: str):
    story.set_up_channel(topics="vpn, laptops")
    form = open_form(story)
    question = "VPN certificate expired?"
    shown = choose_topics(story, form, question, [])
    assert shown is not None
    assert TITLE in json.dumps(shown)
    # Nothing is new, until a topic adds a word.
    assert choose_topics(story, shown, question, []) is None
    shown = choose_topics(story, shown, question, ["laptops"])
    assert shown is not None
    by_id = elements(shown)
    assert [o["value"] for o in by_id["topics"]["initial_options"]] == ["laptops"]
    assert by_id["title"]["initial_value"] == question
    assert by_id["more_topics"]["initial_value"] == "it"
    assert choose_topics(story, shown, question, ["vpn", "laptops"]) is None


def test_topics_alone_are_nothing_to_look_for(story: Story, earlier: str):
    story.set_up_channel(topics="vpn, laptops")
    form = open_form(story)
    assert choose_topics(story, form, "Hello", ["vpn", "laptops"]) is None


def choose_topics(
    story: Story, view: dict[str, Any], question: str, chosen: list[str]
) -> dict[str, Any] | None:
    """Return the form as it is then; None if it stays as it is."""
    before = len(story.slack.views)
    shown = with_typed(view, question)
    options = [{"value": topic} for topic in chosen]
    shown["state"]["values"]["topics"] = {"ask_topics": {"selected_options": options}}
    shown["state"]["values"]["more_topics"] = {"more_topics": {"value": "it"}}
    story.click(PEER, "ask_topics", view=shown, selected_options=options)
    views = story.slack.views[before:]
    return views[-1][1] if views else None


def test_thats_it_tells_the_author_and_posts_nothing(story: Story, earlier: str):
    posted = len(story.slack.messages_to(HELP_CHANNEL))
    shown = report_question(story, open_form(story), "VPN certificate expired?")
    assert shown is not None
    [value] = values(shown, "similar_solved")
    view = with_typed(shown, "VPN certificate expired?")
    story.click(PEER, "similar_solved", value, view=view)
    assert "Nothing was posted" in json.dumps(story.slack.views[-1][1])
    assert story.answer_marks()[earlier] == (True, 1)
    story.deliver()
    assert len(story.slack.messages_to(HELP_CHANNEL)) == posted


def test_not_mine_is_hidden_in_this_form(story: Story, earlier: str):
    shown = report_question(story, open_form(story), "VPN certificate expired?")
    assert shown is not None
    [value] = values(shown, "similar_dismiss")
    view = with_typed(shown, "VPN certificate expired?")
    story.click(PEER, "similar_dismiss", value, view=view)
    shown = story.slack.views[-1][1]
    assert TITLE not in json.dumps(shown)
    again = report_question(story, shown, "VPN certificate expired on my laptop?")
    assert again is not None
    assert TITLE not in json.dumps(again)


def test_a_look_that_was_overtaken_is_dropped(story: Story, earlier: str):
    form = open_form(story)
    story.slack.fail["views.update"] = [HashConflict("views.update", "hash_conflict")]
    assert report_question(story, form, "VPN certificate expired?") is None


@pytest.mark.deep
def test_it_is_silent_where_the_channel_wants_none(story: Story, earlier: str):
    story.set_up_channel(suggests_entries=[])
    shown = report_question(story, open_form(story), "VPN certificate expired?")
    assert shown is None or TITLE not in json.dumps(shown)


def test_it_looks_when_a_channel_that_wants_it_is_chosen(story: Story, earlier: str):
    story.set_up_channel(suggests_entries=[])
    shown = report_question(story, open_form(story), "VPN certificate expired?")
    assert TITLE not in json.dumps(shown)
    assert shown is not None
    for channel, is_shown in (("C0ELSE", True), (HELP_CHANNEL, False)):
        view = with_typed(shown, "VPN certificate expired?", channel=channel)
        story.click(PEER, "ask_channel", view=view, selected_conversation=channel)
        shown = story.slack.views[-1][1]
        assert (TITLE in json.dumps(shown)) is is_shown


def test_what_was_said_in_private_is_not_shown_to_others(
    story: Story, follower: SearchFollower
):
    story.slack.channels[HELP_CHANNEL] = conversation_object(
        HELP_CHANNEL, "help", is_private=True
    )
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER]
    solve_an_ask(story)
    follower.follow()
    shown = report_question(story, open_form(story), "VPN certificate expired?")
    assert TITLE not in json.dumps(shown)


FORGED_METADATA = [
    "", "[]", "null", '{"words": 5, "dismissed": {}, "draws": "x"}',
    '{"dismissed": ["1", null], "words": [null]}',
]  # fmt: skip


@pytest.mark.deep
def test_forged_metadata(story: Story, earlier: str):
    for metadata in FORGED_METADATA:
        form = {**open_form(story), "private_metadata": metadata}
        shown = report_question(story, form, "VPN certificate expired?")
        assert TITLE in json.dumps(shown), metadata
