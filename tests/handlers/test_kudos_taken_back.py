"""Taking kudos back, and the button for it."""

import json

import pytest
from sqlalchemy import select

from models import KudosTag
from tests.factories import Story
from tests.kudos import BEN, CHI, FOR, REASON, filled, form, give, kudos, thanks
from tests.slack_payloads import ADMIN, ASKER, BOT, CHAMPION, HELP_CHANNEL, HELPER

# Outdated buttons


def test_the_button_disappears_from_a_direct_message_after_ten_minutes(
    story: Story,
) -> None:
    story.submit(ASKER, form(story), filled(visibility="private"))
    story.deliver()
    [line] = story.slack.messages_to(ASKER)
    assert "kudos_take_back" in json.dumps(line.blocks)
    story.advance(minutes=9)
    assert "kudos_take_back" in json.dumps(line.blocks)
    story.advance(minutes=1, seconds=1)
    assert "kudos_take_back" not in json.dumps(line.blocks)
    assert line.text == "Thanks sent privately to Ben."


@pytest.mark.deep_on_postgresql
def test_the_button_disappears_from_a_direct_message_after_an_admins_undo(
    story: Story,
) -> None:
    story.submit(ASKER, form(story), filled(visibility="private"))
    story.advance(minutes=11)
    story.click(ADMIN, "kudos_take_back", str(kudos(story)[0].id))
    story.deliver()
    [line] = story.slack.messages_to(ASKER)
    assert line.text == "Kudos taken back."


@pytest.mark.parametrize("is_used", [True, False])
def test_a_late_click_replaces_the_button_by_the_reason(
    story: Story, *, is_used: bool
) -> None:
    give(story)
    one = str(kudos(story)[0].id)
    if is_used:
        story.click(ASKER, "kudos_take_back", one)
    else:
        story.clock.advance(minutes=11)
    story.click(ASKER, "kudos_take_back", one)
    text = story.slack.replaced_texts[-1]
    assert ("already been taken back" if is_used else "for 10 minutes") in text


# Taking back


@pytest.mark.deep_on_postgresql
def test_the_giver_takes_them_back_and_the_message_shows_it(story: Story) -> None:
    give(story, f"{BEN} {FOR} #ops")
    [one] = kudos(story)
    story.clock.advance(minutes=9)
    assert story.click(ASKER, "kudos_take_back", str(one.id)).status == 200
    assert story.slack.responses[-1][1] == "Kudos taken back."
    story.deliver()
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    assert posted.text == "Ana took these kudos back."
    assert REASON not in json.dumps(posted.blocks)
    [note] = story.slack.messages_to(HELPER)
    assert note.text == "Ana took these kudos back."
    assert REASON not in json.dumps(note.blocks)
    assert thanks(story) == set()
    with story.rt.read_session() as session:
        assert session.scalars(select(KudosTag)).all() == []
    assert "4 more people" in give(story, f"{CHI} {FOR}"), (
        "what was taken back is left again"
    )


def test_after_ten_minutes_only_an_admin_takes_them_back(story: Story) -> None:
    give(story)
    [one] = kudos(story)
    story.clock.advance(minutes=11)
    for giver in (ASKER, HELPER, CHAMPION):
        story.click(giver, "kudos_menu", option=f"take_back:{one.id}")
    receipt = [text for _, text, _ in story.slack.responses]
    assert "for 10 minutes" in receipt[0]
    assert (
        receipt[1]
        == receipt[2]
        == "Only the person who gave them, or an admin, can take kudos back."
    )
    assert thanks(story)
    story.clock.advance(days=3)
    story.click(ADMIN, "kudos_menu", option=f"take_back:{one.id}")
    story.deliver()
    assert (
        story.slack.messages_to(HELP_CHANNEL)[0].text
        == "An admin took these kudos back."
    )
    assert thanks(story) == set()


@pytest.mark.deep_on_postgresql
def test_kudos_taken_back_before_the_post_are_never_posted(story: Story) -> None:
    story.command(ASKER, "/kudos", f"{BEN} {FOR}")
    story.click(ASKER, "kudos_take_back", str(kudos(story)[0].id))
    story.deliver()
    assert story.slack.messages == []


def test_they_are_taken_back_once(story: Story) -> None:
    give(story)
    one = str(kudos(story)[0].id)
    story.click(ASKER, "kudos_take_back", one)
    story.click(ASKER, "kudos_take_back", one)
    assert "already been taken back" in story.slack.responses[-1][1]


@pytest.mark.parametrize("value", ["", "x", "99", "1e3", "-1", "٣"])
def test_a_forged_button_takes_nothing_back(story: Story, value: str) -> None:
    give(story)
    assert story.click(ADMIN, "kudos_take_back", value).status == 200
    assert thanks(story)


@pytest.mark.deep_on_postgresql
def test_deleting_the_message_takes_its_kudos_back(story: Story) -> None:
    give(story)
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    story.delete(BOT, posted.ts)
    story.delete(BOT, posted.ts)
    assert thanks(story) == set()


def test_an_edit_gives_nothing_new(story: Story) -> None:
    give(story)
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    story.edit(BOT, posted.ts, f"{CHI} {FOR}", before="x")
    ts = story.say(ASKER, f"kudos {CHI}")
    story.edit(ASKER, ts, f"/kudos {CHI} {FOR}", before=f"kudos {CHI}")
    story.deliver()
    assert thanks(story) == {(ASKER, HELPER)}
