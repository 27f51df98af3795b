"""Ask the author of an answer whether it is still right, once."""

from collections.abc import Iterable

from sqlalchemy import select

from bot.asks import ask_view, references
from bot.knowledge import entries, notes
from bot.knowledge.message_kinds import KNOWLEDGE_OUTDATED
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.personal_data import Erasure, MessagePolicy
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction
from bot.workspace import contact_hours
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from bot.workspace.visibility import sees
from models import Ask, EntryReview


def render(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Render it if people say by now that the entry is out of date."""
    author = delivery.recipient
    [*loaded] = entries.load(tx, author, [delivery.subject_id], includes_open=False)
    best = references.best_answer(tx.session, delivery.subject_id)
    if not loaded or loaded[0].freshness != "old" or best is None:
        return None
    [entry] = loaded
    if best.author != author:
        return None
    note = notes.outdated_question(
        entry.ask_id, entry.title, entry.answers[0].url, entry.outdated_reasons
    )
    return PostMessage(author, *note)


def _quoted_channels(tx: Transaction, delivery: Delivery) -> list[int]:
    return [ask_view.load_ask(tx.session, delivery.subject_id)[1].id]


def _entries_naming(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    """The entries that the person asked, or of which they said what has changed."""
    reviewed = select(EntryReview.ask_id).filter_by(member=erasure.member)
    return tx.session.scalars(
        select(Ask.id).where(
            Ask.installation_id == tx.workspace.id,
            (Ask.asker == erasure.member) | Ask.id.in_(reviewed),
        )
    )


MESSAGE_TYPES = (
    MessageType(
        KNOWLEDGE_OUTDATED,
        render,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.QUESTION),
        can_see=sees(_quoted_channels),
    ),
)
MESSAGES = (MessagePolicy(frozenset({KNOWLEDGE_OUTDATED}), _entries_naming),)
