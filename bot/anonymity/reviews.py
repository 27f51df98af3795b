"""Decide about a draft that champions look at first, without its author's name."""

import hmac

from bot.anonymity import authors, drafts, notes
from bot.anonymity.keyring import keys_of
from bot.anonymity.permissions import LOOK_AFTER
from bot.errors import UserError
from bot.runtime import Transaction
from bot.workspace import roles
from models import AnonymousDraft, Channel


def require_undecided(tx: Transaction, draft_id: int, *, by: str) -> AnonymousDraft:
    """Lock and return a draft that waits for a champion. Raises UserError.

    Raises MembershipUnknown.
    """
    draft = drafts.lock(tx, draft_id)
    if draft is None:
        raise UserError(notes.DECIDED)
    roles.authorize(tx, tx.session.get_one(Channel, draft.channel_id), LOOK_AFTER, by)
    if draft.state != "reviewed" or draft.due_at <= tx.now:
        raise UserError(notes.DECIDED)
    if keys_of(tx) is None:
        raise UserError(notes.SWITCHED_OFF)
    return draft


def accept(tx: Transaction, draft_id: int, *, by: str) -> None:
    """Post the draft. Its author can't decide; they get the same answer as others.

    Raises UserError, and MembershipUnknown.
    """
    draft = require_undecided(tx, draft_id, by=by)
    if not _is_author(tx, draft, by):
        drafts.publish(tx, draft)


def reject(tx: Transaction, draft_id: int, reason: str, *, by: str) -> None:
    """Do not post the draft; only its author reads the reason, in their Home tab.

    Raises UserError, and MembershipUnknown.
    """
    draft = require_undecided(tx, draft_id, by=by)
    reason = notes.read_reason(reason)
    if not _is_author(tx, draft, by):
        drafts.refuse(tx, draft, reason)


def _is_author(tx: Transaction, draft: AnonymousDraft, member: str) -> bool:
    keys = keys_of(tx)
    indexes = authors.blind_indexes(tx, keys, member) if keys is not None else ()
    matches = [hmac.compare_digest(draft.blind_index, index) for index in indexes]
    return any(matches)
