"""Personal data about requests for help, and messages about it."""

from collections.abc import Iterable

from sqlalchemy import or_, select

from bot.personal_data import Erasure, MessagePolicy, TablePolicy, mentions_member
from bot.routing.message_kinds import (
    ROUTING_CHAMPIONS,
    ROUTING_NOTICE,
    ROUTING_REQUEST,
    ROUTING_UPDATE_NOTICE,
    ROUTING_UPDATE_REQUEST,
)
from bot.runtime import Transaction
from models import Ask, AskRoute, AskStep, Channel, HelpRequest, RefusedChannel


def _asks_naming(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    return tx.session.scalars(
        select(Ask.id).where(
            Ask.installation_id == tx.workspace.id,
            or_(
                Ask.asker == erasure.member, mentions_member(Ask.title, erasure.member)
            ),
        )
    )


def _requests_naming(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    """Return requests that quote an ask which names the member, also as a reason."""
    asks = set(_asks_naming(tx, erasure))
    return tx.session.scalars(
        select(HelpRequest.id).where(
            HelpRequest.installation_id == tx.workspace.id,
            or_(HelpRequest.ask_id.in_(asks), HelpRequest.reason_ask_id.in_(asks)),
        )
    )


def _channels_naming(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    return tx.session.scalars(
        select(Channel.id)
        .join(Ask, Ask.channel_id == Channel.id)
        .where(Ask.id.in_(set(_asks_naming(tx, erasure))))
        .distinct()
    )


PERSONAL_DATA = (
    TablePolicy(
        model=AskRoute,
        contents="When the bot next looks at an ask without an answer.",
        purpose="Look after asks that nobody answers.",
        stays="One for each ask.",
    ),
    TablePolicy(
        model=AskStep,
        contents="What the bot did for an ask without an answer: when, and how many"
        " people it asked.",
        purpose="Do it once.",
        stays="A few for each ask.",
    ),
    TablePolicy(
        model=HelpRequest,
        row_names=("request for help", "requests for help"),
        contents="People whom the bot asked to look at an ask: why, and what they"
        " chose.",
        purpose="Ask nobody twice, or more often than they like.",
        retention="90 days after the request. Then its message quotes nothing.",
        owner_columns=("member",),
        non_personal=("reason", "reason_topic", "outcome"),
        on_erasure="delete",
    ),
    TablePolicy(
        model=RefusedChannel,
        contents="The channels that a person doesn't want to be asked from.",
        purpose="Don't ask them about asks there.",
        stays="One for each channel that a person refuses.",
        owner_columns=("member",),
        on_erasure="delete",
    ),
)

MESSAGES = (
    MessagePolicy(
        frozenset({ROUTING_REQUEST, ROUTING_UPDATE_REQUEST}), _requests_naming
    ),
    MessagePolicy(frozenset({ROUTING_NOTICE, ROUTING_UPDATE_NOTICE}), _asks_naming),
    MessagePolicy(frozenset({ROUTING_CHAMPIONS}), _channels_naming),
)
