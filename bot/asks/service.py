"""Open, edit and delete asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot.asks import outcome_notifications, outcomes, rules
from bot.asks.message_kinds import ASK_DELETED, ASK_POST
from bot.asks.permissions import DELETE, EDIT
from bot.clock import datetime_to_micros
from bot.db.statements import upsert
from bot.errors import UserError
from bot.permissions import ASK, Role
from bot.runtime import Transaction
from bot.slack.text import ANONYMOUS
from bot.workspace import roles
from models import Ask, Channel

ASK_GONE = "That ask is gone."
GUESTS_CANNOT_ASK = (
    "Only full members of the workspace can ask in this channel. You can still answer."
)


@dataclass(frozen=True, slots=True)
class AskDraft:
    """A new ask as its asker entered it. `title` and `details` are mrkdwn."""

    title: str
    details: str = ""
    topics: Sequence[str] = ()


def require_can_ask(tx: Transaction, channel: Channel, member: str) -> None:
    """Raise UserError, with the field, if the member can't ask in the channel.

    Raises MembershipUnknown.
    """
    if channel.is_archived:
        raise UserError(
            "This channel is archived. Choose another one.", field="channel"
        )
    if channel.is_read_only:
        raise UserError(
            "I'm not allowed to post in that channel. Choose another one.",
            field="channel",
        )
    member_roles = roles.authorize(tx, channel, ASK, member, field="channel")
    if Role.GUEST in member_roles and not channel.guests_may_ask:
        raise UserError(GUESTS_CANNOT_ASK, field="channel")


def open_ask(
    tx: Transaction,
    channel: Channel,
    draft: AskDraft,
    *,
    asker: str,
    dedup_key: str,
    origin_url: str | None = None,
) -> Ask:
    """Create an ask and enqueue its message, once for each `dedup_key`.

    A repeated request returns the ask. Raises UserError, with the field, and
    MembershipUnknown.
    """
    ask = find_by_source(tx, dedup_key)
    if ask is not None:
        return ask
    require_can_ask(tx, channel, asker)
    rules.require_enough_words(draft.title)
    ask = insert_ask(
        tx,
        channel,
        draft,
        asker=asker,
        dedup_key=dedup_key,
        asked_at=tx.now,
        origin_url=origin_url,
    )
    if ask is None:
        return tx.session.scalars(
            select(Ask).filter_by(installation_id=tx.workspace.id, source=dedup_key)
        ).one()
    tx.enqueue(ASK_POST, ask.id, to=channel.slack_id)
    return ask


def find_by_source(tx: Transaction, source: str) -> Ask | None:
    return tx.session.scalar(
        select(Ask).filter_by(installation_id=tx.workspace.id, source=source)
    )


def has_asked(tx: Transaction, member: str) -> bool:
    """Return True if the member has ever asked with their name."""
    asks = select(Ask.id).filter_by(installation_id=tx.workspace.id, asker=member)
    return tx.session.scalar(asks.limit(1)) is not None


def insert_ask(
    tx: Transaction,
    channel: Channel,
    draft: AskDraft,
    *,
    asker: str,
    dedup_key: str,
    asked_at: datetime,
    ts: str | None = None,
    origin_url: str | None = None,
) -> Ask | None:
    """Insert an ask; return None if there is one with this `dedup_key` or message.

    With `ts`, the ask is the asker's own message, and not confirmed.
    """
    ask_id = tx.session.scalar(
        upsert(tx.session, Ask)
        .values(
            installation_id=tx.workspace.id,
            channel_id=channel.id,
            source=dedup_key,
            ts=ts,
            is_users_message=ts is not None,
            is_confirmed=ts is None,
            asker=asker,
            title=draft.title,
            details=draft.details,
            topics=list(draft.topics),
            asked_at=asked_at,
            origin_url=origin_url,
            is_first_ask=asker != ANONYMOUS and not has_asked(tx, asker),
        )
        .on_conflict_do_nothing()
        .returning(Ask.id)
    )
    return None if ask_id is None else tx.session.get_one(Ask, ask_id)


def edit(tx: Transaction, ask: Ask, draft: AskDraft, *, by: str) -> None:
    """Apply the form's values to the ask. Raises UserError, and MembershipUnknown."""
    channel = tx.session.get_one(Channel, ask.channel_id)
    roles.authorize(tx, channel, EDIT, by, author=ask.asker)
    if ask.is_users_message:
        raise UserError("Edit your message in Slack and the ask will follow.")
    apply_edit(tx, ask, draft)


def apply_edit(tx: Transaction, ask: Ask, draft: AskDraft) -> None:
    """Apply the form's values for a member who may. Raises UserError."""
    # The form shows plain text, and cuts it off. A field that was not edited keeps its
    # stored mrkdwn.
    title, details = rules.from_form(*rules.form_values(ask.title, ask.details))
    if draft.title != title:
        rules.require_enough_words(draft.title)
        ask.title = draft.title
        tx.features.on_title_changed(tx, ask)
    if draft.details != details:
        ask.details = draft.details
    ask.topics = list(draft.topics)
    ask.edited_at_micros = datetime_to_micros(tx.now)
    outcome_notifications.update_message(tx, ask)


def delete(tx: Transaction, ask: Ask, *, by: str) -> None:
    """Delete the ask. Raises UserError, and MembershipUnknown."""
    channel = tx.session.get_one(Channel, ask.channel_id)
    roles.authorize(tx, channel, DELETE, by, author=ask.asker)
    mark_deleted(tx, ask)
    notify_removed(tx, ask, by=by)


def notify_removed(tx: Transaction, ask: Ask, *, by: str) -> None:
    if by != ask.asker:
        tx.enqueue(
            ASK_DELETED,
            ask.id,
            to=ask.asker,
            payload={"by": by},
            occurrence=str(datetime_to_micros(tx.now)),
        )


def mark_deleted(tx: Transaction, ask: Ask, *, by: str | None = None) -> None:
    """Mark the ask as deleted; `by` is the member who said that it is not an ask."""
    ask.deleted_at, ask.state, ask.removed_by = ask.deleted_at or tx.now, "deleted", by
    report_deleted(tx, [ask.id])
    tx.features.on_title_changed(tx, ask)
    outcome_notifications.update_message(tx, ask)


def report_deleted(tx: Transaction, ask_ids: Sequence[int]) -> None:
    """Report the marked answers of asks that have just been deleted."""
    if marked := outcomes.marked_answers(tx.session, ask_ids):
        tx.features.on_answers_unmarked(tx, marked)


_SELECT_BY_MESSAGE = select(Ask).where(
    Ask.channel_id == bindparam("in_channel"), Ask.ts == bindparam("at")
)


def find_by_message(session: Session, channel_id: int, ts: str) -> Ask | None:
    return session.scalar(_SELECT_BY_MESSAGE, {"in_channel": channel_id, "at": ts})


def get(tx: Transaction, ask_id: int, *, include_deleted: bool = False) -> Ask:
    """Lock and return an ask of the workspace. Raises UserError if it is gone."""
    ask = tx.session.scalar(
        select(Ask)
        .filter_by(id=ask_id, installation_id=tx.workspace.id)
        .with_for_update(key_share=True)
    )
    if ask is None or (ask.deleted_at is not None and not include_deleted):
        raise UserError(ASK_GONE)
    return ask
