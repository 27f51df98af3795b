"""The onboarding feature: the bot's introduction, and greetings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.feature import Feature
from bot.forms.fields import Switch
from bot.onboarding import (
    newcomers,
    notifications,
    permissions,
    personal_data,
    service,
)
from bot.onboarding.contacts import ContactCollector
from bot.runtime import Transaction
from bot.workspace.member_settings import column_setting
from models import Channel


def _summarize_greetings(values: Mapping[str, Any], _zone: str) -> tuple[str, str]:
    return "Greetings", "on" if values["wants_greetings"] else "off"


_GREETINGS = column_setting(
    Switch(
        name="wants_greetings",
        label="Greetings",
        tick_label="Greet me once when I'm new",
    ),
    position=70,
    summarize=_summarize_greetings,
)


def _on_member_joined(tx: Transaction, channel: str, member: str, at: datetime) -> None:
    service.greet(tx, channel, member, joined_at=at)
    newcomers.record(tx, channel, member, at=at)


def _on_member_left(tx: Transaction, channel: str, member: str, at: datetime) -> None:
    service.on_member_left(tx, channel, member, left_at=at)
    newcomers.forget(tx, channel, member, at=at)


def _on_bot_joined(tx: Transaction, channel: Channel, inviter: str | None) -> None:
    service.on_bot_joined(tx, channel, inviter=inviter)


def _purge(tx: Transaction, _before: datetime) -> None:
    newcomers.purge(tx)


@dataclass(frozen=True, slots=True, kw_only=True)
class Onboarding(Feature):
    """The feature, with the state that its job shares with events in a process."""

    # The people that others wrote to, since a job has last stored them.
    contacts: ContactCollector


def onboarding() -> Onboarding:
    """Return the feature with nothing collected yet."""
    contacts = ContactCollector()
    return Onboarding(
        contacts=contacts,
        count_contact=contacts.record,
        purge=_purge,
        work_items=(newcomers.SAY_HELLO,),
        name="onboarding",
        message_types=notifications.MESSAGE_TYPES,
        permissions=permissions.PERMISSIONS,
        personal_data=personal_data.PERSONAL_DATA,
        message_policies=personal_data.MESSAGES,
        channel_settings_section=service.settings_section,
        member_settings=(_GREETINGS,),
        on_member_joined=_on_member_joined,
        on_member_left=_on_member_left,
        on_bot_joined=_on_bot_joined,
    )
