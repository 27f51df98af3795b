"""The settings of routing: of a channel, and of a member."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from slack_sdk.models.blocks import InputBlock

from bot.forms import calendar
from bot.forms.fields import Choice, Field, FormValues, Line, Topics
from bot.forms.setting import MemberSetting, Setting, column_setting
from bot.routing import refusals, steps
from bot.routing.peers import load_peers
from bot.runtime import Transaction
from bot.workspace import member_settings, working_hours
from models import Channel

MAX_DAYS_OFF = 60
_MAX_DAYS_LENGTH = 800
# By their own pace; then the most in a week.
PACES: Sequence[tuple[str, int | None, str]] = (
    ("pace", None, "At my own pace"),
    ("never", 0, "Never"),
    ("1", 1, "At most once a week"),
    *((str(n), n, f"At most {n} times a week") for n in (2, 3, 5, 7)),
)


OWN_PACE = "Half as often as you answer; once a week if you seldom do."


class Pace(Field[int | None]):
    """The most requests for help in a week; None: by the member's own pace."""

    def _choice(self) -> Choice:
        return Choice(
            name=self.name,
            label=self.label,
            hint=self.hint,
            choices=[
                (name, label, OWN_PACE if most is None else None)
                for name, most, label in PACES
            ],
        )

    def render(self, value: int | None) -> InputBlock:
        # A number between two of the choices is shown as the lower one.
        fitting = [
            (most, name)
            for name, most, _ in PACES
            if most is not None and value is not None and most <= value
        ]
        return self._choice().render(max(fitting)[1] if fitting else "pace")

    def read(self, form: FormValues) -> int | None:
        chosen = self._choice().read(form)
        return next(most for name, most, _ in PACES if name == chosen)


def _summarize_requests(values: Mapping[str, Any], _zone: str) -> tuple[str, str]:
    most = values["max_requests_per_week"]
    if most is None:
        text = "at your own pace"
    elif most == 0:
        text = "never"
    else:
        text = "at most once a week" if most == 1 else f"at most {most} times a week"
    return "Asked for help", text


def _requests_hint(tx: Transaction, member: str) -> str:
    return (
        "When nobody answers an ask, I may privately ask you to help."
        f" {refusals.describe_requests(tx, member)}"
    )


def _read_names(typed: str, _field: str) -> Sequence[str]:
    names = (name.strip().removeprefix("#").lower() for name in typed.split(","))
    return list(dict.fromkeys(filter(None, names)))


MEMBER_SETTINGS: Sequence[MemberSetting] = (
    MemberSetting(
        Pace(name="max_requests_per_week", label="Asked for help"),
        lambda tx, member: member_settings.get(tx, member).max_requests_per_week,
        lambda tx, member, most: member_settings.update(
            tx, member, max_requests_per_week=most
        ),
        position=23,
        summarize=_summarize_requests,
        hint=_requests_hint,
    ),
    member_settings.column_setting(
        Topics(
            name="topics_refused",
            label="Topics I'm not asked about",
            hint="Separated by commas.",
        ),
        position=24,
    ),
    MemberSetting(
        Line(
            name="refused_channels",
            label="Channels I'm not asked from",
            hint="Separated by commas. Remove one to be asked again.",
            parse=_read_names,
            format=", ".join,
            max_length=refusals.MAX_LENGTH,
        ),
        refusals.channel_names,
        refusals.set_channel_names,
        position=26,
    ),
)


# Channels

ROUTES_ASKS = (
    ("auto", "If at least 5 people have answered in 90 days", None),
    ("on", "Yes", None),
    ("off", "No", None),
)
_ROUTES_ASKS = {"auto": None, "on": True, "off": False}


def _get_routes_asks(_tx: Transaction, channel: Channel) -> str:
    return next(
        name for name, value in _ROUTES_ASKS.items() if value == channel.routes_asks
    )


def _put_routes_asks(_tx: Transaction, channel: Channel, choice: str) -> None:
    channel.routes_asks = _ROUTES_ASKS[choice]


ROUTING_HINT = (
    "I privately ask two of them, and later two more. Nobody is asked more often than"
    " they like."
)


def _routes_asks_hint(tx: Transaction, channel: Channel) -> str:
    peers = load_peers(tx)
    count = len(peers.answers_by_channel.get(channel.id, ()))
    people = "1 person has" if count == 1 else f"{count} people have"
    is_on = steps.is_on(channel, peers)
    return f"{ROUTING_HINT} {people} answered here: it's {'on' if is_on else 'off'}."


def _zone_hint(tx: Transaction, channel: Channel) -> str:
    zone = working_hours.most_common_zone(tx, channel)
    return (
        "I count working hours, from 9 to 17 on weekdays. Leave it empty for the zone"
        f" of most people here: {zone.key}."
    )


def _read_zone(typed: str, field: str) -> str | None:
    return calendar.read_zone(typed, field=field).key if typed else None


def _read_days(typed: str, field: str) -> list[str]:
    days: list[date] = calendar.read_dates(typed, field=field, limit=MAX_DAYS_OFF)
    return [day.isoformat() for day in days]


CHANNEL_SETTINGS: Sequence[Setting[Channel]] = (
    Setting(
        Choice(
            name="routes_asks",
            label="Ask people who may know when nobody answers",
            hint=ROUTING_HINT,
            choices=ROUTES_ASKS,
        ),
        _get_routes_asks,
        _put_routes_asks,
        position=92,
        default="auto",
        hint=_routes_asks_hint,
    ),
    replace(
        column_setting(
            Line(
                name="zone",
                label="Time zone",
                parse=_read_zone,
                format=lambda zone: zone or "",
                max_length=calendar.MAX_ZONE_LENGTH,
            ),
            position=94,
        ),
        hint=_zone_hint,
    ),
    column_setting(
        Line(
            name="days_off",
            label="Days off",
            hint="Dates like 2026-12-24, separated by commas.",
            parse=_read_days,
            format=", ".join,
            max_length=_MAX_DAYS_LENGTH,
        ),
        position=96,
    ),
    column_setting(
        Line(
            name="holidays_of",
            label="Public holidays of",
            hint="A country code such as DE, or a region such as DE-BY.",
            parse=lambda typed, field: calendar.read_region(typed, field=field),
            format=lambda region: region or "",
            max_length=calendar.MAX_REGION_LENGTH,
        ),
        position=98,
    ),
)
