"""Forged identifiers in requests have no effect."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from bot.config.mentors import SMALL_WORKSPACE
from bot.feature import Features
from bot.features import load_features
from bot.slack.api import NotSent
from models import Answer, Ask, Champion, Channel, Round
from tests.checkins import join, open_form, response_states
from tests.conftest import NOW
from tests.factories import Story
from tests.handlers.anonymity.acting import ASK_BUTTONS
from tests.handlers.anonymity.acting import FORMS as ANONYMOUS_FORMS
from tests.handlers.anonymity.keys import KEYS
from tests.outsiders import GONE, INVALID_IDS, ROBOT, STRANGER, outsiders
from tests.rows import all_rows
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
)
from tests.workspace import add_other_workspace

EVERYBODY = (ASKER, HELPER, PEER, CHAMPION, ADMIN, GUEST, STRANGER, ROBOT, GONE)
THEIR_CHANNEL, THEIR_TS = "C9THEIRS", "1700000000.000100"
PRIVATE = "C0CLOSED"
SECRET = "What only the other workspace knows"
BUTTONS = (
    *("ask_looking", "ask_same", "option_looking", "option_same", "option_close"),
    *("option_delete", "option_reopen", "option_edit", "option_worked"),
    *("ask_delete", "ask_restore", "ask_reopen", "ask_worked"),
    *("route_edit", "route_close", "route_now", "route_elsewhere"),
    "route_confirm",
    *(f"asker_{name}" for name in ASK_BUTTONS),
)
FORMS = (
    *("edit_ask", "close_ask", "delete_ask", "worked"),
    *(f"asker_{name}" for name in ANONYMOUS_FORMS),
)


# Permissions do not depend on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def features() -> Features:
    return load_features(SMALL_WORKSPACE, anonymity_keys=KEYS)


@pytest.fixture
def theirs(story: Story) -> int:
    """Add another workspace's answered ask; its people have the same ids as ours."""
    story.slack.people |= outsiders(is_admin=True)
    with story.rt.write_session.begin() as session:
        other = add_other_workspace(session)
        channel = Channel(
            installation_id=other.id, slack_id=THEIR_CHANNEL, is_joined=True
        )
        session.add(channel)
        session.flush()
        session.add_all(
            Champion(channel_id=channel.id, member=member) for member in EVERYBODY
        )
        ask = Ask(
            installation_id=other.id,
            channel_id=channel.id,
            source="command:theirs",
            ts=THEIR_TS,
            asker=ASKER,
            title=SECRET,
            asked_at=NOW,
            state="answered",
        )
        session.add(ask)
        session.flush()
        session.add(
            Answer(
                ask_id=ask.id,
                channel_id=channel.id,
                ts="1700000000.000200",
                author=HELPER,
                answered_at=NOW,
            )
        )
        return ask.id


def form(callback_id: str, **meta: object) -> dict[str, Any]:
    names = ("title", "details", "reason", "worked", "text")
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": json.dumps(meta),
        "blocks": [
            {
                "type": "input",
                "block_id": name,
                "element": {"type": "plain_text_input", "action_id": name},
            }
            for name in names
        ],
    }


VALUES = {"title": "Mine", "details": "", "reason": "Because", "worked": "This"}


Way = Callable[[Story, str], object]


def click(action_id: str, *, value: str = "", option: str | None = None) -> Way:
    return lambda story, member: story.click(member, action_id, value, option=option)


def send(view: dict[str, Any]) -> Way:
    return lambda story, member: story.submit(member, view, VALUES)


def ways(ask: object, answer: object) -> dict[str, Way]:
    """Return each entry that takes the id of an ask or an answer, and its actor."""
    entries: dict[str, Way] = {
        button: click(button, value=str(ask)) for button in BUTTONS
    }
    for action in ("edit", "close", "reopen", "delete"):
        entries[f"menu {action}"] = click("ask_menu", option=f"{action}:{ask}")
    for name in FORMS:
        entries[name] = send(form(name, ask=ask))
    entries["offer"] = click("mark_solved", value=f"{ask}:{answer}")
    entries["offer to mark helpful"] = click("mark_helpful", value=f"{ask}:{answer}")
    entries["who helped"] = click("who_helped", option=str(answer))
    return entries


@pytest.mark.deep
def test_another_workspaces_ask_can_neither_be_seen_nor_changed(
    story: Story, theirs: int
) -> None:
    before = all_rows(story)
    with story.rt.read_session() as session:
        answer = session.scalars(select(Answer.id)).one()
    for way, use in ways(theirs, answer).items():
        for member in EVERYBODY:
            use(story, member)
        assert all_rows(story) == before, way
    output = json.dumps([*story.slack.views, *story.slack.responses])
    assert SECRET not in output


