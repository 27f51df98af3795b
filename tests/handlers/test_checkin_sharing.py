"""Sharing in check-ins by the form."""

import json
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.slack.api import Rejected
from models import Channel, CheckIn, Installation, Participant, Schedule
from tests.checkins import (
    PARSER,
    open_form,
    response_states,
    round_replies,
    share,
    visible_text,
)
from tests.factories import MONDAY, Story
from tests.slack_payloads import (
    ASKER,
    GUEST,
    HELP_CHANNEL,
    PEER,
    form_values,
    user_object,
)

# The form


def test_a_response_is_shown_in_the_thread_with_its_author(story: Story):
    one = story.post_round(reflections=["What surprised you?"])
    view = open_form(story, ASKER, one)
    labels = [b["label"]["text"] for b in view["blocks"] if b["type"] == "input"]
    assert labels == [
        "What are you working on this week?",
        "What are you stuck on?",
        "What are you proud of?",
        "What surprised you?",
    ]
    assert all(b["optional"] for b in view["blocks"] if b["type"] == "input")
    assert "Sharing doesn't sign you up" in visible_text(view)
    # Ana is in Helsinki.
    assert "until Friday 13 March at 10:00 EET" in visible_text(view)
    share(story, ASKER, one, working_on=PARSER, proud_of="Tests :tada:")
    [shown] = round_replies(story, one)
    assert shown.channel == HELP_CHANNEL
    assert visible_text(shown) == (
        f"@{ASKER} shared:\nWorking on\n{PARSER}\nProud of\nTests :tada:\n"
    )
    assert shown.text == "Ana shared: The *parser* &amp; &lt;lexer&gt;"
    assert response_states(story, one) == {ASKER: "shared"}
    # Nothing is copied to the channel.
    assert [
        m for m in story.slack.messages_to(HELP_CHANNEL) if m.thread_ts is None
    ] == [story.slack.message_at(HELP_CHANNEL, one.ts or "")]


def test_the_filled_in_form_changes_the_response_until_the_close(story: Story):
    one = story.post_round()
    share(story, ASKER, one, working_on="  A <b>\n`c` ", stuck_on="Types")
    assert form_values(open_form(story, ASKER, one)) == {
        "working_on": "A <b>\n`c`",
        "stuck_on": "Types",
        "proud_of": [],
    }
    share(story, ASKER, one, proud_of="Done")
    [shown] = round_replies(story, one)
    assert visible_text(shown) == f"@{ASKER} shared:\nProud of\nDone\n"
    assert shown.updates == 1
    story.clock.now = one.closes_at - timedelta(seconds=1)
    share(story, ASKER, one, proud_of="Really done")
    assert "Really done" in visible_text(*round_replies(story, one))


@pytest.mark.parametrize("nothing", ["", "  \n ", "\u200b\u202e"])
def test_one_of_the_answers_is_required(story: Story, nothing: str):
    one = story.post_round()
    said = share(story, ASKER, one, working_on=nothing, proud_of=nothing)
    assert "a few words" in said["errors"]["working_on"]
    assert response_states(story, one) == {}


def test_a_response_after_the_close_is_refused_beside_the_field(story: Story):
    one = story.post_round()
    view = open_form(story, ASKER, one)
    story.clock.now = one.closes_at
    said = json.loads(story.submit(ASKER, view, {"stuck_on": "Types"}).body)
    assert said["response_action"] == "errors"
    assert "Late replies count" in said["errors"]["working_on"]
    story.close_rounds()
    story.click(ASKER, "checkin_share", str(one.id))
    assert "This round has closed" in story.slack.responses[-1][1]
    assert response_states(story, one) == {}


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"deleted": True}, "can't take part"),
        ({"is_bot": True}, "can't take part"),
        ({"team_id": "T9"}, "members of the workspace"),
        ({"is_restricted": True}, "Only full members"),
    ],
)
def test_a_member_who_may_not_take_part_is_refused_beside_the_field(
    story: Story, facts: dict[str, Any], why: str
):
    story.set_up_channel(guests_may_ask=[])
    one = story.post_round()
    view = open_form(story, ASKER, one)
    story.slack.people[PEER] = user_object(PEER, **facts)
    said = json.loads(story.submit(PEER, view, {"working_on": "Gold"}).body)
    assert why in said["errors"]["working_on"]
    story.click(PEER, "checkin_join", str(one.id))
    assert why in story.slack.responses[-1][1]
    story.click(PEER, "checkin_share", str(one.id))
    assert why in story.slack.responses[-1][1]
    story.deliver()
    assert round_replies(story, one) == []
    assert response_states(story, one) == {}


