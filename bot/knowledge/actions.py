"""Members' actions on entries: it helped, it is out of date, it is not mine."""

from sqlalchemy import update

from bot.asks import actions as ask_actions
from bot.asks import references
from bot.asks import service as asks
from bot.db.statements import upsert_latest
from bot.errors import UserError
from bot.knowledge.blocks import MAX_REASON
from bot.knowledge.message_kinds import KNOWLEDGE_OUTDATED
from bot.knowledge.permissions import REVIEW
from bot.outbox import home_refresh
from bot.runtime import Transaction
from bot.slack.text import one_line, sanitize, to_mrkdwn, truncate
from bot.workspace import roles, visibility
from models import Answer, Ask, AskSuggestion, Channel, EntryReview

OWN_ANSWER = "That's your own answer. Only others can mark it helpful."
# A guest who has left the channel, for example.
NOT_READABLE = "You can't see that channel any longer."

_UPSERT_REVIEW = upsert_latest(
    EntryReview, ["ask_id", "member"], ["verdict", "reason", "recorded_at"]
)


def get_entry(tx: Transaction, entry_id: int, *, by: str) -> tuple[Ask, Channel]:
    """Return an earlier ask that the member may see.

    Raises UserError, or MembershipUnknown.
    """
    entry = asks.get(tx, entry_id)
    channel = tx.session.get_one(Channel, entry.channel_id)
    visibility.require_visible(tx, channel, by)
    if channel.id not in visibility.readable_channels(tx, by, is_exact=True):
        raise UserError(NOT_READABLE)
    return entry, channel


def mark_helped(
    tx: Transaction, entry_id: int, *, by: str, event_micros: int
) -> Answer:
    """Mark the best answer of an entry as helpful, and return it."""
    entry, channel = get_entry(tx, entry_id, by=by)
    answer = references.best_answer(tx.session, entry.id, except_by=by)
    if answer is None:
        is_own = references.best_answer(tx.session, entry.id) is not None
        raise UserError(OWN_ANSWER if is_own else references.NOT_ANSWERED)
    ask_actions.mark_answer(
        tx,
        channel,
        ts=answer.ts,
        meaning="helpful",
        by=by,
        is_present=True,
        event_micros=event_micros,
    )
    return answer


def review(
    tx: Transaction,
    entry_id: int,
    *,
    by: str,
    verdict: str,
    event_micros: int,
    reason: str = "",
) -> Ask:
    """Record a verdict, "works" or "outdated"; a member's latest one counts.

    Returns the entry.
    """
    entry, channel = get_entry(tx, entry_id, by=by)
    roles.authorize(tx, channel, REVIEW, by)
    words = truncate(one_line(sanitize(reason)), MAX_REASON)
    tx.session.execute(
        _UPSERT_REVIEW(tx.session),
        [
            {
                "ask_id": entry.id,
                "member": by,
                "verdict": verdict,
                "is_present": True,
                "event_micros": event_micros,
                "reason": to_mrkdwn(words) or None,
                "recorded_at": tx.now,
            }
        ],
    )
    answer = references.best_answer(tx.session, entry.id)
    if verdict == "outdated" and answer is not None and answer.author != by:
        # Rendered only if it is old by then; the author is asked once.
        tx.enqueue(KNOWLEDGE_OUTDATED, entry.id, to=answer.author)
    return entry


def dismiss(tx: Transaction, ask: Ask, entry_id: int) -> None:
    """Remember that a suggestion is not the asker's problem."""
    tx.session.execute(
        update(AskSuggestion)
        .filter_by(ask_id=ask.id, entry_id=entry_id)
        .values(is_dismissed=True)
    )
    home_refresh.refresh_homes(tx, [ask.asker])
