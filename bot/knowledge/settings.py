"""A member's choice whether the words of their answers are kept."""

from bot.forms.fields import Switch
from bot.forms.setting import MemberSetting
from bot.knowledge import answer_texts, notes
from bot.permissions import EDIT_OWN_SETTINGS, require
from bot.runtime import Transaction
from bot.slack.blocks import Note
from bot.workspace import member_settings, roles


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


def keep_words(tx: Transaction, *, is_kept: bool, by: str) -> Note:
    """Record a press on the notice's button; return what to show in its place.

    Raises UserError for a person who is no member.
    """
    require(EDIT_OWN_SETTINGS, roles.in_workspace(tx, by))
    answer_texts.set_kept(tx, by, is_kept=is_kept)
    return notes.kept() if is_kept else notes.not_kept()
