"""Sharing in check-ins by the form."""

import json
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.slack.api import Rejected
from models import Channel, CheckIn, Participant, Schedule
from tests.checkins import (
    PARSER,
    open_form,
    response_states,
    round_replies,
    share,
    visible_text,
)
from tests.factories import Story
from tests.slack_payloads import (
    ASKER,
    GUEST,
    HELP_CHANNEL,
    PEER,
    form_values,
    user_object,
)
from tests.workspace import add_other_workspace

# The form


def test_a_response_is_shown_in_the_thread_with_its_author(story: Story):
    round_ = story.post_round(reflections=["What surprised you?"])
    view = open_form(story, ASKER, round_)
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
    share(story, ASKER, round_, working_on=PARSER, proud_of="Tests :tada:")
    [reply] = round_replies(story, round_)
    assert reply.channel == HELP_CHANNEL
    assert visible_text(reply) == (
        f"@{ASKER} shared:\nWorking on\n{PARSER}\nProud of\nTests :tada:\n"
    )
    assert reply.text == "Ana shared: The *parser* &amp; &lt;lexer&gt;"
    assert response_states(story, round_) == {ASKER: "shared"}
    # Nothing is copied to the channel.
    assert [
        m for m in story.slack.messages_to(HELP_CHANNEL) if m.thread_ts is None
    ] == [story.slack.message_at(HELP_CHANNEL, round_.ts or "")]


def test_the_filled_in_form_changes_the_response_until_the_close(story: Story):
    round_ = story.post_round()
    share(story, ASKER, round_, working_on="  A <b>\n`c` ", stuck_on="Types")
    assert form_values(open_form(story, ASKER, round_)) == {
        "working_on": "A <b>\n`c`",
        "stuck_on": "Types",
        "proud_of": [],
    }
    share(story, ASKER, round_, proud_of="Done")
    [reply] = round_replies(story, round_)
    assert visible_text(reply) == f"@{ASKER} shared:\nProud of\nDone\n"
    assert reply.updates == 1
    story.clock.now = round_.closes_at - timedelta(seconds=1)
    share(story, ASKER, round_, proud_of="Really done")
    assert "Really done" in visible_text(*round_replies(story, round_))


@pytest.mark.parametrize("nothing", ["", "  \n ", "\u200b\u202e"])
def test_one_of_the_answers_is_required(story: Story, nothing: str):
    round_ = story.post_round()
    response = share(story, ASKER, round_, working_on=nothing, proud_of=nothing)
    assert "a few words" in response["errors"]["working_on"]
    assert response_states(story, round_) == {}


def test_a_response_after_the_close_is_refused_beside_the_field(story: Story):
    round_ = story.post_round()
    view = open_form(story, ASKER, round_)
    story.clock.now = round_.closes_at
    response = json.loads(story.submit(ASKER, view, {"stuck_on": "Types"}).body)
    assert response["response_action"] == "errors"
    assert "Late replies count" in response["errors"]["working_on"]
    story.close_rounds()
    story.click(ASKER, "checkin_share", str(round_.id))
    assert "This round has closed" in story.slack.responses[-1][1]
    assert response_states(story, round_) == {}


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"deleted": True}, "can't take part"),
        ({"is_bot": True}, "can't take part"),
        ({"team_id": "T9"}, "members of the workspace"),
        ({"is_restricted": True}, "Only full members"),
    ],
)
def test_a_member_who_may_not_take_part_is_refused_beside_the_field(
    story: Story, facts: dict[str, Any], reason: str
):
    story.set_up_channel(guests_may_ask=[])
    round_ = story.post_round()
    view = open_form(story, ASKER, round_)
    story.slack.people[PEER] = user_object(PEER, **facts)
    response = json.loads(story.submit(PEER, view, {"working_on": "Gold"}).body)
    assert reason in response["errors"]["working_on"]
    story.click(PEER, "checkin_join", str(round_.id))
    assert reason in story.slack.responses[-1][1]
    story.click(PEER, "checkin_share", str(round_.id))
    assert reason in story.slack.responses[-1][1]
    story.deliver()
    assert round_replies(story, round_) == []
    assert response_states(story, round_) == {}