def test_guests_take_part_unless_the_channel_says_otherwise(story: Story):
    one = story.post_round()
    share(story, GUEST, one)
    assert response_states(story, one) == {GUEST: "shared"}


def test_one_form_sent_twice_at_once_is_one_response(story: Story):
    one = story.post_round()
    view = open_form(story, ASKER, one)

    def send(_: int) -> str:
        return story.submit(ASKER, view, {"stuck_on": "Types"}, view_id="V7").body or ""

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(send, range(8))) == {""}
    story.deliver()
    assert len(round_replies(story, one)) == 1
    assert len(story.slack.messages_to(ASKER)) == 1


HOSTILE = [
    "<!channel> @here <@U0BEN> <https://evil.test|ok>",
    "\u202eevil\u202c `a` ```b``` > c",
    "z\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301a",
    ":tada:" * 150,
    "x" * 1000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_was_written_and_has_no_effect(
    story: Story, text: str
):
    one = story.post_round()
    share(story, ASKER, one, **dict.fromkeys(("working_on", "proud_of"), text))
    [shown] = round_replies(story, one)
    drawn = json.dumps(shown.blocks)
    assert "broadcast" not in drawn
    assert drawn.count('"user"') == 1  # Ana herself
    assert '"link"' not in drawn
    assert len(drawn) < 13_000
    assert "<!" not in shown.text
    assert unicodedata.normalize("NFC", text).strip("\u202e")[:1] in visible_text(shown)
    story.close_rounds()
    digest = story.slack.message_at(HELP_CHANNEL, one.ts or "")
    assert len(json.dumps(digest.blocks)) < 13_000
    assert '"user"' not in json.dumps(digest.blocks)


def test_a_too_long_text_is_refused_beside_its_field(story: Story):
    one = story.post_round()
    said = share(story, ASKER, one, working_on="x", stuck_on="x" * 40_000)
    assert said["errors"] == {"stuck_on": "At most 1000 characters, please."}
    assert round_replies(story, one) == []


def test_an_unknown_round_is_refused(story: Story):
    story.post_round()
    for value in ("999", "x", "", "9" * 40):
        assert story.click(ASKER, "checkin_share", value).status == 200
        assert story.click(ASKER, "checkin_join", value).status == 200
    assert "is gone" in story.slack.responses[-1][1]


def test_a_response_that_slack_rejects_is_returned_to_its_author(story: Story):
    one = story.post_round()
    story.slack.fail["chat.postMessage"] = [Rejected("chat.postMessage", "is_archived")]
    share(story, ASKER, one, working_on=PARSER)
    [note] = story.slack.messages_to(ASKER)
    assert "It still counts" in note.text
    assert PARSER in visible_text(note)
    assert response_states(story, one) == {ASKER: "shared"}


def test_another_workspaces_rounds_are_unknown(story: Story):
    one = story.post_round()
    view = open_form(story, ASKER, one)
    with story.rt.write_session.begin() as session:
        there = Installation(
            team_id="T9",
            bot_id="B9",
            bot_user_id="U9",
            team_name="Others",
            team_url="https://others.slack.com/",
            installed_at=MONDAY,
        )
        session.add(there)
        session.flush()
        session.execute(update(Channel).values(installation_id=there.id))
        session.execute(update(Schedule).values(installation_id=there.id))
        session.add(CheckIn(round_id=one.id, member=ASKER, stuck_on="Types"))
        session.flush()
        checkin = session.scalars(select(CheckIn.id)).one()
    for button, value in (
        ("checkin_share", one.id),
        ("checkin_join", one.id),
        ("checkin_leave", one.schedule_id),
        ("checkin_go_on", one.schedule_id),
        ("checkin_ask", checkin),
    ):
        count = len(story.slack.responses)
        story.click(ASKER, button, str(value))
        assert len(story.slack.responses) == count + 1, button
    assert len(story.slack.views) == 1
    said = json.loads(story.submit(ASKER, view, {"working_on": "Gold"}).body)
    assert "is gone" in said["errors"]["working_on"]
    with story.rt.read_session() as session:
        assert session.scalars(select(Participant)).all() == []
