"""The settings of a bot that many workspaces install."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.config.tokens import check_key, check_secret
from bot.errors import SettingsError

if TYPE_CHECKING:
    from bot.config.settings import Settings

REDIRECT_PATH = "/slack/oauth_redirect"
INSTALL_PATH = "/slack/install"

_CLIENT_ID = re.compile(r"\d+\.\d+")
_TEAM = re.compile(r"[TE][A-Z0-9]{2,40}")
# Each is only for many workspaces, and then needs the others.
_NAMES = (
    "slack_oauth_client_id",
    "slack_oauth_client_secret",
    "token_key",
    "allowed_workspaces",
)
_REQUIRED = {
    "slack_oauth_client_id": "Copy the Client ID from your app's Basic Information"
    " page.",
    "slack_oauth_client_secret": "Copy the Client Secret from your app's Basic"
    " Information page.",
    "slack_signing_secret": "Copy the Signing Secret from your app's Basic Information"
    " page.",
    "public_url": "Set it to the bot's address, such as https://bot.acme.org.",
    "token_key": "Make one with `openssl rand -base64 32`.",
}


@dataclass(frozen=True, slots=True)
class ManyWorkspaces:
    """Valid settings. Secrets are not shown."""

    client_id: str
    client_secret: str = field(repr=False)
    # Without a slash at the end.
    public_url: str
    token_key: bytes = field(repr=False)
    token_key_previous: bytes | None = field(repr=False)
    # Ids of workspaces and organisations; empty: all may install the app.
    allowed: frozenset[str]
    # The data of a workspace that removed the app is kept for so long.
    erase_after: timedelta

    @property
    def install_url(self) -> str:
        return f"{self.public_url}{INSTALL_PATH}"

    @property
    def redirect_url(self) -> str:
        """The address to which Slack sends the browser back."""
        return f"{self.public_url}{REDIRECT_PATH}"

    def allows(self, team_id: str, enterprise_id: str | None) -> bool:
        """Return True if this workspace may install the app."""
        return not self.allowed or bool({team_id, enterprise_id} & self.allowed)


def read_many_workspaces(settings: "Settings") -> ManyWorkspaces | None:
    """Return the settings; None if none of them is set.

    Raises SettingsError, with a sentence for each problem.
    """
    if not any(getattr(settings, name) for name in _NAMES):
        return None
    problems = [*_problems(settings)]
    key = previous = secret = None
    try:
        key = check_key("TOKEN_KEY", settings.token_key)
        previous = check_key("TOKEN_KEY_PREVIOUS", settings.token_key_previous)
    except SettingsError as error:
        problems.append(str(error))
    try:
        check_secret("SLACK_SIGNING_SECRET", settings.slack_signing_secret)
        secret = check_secret(
            "SLACK_OAUTH_CLIENT_SECRET",
            settings.slack_oauth_client_secret,
            kind="client secret",
        )
    except SettingsError as error:
        problems.append(str(error))
    if problems or key is None or secret is None:
        raise SettingsError(" ".join(problems))
    return ManyWorkspaces(
        client_id=settings.slack_oauth_client_id or "",
        client_secret=secret,
        public_url=(settings.public_url or "").rstrip("/"),
        token_key=key,
        token_key_previous=previous,
        allowed=frozenset(_ids(settings.allowed_workspaces)),
        erase_after=timedelta(days=settings.erase_uninstalled_after_days),
    )


def _problems(settings: "Settings") -> Iterator[str]:
    for name, advice in _REQUIRED.items():
        if not getattr(settings, name):
            yield f"{name.upper()} is missing. {advice}"
    if settings.slack_bot_token is not None:
        yield (
            "Remove SLACK_BOT_TOKEN: each workspace gets its own token when it installs"
            " the app."
        )
    if settings.slack_app_token is not None:
        yield "Remove SLACK_APP_TOKEN: many workspaces are served over HTTP only."
    if not settings.database_url.startswith("postgresql"):
        yield "Set DATABASE_URL to a PostgreSQL database: many workspaces need one."
    client_id = settings.slack_oauth_client_id
    if client_id and not _CLIENT_ID.fullmatch(client_id):
        yield (
            "SLACK_OAUTH_CLIENT_ID is two numbers with a point between them. Copy it"
            " again."
        )
    if settings.public_url and not _is_public_url(settings.public_url):
        yield (
            "PUBLIC_URL must begin with https:// and end after the host, such as"
            " https://bot.acme.org."
        )
    teams = _ids(settings.allowed_workspaces)
    # A lone comma names nobody, and must not let everyone in.
    is_blank = bool(settings.allowed_workspaces) and not teams
    if is_blank or not all(map(_is_team, teams)):
        yield (
            "ALLOWED_WORKSPACES has ids of workspaces (T…) and organisations (E…) with"
            " commas between them."
        )


def _ids(listed: str) -> list[str]:
    return [part.strip() for part in listed.split(",") if part.strip()]


def _is_team(listed: str) -> bool:
    return _TEAM.fullmatch(listed) is not None


def _is_public_url(url: str) -> bool:
    """Return True for https://host; for a loopback address http will do."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username or parts.path not in {"", "/"}:
        return False
    if "?" in url or "#" in url or url != url.strip():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
