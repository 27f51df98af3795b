"""Workspace settings that belong to no feature, and defaults of new channels."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.errors import UserError
from bot.forms.fields import Number, People
from bot.forms.setting import Setting
from bot.runtime import Transaction
from bot.workspace import leads, roles, workspace_settings
from models import Channel

# A setting's owner is None here: the workspace is the transaction's.
_DEFAULT_PREFIX = "default_"
_MAX_DAYS = 3650


def _put_program_leads(tx: Transaction, _owner: None, people: Sequence[str]) -> None:
    roles.require_assignable(tx, people, role="a program lead", field="program_leads")
    leads.set_program_leads(tx, people)


# Program leads may change the other settings, but not this one.
PROGRAM_LEADS: Setting[None] = Setting(
    People(
        name="program_leads",
        label="Program leads",
        hint="They run the program with you, see its results and can change these"
        " settings.",
    ),
    lambda tx, _owner: leads.program_leads(tx),
    _put_program_leads,
)


def workspace_column(field: Number, *, position: int) -> Setting[None]:
    """Return a setting that is stored in the column with the field's name."""

    def get(tx: Transaction, _owner: None) -> int:
        return int(
            getattr(
                workspace_settings.get(tx),
                field.name,
            )
        )

    def put(tx: Transaction, _owner: None, value: int) -> None:
        workspace_settings.update(tx, **{field.name: value})

    return Setting(field, get, put, position=position)


SETTINGS: Sequence[Setting[None]] = (
    workspace_column(
        Number(
            name="unasked_per_week",
            label="Messages to a person in 7 days that they didn't ask for",
            hint="Reminders, invitations and questions together. The rest waits on the"
            " person's Home tab.",
            minimum=0,
            maximum=10,
        ),
        position=15,
    ),
    workspace_column(
        Number(
            name="sent_retention_days",
            label="Days to keep records of sent messages",
            hint="What a message was about and who got it. I never keep its text.",
            minimum=1,
            maximum=_MAX_DAYS,
        ),
        position=20,
    ),
    workspace_column(
        Number(
            name="unmatched_retention_days",
            label="Days to keep IDs of messages that aren't part of an ask",
            hint="Only in channels where messages can become asks.",
            minimum=1,
            maximum=_MAX_DAYS,
        ),
        position=30,
    ),
    workspace_column(
        Number(
            name="deactivated_retention_days",
            label="Days to keep data about people who left",
            hint="Counted from the day when their account was deactivated.",
            minimum=1,
            maximum=_MAX_DAYS,
        ),
        position=40,
    ),
)


def _channel_default(setting: Setting[Any]) -> Setting[None]:
    """Return the workspace setting with the default of a channel setting."""

    def get(tx: Transaction, _owner: None) -> Any:
        defaults = workspace_settings.get(tx).channel_defaults
        return defaults.get(setting.name, setting.default)

    def put(tx: Transaction, _owner: None, value: Any) -> None:
        defaults = dict(workspace_settings.get(tx).channel_defaults)
        # JSON has lists, and the settings' defaults are tuples.
        if (tuple(value) if isinstance(value, list) else value) == setting.default:
            defaults.pop(setting.name, None)
        else:
            defaults[setting.name] = value
        workspace_settings.update(tx, channel_defaults=defaults)

    field = replace(setting.field, name=_DEFAULT_PREFIX + setting.name)
    return Setting(field, get, put, default=setting.default)


def channel_defaults(settings: Iterable[Setting[Channel]]) -> list[Setting[None]]:
    """Return a workspace setting for each channel setting that has a default."""
    return [
        _channel_default(setting) for setting in settings if setting.default is not None
    ]


def check_workspace_settings(
    values: Mapping[str, Any],
    check_channel_settings: Callable[[Mapping[str, Any]], None],
) -> None:
    """Raise UserError for defaults that a channel could not have together.

    `check_channel_settings` is `Features.check_channel_settings`.
    """
    defaults = {
        name.removeprefix(_DEFAULT_PREFIX): value
        for name, value in values.items()
        if name.startswith(_DEFAULT_PREFIX)
    }
    try:
        check_channel_settings(defaults)
    except UserError as error:
        raise UserError(str(error), field=f"{_DEFAULT_PREFIX}{error.field}") from error
