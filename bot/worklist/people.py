"""The people who get suggestions: the champions of a channel, or else its leads."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Select, exists, select

from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.runtime import Transaction
from bot.worklist.kind import Caretakers
from bot.workspace import contact_hours
from models import (
    Champion,
    Channel,
    Member,
    Program,
    ProgramChampion,
    ProgramLead,
)


def champions(installation_id: InstallationId, _now: Time) -> Select[Champion]:
    """Select the champions of a workspace's channels."""
    return (
        select(Champion)
        .join(Channel, Channel.id == Champion.channel_id)
        .where(Channel.installation_id == installation_id, Channel.is_joined.is_(True))
    )


def program_people(installation_id: InstallationId, _now: Time) -> Select[Program]:
    """Select the programs that someone looks after."""
    lead = exists().where(ProgramLead.program_id == Program.id)
    champion = exists().where(
        ProgramChampion.program_id == Program.id, ProgramChampion.is_willing.is_(True)
    )
    return select(Program).where(
        Program.installation_id == installation_id, lead | champion
    )


def available(tx: Transaction, channel_ids: Collection[int]) -> dict[int, set[str]]:
    """Return who may get suggestions now, by the channel's row id.

    If a channel has champions, only they do, even if all of them are away.
    """
    caretakers = _caretakers(tx, channel_ids)
    everyone = {
        person
        for each in caretakers.values()
        for person in (*each.champions, *each.leads)
    }
    able = _able(tx, everyone)
    able_now = able - contact_hours.away_members(tx, able)
    return {
        channel_id: {*(each.champions & able or each.leads & able)} & able_now
        for channel_id, each in caretakers.items()
    }


def look_after(tx: Transaction, channel_ids: Collection[int]) -> dict[int, set[str]]:
    """Return who looks after each channel, by its row id; also those who are away."""
    caretakers = _caretakers(tx, channel_ids)
    everyone = {
        channel_id: {*each.champions, *each.leads}
        for channel_id, each in caretakers.items()
    }
    able = _able(tx, set().union(*everyone.values()))
    return {channel_id: each & able for channel_id, each in everyone.items()}


def _caretakers(
    tx: Transaction, channel_ids: Collection[int]
) -> Mapping[int, Caretakers]:
    rows = tx.session.execute(
        select(Champion.channel_id, Champion.member).where(
            Champion.channel_id.in_(channel_ids)
        )
    )
    champions: dict[int, set[str]] = {channel_id: set() for channel_id in channel_ids}
    leads: dict[int, set[str]] = {channel_id: set() for channel_id in channel_ids}
    for channel_id, member in rows:
        champions[channel_id].add(member)
    for hook in tx.features.caretakers:
        for channel_id, more in hook(tx, channel_ids).items():
            champions[channel_id] |= more.champions
            leads[channel_id] |= more.leads
    return {
        channel_id: Caretakers(frozenset(people), frozenset(leads[channel_id]))
        for channel_id, people in champions.items()
    }


def _able(tx: Transaction, people: Collection[str]) -> set[str]:
    """Return the full members among the people, as they are now."""
    return set(
        tx.session.scalars(
            select(Member.slack_id).where(
                Member.installation_id == tx.workspace.id,
                Member.slack_id.in_(people),
                Member.fetched_at.is_not(None),
                Member.is_guest.is_(False),
                Member.is_external.is_(False),
                Member.is_bot.is_(False),
                Member.is_deactivated.is_(False),
            )
        )
    )


def live_channels(tx: Transaction) -> Sequence[Channel]:
    """Return the channels that the bot is in."""
    return tx.session.scalars(
        select(Channel)
        .where(
            Channel.installation_id == tx.workspace.id,
            Channel.is_joined.is_(True),
            Channel.is_archived.is_(False),
        )
        .order_by(Channel.id)
    ).all()
