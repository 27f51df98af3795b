"""Write the page of the settings."""

from collections.abc import Mapping
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from reference.markdown import code, page, table

from bot.config.mentors import MentorSettings
from bot.config.settings import Settings


def settings() -> str:
    own = {n: f for n, f in Settings.model_fields.items() if n != "mentors"}
    return page(
        "Settings",
        "bot/config/",
        "From the environment, a file `.env` in the folder that you start in, or a file"
        " for each. [Configure](../operate/configure.md) explains them.\n",
        _settings(own, ""),
        "## Unexpected mentors\n",
        "The numbers behind [unexpected mentors](../guides/mentors.md). The defaults"
        " were tried on real conversations.\n",
        _settings(MentorSettings.model_fields, "MENTORS__"),
    )


def _settings(fields: Mapping[str, FieldInfo], prefix: str) -> str:
    return table(
        ("Variable", "Default", "Meaning"),
        (
            (code(f"{prefix}{name.upper()}"), _default(field), _meaning(field))
            for name, field in fields.items()
        ),
    )


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is None:
        return ""
    return code(str(list(value) if isinstance(value, tuple) else value))


def _meaning(field: FieldInfo) -> str:
    choices = (
        get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    )
    one_of = (
        f" One of {', '.join(code(str(choice)) for choice in choices)}."
        if choices
        else ""
    )
    return f"{field.description}{one_of}"
