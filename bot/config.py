"""Settings, from the environment or a `.env` file."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    SettingsConfigDict,
    exceptions,
)

# Words stand apart from what is around them, or one in a thousand real tokens, which
# are random letters, would hold one by chance.
_PLACEHOLDER = re.compile(
    r"\.\.\.|…|[<>]|(?<![a-z0-9])(?:x{3,}(?![a-z0-9])|your|change|example|todo|insert)",
    re.IGNORECASE,
)
_QUOTES = ("'", '"', "“", "”", "\u2018", "’", "`")
_SIGNING_SECRET = re.compile(r"[0-9a-f]{32}")
# A token is its prefix and at least this much; anything shorter was cut off.
_MIN_SECRET_LENGTH = 16


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it, and never shows a secret."""


class MentorSettings(BaseModel):
    """What makes somebody an unexpected mentor, and when the bot looks for one.

    Read as `MENTORS__WINDOWS_DAYS=[28,56]` and so on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    windows_days: tuple[int, ...] = Field(
        (28, 56, 84),
        min_length=1,
        description="How far back evidence may lie: the second number counts where"
        " nobody qualifies in the first, and so on. The bot looks once so much is known"
        " as the first.",
    )
    visibility_days: int = Field(
        90,
        ge=1,
        le=366,
        description="How far back messages are counted; at least the largest window.",
    )
    ring_days: int = Field(
        366,
        ge=1,
        le=366,
        description="How far back it is known who marked whom, to see rings and marks"
        " in return; at least the largest window.",
    )
    least_marks: int = Field(
        2, ge=1, description="Marks from askers whom the person did not mark in return."
    )
    least_askers: int = Field(
        2,
        ge=1,
        description="Such askers; one of them is outside the person's ring, and has"
        " dealt with somebody outside the person's circle.",
    )
    least_answered: int = Field(
        3,
        ge=1,
        description="One such mark is enough for whoever answered so many different"
        " people in the window.",
    )
    talkative_people: int = Field(
        10, ge=0, description="So many of those who write most are expected to help."
    )
    talkative_percent: float = Field(
        5, ge=0, le=100, description="Or so many percent of those who write, if more."
    )
    small_team: int = Field(
        30, ge=0, description="Where fewer people write, the next two count instead."
    )
    talkative_share: float = Field(
        0.2,
        ge=0,
        le=1,
        description="The share of those who write that is expected to help.",
    )
    talkative_least: int = Field(
        3, ge=0, description="Or so many people, if that is more."
    )
    rest_days: int = Field(
        84, ge=0, description="Nobody is credited again for so long."
    )
    caution: float = Field(
        1.2816,
        allow_inf_nan=False,
        description="How cautious the estimate is: the normal quantile of the bound;"
        " 1.2816 is that of 10 %.",
    )
    credits_a_period: int = Field(
        1, ge=1, description="At most so many people are credited in a week."
    )
    consent_days: int = Field(
        7, ge=1, description="Without an answer for so long it stays between us."
    )
    ring_percent: float = Field(
        60,
        gt=0,
        le=100,
        description="Leads are told when this much of somebody's marks comes from one"
        " ring.",
    )
    ring_people: int = Field(
        7,
        ge=2,
        description="More people than this who lead to each other are a community, not"
        " a ring.",
    )
    circle_people: int = Field(
        12,
        ge=0,
        description="So many people who are joined by marks, and by none to anybody"
        " else, are one circle, and earn no credits. With 0, nobody's circle matters.",
    )
    ring_marks: int = Field(
        4, ge=1, description="Fewer marks than this say nothing about a ring."
    )
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = Field(
        "fri", description="On which day a period ends, and the bot looks."
    )
    hour: int = Field(
        10, ge=0, le=23, description="At which hour, in the zone of most people."
    )

    @model_validator(mode="after")
    def _check_windows(self) -> Self:
        edges = [0, *self.windows_days]
        most = min(self.visibility_days, self.ring_days)
        if edges != sorted(set(edges)) or edges[-1] > most:
            raise ValueError(
                "MENTORS__WINDOWS_DAYS must rise, and not exceed"
                " MENTORS__VISIBILITY_DAYS or MENTORS__RING_DAYS"
            )
        return self


# Where there are but a few people, and no time to wait, such as in the sandbox.
SMALL_WORKSPACE = MentorSettings(
    windows_days=(1, 28, 56, 84),
    circle_people=0,
    talkative_share=1 / 3,
    talkative_least=0,
)


class Settings(BaseSettings):
    """What the operator chose. Without tokens the bot runs against the sandbox."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",
        # Of a setting that has parts: MENTORS__REST_DAYS.
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
    mentors: MentorSettings = Field(
        MentorSettings(),
        description="The numbers behind unexpected mentors, each a setting.",
    )

    @property
    def mode(self) -> Literal["sandbox", "socket", "http"]:
        """How Slack reaches us; raises SettingsError where tokens do not fit."""
        bot = check_secret("SLACK_BOT_TOKEN", self.slack_bot_token, prefix="xoxb-")
        app = check_secret("SLACK_APP_TOKEN", self.slack_app_token, prefix="xapp-")
        signing = check_secret("SLACK_SIGNING_SECRET", self.slack_signing_secret)
        if not (bot or app or signing):
            return "sandbox"
        if not bot:
            _refuse_misspelling("slack_bot_token")
            raise SettingsError(
                "SLACK_BOT_TOKEN is missing: copy the Bot User OAuth Token, which"
                " begins with xoxb-, from your app's OAuth & Permissions page."
            )
        if app:
            return "socket"
        if signing:
            return "http"
        _refuse_misspelling("slack_app_token")
        _refuse_misspelling("slack_signing_secret")
        raise SettingsError(
            "SLACK_APP_TOKEN is missing: create an app-level token with the scope"
            " connections:write (for Socket Mode), or set SLACK_SIGNING_SECRET"
            " (for HTTP)."
        )


