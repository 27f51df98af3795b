"""The introduction of the bot in a channel."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from bot.slack.api import OutcomeUnknown, Rejected
from models import Channel, ChannelIntroduction
from tests.checkins import visible_text
from tests.factories import Story
from tests.onboarding import NEW, arrive, change_peers, press
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELPER,
    button,
    user_object,
)
from tests.workspace import add_other_workspace

POSTED_BLOCKS = 5


def test_the_inviter_sees_the_preview_and_posts_it(
    story: Story,
) -> None:
    arrive(story)
    assert story.slack.messages_to(NEW) == []
    [preview] = story.slack.messages_to(ASKER)
    assert "May I introduce myself there?" in preview.text
    press(story, ASKER, "Post it")
    story.deliver()
    [said] = story.slack.messages_to(NEW)
    assert len(said.blocks) == POSTED_BLOCKS
    assert all(block in preview.blocks for block in said.blocks)
    words = json.dumps(said.blocks, ensure_ascii=False)
    for promised in ("Four short rules", "Time: ", "*Leaving:*", "/ask"):
        assert promised in words
    assert "<!" not in words
    assert story.slack.responses[-1][1] == (
        "Done! I've introduced myself in the channel."
    )


def test_the_introduction_names_the_channels_own_emoji(arrived: Story) -> None:
    arrived.command(ADMIN, "/backswing", channel=NEW)
    arrived.submit_settings(ADMIN, "settings", {"solved": ":100:"})
    press(arrived, ASKER, "Post it")
    arrived.deliver()
    assert "use :100:." in visible_text(arrived.slack.messages_to(NEW)[0])


def test_it_has_the_rules_and_the_time_of_the_workspaces_own_program(
    arrived: Story,
) -> None:
    change_peers(
        arrived,
        rules=["*Be kind.* Try `/ask` &amp; see.", "Thank <@U0BEN|Ben> :tada:"],
        time_needed="10 minutes a week",
    )
    press(arrived, ASKER, "Post it")
    arrived.deliver()
    [posted] = arrived.slack.messages_to(NEW)
    shown = visible_text(posted)
    assert "Two short rules" in shown
    assert "Be kind. Try /ask & see." in shown
    # A mention in a rule notifies nobody.
    assert "Thank @Ben :tada:" in shown
    assert '"user"' not in json.dumps(posted.blocks)
    assert "Time: 10 minutes a week. Taking part is optional." in shown
    for default in ("Ask early", "A minute to ask", "*"):
        assert default not in shown.replace("*Hello, I'm Backswing.*", "").replace(
            "*Leaving:*", ""
        )


def test_repeated_events_ask_and_post_once(story: Story) -> None:
    for _ in range(2):
        arrive(story)
    assert len(story.slack.messages_to(ASKER)) == 1
    for _ in range(3):
        press(story, ASKER, "Post it")
        story.deliver()
    assert len(story.slack.messages_to(NEW)) == 1
    assert "already" in story.slack.responses[-1][1]


def test_after_a_removal_and_a_new_invitation_there_is_no_second_introduction(
    arrived: Story,
) -> None:
    press(arrived, ASKER, "Post it")
    arrived.deliver()
    arrived.event({"type": "channel_left", "channel": NEW})
    arrive(arrived, inviter=HELPER)
    assert arrived.slack.messages_to(HELPER) == []
    assert len(arrived.slack.messages_to(NEW)) == 1


def test_not_now_posts_nothing_and_allows_it_later(arrived: Story) -> None:
    press(arrived, ASKER, "Not now")
    arrived.deliver()
    assert arrived.slack.messages_to(NEW) == []
    _, text, blocks = arrived.slack.responses[-1]
    assert "I won't introduce myself" in text
    [button] = blocks[-1]["elements"]
    assert button["text"]["text"] == "Post it"
    arrived.click(ASKER, button["action_id"], button["value"])
    arrived.deliver()
    assert len(arrived.slack.messages_to(NEW)) == 1
    press(arrived, ASKER, "Not now")
    assert "already" in arrived.slack.responses[-1][1]


def test_only_the_inviter_champions_and_admins_decide(arrived: Story) -> None:
    arrived.slack.people["U0ROBO"] = user_object("U0ROBO", is_bot=True, is_admin=True)
    for member in (HELPER, GUEST, "U0ROBO"):
        press(arrived, member, "Post it", of=ASKER)
        press(arrived, member, "Not now", of=ASKER)
        arrived.deliver()
        assert "Only the person who invited me" in arrived.slack.responses[-1][1]
    assert arrived.slack.messages_to(NEW) == []
    press(arrived, ADMIN, "Post it", of=ASKER)
    arrived.deliver()
    assert len(arrived.slack.messages_to(NEW)) == 1


def test_the_preview_loses_its_buttons_when_another_member_has_posted(
    story: Story,
) -> None:
    arrive(story)
    [preview] = story.slack.messages_to(ASKER)
    story.click(ADMIN, *button(preview, "Post it"))
    story.deliver()
    assert len(story.slack.messages_to(NEW)) == 1
    assert preview.text == "I've already introduced myself in the channel."
    assert "introduction_post" not in json.dumps(preview.blocks)


@pytest.mark.deep_on_postgresql
def test_without_an_inviter_the_settings_offer_the_introduction(story: Story) -> None:
    arrive(story, inviter=None)
    story.command(ADMIN, "/backswing", channel=NEW)
    story.submit_settings(ADMIN, "settings", {"champions": [CHAMPION]})
    story.command(CHAMPION, "/backswing", channel=NEW)
    settings = story.slack.views[-1][1]
    [offer] = [b for b in settings["blocks"] if "accessory" in b]
    story.click(HELPER, "introduction_open", offer["accessory"]["value"], view=settings)
    assert story.slack.views[-1][1]["title"]["text"] == "Not possible"
    story.click(
        CHAMPION, "introduction_open", offer["accessory"]["value"], view=settings
    )
    preview = story.slack.views[-1][1]
    assert "Four short rules" in json.dumps(preview)
    assert story.submit(HELPER, preview, {}).body != ""
    for _ in range(2):
        story.submit(CHAMPION, preview, {})
        story.deliver()
    assert len(story.slack.messages_to(NEW)) == 1
    story.command(CHAMPION, "/backswing", channel=NEW)
    assert "introduction_open" not in json.dumps(story.slack.views[-1][1])


@pytest.mark.parametrize("facts", [{"is_bot": True}, {"deleted": True}])
def test_an_inviter_without_permission_is_not_asked(
    story: Story, facts: dict[str, Any]
) -> None:
    story.slack.people["U0ODD"] = user_object("U0ODD", **facts)
    arrive(story, inviter="U0ODD")
    assert story.slack.messages == []


def test_if_slack_rejects_it_the_member_is_told_and_can_retry(
    arrived: Story,
) -> None:
    arrived.slack.fail["chat.postMessage"] = [
        Rejected("chat.postMessage", "restricted_action")
    ]
    press(arrived, ASKER, "Post it")
    preview = arrived.slack.messages_to(ASKER)[0]
    arrived.deliver()
    assert arrived.slack.messages_to(NEW) == []
    assert "didn't let me" in arrived.slack.texts_to(ASKER)[-1]
    arrived.clock.advance(minutes=1)
    arrived.click(ASKER, *button(preview, "Post it"))
    arrived.deliver()
    assert len(arrived.slack.messages_to(NEW)) == 1


def test_an_unconfirmed_introduction_is_looked_up(arrived: Story) -> None:
    arrived.slack.fail_after["chat.postMessage"] = [
        OutcomeUnknown("chat.postMessage", "TimeoutError")
    ]
    press(arrived, ASKER, "Post it")
    for _ in range(3):
        arrived.advance(seconds=15)
    assert len(arrived.slack.messages_to(NEW)) == 1
    assert len(arrived.slack.messages_to(ASKER)) == 1


@pytest.mark.parametrize("fact", ["left", "archive"])
def test_in_a_channel_without_posting_rights_it_says_so(
    arrived: Story, fact: str
) -> None:
    arrived.event({"type": f"channel_{fact}", "channel": NEW})
    press(arrived, ASKER, "Post it")
    arrived.deliver()
    assert arrived.slack.messages_to(NEW) == []
    with arrived.rt.read_session() as session:
        assert session.scalars(select(ChannelIntroduction.posted_at)).one() is None


def test_other_workspaces_channels_and_forged_ones_are_unknown(
    story: Story,
) -> None:
    with story.rt.write_session.begin() as session:
        other = add_other_workspace(session)
        theirs = Channel(installation_id=other.id, slack_id="C9", is_joined=True)
        session.add(theirs)
        session.flush()
        session.add(ChannelIntroduction(channel_id=theirs.id, inviter=ADMIN))
        their_id = str(theirs.id)
    for value in (their_id, "", "0", "x", "9" * 18, "9" * 30):
        for action_id in ("post", "not_now", "open"):
            story.click(ADMIN, f"introduction_{action_id}", value)
        form = {
            "type": "modal",
            "callback_id": "introduction",
            "private_metadata": json.dumps({"channel": value}),
            "blocks": [],
        }
        assert "Not possible" in str(story.submit(ADMIN, form, {}).body)
    story.deliver()
    assert story.slack.messages == []
    assert story.slack.views == []
    with story.rt.read_session() as session:
        assert session.scalars(select(ChannelIntroduction.posted_at)).all() == [None]
