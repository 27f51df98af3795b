"""Personal data in kudos."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Select, or_, select

from bot.kudos.message_kinds import (
    KUDOS_LIMIT_REACHED,
    KUDOS_NOT_POSTED,
    KUDOS_POST,
    KUDOS_RECEIPT,
    KUDOS_RECEIVED,
    KUDOS_UPDATE,
    KUDOS_UPDATE_RECEIPT,
    KUDOS_UPDATE_RECIPIENT,
)
from bot.personal_data import (
    Erasure,
    MessagePolicy,
    TablePolicy,
    lists_member,
    mentions_member,
)
from bot.runtime import Transaction
from models import Kudos, KudosGiverLock, KudosReaction, KudosTag, KudosThanks

REMOVED_REASON = "(Removed at the author's request)"


def _find_kudos(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    """Return the ids of kudos that the member gave, got, joined or is mentioned in."""
    member = erasure.member
    joined = select(KudosThanks.kudos_id).where(
        KudosThanks.installation_id == tx.workspace.id,
        or_(KudosThanks.giver == member, KudosThanks.recipient == member),
    )
    return tx.session.scalars(
        select(Kudos.id).where(
            Kudos.installation_id == tx.workspace.id,
            or_(
                Kudos.giver == member,
                Kudos.taken_back_by == member,
                lists_member(Kudos.recipients, member),
                mentions_member(Kudos.reason, member),
                Kudos.id.in_(joined),
            ),
        )
    )


def homes_about(tx: Transaction, erasure: Erasure) -> Sequence[Select[str]]:
    """Select the members who got kudos from the erased member."""
    return (
        select(KudosThanks.recipient).where(
            KudosThanks.installation_id == tx.workspace.id,
            KudosThanks.giver == erasure.member,
        ),
    )


PERSONAL_DATA = (
    TablePolicy(
        model=Kudos,
        contents="Kudos: giver, recipients, reason and place.",
        purpose="Show them, and take them back.",
        stays="Kudos are meant to stay, as their message in Slack does.",
        owner_columns=("giver",),
        reader_columns=("recipients",),
        mentioned_columns=("taken_back_by",),
        text_columns={"reason": "giver"},
        placeholders={"reason": REMOVED_REASON},
        non_personal=(
            "ts",
            "thread_ts",
            "about_ts",
            "about_thread_ts",
            "emoji",
            "tags",
        ),
        key_columns=("source",),
    ),
    TablePolicy(
        model=KudosThanks,
        row_names=("kudos given or received", "kudos given or received"),
        contents="Giver, recipient and time of each kudos that was not taken back.",
        purpose="Count the allowance and the totals.",
        stays="As long as the kudos.",
        owner_columns=("giver", "recipient"),
    ),
    TablePolicy(
        model=KudosTag,
        contents="The tags of each kudos that has not been taken back.",
        purpose="Count by tag.",
        retention="When the kudos are taken back.",
        stays="As long as the kudos.",
        non_personal=("tag",),
    ),
    TablePolicy(
        model=KudosReaction,
        contents="Reactions that mean kudos: person, emoji, message.",
        purpose="Know who gives kudos or joins in by a reaction.",
        stays="As long as the kudos that they mean.",
        owner_columns=("member",),
        mentioned_columns=("author",),
        non_personal=("message_ts", "emoji"),
    ),
    TablePolicy(
        model=KudosGiverLock,
        contents="People who gave kudos, or tried to.",
        purpose="Keep to the allowance if they give twice at once.",
        stays="One for each giver.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
)

MESSAGES = (
    MessagePolicy(
        frozenset(
            {
                KUDOS_POST,
                KUDOS_UPDATE,
                KUDOS_RECEIVED,
                KUDOS_UPDATE_RECIPIENT,
                KUDOS_RECEIPT,
                KUDOS_UPDATE_RECEIPT,
                KUDOS_NOT_POSTED,
            }
        ),
        _find_kudos,
    ),
    # An ephemeral message, which is gone when the member reloads Slack.
    MessagePolicy(frozenset({KUDOS_LIMIT_REACHED})),
)

ERASURE_LINES = (
    "Kudos that you gave or got stay, without your name. I remove your reasons.",
)
