"""Members' choice whether the words of their answers are kept; how long they count."""

from collections.abc import Sequence

from bot.forms.fields import Number, Switch
from bot.forms.setting import MemberSetting, Setting
from bot.knowledge import answer_texts, notes
from bot.permissions import EDIT_OWN_SETTINGS, require
from bot.runtime import Transaction
from bot.slack.blocks import Note
from bot.workspace import member_settings, roles, workspace_settings


def _get(tx: Transaction, member: str) -> bool:
    return member_settings.get(tx, member).keeps_answer_texts


def _put(tx: Transaction, member: str, is_kept: bool) -> None:
    answer_texts.set_kept(tx, member, is_kept=is_kept)


KEEPS_ANSWER_TEXTS = MemberSetting(
    Switch(
        name="keeps_answer_texts",
        label="Words of my answers",
        tick_label="Keep the words of my answers that helped",
        hint="Those who can see the channel can find them. Without a tick I delete"
        " them at once.",
    ),
    _get,
    _put,
    position=65,
)


WORKSPACE_SETTINGS: Sequence[Setting[None]] = (
    Setting(
        Number(
            name="confirmed_for_days",
            label="Days until an answer needs a new confirmation",
            hint="Until then I show it as right. After that I say since when nobody"
            " has confirmed it.",
            minimum=1,
            maximum=3650,
        ),
        lambda tx, _owner: workspace_settings.get(tx).confirmed_for_days,
        lambda tx, _owner, value: workspace_settings.update(
            tx, confirmed_for_days=value
        ),
        position=12,
    ),
)


def keep_words(tx: Transaction, *, is_kept: bool, by: str) -> Note:
    """Record a press on the notice's button; return what to show in its place.

    Raises UserError for a person who is no member.
    """
    require(EDIT_OWN_SETTINGS, roles.in_workspace(tx, by))
    answer_texts.set_kept(tx, by, is_kept=is_kept)
    return notes.kept() if is_kept else notes.not_kept()
