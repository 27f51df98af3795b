"""Settings, from the environment or a `.env` file."""

import re
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

# Words stand apart from what is around them, or one in a thousand real tokens, which
# are random letters, would hold one by chance.
_PLACEHOLDER = re.compile(
    r"\.\.\.|…|[<>]|(?<![a-z0-9])(?:x{3,}(?![a-z0-9])|your|change|example|todo|insert)",
    re.IGNORECASE,
)
# A token is its prefix and at least this much; anything shorter was cut off.
_SHORTEST_SECRET = 16


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it, never its value."""


class Settings(BaseSettings):
    """What the operator chose. Without tokens the bot runs against the sandbox."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    slack_bot_token: SecretStr | None = Field(
        None, description="The bot's token, `xoxb-…`, from OAuth & Permissions."
    )
    slack_app_token: SecretStr | None = Field(
        None,
        description="The app-level token, `xapp-…`, with `connections:write`:"
        " serves over Socket Mode.",
    )
    slack_signing_secret: SecretStr | None = Field(
        None, description="From Basic Information: serves over HTTP."
    )
    slack_api_url: str = Field(
        "https://slack.com/api/",
        description="Where Slack's Web API is; for GovSlack or a test server.",
    )
    database_url: str = Field(
        "sqlite:///data/backswing.db",
        description="An SQLite file, or `postgresql://…` for several replicas.",
    )
    host: str = Field(
        "127.0.0.1",
        description="The address to listen on; `0.0.0.0` in a container.",
    )
    port: int = Field(
        3000, ge=0, le=65535, description="The port for Slack's requests and health."
    )
    sandbox_port: int = Field(
        3333, ge=0, le=65535, description="The port of the sandbox's page."
    )
    log_format: Literal["auto", "json", "plain"] = Field(
        "auto", description="`auto` is plain on a terminal and JSON elsewhere."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least severe thing to log."
    )

    @property
    def mode(self) -> Literal["sandbox", "socket", "http"]:
        """How Slack reaches us; raises SettingsError where tokens do not fit."""
        bot = _secret("SLACK_BOT_TOKEN", self.slack_bot_token, prefix="xoxb-")
        app = _secret("SLACK_APP_TOKEN", self.slack_app_token, prefix="xapp-")
        signing = _secret("SLACK_SIGNING_SECRET", self.slack_signing_secret)
        if not (bot or app or signing):
            return "sandbox"
        if not bot:
            raise SettingsError(
                "SLACK_BOT_TOKEN is missing: copy the Bot User OAuth Token, which"
                " begins with xoxb-, from your app's OAuth & Permissions page."
            )
        if app:
            return "socket"
        if signing:
            return "http"
        raise SettingsError(
            "SLACK_APP_TOKEN is missing: create an app-level token with the scope"
            " connections:write (for Socket Mode), or set SLACK_SIGNING_SECRET"
            " (for HTTP)."
        )


def _secret(name: str, value: SecretStr | None, *, prefix: str = "") -> str | None:
    if value is None:
        return None
    secret = value.get_secret_value()
    if not secret.strip():
        raise SettingsError(f"{name} is empty: give it a value, or remove it.")
    if secret != secret.strip() or any(c.isspace() for c in secret):
        raise SettingsError(f"{name} has a space in it: copy it again, without.")
    if _PLACEHOLDER.search(secret):
        raise SettingsError(
            f"{name} is still a placeholder: put the real value from Slack there."
        )
    if not secret.startswith(prefix):
        raise SettingsError(
            f"{name} is of the wrong kind: it must begin with {prefix}."
        )
    if len(secret) < _SHORTEST_SECRET:
        raise SettingsError(f"{name} is too short: copy the whole of it from Slack.")
    return secret