def test_guests_take_part_unless_the_channel_says_otherwise(story: Story):
    round_ = story.post_round()
    share(story, GUEST, round_)
    assert response_states(story, round_) == {GUEST: "shared"}


@pytest.mark.deep_on_postgresql
def test_one_form_sent_twice_at_once_is_one_response(story: Story):
    round_ = story.post_round()
    view = open_form(story, ASKER, round_)

    def send(_: int) -> str:
        return story.submit(ASKER, view, {"stuck_on": "Types"}, view_id="V7").body or ""

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(send, range(8))) == {""}
    story.deliver()
    assert len(round_replies(story, round_)) == 1
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
    round_ = story.post_round()
    share(story, ASKER, round_, **dict.fromkeys(("working_on", "proud_of"), text))
    [reply] = round_replies(story, round_)
    blocks_json = json.dumps(reply.blocks)
    assert "broadcast" not in blocks_json
    assert blocks_json.count('"user"') == 1  # Ana herself
    assert '"link"' not in blocks_json
    assert len(blocks_json) < 13_000
    assert "<!" not in reply.text
    assert unicodedata.normalize("NFC", text).strip("\u202e")[:1] in visible_text(reply)
    story.close_rounds()
    digest = story.slack.message_at(HELP_CHANNEL, round_.ts or "")
    assert len(json.dumps(digest.blocks)) < 13_000
    assert '"user"' not in json.dumps(digest.blocks)


def test_a_too_long_text_is_refused_beside_its_field(story: Story):
    round_ = story.post_round()
    response = share(story, ASKER, round_, working_on="x", stuck_on="x" * 40_000)
    assert response["errors"] == {"stuck_on": "At most 1000 characters, please."}
    assert round_replies(story, round_) == []


def test_an_unknown_round_is_refused(story: Story):
    story.post_round()
    for value in ("999", "x", "", "9" * 40):
        assert story.click(ASKER, "checkin_share", value).status == 200
        assert story.click(ASKER, "checkin_join", value).status == 200
    assert "is gone" in story.slack.responses[-1][1]


def test_a_response_that_slack_rejects_is_returned_to_its_author(story: Story):
    round_ = story.post_round()
    story.slack.fail["chat.postMessage"] = [Rejected("chat.postMessage", "is_archived")]
    share(story, ASKER, round_, working_on=PARSER)
    [note] = story.slack.messages_to(ASKER)
    assert "It still counts" in note.text
    assert PARSER in visible_text(note)
    assert response_states(story, round_) == {ASKER: "shared"}


def test_another_workspaces_rounds_are_unknown(story: Story):
    round_ = story.post_round()
    view = open_form(story, ASKER, round_)
    with story.rt.write_session.begin() as session:
        other_workspace = add_other_workspace(session)
        session.execute(update(Channel).values(installation_id=other_workspace.id))
        session.execute(update(Schedule).values(installation_id=other_workspace.id))
        session.add(CheckIn(round_id=round_.id, member=ASKER, stuck_on="Types"))
        session.flush()
        checkin = session.scalars(select(CheckIn.id)).one()
    for button, value in (
        ("checkin_share", round_.id),
        ("checkin_join", round_.id),
        ("checkin_leave", round_.schedule_id),
        ("checkin_go_on", round_.schedule_id),
        ("checkin_ask", checkin),
    ):
        count = len(story.slack.responses)
        story.click(ASKER, button, str(value))
        assert len(story.slack.responses) == count + 1, button
    assert len(story.slack.views) == 1
    response = json.loads(story.submit(ASKER, view, {"working_on": "Gold"}).body)
    assert "is gone" in response["errors"]["working_on"]
    with story.rt.read_session() as session:
        assert session.scalars(select(Participant)).all() == []
