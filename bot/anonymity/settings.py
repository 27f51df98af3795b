"""The settings of asks without a name: of the workspace, and of a channel."""

from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import InputBlock

from bot.anonymity import drafts, rules
from bot.anonymity.keyring import keys_of
from bot.errors import UserError
from bot.forms.fields import Choice, Field, FormValues, Line, Number, Switch
from bot.forms.setting import MemberSetting, Setting
from bot.runtime import Transaction
from bot.slack.text import one_line, sanitize, truncate
from bot.workspace import member_settings, workspace_settings
from models import Channel

MAX_HELP_LENGTH = 200
NO_KEY = "The operator has to set ANONYMITY_KEY first. Until then no one can do it."
_HINT = (
    "Champions then decide for their channels. I tell nobody who asked, admins and"
    " leads included. The people who run this server could find out with the key."
)


def _stored(name: str) -> tuple[Any, Any]:
    """Return functions that read and store a workspace setting."""

    def get(tx: Transaction, _owner: None) -> Any:
        return getattr(workspace_settings.get(tx), name)

    def put(tx: Transaction, _owner: None, value: Any) -> None:
        workspace_settings.update(tx, **{name: value})

    return get, put


class Delay(Field[int]):
    """The minutes within which an ask or a reply is posted."""

    def _choice(self) -> Choice:
        return Choice(
            name=self.name,
            label=self.label,
            hint=self.hint,
            choices=[
                (
                    str(minutes),
                    f"{minutes} minutes",
                    f"Who watches who writes guesses right about 1 time in {number}.",
                )
                for minutes, number in rules.GUESSED_ONE_IN.items()
            ],
        )

    def render(self, value: int) -> InputBlock:
        return self._choice().render(str(value))

    def read(self, form: FormValues) -> int:
        return int(self._choice().read(form))


def _workspace_hint(tx: Transaction, _owner: None) -> str:
    return _HINT if keys_of(tx) is not None else NO_KEY


WORKSPACE_SETTINGS: Sequence[Setting[None]] = (
    Setting(
        Switch(
            name="anonymous_asks",
            label="Asks without a name",
            tick_label="Let champions allow asks without a name",
            hint=_HINT,
        ),
        *_stored("anonymous_asks"),
        position=60,
        hint=_workspace_hint,
    ),
    Setting(
        Delay(
            name="anonymous_delay_minutes",
            label="Post asks and replies without a name within",
            hint="At a random time. The longer it is, the less people guess right.",
        ),
        *_stored("anonymous_delay_minutes"),
        position=61,
    ),
    Setting(
        Number(
            name="anonymous_link_days",
            label="Days until no one can tell who asked",
            hint="Then the link to the author is cut, also for the author.",
            minimum=rules.MIN_LINK_DAYS,
            maximum=rules.MAX_LINK_DAYS,
        ),
        *_stored("anonymous_link_days"),
        position=62,
    ),
    Setting(
        Line(
            name="anonymous_help_line",
            label="A line for people who ask without their name",
            hint="For example where someone in need finds help.",
            parse=lambda typed, _field: truncate(
                one_line(sanitize(typed)), MAX_HELP_LENGTH
            ),
            format=str,
            max_length=MAX_HELP_LENGTH,
        ),
        *_stored("anonymous_help_line"),
        position=64,
    ),
)

CHOICES = (
    (drafts.OFF, "No", None),
    (drafts.ON, "Yes", None),
    (drafts.REVIEWED, "Yes, after a champion has read them", None),
)


def _channel_hint(tx: Transaction, channel: Channel | None) -> str:
    if not drafts.is_possible(tx):
        return "An admin or program lead has to allow it for the workspace first."
    if channel is not None and channel.is_shared:
        return "It stays off here: people of other organisations are in this channel."
    return f"At least {rules.MIN_MEMBERS} people have to be in the channel."


CHANNEL_SETTINGS: Sequence[Setting[Channel]] = (
    Setting(
        Choice(
            name="anonymous_asks", label="Take asks without a name", choices=CHOICES
        ),
        lambda _tx, channel: channel.anonymous_asks,
        lambda _tx, channel, choice: setattr(channel, "anonymous_asks", choice),
        position=107,
        hint=_channel_hint,
    ),
)


def check_channel_settings(values: Mapping[str, Any]) -> None:
    """Raise UserError if champions are to read asks first, and there are none."""
    is_reviewed = values.get("anonymous_asks") == drafts.REVIEWED
    if is_reviewed and not values.get("champions", True):
        raise UserError(
            "Choose champions first: they read these asks.", field="anonymous_asks"
        )


MEMBER_SETTINGS: Sequence[MemberSetting] = (
    member_settings.column_setting(
        Switch(
            name="wants_anonymous_notices",
            label="Notes about my asks without a name",
            tick_label="Tell me once a day if something waits on my Home tab",
            hint="The note does not say what it is about.",
        ),
        position=28,
    ),
)
