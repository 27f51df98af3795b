"""The doctor's rows about scopes, clocks and tokens."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import utc_now
from bot.config.settings import Settings
from bot.slack.client import SlackClient
from cli.doctor import examine, slack
from cli.doctor.findings import Finding
from cli.doctor.process import ProcessState
from cli.manifest import manifest
from sandbox import Sandbox
from tests import leak_markers
from tests.bot.config.test_settings import APP, BOT
from tests.doctor import NOBODY, NOW, SIGNING, by, settings
from tests.ports import free_port

MANIFEST = manifest()


# Scopes and clocks


WANTED = MANIFEST["oauth_config"]["scopes"]["bot"]


OPTIONAL = MANIFEST["oauth_config"]["scopes"]["bot_optional"]


@pytest.mark.parametrize(
    ("granted", "level", "says"),
    [
        (WANTED, "ok", "Exactly those in the manifest"),
        ([*reversed(WANTED)], "ok", "Exactly those in the manifest"),
        (sorted({*WANTED} - {*OPTIONAL}), "ok", "can't use private channels"),
        (
            sorted({*WANTED} - {"users.profile:read"}),
            "ok",
            "All except the optional users.profile:read. It reads no teams",
        ),
        (
            sorted({*WANTED} - {"mpim:write"}),
            "ok",
            "All except the optional mpim:write. It introduces people one by one",
        ),
        (sorted({*WANTED} - {"chat:write"}), "wrong", "Missing: chat:write."),
        ([*WANTED, "admin"], "warning", "Not needed: admin."),
        ([], "warning", "did not say"),
    ],
)
def test_granted_scopes_are_compared_with_the_manifest(
    granted: list[str], level: str, says: str
):
    for separator in (",", ", "):
        found = slack.check_scopes(separator.join(granted), MANIFEST)
        assert (found.level, says in found.says) == (level, True), found


@pytest.mark.parametrize(
    ("seconds_ahead", "level"),
    [(0, "ok"), (25, "ok"), (-25, "ok"), (60, "warning"), (-250, "wrong")],
)
def test_the_clock_is_compared_with_slacks(seconds_ahead: int, level: str):
    at = NOW + timedelta(seconds=seconds_ahead)
    [found] = slack.check_skew("Mon, 02 Mar 2026 09:00:00 GMT", before=at, after=at)
    assert found.level == level
    assert level == "ok" or ("ahead" if seconds_ahead > 0 else "behind") in found.says


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_without_a_date_the_clock_has_no_finding(date: str):
    assert list(slack.check_skew(date, before=NOW, after=NOW)) == []


# Tokens


@pytest.fixture
def pretend() -> Iterator[Sandbox]:
    sandbox = Sandbox(MANIFEST)
    sandbox.start()
    leak_markers.add(sandbox.signing_secret)
    yield sandbox
    sandbox.stop()


def of_slack(given: Settings, running: ProcessState = NOBODY) -> dict[str, Finding]:
    token = given.slack_bot_token
    assert token is not None
    web = SlackClient(token.get_secret_value(), base_url=given.slack_api_url)
    return by(slack.examine(given, web, running, clock=utc_now))


def test_tokens_that_work(pretend: Sandbox):
    given = settings(
        slack_bot_token=pretend.bot_token,
        slack_app_token=pretend.app_token,
        slack_api_url=pretend.api_url,
    )
    found = of_slack(given)
    assert {finding.level for finding in found.values()} == {"ok"}, found
    assert list(found) == ["Bot token", "Scopes", "Clock", "App token"]
    # Slack allows one a minute, so nothing is opened while the bot is connected.
    pretend.faults.add("ratelimited", "apps.connections.open")
    assert of_slack(given)["App token"].level == "warning"
    connected = ProcessState("here", {"socket": "ok"})
    assert of_slack(given, connected)["App token"].level == "ok"


def test_tokens_that_slack_does_not_accept(pretend: Sandbox):
    found = of_slack(
        settings(
            slack_bot_token=BOT, slack_app_token=APP, slack_api_url=pretend.api_url
        )
    )
    assert "invalid_auth" in found["Bot token"].says
    assert found["App token"].level == "wrong"
    assert {finding.level for finding in found.values()} == {"wrong"}


def test_a_signing_secret_is_checked(pretend: Sandbox):
    given = settings(
        slack_bot_token=pretend.bot_token,
        slack_signing_secret=SIGNING,
        slack_api_url=pretend.api_url,
    )
    assert of_slack(given)["Signing secret"].level == "ok"


def test_without_slack_the_rest_is_still_checked(tmp_path: Path):
    found = by(
        examine(
            settings(
                slack_bot_token=BOT,
                slack_signing_secret=SIGNING,
                port=free_port(),
                database_url=f"sqlite:///{tmp_path}/none.db",
            )
        )
    )
    assert "can't be reached" in found["Bot token"].says
    assert found["Process"].level == "warning"
    assert "does not exist yet" in found["Database"].says
    assert not (tmp_path / "none.db").exists()
