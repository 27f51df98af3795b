"""The installation ends, and begins again."""

from typing import Any

import pytest
from sqlalchemy import select

import jobs.installations
from bot.errors import SettingsError
from bot.slack.api import OutcomeUnknown, RateLimited, Rejected, SlackError
from bot.workspace.installations import install
from models import Installation
from tests.factories import Story
from tests.slack_payloads import ASKER, BOT, HELP_CHANNEL, TEAM


def paused_because(story: Story) -> str | None:
    with story.rt.read_session() as session:
        return session.scalar(select(Installation.disabled_reason))


def test_after_an_uninstallation_nothing_is_sent(known: Story) -> None:
    known.slack.calls.clear()
    assert known.event({"type": "app_uninstalled"}) == 200
    known.command(ASKER, "/ask", "Another one?")
    known.advance(minutes=5)
    assert "chat.postMessage" not in known.slack.calls


def test_a_persons_revoked_token_has_no_effect(known: Story) -> None:
    known.event({"type": "tokens_revoked", "tokens": {"oauth": [ASKER], "bot": []}})
    with known.rt.read_session() as session:
        assert session.scalar(select(Installation.disabled_reason)) is None
    known.event({"type": "tokens_revoked", "tokens": {"bot": [BOT]}})
    with known.rt.read_session() as session:
        assert session.scalar(select(Installation.disabled_reason)) == "token_revoked"


@pytest.mark.parametrize(
    "event",
    [
        {"type": "app_uninstalled"},
        {"type": "tokens_revoked", "tokens": {"bot": [BOT]}},
    ],
)
def test_reinstalled_with_the_same_token_it_resumes_by_itself(
    known: Story, event: dict[str, Any]
) -> None:
    known.slack.bot_identity = {"team_id": TEAM}
    known.event(event)
    known.command(ASKER, "/ask", "Another one?")
    known.slack.fail["auth.test"] = [Rejected("auth.test", "account_inactive")]
    jobs.installations.check_token(known.rt, known.worker)
    known.advance(minutes=5)
    assert len(known.slack.messages_to(HELP_CHANNEL)) == 1
    jobs.installations.check_token(known.rt, known.worker)
    known.advance(minutes=1)
    assert len(known.slack.messages_to(HELP_CHANNEL)) == 2


def test_an_unreported_revocation_is_noticed(known: Story) -> None:
    known.slack.bot_identity = {"team_id": TEAM}
    known.slack.fail["auth.test"] = [Rejected("auth.test", "token_revoked")]
    jobs.installations.check_token(known.rt, known.worker)
    assert paused_because(known) == "token_revoked"
    known.clock.advance(minutes=5)
    jobs.installations.check_token(known.rt, known.worker)
    assert paused_because(known) is None


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknown("auth.test", "TimeoutError"),
        RateLimited("auth.test", 30),
        Rejected("auth.test", "internal_error"),
    ],
)
@pytest.mark.deep
def test_if_slack_does_not_answer_the_token_is_trusted(
    known: Story, error: SlackError
) -> None:
    known.slack.fail["auth.test"] = [error]
    known.clock.advance(minutes=5)
    jobs.installations.check_token(known.rt, known.worker)
    assert paused_because(known) is None


def test_restarted_with_a_new_token_queued_items_are_sent(
    known: Story,
) -> None:
    known.event({"type": "app_uninstalled"})
    known.command(ASKER, "/ask", "Another one?")
    known.slack.bot_identity = {
        "team_id": TEAM,
        "user_id": BOT,
        "bot_id": "B0",
        "url": "https://peers.slack.com/",
    }
    again = install(known.rt.write_session, known.slack, now=known.clock())
    assert again.id == known.rt.workspaces.only.id
    known.advance(minutes=1)
    assert len(known.slack.messages_to(HELP_CHANNEL)) == 2


def test_a_database_of_another_workspace_is_refused_and_left_as_it_is(
    known: Story,
) -> None:
    known.slack.bot_identity = {
        "team_id": "T0SANDBOX",
        "user_id": "U0OTHER",
        "bot_id": "B0OTHER",
        "url": "https://sandbox.slack.com/",
    }
    with pytest.raises(SettingsError, match=r"to another workspace .* DATABASE_URL"):
        install(known.rt.write_session, known.slack, now=known.clock())
    with known.rt.read_session() as session:
        assert session.scalars(select(Installation.team_id)).all() == [TEAM]
