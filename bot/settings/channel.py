"""A channel's settings that belong to no feature."""

from collections.abc import Sequence

from bot.forms.fields import People, Switch
from bot.forms.setting import Setting, column_setting
from bot.runtime import Transaction
from bot.workspace import channels, roles
from models import Channel


def _put_champions(tx: Transaction, channel: Channel, people: Sequence[str]) -> None:
    roles.require_champions(tx, people, field="champions")
    channels.set_champions(tx.session, channel.id, people)


SETTINGS: Sequence[Setting[Channel]] = (
    Setting(
        People(
            name="champions",
            label="Champions",
            hint="They can close and solve others' asks, and change these settings.",
        ),
        lambda tx, channel: channels.champions(tx.session, channel.id),
        _put_champions,
        position=30,
    ),
    column_setting(
        Switch(
            name="guests_may_ask",
            label="Guests",
            tick_label="Guests can ask, and take part in check-ins",
        ),
        default=True,
        position=100,
    ),
)
