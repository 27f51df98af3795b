"""One notification per recipient of kudos."""

import json

import pytest

from bot.slack.api import OutcomeUnknown, Rejected
from bot.workspace import channel_members, channels
from tests.factories import Story
from tests.kudos import BEN, CHI, FOR, filled, form, give, kudos
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER, user_object


def test_the_giver_is_named_and_only_the_recipients_are_mentioned(
    story: Story,
) -> None:
    story.slack.people[ASKER] = user_object(ASKER, "*Ana* <!here> :tada:")
    give(story)
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    assert ASKER not in json.dumps(posted.blocks) + posted.text
    assert "<!here>" not in posted.text
    first = posted.blocks[0]["elements"][0]["elements"][0]
    assert first == {"type": "text", "text": "*Ana* <!here> :tada:"}


def test_a_recipient_who_sees_the_message_gets_no_direct_message(story: Story) -> None:
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER]
    give(story, f"{BEN} {CHI} {FOR}")
    assert story.slack.messages_to(HELPER) == []
    [note] = story.slack.messages_to(PEER)
    assert note.text.startswith("Ana thanks you in #help: ")
    story.click(ASKER, "kudos_take_back", str(kudos(story)[0].id))
    story.deliver()
    assert story.slack.messages_to(HELPER) == []
    assert note.text == "Ana took these kudos back."


@pytest.mark.parametrize("is_in", [True, False])
def test_known_memberships_are_not_fetched_again(story: Story, *, is_in: bool) -> None:
    give(story, giver=PEER)
    with story.rt.write(story.rt.workspaces.only) as tx:
        channel_id = channels.get_or_create(tx, HELP_CHANNEL).id
        now = story.clock()
        channel_members.record(tx, HELPER, {channel_id: is_in}, at=now)
    story.slack.calls.clear()
    give(story)
    assert "users.conversations" not in story.slack.calls
    assert len(story.slack.messages_to(HELPER)) == (1 if is_in else 2)


def test_a_direct_message_is_sent_if_the_membership_is_unknown(
    story: Story,
) -> None:
    story.slack.members_by_channel[HELP_CHANNEL] = [HELPER]
    story.slack.fail["users.conversations"] = [
        Rejected("users.conversations", "user_not_found")
    ]
    give(story)
    assert len(story.slack.messages_to(HELPER)) == 1


@pytest.mark.deep_on_postgresql
def test_private_kudos_are_direct_messages_to_channel_members_too(story: Story) -> None:
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER]
    story.submit(ASKER, form(story), filled(visibility="private"))
    story.deliver()
    assert len(story.slack.messages_to(HELPER)) == 1


def test_a_recipient_who_can_not_see_the_message_gets_a_direct_message(
    story: Story,
) -> None:
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER]
    story.slack.fail["chat.postMessage"] = [OutcomeUnknown("chat.postMessage", "reset")]
    story.slack.fail["conversations.history"] = [
        Rejected("conversations.history", "missing_scope")
    ]
    give(story)
    for _ in range(3):
        story.advance(seconds=11)
    assert len(story.slack.messages_to(HELPER)) == 1
