"""Load what people asked and answered, for matching."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true

from bot.people import rules
from bot.runtime import Transaction
from bot.slack.text import ANONYMOUS
from models import (
    Answer,
    Ask,
    Channel,
)

# With more people than this, statements read the whole workspace: it is about as much,
# and a statement can't name all of them.
_MAX_NAMED = 1000


def load_asks(tx: Transaction, ids: Collection[str]) -> Iterable[Any]:
    """Return the members' asks in public channels, the newest first."""
    return tx.session.execute(
        select(Ask.id.label("ask_id"), Ask.asker, Ask.topics, Ask.title, Ask.state)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(
            Ask.installation_id == tx.workspace.id,
            among(Ask.asker, ids),
            Ask.asked_at >= tx.now - rules.ASKED_WITHIN,
            Ask.deleted_at.is_(None),
            Ask.is_confirmed.is_(True),
            _is_public(),
        )
        .order_by(Ask.id.desc())
    )


def load_helpful_answers(tx: Transaction, ids: Collection[str]) -> Iterable[Any]:
    """Return the members' answers that helped, those to the newest asks first."""
    return tx.session.execute(
        select(
            Answer.author,
            Answer.is_solution,
            Ask.id.label("ask_id"),
            Ask.asker,
            Ask.topics,
            Ask.title,
        )
        .join(Ask, Ask.id == Answer.ask_id)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(
            Ask.installation_id == tx.workspace.id,
            among(Answer.author, ids),
            Answer.is_deleted.is_(False),
            Answer.is_solution.is_(True) | (Answer.helpful_count > 0),
            Ask.deleted_at.is_(None),
            # Nobody knows whom they helped.
            Ask.asker != ANONYMOUS,
            _is_public(),
        )
        .order_by(Ask.id.desc(), Answer.id)
    )


def load_ties(tx: Transaction, ids: Collection[str]) -> Iterable[Any]:
    """Return who asked and who answered, whether or not it helped: they have met."""
    return tx.session.execute(
        select(Ask.asker, Answer.author)
        .join(Ask, Ask.id == Answer.ask_id)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(
            Ask.installation_id == tx.workspace.id,
            among(Answer.author, ids),
            Answer.is_deleted.is_(False),
            Ask.deleted_at.is_(None),
            # Nobody knows whom they answered.
            Ask.asker != ANONYMOUS,
            _is_public(),
        )
        .distinct()
    )


def load_activity(tx: Transaction, ids: Collection[str]) -> Counter[str]:
    """Return the number of asks that each member answered lately, in any channel."""
    rows = tx.session.execute(
        select(Answer.author, func.count(Answer.ask_id.distinct()))
        .join(Channel, Channel.id == Answer.channel_id)
        .where(
            Channel.installation_id == tx.workspace.id,
            among(Answer.author, ids),
            Answer.answered_at >= tx.now - rules.ACTIVE_FOR,
            Answer.is_deleted.is_(False),
        )
        .group_by(Answer.author)
    )
    counts: Counter[str] = Counter()
    for author, count in rows:
        counts[author] = count
    return counts


def _is_public() -> ColumnElement[bool]:
    """Return the condition that a channel is public, as far as the bot can know."""
    return Channel.is_private.is_(False) & or_(
        Channel.is_joined.is_(True), Channel.is_archived.is_(True)
    )


def among(column: Any, ids: Collection[str] | Collection[int]) -> ColumnElement[bool]:
    """Return the condition that a column has one of these ids."""
    if len(ids) > _MAX_NAMED:
        return true()
    condition: ColumnElement[bool] = column.in_(ids)
    return condition
