"""Exchanges of two members: the question, the answer, and the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select

from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.errors import UserError
from bot.exchange import rules
from bot.exchange.message_kinds import (
    EXCHANGE_ENDED,
)
from bot.exchange.rules import State
from bot.outbox import home_refresh
from bot.outbox.kind import MessageKind
from bot.people import presence
from bot.people.lead_scope import LeadScope
from bot.runtime import Transaction
from bot.slack.text import is_erased
from bot.workspace import members
from models import Exchange, ExchangeMember

GONE = "That exchange is gone."
OVER = "This exchange is over."


# Parts of the exchange that a message is about; a message is sent once for each.
DRAFT_REMINDER, EARLY, UNAGREED = "reminder", "early", "unagreed"


@dataclass(frozen=True, slots=True)
class Pair:
    """An exchange and the rows of its two members."""

    exchange: Exchange
    own: ExchangeMember
    # None if the other was forgotten.
    their: ExchangeMember | None

    @property
    def other(self) -> str:
        exchange = self.exchange
        is_asker = exchange.asker == self.own.member
        return exchange.peer if is_asker else exchange.asker


def state(tx: Transaction, exchange: Exchange) -> State:
    return rules.state(exchange.begun_at, exchange.agreed_at, exchange.ends_at, tx.now)


def get(tx: Transaction, exchange_id: int, member: str) -> Pair:
    """Return an exchange of a member. Raises UserError if it is not theirs."""
    pair = find(tx, exchange_id, member)
    if pair is None:
        raise UserError(GONE)
    return pair


def lock(tx: Transaction, exchange_id: int, member: str) -> Pair:
    """Lock an exchange of a member, and return it as it is now. Raises UserError.

    An act that may begin an exchange locks the wishes of both first.
    """
    tx.session.execute(
        select(Exchange.id)
        .filter_by(id=exchange_id, installation_id=tx.workspace.id)
        .with_for_update()
    )
    return get(tx, exchange_id, member)


def find(tx: Transaction, exchange_id: int, member: str) -> Pair | None:
    """Return an exchange of a member; None if it is gone, or no longer theirs."""
    exchange = tx.session.scalar(
        select(Exchange)
        .filter_by(id=exchange_id, installation_id=tx.workspace.id)
        .execution_options(populate_existing=True)
    )
    return None if exchange is None else pair_of(tx, exchange, member)


def pair_of(tx: Transaction, exchange: Exchange, member: str) -> Pair | None:
    rows = {
        row.member: row
        for row in tx.session.scalars(
            select(ExchangeMember)
            .filter_by(exchange_id=exchange.id)
            .execution_options(populate_existing=True)
        )
    }
    own = rows.pop(member, None)
    return None if own is None else Pair(exchange, own, next(iter(rows.values()), None))


def of_member(tx: Transaction, member: str) -> list[Pair]:
    """Return the exchanges and questions of a member that matter now, new ones first.

    These are live ones, and those that ended so lately that they can look back.
    """
    rows = tx.session.scalars(
        select(Exchange)
        .where(
            Exchange.installation_id == tx.workspace.id,
            or_(Exchange.asker == member, Exchange.peer == member),
            Exchange.ends_at > tx.now - rules.LOOK_BACK_FOR,
        )
        .order_by(Exchange.id.desc())
    ).all()
    pairs = [pair_of(tx, exchange, member) for exchange in rows]
    return [pair for pair in pairs if pair is not None]


def name(tx: Transaction, pair: Pair) -> str:
    """Return the first name of the other, as the member reads it."""
    return members.first_names(tx, [pair.own.member, pair.other])[pair.other]


def tell(
    tx: Transaction,
    kind: MessageKind,
    exchange: Exchange,
    member: str,
    about: str,
    *,
    send_at: datetime | None = None,
) -> None:
    """Enqueue a message about a part of an exchange, once for each part."""
    tx.enqueue(
        kind,
        exchange.id,
        to=member,
        occurrence=about,
        payload={"about": about},
        send_at=send_at,
    )


def end(tx: Transaction, exchange_id: int, by: str) -> None:
    """End an exchange at any time; the other learns only that it has ended.

    Raises UserError. Ending it twice changes nothing.
    """
    pair = lock(tx, exchange_id, by)
    if pair.exchange.begun_at is None:
        raise UserError(GONE)
    end_early(tx, pair.exchange, by)


def end_early(tx: Transaction, exchange: Exchange, leaver: str) -> None:
    """End a locked exchange that has begun, if it goes on, and tell the other."""
    if exchange.begun_at is None or state(tx, exchange) is State.ENDED:
        return
    exchange.ends_at, exchange.is_cut_short = tx.now, True
    people = [exchange.asker, exchange.peer]
    for member in people:
        if member != leaver and not is_erased(member):
            tell(tx, EXCHANGE_ENDED, exchange, member, EARLY)
    home_refresh.refresh_homes(tx, people)


def running_in(installation_id: InstallationId, now: Time) -> Select[int, str]:
    """Select the exchanges that go on, with their members."""
    return (
        select(Exchange.id, ExchangeMember.member)
        .join(ExchangeMember, ExchangeMember.exchange_id == Exchange.id)
        .where(
            Exchange.installation_id == installation_id,
            Exchange.begun_at.is_not(None),
            Exchange.ends_at > now,
        )
    )


def left_members(tx: Transaction) -> Sequence[tuple[int, str]]:
    """Return the exchanges that go on though a member is gone, with that member."""
    query = running_in(tx.workspace.id, tx.now)
    live = tx.session.execute(query.order_by(Exchange.id, ExchangeMember.member))
    return presence.leavers(tx, [(row.id, row.member) for row in live])


def end_left(tx: Transaction, left: tuple[int, str]) -> None:
    """End an exchange whose member is gone."""
    exchange_id, member = left
    pair = lock(tx, exchange_id, member)
    end_early(tx, pair.exchange, member)


def count_live(tx: Transaction, scope: LeadScope) -> int:
    """Return the number of exchanges that go on with someone whom a lead sees."""
    rows = tx.session.scalars(
        select(Exchange.id).where(
            Exchange.installation_id == tx.workspace.id,
            Exchange.begun_at.is_not(None),
            Exchange.ends_at > tx.now,
            scope.includes(tx, Exchange.asker, Exchange.peer),
        )
    )
    return len(rows.all())


def on_program_left(tx: Transaction, _program_id: int, member: str) -> None:
    """End the exchanges of someone who has left their last program."""
    for exchange_id, leaver in left_members(tx):
        if leaver == member:
            end_left(tx, (exchange_id, leaver))