@pytest.mark.deep
def test_an_invalid_id_changes_nothing(story: Story) -> None:
    story.ask()
    story.deliver()
    before = all_rows(story)
    for number in INVALID_IDS:
        for way, use in ways(number, number).items():
            use(story, ADMIN)
            assert all_rows(story) == before, (way, number)


# Our own ask, by people without permission: a click may come from anyone.
FORBIDDEN = {
    "menu edit": (HELPER, PEER, CHAMPION, ADMIN, GUEST, STRANGER, ROBOT, GONE),
    "edit_ask": (HELPER, PEER, CHAMPION, ADMIN, GUEST, STRANGER, ROBOT, GONE),
    "worked": (HELPER, PEER, CHAMPION, ADMIN, GUEST, STRANGER, ROBOT, GONE),
    "ask_worked": (HELPER, PEER, CHAMPION, ADMIN, GUEST, STRANGER, ROBOT, GONE),
    "route_edit": (HELPER, PEER, CHAMPION, ADMIN, GUEST, STRANGER, ROBOT, GONE),
    "route_elsewhere": (HELPER, PEER, CHAMPION, ADMIN, GUEST, STRANGER, ROBOT, GONE),
    "route_now": (HELPER, PEER, CHAMPION, ADMIN, GUEST, STRANGER, ROBOT, GONE),
    "route_confirm": (HELPER, PEER, CHAMPION, ADMIN, GUEST, STRANGER, ROBOT, GONE),
    # It is no ask without a name.
    **dict.fromkeys(
        (
            *(f"asker_{name}" for name in ASK_BUTTONS),
            *(f"asker_{name}" for name in ANONYMOUS_FORMS),
        ),
        (ASKER, HELPER, PEER, CHAMPION, ADMIN, GUEST, STRANGER, ROBOT, GONE),
    ),
    # Others close it with a reason, in the form.
    "route_close": (HELPER, PEER, CHAMPION, ADMIN, GUEST, STRANGER, ROBOT, GONE),
    "option_edit": (HELPER, PEER, CHAMPION, ADMIN, GUEST, STRANGER, ROBOT, GONE),
    "option_worked": (HELPER, PEER, CHAMPION, ADMIN, GUEST, STRANGER, ROBOT, GONE),
    **dict.fromkeys(
        (
            *("menu close", "menu reopen", "menu delete", "close_ask", "delete_ask"),
            *("option_close", "option_delete", "option_reopen", "ask_reopen"),
            *("ask_delete", "ask_restore"),
            *("offer", "who helped"),
        ),
        (HELPER, PEER, GUEST, STRANGER, ROBOT, GONE),
    ),
    **dict.fromkeys(
        ("ask_looking", "ask_same", "option_looking", "option_same"),
        (ASKER, STRANGER, ROBOT, GONE),
    ),
    # The answer is the peer's.
    "offer to mark helpful": (PEER, STRANGER, ROBOT, GONE),
}


def test_each_entry_with_an_id_is_forbidden_to_some_role(database: object) -> None:
    assert FORBIDDEN.keys() == ways(0, 0).keys()


@pytest.mark.deep
def test_a_forged_click_or_form_does_no_more_than_its_sender_may(
    story: Story,
) -> None:
    story.slack.people |= outsiders(is_admin=True)
    story.set_up_channel(champions=[CHAMPION])
    ask = story.ask()
    story.say(PEER, "So.", thread_ts=ask.ts)
    story.deliver()
    [answer], ask_id = story.answers(), story.only_ask().id
    before = all_rows(story)
    for way, use in ways(ask_id, answer.id).items():
        for member in FORBIDDEN[way]:
            use(story, member)
            assert all_rows(story) == before, (way, member)


@pytest.mark.parametrize(
    "channel", [THEIR_CHANNEL, "C0NOWHERE", "", "../..", "C0HELP:moved:1"]
)
def test_a_channel_in_a_form_is_fetched_and_not_trusted(
    story: Story, theirs: int, channel: str
) -> None:
    story.ask()
    before = all_rows(story)
    for member in EVERYBODY:
        story.submit(member, form("settings", channel=channel), {})
        story.click(member, "undo_solved", f"{channel}:1700000000.000200")
        story.click(member, "undo_helpful", f"{channel}:1700000000.000200")
        for action in ("mark_solved", "mark_helpful", "make_ask", "ask_options"):
            if channel.isalnum():
                story.message_shortcut(
                    member,
                    action,
                    PEER,
                    "1700000000.000200",
                    thread_ts=THEIR_TS,
                    channel=channel,
                )
    assert all_rows(story) == before
    assert SECRET not in json.dumps([*story.slack.views, *story.slack.responses])


