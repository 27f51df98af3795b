"""Program leads credit by hand, and choose who is credited."""

from datetime import time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.workspace import leads, member_settings
from models import MentorRun
from tests.factories import Story
from tests.mentors import (
    choose,
    credited,
    help_out,
    last,
    on_friday,
    prefer,
    run_detection,
    the_credit,
)
from tests.slack_payloads import (
    ADMIN,
    BOT,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    user_object,
)

SECRET = "C0SECRET"


def by_hand(story: Story, lead: str = ADMIN, **changes: Any) -> Any:
    story.command(ADMIN, "/backswing", "mentors")
    story.click(ADMIN, "mentor_add", "add", view=story.slack.views[-1][1])
    form = story.slack.views[-1][1]
    values = {
        "member": [HELPER],
        "reason": "Sat with three newcomers until it worked.",
        "channel": HELP_CHANNEL,
        **changes,
    }
    return story.submit(lead, form, values)


@pytest.mark.deep
def test_a_lead_credits_by_hand_with_a_reason_and_the_same_question(story: Story):
    help_out(story)
    assert by_hand(story).body == ""
    story.advance(days=1)
    note = last(story, HELPER)
    assert "Eva wants to thank you: “Sat with three newcomers" in note.text
    assert "May I thank you in #help" in note.text
    choose(story, "mentor_tell")
    assert "Eva says: “Sat with three newcomers" in last(story, HELP_CHANNEL).text
    story.command(ADMIN, "/backswing", "mentors")
    view_text = str(story.slack.views[-1][1])
    assert "posted in public in #help" in view_text
    assert "by Eva: Sat with three newcomers" in view_text
    # One in a period, whoever gives it.
    again = by_hand(story, reason="Sat with three more of them.")
    assert "already has a credit this week" in again.body
    on_friday(story)
    assert len(credited(story)) == 1


@pytest.mark.deep_on_postgresql
def test_a_credit_by_hand_sent_twice_is_one(story: Story):
    help_out(story)
    assert by_hand(story).body == ""
    assert by_hand(story).body == ""
    assert len(credited(story)) == 1


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"member": [ADMIN]}, "member", "credit yourself"),
        ({"member": [BOT]}, "member", "can be credited"),
        ({"reason": "   " + "a" * 19}, "reason", "in one sentence"),
        ({"channel": "C0NOT"}, "channel", "not in that channel"),
    ],
)
def test_an_invalid_credit_is_refused_beside_its_field(
    story: Story, changes, field, reason
):
    help_out(story)
    story.slack.people[BOT] = user_object(BOT, "Backswing", is_bot=True)
    story.slack.channels["C0NOT"] = conversation_object("C0NOT", "not", is_member=False)
    response = by_hand(story, **changes).body
    assert f'"{field}"' in response
    assert reason in response
    assert credited(story) == []


@pytest.mark.parametrize("insiders", [[], [ADMIN], [HELPER]])
def test_a_private_channel_is_named_to_its_members_only(
    story: Story, insiders: list[str]
):
    help_out(story)
    story.slack.channels[SECRET] = conversation_object(
        SECRET, "secret", is_private=True
    )
    story.slack.members_by_channel[SECRET] = insiders
    before = len(story.slack.messages_to(HELPER))
    response = by_hand(story, channel=SECRET).body
    assert '"channel"' in response
    assert "that you're both in" in response
    story.advance(days=1)
    assert credited(story) == []
    assert len(story.slack.messages_to(HELPER)) == before


def test_members_of_a_private_channel_are_credited_there(story: Story):
    help_out(story)
    story.slack.channels[SECRET] = conversation_object(
        SECRET, "secret", is_private=True
    )
    story.slack.members_by_channel[SECRET] = [ADMIN, HELPER]
    assert by_hand(story, channel=SECRET).body == ""
    story.advance(days=1)
    assert "May I thank you in #secret" in last(story, HELPER).text


def test_a_member_who_opted_out_gets_no_credit_by_hand(story: Story):
    help_out(story)
    with story.rt.write(story.rt.workspaces.only) as tx:
        member_settings.update(tx, HELPER, public_naming="never")
    assert "doesn't want to be credited" in by_hand(story).body


def test_members_can_neither_see_nor_change_the_program_leads_pages(story: Story):
    help_out(story)
    assert "program leads" in story.command(PEER, "/backswing", "mentors").body
    assert "program leads" in by_hand(story, PEER).body
    assert credited(story) == []


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_leads_choose_the_experts_and_the_scope(story: Story):
    help_out(story)
    story.command(ADMIN, "/backswing", "mentors")
    story.click(ADMIN, "mentor_set_up", "set", view=story.slack.views[-1][1])
    form = story.slack.views[-1][1]
    assert (
        story.submit(ADMIN, form, {"scope": "channels", "experts": [HELPER]}).body == ""
    )
    on_friday(story)
    assert credited(story) == []
    with story.rt.read_session() as session:
        [done] = session.scalars(select(MentorRun))
        assert done.scope_id != 0
    story.submit(ADMIN, form, {"scope": "off", "experts": []})
    story.clock.advance(days=7)
    run_detection(story)
    assert credited(story) == []
    story.submit(ADMIN, form, {"scope": "channels", "experts": []})
    story.clock.advance(minutes=10)
    run_detection(story)
    assert the_credit(story).member == HELPER


@pytest.mark.deep_on_postgresql
@pytest.mark.deep
def test_leads_are_told_of_a_ring_privately_and_once(story: Story):
    for helper, asker in ((HELPER, PEER), (PEER, HELPER)) * 4:
        ask = story.ask(member=asker)
        reply = story.say(helper, "So.", thread_ts=ask.ts)
        story.react(asker, reply, "+1")
    with story.rt.write(story.rt.workspaces.only) as tx:
        leads.set_program_leads(tx, [CHAMPION])
    story.advance(minutes=2)
    before = len(story.slack.messages_to(HELP_CHANNEL))
    prefer(story, CHAMPION, hours_from=time(11))
    on_friday(story)
    until = story.clock().date() + timedelta(days=3)
    prefer(story, CHAMPION, paused_until=until)
    story.advance(hours=4)
    assert story.slack.messages_to(CHAMPION) == []
    story.advance(days=3)
    notes = [m.text for m in story.slack.messages_to(CHAMPION)]
    assert len(notes) == 2
    assert all("A private note for program leads: 4 of the 4 marks" in n for n in notes)
    assert len(story.slack.messages_to(HELP_CHANNEL)) == before
    assert credited(story) == []
    story.clock.advance(days=4)
    run_detection(story)
    assert len(story.slack.messages_to(CHAMPION)) == 2
    story.command(ADMIN, "/backswing", "mentors")
    assert "4 of 4 marks come from" in str(story.slack.views[-1][1])
