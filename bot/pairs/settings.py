"""The settings of peer coffee: of the workspace, and of a member."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.clock import datetime_to_micros
from bot.forms.fields import Choice, Field, FormValues, Number, Switch
from bot.forms.setting import MemberSetting, Setting
from bot.pairs import matches, opt_ins
from bot.programs.kind_fields import workspace_field
from bot.programs.rules import Kind
from bot.runtime import Transaction
from bot.workspace import member_settings, workspace_settings

_EACH_ROUND = 0
_PACES = 2, 4, 8
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def _column(name: str, field: Field[Any], position: int) -> Setting[None]:
    def get(tx: Transaction, _owner: None) -> Any:
        return getattr(workspace_settings.get(tx), name)

    def put(tx: Transaction, _owner: None, value: Any) -> None:
        workspace_settings.update(tx, **{name: value})

    return Setting(field, get, put, position=position)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weekday(Choice):
    """A weekday, stored as a number; Monday is 1."""

    def render(self, value: Any) -> Any:
        return Choice.render(self, str(value))

    def read(self, form: FormValues) -> Any:
        return int(Choice.read(self, form))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace(Choice):
    """The fewest weeks from one coffee to the next, or None for one in each round."""

    def render(self, value: Any) -> Any:
        return Choice.render(self, str(value or _EACH_ROUND))

    def read(self, form: FormValues) -> Any:
        return int(Choice.read(self, form)) or None


WORKSPACE_SETTINGS: Sequence[Setting[None]] = (
    _column(
        "coffee",
        workspace_field(Kind.COFFEE),
        50,
    ),
    _column(
        "coffee_weeks",
        Number(
            name="coffee_weeks",
            label="Weeks from one round of peer coffee to the next",
            minimum=1,
            maximum=8,
        ),
        52,
    ),
    _column(
        "coffee_weekday",
        _Weekday(
            name="coffee_weekday",
            label="Day of peer coffee",
            choices=tuple((str(n), day, None) for n, day in enumerate(_WEEKDAYS, 1)),
        ),
        54,
    ),
    _column(
        "coffee_hour",
        Number(
            name="coffee_hour",
            label="Hour of peer coffee",
            hint="From 0 to 23, in each person's own time zone.",
            minimum=0,
            maximum=23,
        ),
        56,
    ),
)


def _put_wish(tx: Transaction, member: str, wants: bool) -> None:
    if wants == opt_ins.takes_part(tx, member):
        return
    micros = datetime_to_micros(tx.now)
    if wants:
        opt_ins.join(tx, member, event_micros=micros)
    else:
        matches.stop(tx, member, event_micros=micros)


def _is_offered(tx: Transaction, member: str) -> bool:
    return opt_ins.can_take_part(tx, member)


MEMBER_SETTINGS: Sequence[MemberSetting] = (
    MemberSetting(
        Switch(
            name="takes_coffee",
            label="Peer coffee",
            tick_label="Introduce me to peers",
        ),
        opt_ins.takes_part,
        _put_wish,
        position=19,
        is_offered=_is_offered,
    ),
    member_settings.column_setting(
        _Pace(
            name="coffee_weeks",
            label="How often I have peer coffee",
            choices=(
                (str(_EACH_ROUND), "In each round", None),
                *((str(n), f"Every {n} weeks at most", None) for n in _PACES),
            ),
        ),
        position=20,
        is_offered=_is_offered,
    ),
)
