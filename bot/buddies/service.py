"""Newcomers and their buddies: the beginning, the four weeks, and the end."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Select, or_, select

from bot.buddies import rules
from bot.buddies.message_kinds import (
    BUDDY_ENDED,
    BUDDY_FIRST_ASK,
    BUDDY_PASS_ON,
    BUDDY_WEEK,
)
from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.errors import UserError
from bot.outbox import home_refresh
from bot.people import presence
from bot.people.lead_scope import LeadScope
from bot.runtime import Transaction
from bot.slack.text import is_erased
from bot.workspace import working_hours
from models import Ask, BuddyPair, Channel

GONE = "I no longer know of that."

# Parts of the end that a message is about.
EARLY, AS_PLANNED = "early", "planned"


def other(pair: BuddyPair, member: str) -> str:
    return pair.buddy if pair.newcomer == member else pair.newcomer


def is_running(tx: Transaction, pair: BuddyPair) -> bool:
    return pair.ends_at > tx.now


def find(tx: Transaction, pair_id: int, member: str) -> BuddyPair | None:
    """Return a pair of a member; None if it is gone, or not theirs."""
    pair = tx.session.scalar(
        select(BuddyPair)
        .filter_by(id=pair_id, installation_id=tx.workspace.id)
        .execution_options(populate_existing=True)
    )
    return pair if pair is not None and member in {pair.newcomer, pair.buddy} else None


def get(tx: Transaction, pair_id: int, member: str) -> BuddyPair:
    """Return a pair of a member. Raises UserError if it is not theirs."""
    pair = find(tx, pair_id, member)
    if pair is None:
        raise UserError(GONE)
    return pair


def lock(tx: Transaction, pair_id: int, member: str) -> BuddyPair:
    """Lock a pair of a member, and return it as it is now. Raises UserError."""
    tx.session.execute(
        select(BuddyPair.id)
        .filter_by(id=pair_id, installation_id=tx.workspace.id)
        .with_for_update()
    )
    return get(tx, pair_id, member)


def running(tx: Transaction, *people: str) -> list[BuddyPair]:
    """Return the pairs that go on; with `people`, those of any of them."""
    query = running_in(tx.workspace.id, tx.now)
    if people:
        query = query.where(
            or_(BuddyPair.newcomer.in_(people), BuddyPair.buddy.in_(people))
        )
    return list(tx.session.scalars(query.order_by(BuddyPair.id)))


def in_scope(tx: Transaction, scope: LeadScope) -> Sequence[BuddyPair]:
    """Return the pairs that go on whose newcomer a lead sees."""
    query = running_in(tx.workspace.id, tx.now)
    return tx.session.scalars(
        query.where(scope.includes(tx, BuddyPair.newcomer)).order_by(BuddyPair.id)
    ).all()


def ends_after(tx: Transaction, time: datetime) -> Sequence[datetime]:
    """Return the ends of pairs after a time (UTC)."""
    return tx.session.scalars(
        select(BuddyPair.ends_at).where(
            BuddyPair.installation_id == tx.workspace.id, BuddyPair.ends_at > time
        )
    ).all()


def running_in(installation_id: InstallationId, now: Time) -> Select[BuddyPair]:
    """Select the pairs that go on."""
    return select(BuddyPair).where(
        BuddyPair.installation_id == installation_id, BuddyPair.ends_at > now
    )


def begin(tx: Transaction, newcomer: str, buddy: str) -> BuddyPair:
    """Begin the four weeks of two people, after their rows were locked."""
    pair = BuddyPair(
        installation_id=tx.workspace.id,
        newcomer=newcomer,
        buddy=buddy,
        begun_at=tx.now,
        ends_at=tx.now + rules.LENGTH,
    )
    tx.session.add(pair)
    tx.session.flush()
    for member in (newcomer, buddy):
        for week, at in rules.plan(tx.now):
            tx.enqueue(
                BUDDY_WEEK,
                pair.id,
                to=member,
                occurrence=str(week.number),
                payload={"week": week.number},
                send_at=at,
            )
        _tell_end(tx, pair, member, AS_PLANNED)
    tx.enqueue(
        BUDDY_PASS_ON, pair.id, to=newcomer, send_at=pair.ends_at + rules.PASS_ON_AFTER
    )
    home_refresh.refresh_homes(tx, [newcomer, buddy])
    return pair


def _tell_end(tx: Transaction, pair: BuddyPair, member: str, about: str) -> None:
    tx.enqueue(
        BUDDY_ENDED,
        pair.id,
        to=member,
        occurrence=about,
        payload={"about": about},
        send_at=pair.ends_at,
    )


def end(tx: Transaction, pair_id: int, by: str) -> BuddyPair:
    """End it at any time; the other learns only that it has ended.

    Raises UserError. Ending it twice changes nothing.
    """
    pair = lock(tx, pair_id, by)
    end_early(tx, pair, by)
    return pair


def end_early(tx: Transaction, pair: BuddyPair, leaver: str) -> None:
    """End a locked pair, if it goes on, and tell the other."""
    if not is_running(tx, pair):
        return
    pair.ends_at, pair.is_cut_short = tx.now, True
    tx.session.flush()
    people = [pair.newcomer, pair.buddy]
    for member in people:
        if member != leaver and not is_erased(member):
            _tell_end(tx, pair, member, EARLY)
    home_refresh.refresh_homes(tx, people)


def left_members(tx: Transaction) -> Sequence[tuple[int, str]]:
    """Return the pairs that go on though a member is gone, with that member."""
    return presence.leavers(
        tx,
        [
            (pair.id, member)
            for pair in running(tx)
            for member in (pair.newcomer, pair.buddy)
        ],
    )


def end_left(tx: Transaction, left: tuple[int, str]) -> None:
    """End a pair whose member is gone."""
    pair_id, member = left
    end_early(tx, lock(tx, pair_id, member), member)


def on_program_left(tx: Transaction, _program_id: int, member: str) -> None:
    """End the pairs of someone who has left their last program."""
    for pair_id, leaver in left_members(tx):
        if leaver == member:
            end_left(tx, (pair_id, leaver))


# The first ask


def waiting_asks(tx: Transaction) -> Sequence[tuple[int, int]]:
    """Return the ids of pairs and of newcomers' first asks that wait too long.

    The buddy is told once.
    """
    return [waiting for waiting, at in _first_asks(tx) if at <= tx.now]


def next_ask_times(tx: Transaction) -> Sequence[datetime]:
    """Return the times after now (UTC) at which a first ask will wait too long."""
    return [at for _, at in _first_asks(tx) if at > tx.now]


def _first_asks(tx: Transaction) -> Iterator[tuple[tuple[int, int], datetime]]:
    """Yield a pair's id and a first ask's, with the time (UTC) to tell the buddy."""
    rows = tx.session.execute(
        select(BuddyPair.id, Ask, Channel)
        .join(
            Ask,
            (Ask.installation_id == BuddyPair.installation_id)
            & (Ask.asker == BuddyPair.newcomer),
        )
        .join(Channel, Channel.id == Ask.channel_id)
        .where(
            BuddyPair.installation_id == tx.workspace.id,
            BuddyPair.ends_at > tx.now,
            BuddyPair.told_of_ask_at.is_(None),
            Ask.asked_at >= BuddyPair.begun_at,
            Ask.is_first_ask.is_(True),
            Ask.is_confirmed.is_(True),
            Ask.state == "open",
            Ask.ts.is_not(None),
        )
        .order_by(BuddyPair.id, Ask.id)
    )
    for pair_id, ask, channel in rows:
        hours = working_hours.of_channel(tx, channel)
        yield (pair_id, ask.id), hours.add(ask.asked_at, rules.FIRST_ASK_HOURS)


def tell_of_ask(tx: Transaction, waiting: tuple[int, int]) -> None:
    """Tell a buddy that the newcomer's first ask has no answer."""
    pair_id, ask_id = waiting
    pair = tx.session.scalar(
        select(BuddyPair)
        .filter_by(id=pair_id, installation_id=tx.workspace.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if pair is None or pair.told_of_ask_at is not None or not is_running(tx, pair):
        return
    pair.told_of_ask_at = tx.now
    tx.session.flush()
    tx.enqueue(BUDDY_FIRST_ASK, pair.id, to=pair.buddy, payload={"ask": ask_id})