def load_settings(read: Callable[[], Settings]) -> Settings:
    """The settings as `make` reads them. Raises SettingsError where one is wrong."""
    env = Settings.model_config["env_file"]
    try:
        return read()
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
    except exceptions.SettingsError:
        raise SettingsError(_explain_bad_list()) from None
    except UnicodeDecodeError:
        raise SettingsError(f"{env} is not text in UTF-8: save it as that.") from None
    except OSError as error:
        raise SettingsError(f"{env} can't be read ({error.strerror}).") from None


def _explain(error: ValidationError) -> str:
    """The first thing that is wrong, as the operator would name it."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "value_error":
        return f"{first['ctx']['error']}."
    parts = [part for part in first["loc"] if isinstance(part, str)]
    name = "__".join(parts).upper()
    shape = _json_schema(parts)
    if shape is not None:
        return (
            f"{name} must be {_expected(name, shape)}; it is {_quoted(first['input'])}."
        )
    *group, last = parts
    like = get_close_matches(last, [*MentorSettings.model_fields], 1)
    meant = "__".join([*group, *like]).upper()
    return f"{name} is not a setting" + (f": did you mean {meant}?" if like else ".")


def _explain_bad_list() -> str:
    """A value that has parts, and is not written as JSON writes them."""
    for name, value in _environment().items():
        shape = _json_schema(name.split("__"))
        if shape is None or value is None or shape.get("type", "array") != "array":
            continue
        try:
            json.loads(value)
        except ValueError:
            wanted = _expected(name.upper(), shape)
            return f"{name.upper()} must be {wanted}; it is {_quoted(value)}."
    raise AssertionError("each value can be read")


def _json_schema(parts: list[str]) -> dict[str, Any] | None:
    """Return what the setting of these parts takes, as JSON Schema, if it is one."""
    schema = Settings.model_json_schema()
    found: dict[str, Any] | None = schema
    for part in parts:
        group = schema["$defs"]["MentorSettings"] if found and "$ref" in found else found
        found = (group or {}).get("properties", {}).get(part)
    return found


def _expected(name: str, schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return f"set by its parts, such as {name}__HOUR"
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if schema["type"] == "array":
        return f"a list of numbers such as {schema['default']}"
    least, most = schema.get("minimum"), schema.get("maximum")
    if (above := schema.get("exclusiveMinimum")) is not None:
        return f"a number above {above:g}, up to {most:g}"
    if least is None:
        return "a number"
    to = "on" if most is None else f"to {most:g}"
    return f"a number from {least:g} {to}"


def _quoted(value: object) -> str:
    """As it was typed, unless it is long or a token that got to the wrong place."""
    shown = str(value)
    is_shown = (
        len(shown) <= _MAX_QUOTED_LENGTH and "xox" not in shown and "xapp" not in shown
    )
    if not shown.strip():
        return "empty"
    return f"“{shown}”" if is_shown else "something else"


_MAX_QUOTED_LENGTH = 30
_SLACK_SETTINGS = (
    "slack_bot_token",
    "slack_app_token",
    "slack_signing_secret",
    "slack_api_url",
)
# A name that does not begin with SLACK_ is likely a token's only if it is this close.
_MIN_SIMILARITY = 0.85
_SANDBOX_HINT = "to try Backswing without Slack, run `uv run app.py sandbox`."


def refuse_accidental_sandbox(settings: Settings) -> None:
    """Raise SettingsError where a real workspace was meant, although no token is set.

    A secret that is not mounted is missing, and one whose name is misspelt is, too.
    """
    for typed, meant in _unknown_slack_names():
        asked = f"did you mean {meant.upper()}? T" if meant else "t"
        end = f"{asked}{_SANDBOX_HINT.removeprefix('t')}"
        raise SettingsError(f"{typed.upper()} is not a setting: {end}")
    for name in ("database_url", "slack_api_url"):
        if name in settings.model_fields_set:
            raise SettingsError(
                f"{name.upper()} is set, but no token is: set SLACK_BOT_TOKEN and"
                f" SLACK_APP_TOKEN; {_SANDBOX_HINT}"
            )


def _refuse_misspelling(missing: str) -> None:
    for typed, meant in _unknown_slack_names():
        if meant == missing:
            raise SettingsError(
                f"{missing.upper()} is missing, and {typed.upper()} is not a setting:"
                " is it misspelt?"
            )


def _unknown_slack_names() -> Iterator[tuple[str, str | None]]:
    """Each variable that was meant for us and is none of ours, and what is like it.

    From the environment and from `.env`, in small letters.
    """
    for name in sorted({*_environment()} - {*Settings.model_fields}):
        is_slacks = name.startswith("slack_")
        like = get_close_matches(
            name, _SLACK_SETTINGS, 1, 0.6 if is_slacks else _MIN_SIMILARITY
        )
        if is_slacks or like:
            yield name, like[0] if like else None


def _environment() -> Mapping[str, str | None]:
    """Every variable of the environment and of `.env`, by its name in small letters."""
    return {
        **DotEnvSettingsSource(Settings).env_vars,
        **EnvSettingsSource(Settings).env_vars,
    }


def check_secret(name: str, value: SecretStr | None, *, prefix: str = "") -> str | None:
    if value is None:
        return None
    secret = value.get_secret_value()
    if not secret.strip():
        raise SettingsError(f"{name} is empty: give it a value, or remove it.")
    if secret.startswith(_QUOTES) or secret.endswith(_QUOTES):
        raise SettingsError(f"{name} has quotes around it: leave them out.")
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
    if len(secret) < _MIN_SECRET_LENGTH:
        raise SettingsError(f"{name} is too short: copy the whole of it from Slack.")
    if not prefix and not _SIGNING_SECRET.fullmatch(secret):
        raise SettingsError(
            f"{name} is not a signing secret: those are 32 digits and letters from a to"
            " f. Copy it again from your app's Basic Information page."
        )
    return secret
