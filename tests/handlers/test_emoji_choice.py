"""The choice of emoji in the settings."""

import json

import pytest

from bot.slack.api import Rejected
from bot.workspace import channels
from tests.factories import Story
from tests.slack_payloads import ADMIN, ASKER, HELP_CHANNEL, HELPER, PEER, form_errors


def helpful_of(story: Story) -> list[str] | None:
    with story.rt.read(story.rt.workspaces.only) as tx:
        channel = channels.find(tx, HELP_CHANNEL)
        assert channel is not None
        return channel.helpful_emoji


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("🥇", "first_place_medal"),
        ("🤦", "face_palm"),
        ("🤦🏽‍♀️", "woman-facepalming"),
        ("☑", "ballot_box_with_check"),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", "flag-scotland"),
        ("👩🏽‍🤝‍👨🏻", "man_and_woman_holding_hands"),
        (":thumbsdown::skin-tone-4:", "-1"),
        (":助かった:", "助かった"),
        (":धन्यवाद:", "धन्यवाद"),
        (":спасибо_большое:", "спасибо_большое"),
        (":merci-a\u0300-toi:", "merci-\u00e0-toi"),
    ],
)
def test_an_emoji_counts_by_the_name_that_slack_sends(
    story: Story, typed: str, name: str
) -> None:
    assert story.set_up_channel(helpful=typed).body == ""
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(PEER, answer, name)
    assert story.answer_marks() == {answer: (False, 1)}


@pytest.mark.parametrize("typed", [":foo bar: nonsense", "nonsense", "👍👎x", ":a b:"])
def test_an_invalid_emoji_is_refused_and_the_old_choice_stays(
    story: Story, typed: str
) -> None:
    story.set_up_channel(helpful=":tada:")
    assert list(form_errors(story.set_up_channel(helpful=typed))) == ["helpful"]
    assert helpful_of(story) == ["tada"]
    assert story.slack.ephemeral_messages == []


@pytest.mark.deep_on_postgresql
def test_an_unknown_emoji_is_questioned_once(story: Story) -> None:
    assert story.set_up_channel(helpful=":white_tick: :tada:").body == ""
    [question] = story.slack.ephemeral_messages
    assert (question.channel, question.visible_to) == (HELP_CHANNEL, ADMIN)
    assert question.text.startswith(
        "Saved. These aren't among Slack's standard emoji: `:white_tick:`."
    )
    story.set_up_channel(helpful=":white_tick: :tada: :heart:")
    assert helpful_of(story) == ["white_tick", "tada", "heart"]
    assert len(story.slack.ephemeral_messages) == 1


def test_an_emoji_in_use_is_not_questioned(story: Story) -> None:
    story.set_up_channel(capture="all")
    ts = story.say(ASKER, "How?")
    answer = story.say(HELPER, "So.", thread_ts=ts)
    story.set_up_channel(helpful=":party-parrot:")
    [question] = story.slack.ephemeral_messages
    story.react(PEER, answer, "party-parrot")
    story.set_up_channel(helpful=":heart:")
    story.set_up_channel(helpful=":party-parrot:")
    assert story.slack.ephemeral_messages == [question]


@pytest.mark.deep_on_postgresql
def test_a_rejected_question_undoes_nothing(story: Story) -> None:
    story.slack.fail["chat.postEphemeral"] = [
        Rejected("chat.postEphemeral", "user_not_in_channel")
    ]
    assert story.set_up_channel(helpful=":white_tick:").body == ""
    assert helpful_of(story) == ["white_tick"]


def test_the_workspaces_choice_is_questioned_in_its_form(story: Story) -> None:
    answer = json.loads(story.set_up_workspace(default_helpful=":white_tick:").body)
    assert answer["response_action"] == "update"
    assert "`:white_tick:`" in json.dumps(answer["view"])
    assert story.set_up_workspace().body == ""
