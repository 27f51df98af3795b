"""Stop the author of an ask, without knowing them.

The answer is the same for each ask that is not long over: whether the link still
exists, and whether the author was stopped before. Otherwise a champion could learn that
two asks are by one person, or who has just left.
"""

from collections.abc import Sequence

from sqlalchemy import select

from bot.anonymity import authors, notes, reports, rules, stop_messages
from bot.anonymity.keyring import keys_of
from bot.anonymity.permissions import LOOK_AFTER, STOP_EVERYWHERE
from bot.asks import service as asks
from bot.errors import UserError
from bot.permissions import require
from bot.runtime import Transaction
from bot.workspace import roles, workspace_settings
from models import AnonymousBlock, Ask, Channel


def require_stoppable(tx: Transaction, ask_id: int, *, by: str) -> Ask:
    """Lock and return an ask whose author can be stopped. Raises UserError.

    Raises MembershipUnknown.
    """
    ask = asks.get(tx, ask_id, include_deleted=True)
    roles.authorize(tx, tx.session.get_one(Channel, ask.channel_id), LOOK_AFTER, by)
    if not authors.is_anonymous(ask):
        raise UserError(notes.NOT_ANONYMOUS)
    if keys_of(tx) is None or _is_over(tx, ask):
        raise UserError(notes.TOO_LATE)
    return ask


def _is_over(tx: Transaction, ask: Ask) -> bool:
    """Return True if the link has been cut in any case, as everyone can tell."""
    days = workspace_settings.get(tx).anonymous_link_days
    return authors.latest_cut(ask, days) <= tx.now


def stop_author(tx: Transaction, ask_id: int, reason: str, *, by: str) -> None:
    """Let the ask's author not ask in its channel without their name for a while.

    Raises UserError, and MembershipUnknown.
    """
    ask = require_stoppable(tx, ask_id, by=by)
    reason = notes.read_reason(reason)
    review = reports.get_review(tx, ask)
    author = authors.author_of(tx, ask)
    keys = keys_of(tx)
    if author is not None and keys is not None:
        indexes = keys.indexes("blocks", tx.workspace.team_id, author)
        blocks = _current(tx, indexes)
        is_here = any(block.channel_id == ask.channel_id for block in blocks)
        if not (review.is_stopped and is_here):
            block = AnonymousBlock(
                installation_id=tx.workspace.id,
                blind_index=indexes[0],
                channel_id=ask.channel_id,
                until=tx.now + rules.STOPPED_FOR,
                reason=reason,
            )
            tx.session.add(block)
            tx.session.flush()
            _offer_more(tx, [*blocks, block])
    review.is_stopped = True


def _current(tx: Transaction, indexes: Sequence[str]) -> Sequence[AnonymousBlock]:
    return tx.session.scalars(
        select(AnonymousBlock)
        .where(
            AnonymousBlock.installation_id == tx.workspace.id,
            AnonymousBlock.blind_index.in_(indexes),
            AnonymousBlock.until > tx.now,
        )
        .order_by(AnonymousBlock.until, AnonymousBlock.id)
    ).all()


def _offer_more(tx: Transaction, blocks: Sequence[AnonymousBlock]) -> None:
    """Offer leads to stop an author everywhere who was stopped for several asks."""
    is_everywhere = any(block.channel_id is None for block in blocks)
    if len(blocks) >= rules.STOPS_TO_OFFER and not is_everywhere:
        stop_messages.offer(tx, blocks[-1])


def stop_everywhere(tx: Transaction, block_id: int, *, by: str) -> None:
    """Stop an author in the whole workspace. Raises UserError."""
    require(STOP_EVERYWHERE, roles.in_workspace(tx, by))
    block = tx.session.scalar(
        select(AnonymousBlock)
        .filter_by(id=block_id, installation_id=tx.workspace.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if block is None or block.until <= tx.now:
        raise UserError(notes.NOTHING_TO_STOP)
    # Two leads may have pressed on two offers.
    current = _current(tx, [block.blind_index])
    if not any(each.channel_id is None for each in current):
        tx.session.add(
            AnonymousBlock(
                installation_id=tx.workspace.id,
                blind_index=block.blind_index,
                channel_id=None,
                until=tx.now + rules.STOPPED_FOR,
                reason=block.reason,
            )
        )
        tx.session.flush()
    stop_messages.update(tx, block)
