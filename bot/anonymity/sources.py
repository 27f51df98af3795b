"""The forms that asks and replies without a name come from, by keyed indexes.

A form that is sent again finds what it has stored, before any limit counts.
"""

from sqlalchemy import select

from bot.anonymity.authors import SOURCE_PREFIX
from bot.anonymity.keys import AnonymityKeys
from bot.asks import service as asks
from bot.runtime import Transaction
from models import AnonymousDraft, AnonymousReply, Ask


def index(tx: Transaction, keys: AnonymityKeys, source: str) -> str:
    return keys.index("source", tx.workspace.team_id, source)


def of_ask(source_index: str) -> str:
    """Return the source of the ask that a form with this index becomes."""
    return f"{SOURCE_PREFIX}{source_index}"


def has_ask(tx: Transaction, source_index: str) -> bool:
    """Return True if the form was sent before, and its ask waits or was posted."""
    drafts = select(AnonymousDraft.id).filter_by(
        installation_id=tx.workspace.id, source_index=source_index
    )
    return (
        tx.session.scalar(drafts) is not None
        or asks.find_by_source(tx, of_ask(source_index)) is not None
    )


def has_reply(tx: Transaction, ask: Ask, source_index: str) -> bool:
    """Return True if the form was sent before, and its reply is stored."""
    replies = select(AnonymousReply.id).filter_by(
        ask_id=ask.id, source_index=source_index
    )
    return tx.session.scalar(replies) is not None
