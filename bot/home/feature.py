"""The Home tab, as a feature."""

from datetime import datetime

from bot.feature import Feature
from bot.home import memberships, page, personal_data, service, traces, waiting_messages
from bot.runtime import Transaction
from bot.workspace import contact_budget
from models import Channel


def _on_member_joined(tx: Transaction, channel: str, member: str, at: datetime) -> None:
    memberships.on_membership_event(tx, channel, member, is_member=True, at=at)


def _on_member_left(tx: Transaction, channel: str, member: str, at: datetime) -> None:
    memberships.on_membership_event(tx, channel, member, is_member=False, at=at)


def _on_bot_joined(tx: Transaction, _channel: Channel, _inviter: str | None) -> None:
    memberships.invalidate(tx)


def _purge(tx: Transaction, _before: datetime) -> None:
    contact_budget.purge(tx)
    traces.purge(tx)


HOME = Feature(
    name="home",
    message_types=service.MESSAGE_TYPES,
    personal_data=personal_data.PERSONAL_DATA,
    message_policies=personal_data.MESSAGES,
    home_sections=(waiting_messages.WAITING_MESSAGES, page.SETTINGS_SECTION),
    purge=_purge,
    short_lived=traces.SHORT_LIVED,
    on_member_joined=_on_member_joined,
    on_member_left=_on_member_left,
    on_bot_joined=_on_bot_joined,
)
