"""The workspace's settings: the one list that its form and its changes are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from bot.errors import Refusal
from bot.kudos import allowance
from bot.kudos.rules import MOST_A_DAY
from bot.members import service as members
from bot.policies import service as policies
from bot.settings import channel
from bot.settings.fields import Number, People
from bot.settings.setting import Setting

# The owner is an installation's id.
_DEFAULT = "default_"
_LONGEST = 3650


def _put_leads(session: Session, installation_id: int, people: Sequence[str]) -> None:
    members.check_choosable(
        session, installation_id, people, role="a program lead", field="program_leads"
    )
    policies.name_program_leads(session, installation_id, people)


# Whom the admins name may change the rest, but name nobody.
LEADS: Setting[int] = Setting(
    People(
        name="program_leads",
        label="Program leads",
        hint="They run the program with you, see its results and can change these"
        " settings.",
    ),
    policies.program_leads,
    _put_leads,
)


def policy(field: Number) -> Setting[int]:
    """A setting kept in the column of `Policy` that has the field's name."""

    def get(session: Session, installation_id: int) -> int:
        return int(getattr(policies.of(session, installation_id), field.name))

    def put(session: Session, installation_id: int, value: int) -> None:
        policies.decide(session, installation_id, **{field.name: value})

    return Setting(field, get, put)


SETTINGS: Sequence[Setting[int]] = (
    Setting(
        Number(
            name="kudos_a_day",
            label="Kudos a day",
            hint="How many people one person may thank; new ones come at midnight.",
            least=1,
            most=MOST_A_DAY,
        ),
        allowance.a_day,
        allowance.set_a_day,
    ),
    policy(
        Number(
            name="sent_days",
            label="Days to keep what was sent",
            hint="What it was about and to whom; its words are never kept.",
            least=1,
            most=_LONGEST,
        )
    ),
    policy(
        Number(
            name="sightings_days",
            label="Days to keep the ids of messages that belong to no ask",
            hint="Only in channels that make asks of messages.",
            least=1,
            most=_LONGEST,
        )
    ),
    policy(
        Number(
            name="departed_days",
            label="Days to keep what is known of people who left",
            hint="Counted from the day that Slack says they were deactivated.",
            least=1,
            most=_LONGEST,
        )
    ),
)


def _begins_with(setting: Setting[Any]) -> Setting[int]:
    """With which value of a channel's setting the workspace's channels begin."""

    def get(session: Session, installation_id: int) -> Any:
        chosen = policies.of(session, installation_id).channel_defaults
        return chosen.get(setting.name, setting.default)

    def put(session: Session, installation_id: int, value: Any) -> None:
        chosen = dict(policies.of(session, installation_id).channel_defaults)
        # JSON knows no tuples.
        if (tuple(value) if isinstance(value, list) else value) == setting.default:
            chosen.pop(setting.name, None)
        else:
            chosen[setting.name] = value
        policies.decide(session, installation_id, channel_defaults=chosen)

    field = replace(setting.field, name=_DEFAULT + setting.name)
    return Setting(field, get, put, default=setting.default)


DEFAULTS: Sequence[Setting[int]] = tuple(
    _begins_with(setting) for setting in channel.SETTINGS if setting.default is not None
)


def check(values: Mapping[str, Any]) -> None:
    """Raises Refusal for defaults that no channel could choose together."""
    defaults = {
        name.removeprefix(_DEFAULT): value
        for name, value in values.items()
        if name.startswith(_DEFAULT)
    }
    try:
        channel.check(defaults)
    except Refusal as refusal:
        raise Refusal(str(refusal), field=f"{_DEFAULT}{refusal.field}") from refusal
