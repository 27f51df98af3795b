"""Messages to a channel's champions about a draft that they look at first.

All champions get them, also an author: a champion without one would be the author.
"""

from sqlalchemy import select

from bot.anonymity import notes
from bot.anonymity.message_kinds import ANONYMOUS_REVIEW, ANONYMOUS_REVIEWED
from bot.anonymity.notes import AskText
from bot.outbox.enqueue import dedup_key
from bot.outbox.kind import MessageKind
from bot.outbox.lookup import find_sent
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction, UpdateMessage
from bot.workspace import channels, contact_hours, members, roles
from bot.workspace.visibility import sees
from models import AnonymousDraft, Ask, Channel, OutboxItem


def ask_champions(tx: Transaction, draft: AnonymousDraft) -> None:
    """Ask all champions of the channel whether the draft can be posted."""
    for champion in channels.champions(tx.session, draft.channel_id):
        tx.enqueue(ANONYMOUS_REVIEW, draft.id, to=champion)


def tell_decided(tx: Transaction, draft_id: int, *, is_posted: bool) -> None:
    """Take the text out of the messages to champions; nothing says who decided."""
    outcome = {"is_posted": is_posted}
    for champion in recipients(tx, ANONYMOUS_REVIEW, draft_id):
        tx.enqueue(ANONYMOUS_REVIEWED, draft_id, to=champion, payload=outcome)


def recipients(tx: Transaction, kind: MessageKind, subject_id: int) -> list[str]:
    """Return those to whom a message was enqueued."""
    return sorted(
        tx.session.scalars(
            select(OutboxItem.recipient).filter_by(
                installation_id=tx.workspace.id, kind=kind, subject_id=subject_id
            )
        )
    )


def _render(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    draft = tx.session.get(AnonymousDraft, delivery.subject_id)
    if draft is None or draft.state != "reviewed":
        return None
    if not roles.is_champion(tx.session, draft.channel_id, delivery.recipient):
        return None
    channel = tx.session.get_one(Channel, draft.channel_id)
    zone = members.zone(tx, delivery.recipient)
    text = ask_text(tx, channel, draft)
    note = notes.review(draft.id, text, until=draft.due_at, zone=zone)
    return PostMessage(delivery.recipient, *note)


def ask_text(tx: Transaction, channel: Channel, ask: AnonymousDraft | Ask) -> AskText:
    """Return the words of an ask or a draft, as a message quotes them."""
    return AskText(
        (channel.slack_id, channel.name),
        members.text_with_names(tx, ask.title),
        members.text_with_names(tx, ask.details),
        ask.topics,
    )


def _channels_of(tx: Transaction, delivery: Delivery) -> list[int]:
    draft = tx.session.get(AnonymousDraft, delivery.subject_id)
    return [] if draft is None else [draft.channel_id]


def _render_decided(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    key = dedup_key(ANONYMOUS_REVIEW, delivery.subject_id, delivery.recipient)
    message = find_sent(tx.session, tx.workspace.id, key)
    if message is None:
        return None
    is_posted = bool(delivery.payload["is_posted"])
    return UpdateMessage(*message, *notes.reviewed(is_posted=is_posted))


MESSAGE_TYPES = (
    MessageType(
        ANONYMOUS_REVIEW,
        _render,
        update=ANONYMOUS_REVIEWED,
        send_after=contact_hours.send_after,
        can_see=sees(_channels_of),
    ),
    MessageType(ANONYMOUS_REVIEWED, _render_decided, "resend"),
)
