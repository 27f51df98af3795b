"""The settings for many workspaces: each problem in a sentence."""

import base64
from pathlib import Path

import pytest

from bot.config.settings import Settings
from bot.errors import SettingsError
from tests.bot.config.test_settings import APP, BOT, SIGNING

KEY = base64.b64encode(bytes(range(32))).decode()
SECRET = "fedcba9876543210" * 2
GOOD = {
    "SLACK_OAUTH_CLIENT_ID": "2141029472.691202649728",
    "SLACK_OAUTH_CLIENT_SECRET": SECRET,
    "SLACK_SIGNING_SECRET": SIGNING,
    "PUBLIC_URL": "https://bot.acme.org",
    "TOKEN_KEY": KEY,
    "DATABASE_URL": "postgresql://bot@db/backswing",
}


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide this machine's variables, and the `.env` of this folder."""
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str | None) -> Settings:
    for name, value in (GOOD | variables).items():
        if value is not None:
            monkeypatch.setenv(name, value)
    return Settings()


def refused(monkeypatch: pytest.MonkeyPatch, **variables: str | None) -> str:
    with pytest.raises(SettingsError) as error:
        _ = settings(monkeypatch, **variables).mode
    text = str(error.value)
    for secret in (KEY, SECRET, SIGNING, BOT, APP):
        assert secret not in text
    return text


def test_they_serve_many_workspaces(monkeypatch):
    given = settings(monkeypatch, ALLOWED_WORKSPACES="T0ACME, E0ORG,")
    assert given.mode == "many"
    many = given.many_workspaces
    assert many is not None
    assert many.redirect_url == "https://bot.acme.org/slack/oauth_redirect"
    assert many.install_url == "https://bot.acme.org/slack/install"
    assert many.allows("T0ACME", None)
    assert many.allows("T0NEW", "E0ORG")
    assert not many.allows("T0NEW", None)
    for secret in (KEY, SECRET, SIGNING):
        assert secret not in repr(many)


def test_without_a_list_every_workspace_may_install(monkeypatch):
    many = settings(monkeypatch).many_workspaces
    assert many is not None
    assert many.allows("T0NEW", None)


@pytest.mark.parametrize("listed", [",", " , ", "acme", "T0ACME;T0BETA", "t0acme"])
def test_a_wrong_list_lets_nobody_in(monkeypatch, listed):
    text = refused(monkeypatch, ALLOWED_WORKSPACES=listed)
    assert text.startswith("ALLOWED_WORKSPACES has ids")


def test_without_them_nothing_changes(monkeypatch):
    for name, value in (("SLACK_BOT_TOKEN", BOT), ("SLACK_APP_TOKEN", APP)):
        monkeypatch.setenv(name, value)
    assert Settings().many_workspaces is None
    assert Settings().mode == "socket"
    # The address alone asks for nothing.
    monkeypatch.setenv("PUBLIC_URL", "https://bot.acme.org")
    assert Settings().mode == "socket"


@pytest.mark.parametrize("missing", [name for name in GOOD if name != "DATABASE_URL"])
def test_a_missing_name_is_said(monkeypatch, missing):
    text = refused(monkeypatch, **{missing: None})
    assert text.startswith(f"{missing} is missing. ")
    assert text.count(" is missing") == 1


def test_all_problems_are_said_at_once(monkeypatch):
    for name in GOOD:
        monkeypatch.delenv(name, raising=False)
    for name, value in (
        ("PUBLIC_URL", "ftp://bot.acme.org"),
        ("SLACK_BOT_TOKEN", BOT),
        ("SLACK_APP_TOKEN", APP),
        ("ALLOWED_WORKSPACES", "acme"),
    ):
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        _ = Settings().mode
    for part in (
        "SLACK_OAUTH_CLIENT_ID is missing",
        "SLACK_OAUTH_CLIENT_SECRET is missing",
        "SLACK_SIGNING_SECRET is missing",
        "TOKEN_KEY is missing",
        "PUBLIC_URL must begin with https://",
        "Remove SLACK_BOT_TOKEN",
        "Remove SLACK_APP_TOKEN",
        "Set DATABASE_URL to a PostgreSQL database",
        "ALLOWED_WORKSPACES has ids",
    ):
        assert part in str(error.value)


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_a_token_of_one_workspace_contradicts_them(monkeypatch, name):
    value = BOT if name == "SLACK_BOT_TOKEN" else APP
    assert refused(monkeypatch, **{name: value}).startswith(f"Remove {name}")


def test_sqlite_serves_one_process(monkeypatch):
    text = refused(monkeypatch, DATABASE_URL="sqlite:///data/backswing.db")
    assert (
        text == "Set DATABASE_URL to a PostgreSQL database: many workspaces need one."
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://bot.acme.org",
        "bot.acme.org",
        "https://bot.acme.org/slack/install",
        "https://bot.acme.org?x=1",
        "https://bot.acme.org#x",
        "https://user:secret@bot.acme.org",
        "https://",
        "https://[::1",
        "https://bot.acme.org:port",
        "javascript:alert(1)",
        " https://bot.acme.org",
    ],
)
def test_a_wrong_address_is_refused(monkeypatch, url):
    assert "PUBLIC_URL must begin with https://" in refused(monkeypatch, PUBLIC_URL=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://bot.acme.org/",
        "https://bot.acme.org:8443",
        "http://127.0.0.1:3000",
        "http://localhost:3000",
    ],
)
def test_other_addresses_do(monkeypatch, url):
    many = settings(monkeypatch, PUBLIC_URL=url).many_workspaces
    assert many is not None
    assert many.public_url == url.rstrip("/")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SLACK_OAUTH_CLIENT_ID", "A0123456789", "two numbers with a point"),
        ("SLACK_OAUTH_CLIENT_SECRET", "abc", "SLACK_OAUTH_CLIENT_SECRET is too short"),
        ("SLACK_OAUTH_CLIENT_SECRET", "x" * 32, "still a placeholder"),
        ("SLACK_OAUTH_CLIENT_SECRET", "Z" * 32, "is not a client secret"),
        ("SLACK_SIGNING_SECRET", "Z" * 32, "is not a signing secret"),
        ("TOKEN_KEY", "short", "TOKEN_KEY is not a key of 32 random bytes"),
        ("TOKEN_KEY_PREVIOUS", "short", "TOKEN_KEY_PREVIOUS is not a key"),
    ],
)
def test_a_value_that_can_not_be_right_is_refused(monkeypatch, name, value, says):
    assert says in refused(monkeypatch, **{name: value})


def test_bolts_names_are_not_ours(monkeypatch):
    assert {"slack_client_id", "slack_client_secret"} & {
        *Settings.model_fields
    } == set()
