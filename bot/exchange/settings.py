"""The settings of exchanges: of the workspace, and of a member."""

from collections.abc import Sequence
from typing import Any

from bot.clock import datetime_to_micros
from bot.exchange import rules, wishes
from bot.forms.fields import Switch
from bot.forms.setting import MemberSetting, Setting
from bot.programs.kind_fields import workspace_field
from bot.programs.rules import Kind
from bot.runtime import Transaction
from bot.workspace import workspace_settings


def _get(tx: Transaction, _owner: None) -> Any:
    return workspace_settings.get(tx).exchange


def _put(tx: Transaction, _owner: None, value: Any) -> None:
    workspace_settings.update(tx, exchange=value)


WORKSPACE_SETTINGS: Sequence[Setting[None]] = (
    Setting(
        workspace_field(Kind.EXCHANGE),
        _get,
        _put,
        position=58,
    ),
)


def _put_wish(tx: Transaction, member: str, wants: bool) -> None:
    if wants == wishes.takes_part(tx, member):
        return
    if not wants:
        wishes.stop(tx, member, event_micros=datetime_to_micros(tx.now))
        return
    own = wishes.find(tx, member)
    wishes.join(
        tx,
        member,
        hours_a_month=own.hours_a_month if own else rules.DEFAULT_HOURS,
        max_exchanges=own.max_exchanges if own else rules.DEFAULT_LIMIT,
    )


def _is_offered(tx: Transaction, member: str) -> bool:
    return wishes.can_take_part(tx, member)


MEMBER_SETTINGS: Sequence[MemberSetting] = (
    MemberSetting(
        Switch(
            name="open_to_exchange",
            label="Learning together",
            tick_label="Propose me to people who may learn from me, and I from them",
        ),
        wishes.takes_part,
        _put_wish,
        position=21,
        is_offered=_is_offered,
    ),
)
