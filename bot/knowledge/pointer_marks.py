"""The members whom a pointer to an earlier answer helped."""

from sqlalchemy import exists, or_, select

from bot.runtime import Transaction
from models import Ask, AskPointer, Member, Reaction


def helped_members(tx: Transaction, pointer: AskPointer) -> list[str]:
    """Return whom the pointer helped, as they say by a reaction; the asker first."""
    if pointer.state != "posted":
        return []
    asker = tx.session.get_one(Ask, pointer.ask_id).asker
    cannot_mark = exists().where(
        Member.installation_id == tx.workspace.id,
        Member.slack_id == Reaction.member,
        or_(Member.is_bot.is_(True), Member.is_external.is_(True)),
    )
    helped = tx.session.scalars(
        select(Reaction.member)
        .distinct()
        .where(
            Reaction.channel_id == pointer.channel_id,
            Reaction.message_ts == pointer.ts,
            Reaction.meaning.in_(("helpful", "solved")),
            Reaction.is_present.is_(True),
            Reaction.member != pointer.member,
            ~cannot_mark,
        )
    )
    return sorted(helped, key=lambda member: (member != asker, member))
