"""Asks without a name, as a feature."""

from datetime import datetime

from bot.anonymity import authors, limits, personal_data, settings
from bot.anonymity.keyring import Anonymity
from bot.anonymity.keys import AnonymityKeys
from bot.anonymity.lost_key import LOST_KEY_SECTION
from bot.feature import DueRows
from bot.runtime import Transaction
from models import AnonymousDraft, Member


def _on_member_loaded(tx: Transaction, member: Member) -> None:
    if member.is_deactivated:
        authors.cut_own(tx, member.slack_id)


def _on_member_left(
    tx: Transaction, channel: str, member: str, _left_at: datetime
) -> None:
    authors.cut_in_channel(tx, channel, member)


def _purge(tx: Transaction, _before: datetime) -> None:
    authors.cut_due(tx)
    limits.purge(tx)


def anonymity(keys: AnonymityKeys | None) -> Anonymity:
    """Return the feature with the operator's keys; None: it is off."""
    return Anonymity(
        keys=keys,
        name="anonymity",
        personal_data=personal_data.PERSONAL_DATA,
        erasure_lines=personal_data.ERASURE_LINES,
        purge=_purge,
        home_sections=(LOST_KEY_SECTION,),
        workspace_settings=settings.WORKSPACE_SETTINGS,
        channel_settings=settings.CHANNEL_SETTINGS,
        due_rows=(
            DueRows(
                "post-anonymous-asks",
                AnonymousDraft.due_at,
                lambda installation_id: [
                    AnonymousDraft.installation_id == installation_id
                ],
            ),
        ),
        on_member_loaded=_on_member_loaded,
        on_member_left=_on_member_left,
    )
