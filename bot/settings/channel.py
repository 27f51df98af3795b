"""A channel's settings: the one list that its form and its changes are made of.

A feature adds a `Setting` to SETTINGS, or what it draws by itself to SECTIONS.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import Block

from bot.asks import unmatched
from bot.checkins import pages as checkins
from bot.errors import UserError
from bot.forms.fields import Choice, Emoji, People, Switch, Topics
from bot.forms.setting import Setting, column_setting
from bot.onboarding import service as onboarding
from bot.runtime import Transaction
from bot.slack import emoji
from bot.workspace import channels, reaction_emoji, roles
from models import Channel

CAPTURE_CHOICES = (
    ("off", "Only what people ask with /ask", "Nothing else is kept."),
    (
        "questions",
        "Messages that contain a question, too",
        "Ids, without text, of other messages and reactions are kept for some days.",
    ),
    (
        "all",
        "Every message that starts a thread, too",
        "For channels that are for questions only.",
    ),
)
CAPTURED_SIGN_CHOICES = (
    ("reaction", "With a reaction: 📌, then ✅", None),
    ("line", "With a line in its thread", "The line has buttons for your peers."),
    ("nothing", "With ✅, only when it is solved", None),
)


def _put_capture(tx: Transaction, channel: Channel, capture: str) -> None:
    if capture == "off" and channel.capture != "off":
        unmatched.delete_for_channel(tx.session, channel.id)
    channel.capture = capture


def _put_champions(tx: Transaction, channel: Channel, people: Sequence[str]) -> None:
    roles.require_assignable(tx, people, role="a champion", field="champions")
    channels.set_champions(tx.session, channel.id, people)


def _put_helpful(_tx: Transaction, channel: Channel, names: Sequence[str]) -> None:
    channel.helpful_emoji = reaction_emoji.to_setting(
        names, channel.helpful_emoji, reaction_emoji.DEFAULT_HELPFUL
    )


def _put_solved(_tx: Transaction, channel: Channel, names: Sequence[str]) -> None:
    channel.solved_emoji = reaction_emoji.to_setting(
        names, channel.solved_emoji, reaction_emoji.DEFAULT_SOLVED
    )


def _put_join(_tx: Transaction, channel: Channel, names: Sequence[str]) -> None:
    channel.second_emoji = reaction_emoji.to_setting(
        names, channel.second_emoji, reaction_emoji.DEFAULT_JOIN
    )


def _put_kudos(_tx: Transaction, channel: Channel, names: Sequence[str]) -> None:
    channel.kudos_emoji = reaction_emoji.to_setting(names, channel.kudos_emoji, ())


SETTINGS: Sequence[Setting[Channel]] = (
    Setting(
        Choice(name="capture", label="What becomes an ask", choices=CAPTURE_CHOICES),
        lambda _, channel: channel.capture,
        _put_capture,
        default="off",
    ),
    column_setting(
        Choice(
            name="captured_sign",
            label="How I show that a message became an ask",
            choices=CAPTURED_SIGN_CHOICES,
        ),
        default="reaction",
    ),
    Setting(
        People(
            name="champions",
            label="Champions",
            hint="They may close and solve asks for others, and change these settings.",
        ),
        lambda tx, channel: channels.champions(tx.session, channel.id),
        _put_champions,
    ),
    column_setting(
        Topics(
            name="topics",
            label="Topics",
            hint="Separated by commas. People can add their own.",
        )
    ),
    Setting(
        Emoji(
            name="helpful",
            label="Emoji for helpful",
            hint="On an answer, from anybody but its author.",
        ),
        lambda _, channel: channels.helpful_emoji(channel),
        _put_helpful,
        default=reaction_emoji.DEFAULT_HELPFUL,
    ),
    Setting(
        Emoji(
            name="solved",
            label="Emoji for solved",
            hint="On an answer, from the person who asked.",
        ),
        lambda _, channel: channels.solved_emoji(channel),
        _put_solved,
        default=reaction_emoji.DEFAULT_SOLVED,
    ),
    Setting(
        Emoji(
            name="second",
            label="Emoji to join in kudos",
            hint="On a kudos message, from anybody but its giver.",
        ),
        lambda _, channel: channels.join_emoji(channel),
        _put_join,
        default=reaction_emoji.DEFAULT_JOIN,
    ),
    Setting(
        Emoji(
            name="kudos",
            label="Emoji that gives kudos",
            hint="Works on any message. Leave it empty to turn this off.",
            is_required=False,
        ),
        lambda _, channel: channels.kudos_emoji(channel),
        _put_kudos,
        default=(),
    ),
    column_setting(
        Switch(
            name="strangers_get_kudos",
            label="People of other organisations",
            tick_label="May get kudos here",
        ),
        default=False,
    ),
    column_setting(
        Switch(
            name="guests_may_ask",
            label="Guests",
            tick_label="Guests may ask, and take part in check-ins",
        ),
        default=True,
    ),
    column_setting(
        Switch(
            name="looks_for_mentors",
            label="Unexpected mentors",
            tick_label="Notice quiet people whose answers help",
            hint="They're told first. The channel hears only if they agree.",
        ),
        default=True,
    ),
)

# What a feature shows below the fields: buttons of its own, what is planned.
Section = Callable[[Transaction, Channel], Sequence[Block]]
SECTIONS: Sequence[Section] = (checkins.section, onboarding.settings_section)

# An emoji on an answer has one meaning.
_ANSWER_EMOJI = ("helpful", "solved", "kudos")


def validate(values: Mapping[str, Any]) -> None:
    """Raises Refusal for what makes sense by itself, but not together.

    `values` are by the names of settings.
    """
    for n, field in enumerate(_ANSWER_EMOJI):
        for other in _ANSWER_EMOJI[:n]:
            if emoji.overlap(values[other], values[field]):
                raise UserError(
                    f"One emoji can't mean both {other} and {field}.", field=field
                )
    if emoji.overlap((*reaction_emoji.LOOKING, *reaction_emoji.SAME), values["solved"]):
        taken = emoji.render((*reaction_emoji.LOOKING, *reaction_emoji.SAME))
        raise UserError(f"{taken} mean something else on an ask.", field="solved")
    if emoji.overlap((*reaction_emoji.LOOKING, *reaction_emoji.SAME), values["kudos"]):
        taken = emoji.render((*reaction_emoji.LOOKING, *reaction_emoji.SAME))
        raise UserError(f"{taken} mean something else on an ask.", field="kudos")
