"""The members who are open to an exchange, and how much room they have."""

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select

from bot import permissions
from bot.clock import datetime_to_micros
from bot.db.statements import upsert_latest
from bot.errors import UserError
from bot.exchange import rules
from bot.exchange.permissions import LEARN_TOGETHER
from bot.exchange.rules import Load
from bot.outbox import home_refresh
from bot.people import beginnings, presence
from bot.programs import kinds
from bot.programs.rules import Kind
from bot.runtime import Transaction
from bot.workspace import members, roles
from models import Exchange, ExchangeWish

OFF = "There's no learning together in this workspace now."

_KEY = ("installation_id", "member")
_JOIN = upsert_latest(
    ExchangeWish, _KEY, ("hours_a_month", "max_exchanges"), presence="is_in"
)
_STOP = upsert_latest(ExchangeWish, _KEY, (), presence="is_in")


def is_offered(tx: Transaction) -> bool:
    """Return True if a program has exchanges."""
    return kinds.is_offered(tx, Kind.EXCHANGE)


def can_take_part(tx: Transaction, member: str) -> bool:
    """Return True if the member may use it, and is in an active program with it."""
    return presence.can_take_part(tx, member, LEARN_TOGETHER, Kind.EXCHANGE)


def require(tx: Transaction, member: str) -> None:
    """Raise UserError if the member can't take part now."""
    permissions.require(LEARN_TOGETHER, roles.in_workspace(tx, member))
    if not is_offered(tx):
        raise UserError(OFF)
    if not can_take_part(tx, member):
        raise UserError(LEARN_TOGETHER.denial)


def find(tx: Transaction, member: str) -> ExchangeWish | None:
    """Return the row of a member who is open to an exchange, or was."""
    return tx.session.get(
        ExchangeWish, (tx.workspace.id, member), populate_existing=True
    )


def takes_part(tx: Transaction, member: str) -> bool:
    row = find(tx, member)
    return row is not None and row.is_in


def join(tx: Transaction, by: str, *, hours_a_month: int, max_exchanges: int) -> None:
    """Be open to an exchange from now on. Raises UserError."""
    require(tx, by)
    _put(
        tx,
        _JOIN,
        by,
        is_in=True,
        event_micros=datetime_to_micros(tx.now),
        hours_a_month=hours_a_month,
        max_exchanges=max_exchanges,
    )


def stop(tx: Transaction, by: str, *, event_micros: int) -> None:
    """Be open to no further exchange; those that have begun go on."""
    _put(
        tx,
        _STOP,
        by,
        is_in=False,
        event_micros=event_micros,
        hours_a_month=rules.DEFAULT_HOURS,
        max_exchanges=rules.DEFAULT_LIMIT,
    )


def _put(tx: Transaction, statement: object, member: str, **values: object) -> None:
    # Otherwise the row could be written after they were forgotten.
    members.lock(tx, member)
    row = {"installation_id": tx.workspace.id, "member": member, **values}
    tx.session.execute(statement(tx.session), row)  # type: ignore[operator]
    home_refresh.refresh_homes(tx, [member])


def lock(tx: Transaction, *people: str) -> None:
    """Let one transaction at a time begin exchanges of these people."""
    tx.session.execute(
        select(ExchangeWish.member)
        .where(
            ExchangeWish.installation_id == tx.workspace.id,
            ExchangeWish.member.in_(people),
        )
        .order_by(ExchangeWish.member)
        .with_for_update()
    )


def all_in(tx: Transaction) -> Sequence[ExchangeWish]:
    """Return the rows of all who are open to an exchange, by their ids."""
    return tx.session.scalars(
        select(ExchangeWish)
        .filter_by(installation_id=tx.workspace.id, is_in=True)
        .order_by(ExchangeWish.member)
    ).all()


def _wanting(tx: Transaction) -> beginnings.Wanting:
    return [
        select(ExchangeWish.member).filter_by(
            installation_id=tx.workspace.id, is_in=True
        )
    ]


def can_be_matched(tx: Transaction) -> list[str]:
    """Return those who could have an exchange now, if they are open to it."""
    ids = beginnings.begun_ids(tx, Kind.EXCHANGE, _wanting(tx))
    return presence.can_be_matched(tx, ids)


def shortage(tx: Transaction, member: str) -> int | None:
    """Return the number of people if they are too few in the member's programs."""
    return beginnings.shortage(tx, member, Kind.EXCHANGE, _wanting(tx))


def loads(tx: Transaction, people: Collection[str]) -> dict[str, Load]:
    """Return the exchanges that these members have begun, as far as they count."""
    wishes = tx.session.scalars(
        select(ExchangeWish)
        .where(
            ExchangeWish.installation_id == tx.workspace.id,
            ExchangeWish.member.in_(people),
        )
        .execution_options(populate_existing=True)
    )
    by_member = {row.member: Load(row.is_in, row.max_exchanges) for row in wishes}
    begun = tx.session.execute(
        select(Exchange.asker, Exchange.peer, Exchange.begun_at, Exchange.ends_at)
        .where(
            Exchange.installation_id == tx.workspace.id,
            Exchange.begun_at.is_not(None),
            or_(
                Exchange.ends_at > tx.now,
                Exchange.begun_at > tx.now - rules.NEW_ONE_EVERY,
            ),
        )
        .order_by(Exchange.begun_at)
    )
    for row in begun:
        for member in {row.asker, row.peer} & by_member.keys():
            before = by_member[member]
            by_member[member] = Load(
                before.is_in,
                before.max_exchanges,
                before.live + (row.ends_at > tx.now),
                row.begun_at,
            )
    return by_member


def load(tx: Transaction, member: str) -> Load:
    return loads(tx, [member]).get(member, Load(is_in=False, max_exchanges=0))
