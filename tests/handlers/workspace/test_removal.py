"""A workspace removes the app, and Slack's events about it come in any order."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import delete, select

import handlers.bolt_app
from bot.runtime import Workspace
from bot.workspace import installations, members, tokens
from bot.workspace.directory import WorkspaceDirectory
from bot.workspace.removal import is_earlier
from bot.workspace.token_keys import TokenKey, TokenKeys
from bot.workspace.tokens import Token
from models import Installation, WorkspaceToken
from tests.conftest import NOW
from tests.factories import Story
from tests.fakes import FakeSlack
from tests.slack_payloads import ASKER, BOT, HELP_CHANNEL, TEAM

KEYS = TokenKeys(TokenKey(bytes(range(32))))
UNINSTALLED = {"type": "app_uninstalled"}
BOT_REVOKED = {"type": "tokens_revoked", "tokens": {"bot": [BOT], "oauth": [ASKER]}}
PERSON_REVOKED = {"type": "tokens_revoked", "tokens": {"oauth": [ASKER]}}


def install(story: Story) -> Workspace:
    """Install the app through the page, as far as the database notices it."""
    now = story.clock()
    identity = {
        "team_id": TEAM,
        "user_id": BOT,
        "bot_id": "B0BACKSWING",
        "url": "https://peers.slack.com/",
    }
    with story.rt.write_session.begin() as session:
        workspace = installations.save(session, identity, now=now)
        tokens.store(session, KEYS, workspace.id, Token("a-token"), installed_at=now)
    story.rt.workspaces.add_all([(workspace, story.slack, None)])
    return workspace


@pytest.fixture
def installed(known: Story) -> Story:
    install(known)
    known.advance(minutes=1)
    return known


def stored(story: Story) -> tuple[Installation, bool]:
    """Return the installation, and whether it has a token."""
    with story.rt.read_session() as session:
        row = session.scalars(select(Installation)).one()
        return row, session.get(WorkspaceToken, row.id) is not None


def has_stopped(story: Story) -> bool:
    row, has_token = stored(story)
    is_served = story.rt.workspaces.find(TEAM) is not None
    states = {
        not has_token,
        row.uninstalled_at is not None,
        row.disabled_reason is not None,
        not is_served,
    }
    assert len(states) == 1
    return states.pop()


@pytest.mark.parametrize(
    "events", list(permutations([UNINSTALLED, BOT_REVOKED, PERSON_REVOKED]))
)
def test_it_stops_at_once_in_any_order(
    installed: Story, events: tuple[dict[str, Any], ...]
):
    for event in (*events, *events):
        assert installed.event(event) == 200
    assert has_stopped(installed)


@pytest.mark.parametrize("event", [UNINSTALLED, BOT_REVOKED])
def test_one_event_is_enough(installed: Story, event: dict[str, Any]):
    assert installed.event(event) == 200
    assert has_stopped(installed)


def test_a_persons_token_is_not_the_bots(installed: Story):
    assert installed.event(PERSON_REVOKED) == 200
    assert not has_stopped(installed)


@pytest.mark.parametrize("event", [UNINSTALLED, BOT_REVOKED])
def test_an_event_from_before_a_new_installation_changes_nothing(
    installed: Story, event: dict[str, Any]
):
    removed_at = int(installed.clock().timestamp())
    installed.advance(seconds=20)
    install(installed)
    assert installed.event(event, event_time=removed_at) == 200
    assert not has_stopped(installed)
    installed.advance(seconds=20)
    assert installed.event(event) == 200
    assert has_stopped(installed)


def test_messages_wait_for_a_new_installation(installed: Story):
    installed.command(ASKER, "/ask", "Another one?")
    installed.event(UNINSTALLED)
    installed.advance(days=3)
    before = len(installed.slack.messages_to(HELP_CHANNEL))
    install(installed)
    installed.advance(minutes=1)
    assert not has_stopped(installed)
    assert len(installed.slack.messages_to(HELP_CHANNEL)) == before + 1


def test_another_replica_serves_it_again_after_a_new_installation(installed: Story):
    replica = WorkspaceDirectory(
        installed.rt.read_session, KEYS, lambda token, team: FakeSlack()
    )
    replica.sync()
    assert len(replica.served) == 1
    installed.event(UNINSTALLED)
    installed.advance(seconds=5)
    # It has noticed neither.
    install(installed)
    client = replica.served.slack_of(replica.served.only.id)
    replica.sync()
    assert replica.served.slack_of(replica.served.only.id) is not client


def test_a_message_in_flight_stays_for_a_new_installation(installed: Story):
    installed.command(ASKER, "/ask", "Another one?")
    before = len(installed.slack.messages_to(HELP_CHANNEL))

    def remove(_: str) -> None:
        installed.slack.on_call = lambda _: None
        installed.event(UNINSTALLED)
        installed.rt.workspaces.remove_all(installed.rt.workspaces.ids)

    with installed.rt.write(installed.workspace) as tx:
        members.ensure(tx, ["U0NEW"])
    # The new member's profile is fetched before the message is sent.
    installed.slack.on_call = remove
    assert installed.worker.send_due() == 1
    assert len(installed.slack.messages_to(HELP_CHANNEL)) == before
    install(installed)
    installed.advance(minutes=1)
    assert len(installed.slack.messages_to(HELP_CHANNEL)) == before + 1


@pytest.mark.parametrize("event_time", ["soon", -1, 10**30, 1.5])
def test_a_malformed_time_changes_nothing(installed: Story, event_time: Any):
    installed.event(UNINSTALLED, event_time=event_time)
    assert not has_stopped(installed)


@pytest.mark.parametrize("is_lost", [True, False], ids=["lost", "sealed"])
@pytest.mark.parametrize("event", [UNINSTALLED, BOT_REVOKED])
def test_a_workspace_that_no_process_serves_is_heard(
    installed: Story, event: dict[str, Any], is_lost: bool
):
    """Its token was lost with the key, or does not open with this one."""
    if is_lost:
        with installed.rt.write_session.begin() as session:
            session.execute(delete(WorkspaceToken))
    other_key = TokenKeys(TokenKey(bytes(range(1, 33))))
    replica = WorkspaceDirectory(
        installed.rt.read_session, other_key, lambda token, team: FakeSlack()
    )
    replica.sync()
    assert list(replica.served) == []
    rt = replace(installed.rt, workspaces=replica.served)
    bolt = handlers.bolt_app.create_app(rt)
    there = Story(
        bolt, rt, installed.worker, FakeSlack(), installed.clock, installed.workspace
    )
    assert there.event(PERSON_REVOKED) == 200
    assert stored(installed)[0].uninstalled_at is None
    assert there.event({"type": "team_join", "user": {"id": ASKER}}) == 200
    removed_at = installed.clock().replace(microsecond=0)
    assert there.event(event) == 200
    installed.advance(hours=1)
    # Delivered again, it changes nothing.
    assert there.event(event) == 200
    row, has_token = stored(installed)
    assert (row.uninstalled_at, has_token) == (removed_at, False)


def test_a_token_in_the_settings_is_checked_again(known: Story):
    assert known.event(UNINSTALLED) == 200
    row, _ = stored(known)
    assert row.disabled_reason == "app_uninstalled"
    # It has nothing to do with erasing: a new installation may keep the token.
    assert row.uninstalled_at is None
    assert known.rt.workspaces.find(TEAM) is not None


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-60, True), (-1, True), (-0.9, False), (0, False)]
)
def test_the_time_of_an_event_is_rounded_down(seconds: float, expected: bool):
    assert is_earlier(NOW + timedelta(seconds=seconds), NOW) is expected
