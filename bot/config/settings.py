"""Settings, from the environment, a `.env` file, or a file for each secret."""

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    exceptions,
)

from bot.config import secret_files
from bot.config.many_workspaces import ManyWorkspaces, read_many_workspaces
from bot.config.mentors import MentorSettings
from bot.config.tokens import check_secret
from bot.config.wording import expected_value, quoted
from bot.errors import SettingsError


class Settings(BaseSettings):
    """The operator's settings. Without tokens the bot runs against the sandbox."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",
        # For nested settings such as MENTORS__COOLDOWN_DAYS.
        env_nested_delimiter="__",
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
        None,
        description="The signing secret, from Basic Information: serves over HTTP.",
    )
    slack_oauth_client_id: str | None = Field(
        None,
        description="The app's client id, from Basic Information: serves every"
        " workspace that installs the app, see"
        " [Many workspaces](../operate/many-workspaces.md).",
    )
    slack_oauth_client_secret: SecretStr | None = Field(
        None, description="The app's client secret, from Basic Information."
    )
    public_url: str | None = Field(
        None,
        description="The bot's address for browsers, `https://…` without a path; for"
        " many workspaces.",
    )
    token_key: SecretStr | None = Field(
        None,
        description="A secret of 32 bytes as base64 that seals the workspaces' tokens;"
        " for many workspaces. `openssl rand -base64 32` makes one. Keep it out of the"
        " database's backups.",
    )
    token_key_previous: SecretStr | None = Field(
        None, description="The key before `TOKEN_KEY`, while you change it."
    )
    allowed_workspaces: str = Field(
        "",
        description="Ids of the workspaces (`T…`) and organisations (`E…`) that may"
        " install the app, with commas between them. Empty: all may.",
    )
    erase_uninstalled_after_days: int = Field(
        30,
        ge=0,
        le=365,
        description="After so many days the data of a workspace that removed the app is"
        " erased; for many workspaces.",
    )
    slack_api_url: str = Field(
        "https://slack.com/api/",
        description="The address of Slack's Web API; change it for GovSlack or a test"
        " server.",
    )
    database_url: str = Field(
        "sqlite:///data/backswing.db",
        description="An SQLite file, or `postgresql://…` for several replicas.",
    )
    secrets_dir: Path | None = Field(
        None,
        description="A folder with settings as files, such as `slack_bot_token`, so"
        " that no secret is in the environment. systemd's `CREDENTIALS_DIRECTORY` is"
        " such a folder, too.",
    )
    search_folder: Path | None = Field(
        None,
        description="A folder for the search index, which the bot builds from the"
        " database. By default it is `search`, beside the SQLite file, or in `data`"
        " with PostgreSQL.",
    )
    form_suggestions: Literal["enter", "typing"] = Field(
        "enter",
        description="When the form to ask looks for similar asks: when someone presses"
        " Enter in the question, or with `typing` while they type. `typing` has not"
        " been tried in all of Slack's apps yet.",
    )
    anonymity_key: SecretStr | None = Field(
        None,
        description="A secret of 32 bytes as base64, for asks without a name; without"
        " it no one can ask so. `openssl rand -base64 32` makes one. Keep it out of"
        " the database's backups.",
    )
    anonymity_key_previous: SecretStr | None = Field(
        None,
        description="The key before `ANONYMITY_KEY`, for 30 days after a rotation.",
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
    notify_socket: str | None = Field(
        None,
        description="systemd's socket for news about the process. systemd sets it.",
    )
    log_format: Literal["auto", "json", "plain"] = Field(
        "auto", description="`auto` is plain text on a terminal and JSON elsewhere."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least severe level to log."
    )
    mentors: MentorSettings = Field(
        MentorSettings(),
        description="The numbers behind unexpected mentors. Each is a setting.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - see below
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the files of the folders that the other sources name.

        Raises SettingsError.
        """
        variables: dict[str, str | None] = {}
        for source in (dotenv_settings, env_settings):
            if isinstance(source, EnvSettingsSource):
                variables |= source.env_vars
        folders = secret_files.secret_folders(variables)
        secret_files.refuse_misspelt_files(
            folders, settings_cls.model_fields, already_set=variables
        )
        secrets = secret_files.SecretFiles(settings_cls, folders)
        return init_settings, env_settings, dotenv_settings, secrets

    @property
    def many_workspaces(self) -> ManyWorkspaces | None:
        """The settings for many workspaces; None: the tokens are of one.

        Raises SettingsError, with a sentence for each problem.
        """
        return read_many_workspaces(self)

    @property
    def mode(self) -> Literal["sandbox", "socket", "http", "many"]:
        """The connection to Slack, "many" by HTTP. Raises SettingsError."""
        if self.many_workspaces is not None:
            return "many"
        bot = check_secret("SLACK_BOT_TOKEN", self.slack_bot_token, prefix="xoxb-")
        app = check_secret("SLACK_APP_TOKEN", self.slack_app_token, prefix="xapp-")
        signing = check_secret("SLACK_SIGNING_SECRET", self.slack_signing_secret)
        if not (bot or app or signing):
            return "sandbox"
        if not bot:
            _refuse_misspelling("slack_bot_token")
            raise SettingsError(
                "SLACK_BOT_TOKEN is missing. Copy the Bot User OAuth Token, which"
                " begins with xoxb-, from your app's OAuth & Permissions page."
            )
        if app:
            return "socket"
        if signing:
            return "http"
        _refuse_misspelling("slack_app_token")
        _refuse_misspelling("slack_signing_secret")
        raise SettingsError(
            "SLACK_APP_TOKEN is missing. Create an app-level token with the scope"
            " connections:write (for Socket Mode), or set SLACK_SIGNING_SECRET (for"
            " HTTP)."
        )


