"""The agreement of two people, and what each answers during the exchange."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.errors import UserError
from bot.exchange import rules, service
from bot.exchange.forms import AgreementText, Look
from bot.exchange.message_kinds import (
    EXCHANGE_AGREED,
    EXCHANGE_DRAFT,
    EXCHANGE_ENDED,
    EXCHANGE_EXTENDED,
    EXCHANGE_FIRST,
    EXCHANGE_LAST,
    EXCHANGE_MEETING,
    EXCHANGE_MIDPOINT,
)
from bot.exchange.rules import First, Midpoint, Prompt, State
from bot.exchange.service import Pair
from bot.outbox import home_refresh
from bot.outbox.enqueue import NOTIFICATION_DELAY
from bot.people import facts, meetings
from bot.people.blocks import SuggestedTime
from bot.people.suggestions import suggested_times
from bot.runtime import Transaction
from bot.workspace import members
from models import Exchange

AGREED = "You two have agreed. To change it, end this exchange and begin another one."
INCOMPLETE = "First each of you writes what you hope to learn and what you bring."
ANSWERED = "You have answered this question. You can end the exchange on your Home tab."
EARLIER = "That question was about an earlier part of this exchange."
TOO_LATE = "That was some time ago. I no longer ask about this exchange."

# The part of an exchange that a second question after the first meeting is about.
AGAIN = "again"

_KINDS = {
    Prompt.MEETING: EXCHANGE_MEETING,
    Prompt.FIRST: EXCHANGE_FIRST,
    Prompt.MIDPOINT: EXCHANGE_MIDPOINT,
    Prompt.LAST: EXCHANGE_LAST,
    Prompt.END: EXCHANGE_ENDED,
}


@dataclass(frozen=True, slots=True)
class Changed:
    """The agreement as it has changed since the form was opened; nothing was stored."""

    pair: Pair
    stored: AgreementText


def text(tx: Transaction, pair: Pair) -> AgreementText:
    """Return the agreement as the form shows it to a member."""
    exchange = pair.exchange
    until = exchange.until or members.today(tx, pair.own.member) + rules.LENGTH
    return AgreementText(
        hopes=pair.own.hopes,
        brings=pair.own.brings,
        weeks_between=exchange.weeks_between,
        until=until,
        how_we_meet=exchange.how_we_meet,
        stays_between=exchange.stays_between,
    )


def is_complete(pair: Pair) -> bool:
    rows = (pair.own, pair.their)
    return all(row and row.hopes and row.brings for row in rows)


def has_agreed(pair: Pair, *, other: bool = False) -> bool:
    row = pair.their if other else pair.own
    return row is not None and row.agreed_version == pair.exchange.version


def require_begun(pair: Pair) -> None:
    """Raise UserError while it is a question, which says nothing of an answer."""
    if pair.exchange.begun_at is None:
        raise UserError(service.GONE)


def require_draft(tx: Transaction, pair: Pair) -> None:
    """Raise UserError unless the member may change the agreement now."""
    match service.state(tx, pair.exchange):
        case State.RUNNING:
            raise UserError(AGREED)
        case State.ASKED | State.ENDED:
            raise UserError(service.OVER)
        case State.DRAFT:
            return


def change(
    tx: Transaction, exchange_id: int, by: str, typed: AgreementText, *, version: int
) -> Pair | Changed:
    """Store the agreement as a member wrote it. Raises UserError.

    If it has changed since `version` in what the two share, nothing is stored, and the
    member sees both texts. Any change ends what each has agreed to.
    """
    pair = service.lock(tx, exchange_id, by)
    require_draft(tx, pair)
    exchange = pair.exchange
    _check(tx, by, typed.until)
    stored = text(tx, pair)
    if typed == stored and exchange.until is not None:
        return pair
    if version != exchange.version and typed.shared != stored.shared:
        return Changed(pair, stored)
    pair.own.hopes, pair.own.brings = typed.hopes, typed.brings
    exchange.weeks_between, exchange.until = typed.weeks_between, typed.until
    exchange.how_we_meet = typed.how_we_meet
    exchange.stays_between = typed.stays_between
    exchange.version += 1
    exchange.edited_by = by
    tx.session.flush()
    # Several changes within a minute make one message.
    about, at = str(exchange.version), tx.now + NOTIFICATION_DELAY
    service.tell(tx, EXCHANGE_DRAFT, exchange, pair.other, about, send_at=at)
    home_refresh.refresh_homes(tx, [exchange.asker, exchange.peer])
    return pair


def _check(tx: Transaction, by: str, until: date) -> None:
    today = members.today(tx, by)
    if not rules.MIN_LENGTH <= until - today <= rules.MAX_LENGTH:
        raise UserError(
            f"Choose a day from {rules.MIN_LENGTH.days // 7} to"
            f" {rules.MAX_LENGTH.days // 7} weeks from now.",
            field="until",
        )


def agree(tx: Transaction, exchange_id: int, by: str, *, version: int) -> bool:
    """Agree to a version; False if it has changed since. Raises UserError.

    When both have agreed, the exchange begins to run.
    """
    pair = service.lock(tx, exchange_id, by)
    exchange = pair.exchange
    if exchange.agreed_at is not None and service.state(tx, exchange) is State.RUNNING:
        return True
    require_draft(tx, pair)
    if version != exchange.version:
        return False
    if not is_complete(pair) or exchange.until is None:
        raise UserError(INCOMPLETE)
    # The last day may have come near while they wrote.
    _check(tx, by, exchange.until)
    if has_agreed(pair):
        return True
    pair.own.agreed_version = version
    home_refresh.refresh_homes(tx, [exchange.asker, exchange.peer])
    if not has_agreed(pair, other=True):
        tx.session.flush()
        about = f"{version}:agreed"
        service.tell(tx, EXCHANGE_DRAFT, exchange, pair.other, about)
        return True
    exchange.agreed_at = tx.now
    exchange.ends_at = _end(tx, exchange, exchange.until)
    tx.session.flush()
    # From now on coffee does not introduce the two as people who have not met.
    meetings.record(tx, {exchange.asker, exchange.peer}, met_at=tx.now)
    tx.enqueue(EXCHANGE_AGREED, exchange.id, to=pair.other)
    _plan(tx, exchange, tx.now)
    return True


def first_times(tx: Transaction, pair: Pair) -> Sequence[SuggestedTime]:
    """Return times for the first meeting that are still to come, for a member."""
    exchange, reader = pair.exchange, pair.own.member
    is_running = service.state(tx, exchange) is State.RUNNING
    if not is_running or exchange.agreed_at is None or pair.their is None:
        return []
    people = facts.load_people(tx, {reader, pair.other})
    names = members.first_names(tx, [reader, pair.other])
    return suggested_times(
        people, names, formed_at=exchange.agreed_at, reader=reader, now=tx.now
    )


def _end(tx: Transaction, exchange: Exchange, until: date) -> datetime:
    return rules.end_of(until, members.zone(tx, exchange.asker))


def _plan(
    tx: Transaction, exchange: Exchange, start: datetime, *, is_extension: bool = False
) -> None:
    """Enqueue what comes in the period that begins at `start`."""
    prompts = rules.plan(
        start, exchange.ends_at, exchange.weeks_between, is_extension=is_extension
    )
    for prompt, number, at in prompts:
        for member in (exchange.asker, exchange.peer):
            about = f"{exchange.until}:{number}"
            service.tell(tx, _KINDS[prompt], exchange, member, about, send_at=at)


# Answers during it


def after_first(tx: Transaction, exchange_id: int, by: str, choice: First) -> Pair:
    """Store the answer after the first meeting; *not for me* ends it, kindly.

    Raises UserError.
    """
    pair = _running(tx, exchange_id, by)
    _require_unanswered(pair.own.first_meeting, choice)
    pair.own.first_meeting = choice
    exchange = pair.exchange
    meetings.record(tx, {exchange.asker, exchange.peer}, met_at=tx.now)
    if choice is First.NOT_FOR_ME:
        service.end_early(tx, exchange, by)
    tx.session.flush()
    return pair


def not_met_yet(tx: Transaction, exchange_id: int, by: str) -> Pair:
    """Ask about the first meeting once more, later. Raises UserError."""
    pair = _running(tx, exchange_id, by)
    _require_unanswered(pair.own.first_meeting)
    exchange = pair.exchange
    at = tx.now + rules.ASK_AGAIN_AFTER
    about = f"{exchange.until}:{AGAIN}"
    service.tell(tx, EXCHANGE_FIRST, exchange, by, about, send_at=at)
    return pair


def at_midpoint(
    tx: Transaction, exchange_id: int, by: str, choice: Midpoint, *, until: str
) -> Pair:
    """Store the answer at the middle of the period that ends on a day (ISO).

    Raises UserError.
    """
    pair = _running(tx, exchange_id, by)
    if until != str(pair.exchange.until):
        raise UserError(EARLIER)
    _require_unanswered(pair.own.midpoint, choice)
    pair.own.midpoint = choice
    return pair


def _require_unanswered(
    stored: str | None, choice: First | Midpoint | None = None
) -> None:
    """Raise UserError for a press on a question that is answered.

    The same answer again is a repeat of the press.
    """
    if stored is not None and stored != choice:
        raise UserError(ANSWERED)


def _running(tx: Transaction, exchange_id: int, by: str) -> Pair:
    pair = service.lock(tx, exchange_id, by)
    if service.state(tx, pair.exchange) is not State.RUNNING:
        raise UserError(service.OVER)
    return pair


def require_can_look_back(tx: Transaction, pair: Pair) -> None:
    """Raise UserError unless the member can say now what they got."""
    if pair.exchange.agreed_at is None:
        raise UserError(service.GONE)
    if pair.exchange.ends_at + rules.LOOK_BACK_FOR <= tx.now:
        raise UserError(TOO_LATE)


def look_back(
    tx: Transaction, exchange_id: int, by: str, typed: Look, *, until: object
) -> Pair:
    """Store what a member got and gave. If both go on, the exchange is longer.

    If it is longer already than `until`, the day (ISO) that the form was about, the
    answer about going on is an earlier one. Raises UserError. Nobody learns that
    someone ends it: it ends as they agreed.
    """
    pair = service.lock(tx, exchange_id, by)
    require_can_look_back(tx, pair)
    exchange = pair.exchange
    pair.own.got, pair.own.gave = typed.got, typed.gave
    is_running = service.state(tx, exchange) is State.RUNNING
    if not is_running or typed.goes_on is None or until != str(exchange.until):
        tx.session.flush()
        return pair
    pair.own.goes_on = typed.goes_on
    tx.session.flush()
    if pair.their is None or not (pair.own.goes_on and pair.their.goes_on):
        return pair
    assert exchange.until is not None  # noqa: S101 - it is running
    start = exchange.ends_at
    exchange.until += rules.LENGTH
    exchange.ends_at = _end(tx, exchange, exchange.until)
    pair.own.goes_on = pair.their.goes_on = None
    pair.own.midpoint = pair.their.midpoint = None
    tx.session.flush()
    for member in (exchange.asker, exchange.peer):
        service.tell(tx, EXCHANGE_EXTENDED, exchange, member, str(exchange.until))
    _plan(tx, exchange, start, is_extension=True)
    home_refresh.refresh_homes(tx, [exchange.asker, exchange.peer])
    return pair
