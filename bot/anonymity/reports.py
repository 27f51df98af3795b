"""Reports of an ask without a name: enough of them hide it until a champion looks.

A report is an index that needs the key, other for each ask. The author's own report
counts like any other.
"""

from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update

from bot.anonymity import authors, notes, report_messages, rules
from bot.anonymity.keyring import keys_of
from bot.anonymity.permissions import LOOK_AFTER, REPORT
from bot.asks import hiding
from bot.asks import service as asks
from bot.db.statements import InstallationId, upsert
from bot.errors import UserError
from bot.runtime import Transaction
from bot.workspace import roles, workspace_settings
from models import AnonymousReply, AnonymousReview, Ask, Channel


def report(tx: Transaction, ask_id: int, *, by: str) -> None:
    """Count a member's report once, and hide the ask if there are enough.

    Raises UserError, and MembershipUnknown.
    """
    ask, keys = asks.get(tx, ask_id), keys_of(tx)
    roles.authorize(tx, tx.session.get_one(Channel, ask.channel_id), REPORT, by)
    if keys is None or not authors.is_anonymous(ask):
        raise UserError(notes.NOT_ANONYMOUS)
    review = get_review(tx, ask)
    if review.is_cleared:
        return
    indexes = keys.indexes("reports", tx.workspace.team_id, ask.id, by)
    if not set(indexes) & set(review.reporters):
        # Sorted, so that their order says nothing.
        review.reporters = sorted([*review.reporters, indexes[0]])
    if len(review.reporters) >= rules.REPORTS_TO_HIDE:
        review.reporters, review.hidden_at = [], tx.now
        hiding.hide(tx, ask)
        report_messages.tell_champions(tx, ask)


def get_review(tx: Transaction, ask: Ask) -> AnonymousReview:
    """Return the review of a locked ask; the first call creates it."""
    tx.session.execute(
        upsert(tx.session, AnonymousReview)
        .values(ask_id=ask.id, reporters=[])
        .on_conflict_do_nothing()
    )
    return tx.session.get_one(AnonymousReview, ask.id, populate_existing=True)


def restore(tx: Transaction, ask_id: int, *, by: str) -> None:
    """Show a hidden ask again; from now on, reports no longer hide it.

    Raises UserError, and MembershipUnknown.
    """
    ask = _require_hidden(tx, ask_id, by)
    review = get_review(tx, ask)
    review.is_cleared, review.hidden_at = True, None
    hiding.show(tx, ask)
    report_messages.update(tx, ask)


def delete_hidden(tx: Transaction, ask_id: int, *, by: str) -> None:
    """Delete a hidden ask with its words. Raises UserError, and MembershipUnknown."""
    _erase(tx, _require_hidden(tx, ask_id, by))


def _require_hidden(tx: Transaction, ask_id: int, by: str) -> Ask:
    ask = asks.get(tx, ask_id, include_deleted=True)
    roles.authorize(tx, tx.session.get_one(Channel, ask.channel_id), LOOK_AFTER, by)
    if not ask.is_hidden:
        raise UserError(notes.DECIDED)
    return ask


def _erase(tx: Transaction, ask: Ask) -> None:
    get_review(tx, ask).hidden_at = None
    # Its replies' messages are deleted with it.
    hiding.erase(tx, ask)
    replies = update(AnonymousReply).where(AnonymousReply.ask_id == ask.id)
    tx.session.execute(replies.values(text=""))
    report_messages.update(tx, ask)


def overdue(installation_id: InstallationId, now: datetime) -> Select[int]:
    """Select the ids of the asks that nobody has shown again in time."""
    return (
        select(Ask.id)
        .join(AnonymousReview, AnonymousReview.ask_id == Ask.id)
        .where(
            Ask.installation_id == installation_id,
            Ask.is_hidden.is_(True),
            AnonymousReview.hidden_at <= now - rules.HIDDEN_FOR,
        )
        .order_by(Ask.id)
    )


def purge(tx: Transaction) -> None:
    """Delete the asks that nobody has shown again in time, and old reports."""
    for ask_id in tx.session.scalars(overdue(tx.workspace.id, tx.now)).all():
        ask = asks.get(tx, ask_id, include_deleted=True)
        if ask.is_hidden:
            _erase(tx, ask)
    days = timedelta(days=workspace_settings.get(tx).anonymous_link_days)
    old = select(Ask.id).where(
        Ask.installation_id == tx.workspace.id, Ask.asked_at <= tx.now - days
    )
    tx.session.execute(
        delete(AnonymousReview).where(
            AnonymousReview.ask_id.in_(old),
            AnonymousReview.hidden_at.is_(None),
            AnonymousReview.is_cleared.is_(False),
        )
    )
