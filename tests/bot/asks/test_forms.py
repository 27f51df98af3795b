"""The forms for asks, as sent to Slack."""

from typing import Any

import pytest

from bot.asks import forms
from bot.slack import blocks
from tests.slack_json import (
    Json,
    actions,
    button,
    context,
    input_block,
    modal,
    mrkdwn,
    option,
    plain,
    text_input,
    title,
)
from tests.view_sample_data import TITLE


def question(hint: str | None = None, **initial: str) -> Json:
    element = text_input("title", 150, "How do I …?", focus_on_load=True, **initial)
    return input_block("title", "Question", element, hint)


def new_question(**initial: str) -> Json:
    """Enter is reported at once: it is the time to look for what is similar."""
    on_enter = {"trigger_actions_on": ["on_enter_pressed"]}
    block = question("Press Enter to see what has helped others.", **initial)
    block["element"] |= {"action_id": "ask_title", "dispatch_action_config": on_enter}
    return block | {"dispatch_action": True}


def test_slack_reports_each_character_instead_of_enter():
    on_character = {"trigger_actions_on": ["on_character_entered"]}
    block = question() | {"dispatch_action": True}
    block["element"] |= {
        "action_id": "ask_title",
        "dispatch_action_config": on_character,
    }
    assert forms.ask_form(reports_typing=True).to_dict()["blocks"][0] == block


def details(**initial: str) -> Json:
    hint = "What you tried, what happened, what you expected"
    element = text_input("details", 3000, hint, multiline=True, **initial)
    return input_block("details", "Details", element, optional=True)


def channel(**initial: object) -> Json:
    element = {
        "type": "conversations_select",
        "action_id": "ask_channel",
        "placeholder": plain("Choose a channel"),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
        **initial,
    }
    return input_block("channel", "Channel", element, dispatch_action=True)


def topics(label: str = "Topics", **initial: str) -> Json:
    hint = "Up to 3, separated by commas"
    element = text_input("more_topics", 150, **initial)
    return input_block("more_topics", label, element, hint, optional=True)


ASK = {
    "callback_id": "ask",
    "submit": "Ask",
    "close": "Cancel",
    "private_metadata": '{"ask": null}',
}


def test_the_form_of_a_new_ask_is_empty():
    assert forms.ask_form().to_dict() == modal(
        "Ask your peers", new_question(), details(), channel(), topics(), **ASK
    )


def test_from_a_shortcut_the_form_uses_the_open_channel():
    assert forms.ask_form(use_current_channel=True).to_dict()["blocks"][2] == channel(
        default_to_current_conversation=True
    )


def test_in_a_channel_without_the_bot_the_form_explains_the_invitation():
    view = forms.ask_form(
        title="What is &lt;b&gt;?",
        details="So *far*",
        hint=blocks.NOT_IN_CHANNEL_CHOOSE,
    )
    assert view.to_dict() == modal(
        "Ask your peers",
        context(mrkdwn(blocks.NOT_IN_CHANNEL_CHOOSE)),
        new_question(initial_value="What is <b>?"),
        details(initial_value="So *far*"),
        channel(),
        topics(),
        **ASK,
    )


def test_the_choice_of_topics_of_a_new_ask_is_reported():
    view = forms.ask_form(channel="C0HELP", channel_topics=("python", "time"))
    chosen = {
        "type": "multi_static_select",
        "action_id": "ask_topics",
        "placeholder": plain("Choose topics"),
        "options": [option("python", "python"), option("time", "time")],
        "max_selected_items": 3,
    }
    assert view.to_dict()["blocks"][3] == input_block(
        "topics", "Topics", chosen, optional=True, dispatch_action=True
    )


def test_an_ask_is_edited_with_its_topics_chosen():
    view = forms.ask_form(
        ask_id=7,
        title=TITLE,
        details="Long\nstory",
        channel_topics=("python", "time"),
        topics=("time", "spring"),
    )
    chosen = {
        "type": "multi_static_select",
        "action_id": "topics",
        "placeholder": plain("Choose topics"),
        "options": [option("python", "python"), option("time", "time")],
        "initial_options": [option("time", "time")],
        "max_selected_items": 3,
    }
    assert view.to_dict() == modal(
        "Edit your ask",
        question(initial_value=TITLE),
        details(initial_value="Long\nstory"),
        input_block("topics", "Topics", chosen, optional=True),
        topics("Other topics", initial_value="spring"),
        callback_id="edit_ask",
        submit="Save",
        close="Cancel",
        private_metadata='{"ask": 7}',
    )


