"""The settings of buddies: of the workspace, and of a member."""

from collections.abc import Sequence
from typing import Any

from bot.buddies import offers
from bot.clock import datetime_to_micros
from bot.forms.fields import Switch
from bot.forms.setting import MemberSetting, Setting
from bot.programs.kind_fields import workspace_field
from bot.programs.rules import Kind
from bot.runtime import Transaction
from bot.workspace import workspace_settings


def _get(tx: Transaction, _owner: None) -> Any:
    return workspace_settings.get(tx).buddies


def _put(tx: Transaction, _owner: None, value: Any) -> None:
    workspace_settings.update(tx, buddies=value)


WORKSPACE_SETTINGS: Sequence[Setting[None]] = (
    Setting(
        workspace_field(Kind.BUDDIES),
        _get,
        _put,
        position=59,
    ),
)


def _put_offer(tx: Transaction, member: str, is_in: bool) -> None:
    if is_in == offers.is_in(tx, member):
        return
    act = offers.join if is_in else offers.stop
    act(tx, member, event_micros=datetime_to_micros(tx.now))


def _is_offered(tx: Transaction, member: str) -> bool:
    if not offers.can_take_part(tx, member):
        return False
    return offers.is_in(tx, member) or offers.can_be_buddy(tx, member)


MEMBER_SETTINGS: Sequence[MemberSetting] = (
    MemberSetting(
        Switch(
            name="is_buddy",
            label="Buddies",
            tick_label="Ask me to be a buddy for someone new",
        ),
        offers.is_in,
        _put_offer,
        position=22,
        is_offered=_is_offered,
    ),
)
