"""Find out when people came, as far as the bot knows: by the first thing they did."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time

from sqlalchemy import func, select

from bot.people.ask_facts import among
from bot.runtime import Transaction
from models import Answer, Ask, Channel, MessageCount, Program, ProgramMember


def came_at(tx: Transaction, people: Collection[str]) -> Mapping[str, datetime]:
    """Return when people first joined a program, asked, answered or wrote, by id.

    Slack does not say when someone came. People of whom nothing is known are left out.
    """
    firsts = (
        select(ProgramMember.member, func.min(ProgramMember.joined_at))
        .join(Program, Program.id == ProgramMember.program_id)
        .where(Program.installation_id == tx.workspace.id)
        .where(among(ProgramMember.member, people))
        .group_by(ProgramMember.member),
        select(Ask.asker, func.min(Ask.asked_at))
        .where(Ask.installation_id == tx.workspace.id, among(Ask.asker, people))
        .group_by(Ask.asker),
        select(Answer.author, func.min(Answer.answered_at))
        .join(Channel, Channel.id == Answer.channel_id)
        .where(Channel.installation_id == tx.workspace.id)
        .where(among(Answer.author, people))
        .group_by(Answer.author),
    )
    first: dict[str, datetime] = {}
    for query in firsts:
        for member, at in tx.session.execute(query):
            first[member] = min(at, first.get(member, at))
    days = tx.session.execute(
        select(MessageCount.member, func.min(MessageCount.day))
        .join(Channel, Channel.id == MessageCount.channel_id)
        .where(Channel.installation_id == tx.workspace.id)
        .where(among(MessageCount.member, people))
        .group_by(MessageCount.member)
    )
    for member, day in days:
        at = datetime.combine(day, time(), UTC)
        first[member] = min(at, first.get(member, at))
    return {member: first[member] for member in people if member in first}