def test_topics_that_the_channel_lacks_fit_their_field():
    [*_, field_] = forms.ask_form(topics=["x" * 80, "y" * 80]).to_dict()["blocks"]
    initial = field_["element"]["initial_value"]
    assert len(initial) == 150
    assert initial.endswith("…")


def test_no_more_topics_are_chosen_than_allowed():
    view = forms.ask_form(channel_topics="abcd", topics="abcd").to_dict()
    chosen, others = (block["element"] for block in view["blocks"][-2:])
    assert len(chosen["initial_options"]) == 3
    assert others["initial_value"] == "d"


def test_another_person_gives_a_reason_to_close():
    assert forms.close_form(7, TITLE, "Ana").to_dict() == modal(
        "Close this ask",
        title(TITLE),
        input_block(
            "reason",
            "Why?",
            text_input("reason", 300),
            "Ana will read it, and can reopen the ask.",
        ),
        callback_id="close_ask",
        submit="Close it",
        close="Cancel",
        private_metadata='{"ask": 7}',
    )


def test_the_delete_form_explains_the_consequences():
    consequence = "The ask's message disappears for everyone. The answers stay."
    view = forms.delete_form(7, TITLE)
    assert view.to_dict() == modal(
        "Delete this ask?",
        title(TITLE),
        {"type": "section", "text": mrkdwn(consequence)},
        callback_id="delete_ask",
        submit="Delete it",
        close="Keep it",
        private_metadata='{"ask": 7}',
    )


@pytest.mark.parametrize(
    ("worked", "initial"),
    [
        (None, {}),
        ("Freeze &amp; thaw", {"initial_value": "Freeze & thaw"}),
    ],
)
def test_the_solution_can_be_entered_and_changed(worked, initial):
    assert forms.what_worked_form(7, TITLE, worked).to_dict() == modal(
        "What worked?",
        title(TITLE),
        input_block(
            "worked",
            "In one line",
            text_input("worked", 300, **initial),
            "Shown with the ask, for the next person.",
        ),
        callback_id="worked",
        submit="Save",
        close="Cancel",
        private_metadata='{"ask": 7}',
    )


def options(state: str, *possible: str, **more: Any) -> Json:
    return forms.options_modal(7, TITLE, state, possible, **more).to_dict()


def possible(consequence: str, label: str) -> Json:
    return button(label, f"option_{consequence}", "7")


@pytest.mark.parametrize(
    ("ask_view", "state", "buttons"),
    [
        (
            options("open", "looking", "same"),
            "open",
            [possible("looking", "I can help"), possible("same", "Same here")],
        ),
        (
            options("answered", "looking", "same", joined=("looking", "same")),
            "answered",
            [
                possible("looking", "I can't help after all"),
                possible("same", "I don't have this problem"),
            ],
        ),
        (
            options("open", "edit", "close", "delete"),
            "open",
            [
                possible("edit", "Edit"),
                possible("close", "Close"),
                possible("delete", "Delete…"),
            ],
        ),
        (
            options("solved", "worked", "reopen"),
            "solved",
            [
                possible("worked", "Add what worked"),
                possible("reopen", "Not solved yet"),
            ],
        ),
        (
            options("closed", "reopen", "delete", is_own_message=True),
            "closed",
            [possible("reopen", "Reopen"), possible("delete", "Not an ask")],
        ),
    ],
)
def test_the_options_match_the_persons_permissions(ask_view, state, buttons):
    assert ask_view == modal(
        "Ask options",
        title(TITLE),
        context(mrkdwn(f"This ask is *{state}*.")),
        actions(*buttons),
        callback_id="ask_options",
        close="Done",
    )


def test_a_person_without_options_learns_who_has_them():
    assert options("closed")["blocks"][-1] == {
        "type": "section",
        "text": mrkdwn("The asker, champions and admins can reopen it."),
    }


def test_an_error_is_shown_in_a_view():
    assert blocks.message_modal(
        "Not possible", "It's already solved."
    ).to_dict() == modal(
        "Not possible",
        {"type": "section", "text": mrkdwn("It's already solved.")},
        callback_id="message",
        close="OK",
    )