def test_events_of_another_workspace_are_ignored(story: Story, theirs: int) -> None:
    before = all_rows(story)
    authorization = {"team_id": "T9", "user_id": "U9BOT", "is_bot": True}
    event = {
        "type": "reaction_added",
        "user": ASKER,
        "reaction": "white_check_mark",
        "item": {"type": "message", "channel": THEIR_CHANNEL, "ts": THEIR_TS},
        "event_ts": "1772442100.000100",
    }
    story.event(event, team_id="T9", authorizations=[authorization])
    story.event(event)
    assert all_rows(story) == before


# A private channel's check-in


@pytest.fixture
def closed(story: Story) -> Round:
    """Post a round in a private channel that Chi is in, and Ana and Ben are not."""
    story.slack.channels[PRIVATE] = conversation_object(
        PRIVATE, "closed", is_private=True
    )
    story.slack.members_by_channel[PRIVATE] = [PEER]
    return story.post_round(channel=PRIVATE, question=SECRET)


def forged(story: Story, member: str, round_: Round) -> None:
    """Return each request with a round's id, and with a check-in's."""
    for channel in ("D0ANA", HELP_CHANNEL):
        story.click(member, "checkin_join", str(round_.id), channel=channel)
        story.click(member, "checkin_share", str(round_.id), channel=channel)
    home = {"type": "home", "private_metadata": "", "blocks": []}
    story.click(member, "checkin_join", str(round_.id), view=home)
    story.click(member, "checkin_share", str(round_.id), view=home)
    story.submit(member, share_form(round_), {"working_on": "Gold"})
    for button in ("checkin_leave", "checkin_go_on"):
        story.click(member, button, str(round_.schedule_id), channel="D0ANA")


def share_form(round_: Round) -> dict[str, Any]:
    fields = ("working_on", "stuck_on", "proud_of", "reflection")
    return form("checkin_share", round=round_.id) | {
        "blocks": [
            {
                "type": "input",
                "block_id": name,
                "element": {"type": "plain_text_input", "action_id": name},
            }
            for name in fields
        ]
    }


@pytest.mark.deep
def test_a_private_channels_round_is_for_its_members_only(
    story: Story, closed: Round
) -> None:
    before = all_rows(story)
    for member in (ASKER, ADMIN, GUEST):
        forged(story, member, closed)
        assert all_rows(story) == before, member
    assert SECRET not in json.dumps([*story.slack.views, *story.slack.responses])
    # An unknown membership does not count either.
    story.advance(hours=2)
    before = all_rows(story)
    story.slack.fail["users.conversations"] = [
        NotSent("users.conversations", "off") for _ in range(9)
    ]
    forged(story, ASKER, closed)
    assert all_rows(story) == before
    assert "I can't reach Slack" in str(story.slack.responses)


def test_members_take_part_wherever_they_click(story: Story, closed: Round) -> None:
    story.click(PEER, "checkin_share", str(closed.id), channel=PRIVATE)
    view = story.slack.views[-1][1]
    assert story.submit(PEER, view, {"working_on": "Gold"}).body == ""
    story.click(PEER, "checkin_join", str(closed.id), channel="D0CHI")
    assert response_states(story, closed) == {PEER: "shared"}


@pytest.mark.parametrize("is_heard", [True, False])
def test_a_participant_who_left_the_channel_takes_part_no_more(
    story: Story, closed: Round, is_heard: bool
) -> None:
    story.click(PEER, "checkin_join", str(closed.id), channel=PRIVATE)
    view = open_form(story, PEER, closed)
    assert story.submit(PEER, view, {"working_on": "Gold"}).body == ""

    story.slack.members_by_channel[PRIVATE] = []
    if is_heard:
        leave = {"type": "member_left_channel", "user": PEER, "channel": PRIVATE}
        assert story.event(leave) == 200
    else:
        # While Slack's earlier answer about their membership is still trusted.
        story.advance(days=1)
    before = all_rows(story)
    join(story, PEER, closed)
    story.click(PEER, "checkin_share", str(closed.id), channel="D0CHI")
    response = json.loads(story.submit(PEER, view, {"working_on": "More"}).body)
    assert "check-in is gone" in response["errors"]["working_on"]
    assert all_rows(story) == before
