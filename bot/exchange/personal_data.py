"""Personal data about exchanges: who is open to one, agreements, and answers."""

from collections.abc import Sequence

from sqlalchemy import Select, delete, or_, select, update

from bot.exchange import rules, service
from bot.exchange.message_kinds import (
    EXCHANGE_AGREED,
    EXCHANGE_BEGUN,
    EXCHANGE_DRAFT,
    EXCHANGE_ENDED,
    EXCHANGE_EXTENDED,
    EXCHANGE_FIRST,
    EXCHANGE_LAST,
    EXCHANGE_MEETING,
    EXCHANGE_MIDPOINT,
    EXCHANGE_NOT_THIS_TIME,
    EXCHANGE_QUESTION,
)
from bot.people import opt_outs, two_people
from bot.personal_data import Erasure, MessagePolicy, TablePolicy
from bot.runtime import Transaction
from models import Exchange, ExchangeMember, ExchangeWish

_TWO = Exchange.asker, Exchange.peer


def _ids_of(tx: Transaction, erasure: Erasure) -> Sequence[int]:
    return two_people.ids_with(tx, _TWO, erasure.member)


def _end_exchanges(tx: Transaction, erasure: Erasure) -> None:
    """End the member's exchanges and tell the others; close the questions."""
    for exchange_id in _ids_of(tx, erasure):
        tx.session.execute(
            select(Exchange.id).filter_by(id=exchange_id).with_for_update()
        )
        exchange = tx.session.get_one(Exchange, exchange_id, populate_existing=True)
        service.end_early(tx, exchange, erasure.member)
        # The two wrote these texts together; one of them saved them last.
        exchange.how_we_meet = exchange.stays_between = ""
    tx.session.flush()


ERASURE_LINES = ("Exchanges with peers end. They stay without your name and words.",)

PERSONAL_DATA = (
    TablePolicy(
        model=ExchangeWish,
        row_names=("wish to learn together", "wishes to learn together"),
        contents="People who are open to an exchange, or were: their hours a month, and"
        " how many exchanges they want at a time.",
        purpose="Propose them to people who fit.",
        retention=opt_outs.RETENTION,
        stays="One for each person who is open to an exchange.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
    TablePolicy(
        model=Exchange,
        row_names=("exchange with a peer", "exchanges with peers"),
        contents="Who asked whom for an exchange, when it began and ends, and what the"
        " two agreed on.",
        purpose="Remind both of their meetings, and show both their agreement.",
        retention="A year after the end; the texts of the agreement: 90 days.",
        owner_columns=("asker", "peer"),
        mentioned_columns=("edited_by",),
        text_columns={"how_we_meet": "edited_by", "stays_between": "edited_by"},
    ),
    TablePolicy(
        model=ExchangeMember,
        row_names=("answer in an exchange", "answers in exchanges"),
        contents="What each of the two hopes to learn and brings, their answers to the"
        " question and after meetings, and what they got and gave.",
        purpose="Show the other what they hope for and bring. The rest is for them"
        " alone: the other never learns of a no.",
        retention="A year after the end; the texts: 90 days.",
        owner_columns=("member",),
        text_columns={
            "hopes": "member",
            "brings": "member",
            "got": "member",
            "gave": "member",
        },
        owners_alone=("answer", "first_meeting", "midpoint", "got", "gave", "goes_on"),
        non_personal=("answer", "first_meeting", "midpoint"),
        on_erasure="delete",
        before_erasure=_end_exchanges,
    ),
)


def purge(tx: Transaction) -> None:
    """Delete exchanges that ended long ago, and what people wrote in others."""
    opt_outs.purge(tx, ExchangeWish)
    long_over = select(Exchange.id).where(
        Exchange.installation_id == tx.workspace.id,
        Exchange.ends_at < tx.now - rules.KEEP_FOR,
    )
    tx.session.execute(
        delete(ExchangeMember).where(ExchangeMember.exchange_id.in_(long_over))
    )
    tx.session.execute(delete(Exchange).where(Exchange.id.in_(long_over)))
    over = select(Exchange.id).where(
        Exchange.installation_id == tx.workspace.id,
        Exchange.ends_at < tx.now - rules.KEEP_TEXTS_FOR,
    )
    tx.session.execute(
        update(ExchangeMember)
        .where(
            ExchangeMember.exchange_id.in_(over),
            or_(ExchangeMember.hopes != "", ExchangeMember.got != "")
            | (ExchangeMember.gave != ""),
        )
        .values(hopes="", brings="", got="", gave="")
    )
    tx.session.execute(
        update(Exchange)
        .where(Exchange.id.in_(over), Exchange.edited_by.is_not(None))
        .values(how_we_meet="", stays_between="", edited_by=None)
    )


def homes_about(tx: Transaction, erasure: Erasure) -> Sequence[Select[str]]:
    """Select those who share an exchange with the member."""
    return two_people.others_with(tx, _TWO, erasure.member)


MESSAGES = (
    MessagePolicy(
        frozenset(
            {
                EXCHANGE_QUESTION,
                EXCHANGE_NOT_THIS_TIME,
                EXCHANGE_BEGUN,
                EXCHANGE_DRAFT,
                EXCHANGE_AGREED,
                EXCHANGE_MEETING,
                EXCHANGE_FIRST,
                EXCHANGE_MIDPOINT,
                EXCHANGE_LAST,
                EXCHANGE_EXTENDED,
                EXCHANGE_ENDED,
            }
        ),
        _ids_of,
    ),
)
