"""The members whom a pointer to an earlier answer helped, and whose marks count."""

from sqlalchemy import ColumnElement, exists, or_, select

from bot.runtime import Transaction
from models import Ask, AskPointer, Member, Reaction


def cannot_mark(tx: Transaction) -> ColumnElement[bool]:
    """Return the condition on a `Reaction` that is a bot's or an external member's."""
    return exists().where(
        Member.installation_id == tx.workspace.id,
        Member.slack_id == Reaction.member,
        or_(Member.is_bot.is_(True), Member.is_external.is_(True)),
    )


def helped_members(tx: Transaction, pointer: AskPointer) -> list[str]:
    """Return whom the pointer helped, as they say by a reaction; the asker first."""
    if pointer.state != "posted":
        return []
    asker = tx.session.get_one(Ask, pointer.ask_id).asker
    helped = tx.session.scalars(
        select(Reaction.member)
        .distinct()
        .where(
            Reaction.channel_id == pointer.channel_id,
            Reaction.message_ts == pointer.ts,
            Reaction.meaning.in_(("helpful", "solved")),
            Reaction.is_present.is_(True),
            Reaction.member != pointer.member,
            ~cannot_mark(tx),
        )
    )
    return sorted(helped, key=lambda member: (member != asker, member))