def load_settings(read: Callable[[], Settings]) -> Settings:
    """Return the settings that `read` returns. Raises SettingsError if one is wrong."""
    env = Settings.model_config["env_file"]
    try:
        with warnings.catch_warnings():
            # Otherwise a file that can't be a secret would be ignored.
            warnings.filterwarnings("error", "attempted to load secret file")
            return read()
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
    except exceptions.SettingsError as error:
        raise SettingsError(_explain_unread(error.__cause__)) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{env} is not UTF-8 text. Save it as UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"{env} can't be read ({error.strerror}).") from None


def _explain(error: ValidationError) -> str:
    """Describe the first error, with the operator's name for the setting."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "value_error":
        return f"{first['ctx']['error']}."
    parts = [part for part in first["loc"] if isinstance(part, str)]
    name = "__".join(parts).upper()
    schema = _json_schema(parts)
    if schema is not None:
        expected = expected_value(name, schema)
        return f"{name} must be {expected}; it is {quoted(first['input'])}."
    *group, last = parts
    similar = get_close_matches(last, [*MentorSettings.model_fields], 1)
    if not similar:
        return f"{name} is not a setting."
    suggestion = "__".join([*group, *similar]).upper()
    return f"{name} is not a setting: did you mean {suggestion}?"


def _explain_unread(cause: BaseException | None) -> str:
    """Describe the first file of a secret that can't be read, or else a bad list."""
    match cause:
        case OSError():
            return f"{cause.filename} can't be read ({cause.strerror})."
        case UnicodeDecodeError():
            return "A file in SECRETS_DIR is not UTF-8 text. Save it as UTF-8."
        case UserWarning():
            return f"SECRETS_DIR: {cause}"
    return _explain_bad_list()


def _explain_bad_list() -> str:
    """Describe the first list or nested setting that is not valid JSON."""
    for name, value in _environment().items():
        schema = _json_schema(name.split("__"))
        if schema is None or value is None:
            continue
        if "$ref" not in schema and schema.get("type") != "array":
            continue
        try:
            json.loads(value)
        except ValueError:
            expected = expected_value(name.upper(), schema)
            return f"{name.upper()} must be {expected}; it is {quoted(value)}."
    return "A file in SECRETS_DIR has no valid list."


def _json_schema(parts: list[str]) -> dict[str, Any] | None:
    """Return the JSON Schema of a setting by its parts; None if there is none."""
    schema = Settings.model_json_schema()
    property_: dict[str, Any] | None = schema
    for part in parts:
        group = (
            schema["$defs"]["MentorSettings"]
            if property_ and "$ref" in property_
            else property_
        )
        property_ = (group or {}).get("properties", {}).get(part)
    return property_


_SLACK_SETTINGS = (
    "slack_bot_token",
    "slack_app_token",
    "slack_signing_secret",
    "slack_oauth_client_id",
    "slack_oauth_client_secret",
    "slack_api_url",
)
# One with SLACK_ is unknown anyway; a setting that is this similar is suggested.
_MIN_SIMILARITY_WITH_PREFIX = 0.6


def _refuse_misspelling(missing: str) -> None:
    for name, similar in unknown_slack_names():
        if similar == missing:
            raise SettingsError(
                f"{missing.upper()} is missing, and {name.upper()} is not a setting."
                " Is it misspelt?"
            )


def unknown_slack_names() -> Iterator[tuple[str, str | None]]:
    """Yield unknown names that look like ours, with the most similar setting.

    The names are those of the environment, `.env` and the secrets' files, in lower
    case.
    """
    variables = _environment()
    files = secret_files.file_names(secret_files.secret_folders(variables))
    for name in sorted({*variables, *files} - {*Settings.model_fields}):
        has_prefix = name.startswith("slack_")
        similarity = (
            _MIN_SIMILARITY_WITH_PREFIX if has_prefix else secret_files.MIN_SIMILARITY
        )
        similar = get_close_matches(name, _SLACK_SETTINGS, 1, similarity)
        if has_prefix or similar:
            yield name, similar[0] if similar else None


def _environment() -> Mapping[str, str | None]:
    """Return all variables of the environment and of `.env`, in lower case."""
    return {
        **DotEnvSettingsSource(Settings).env_vars,
        **EnvSettingsSource(Settings).env_vars,
    }
