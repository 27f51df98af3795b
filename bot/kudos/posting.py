"""What became of the messages about kudos in Slack, told by the outbox."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox
from bot.answers import registers
from bot.kudos import reactions, rules
from bot.kudos import service as kudos_
from bot.lanes import Delivery
from bot.runtime import Workspace
from models import Kudos, OutboxItem


def lock_kudos(session: Session, delivery: Delivery) -> None:
    """Lock the kudos as everybody does: their channel first."""
    channel_id = session.get_one(Kudos, delivery.subject_id).channel_id
    if channel_id is not None:
        registers.lock_channel(session, channel_id)
    _lock(session, delivery)


def _lock(session: Session, delivery: Delivery) -> Kudos:
    return session.scalars(
        select(Kudos)
        .filter_by(id=delivery.subject_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def on_posted(
    session: Session,
    delivery: Delivery,
    sent: tuple[str, str],
    now: datetime,
    workspace: Workspace,
) -> None:
    """Slack has told the message's `ts`: its receivers are told, with a link to it."""
    kudos = _lock(session, delivery)
    kudos.ts = sent[1]
    session.flush()
    if kudos.taken_back_at is None:
        kudos_.notify_recipients(session, kudos, kudos.receivers, now=now)
        reactions.attach_reactions(session, workspace, kudos, now=now)
    else:
        kudos_.update_message(session, kudos, now=now)


def on_rejected(
    session: Session, delivery: Delivery, error: str, now: datetime
) -> None:
    """Slack will not have it: nothing is given, and the giver gets the words back."""
    kudos = _lock(session, delivery)
    if kudos.taken_back_at is None:
        kudos_.revoke(session, kudos, by=None, now=now)
        _notify_not_posted(session, kudos, error, now=now)


def on_lost(session: Session, delivery: Delivery, _error: str, now: datetime) -> None:
    """Nobody can tell whether it is there: the thanks stand, and the giver looks."""
    kudos = _lock(session, delivery)
    if kudos.taken_back_at is None:
        kudos_.notify_recipients(session, kudos, kudos.receivers, now=now)
        _notify_not_posted(session, kudos, "unknown", now=now)


def _notify_not_posted(
    session: Session, kudos: Kudos, error: str, *, now: datetime
) -> None:
    outbox.enqueue(
        session,
        "kudos.not_posted",
        kudos.id,
        kudos.giver,
        installation_id=kudos.installation_id,
        now=now,
        payload={"error": error},
    )


def on_receipt_rejected(
    session: Session, delivery: Delivery, _error: str, now: datetime
) -> None:
    """The giver is not in the channel that they chose: tell them directly."""
    kudos = session.get_one(Kudos, delivery.subject_id)
    if delivery.recipient != kudos.giver:
        outbox.enqueue(
            session,
            "kudos.given",
            kudos.id,
            kudos.giver,
            installation_id=kudos.installation_id,
            now=now,
            payload=delivery.payload,
        )


def on_receipt_sent(
    session: Session, delivery: Delivery, sent: tuple[str, str] | None, now: datetime
) -> None:
    """The giver is told where it lasts: the button goes when it is of no use."""
    kudos = session.get_one(Kudos, delivery.subject_id)
    if sent is not None and delivery.recipient == kudos.giver:
        due = max(now, kudos.given_at + rules.TAKE_BACK_WINDOW)
        kudos_.update_receipt(session, kudos, now=now, send_after=due)


def on_recipient_notified(
    session: Session, delivery: Delivery, _sent: tuple[str, str], now: datetime
) -> None:
    """A receiver has their letter; taken back meanwhile, it is to say so."""
    kudos = _lock(session, delivery)
    if kudos.taken_back_at is not None:
        kudos_.update_recipient_message(session, kudos, delivery.recipient, now=now)


def find_sent(
    session: Session, kudos: Kudos, kind: str, recipient: str
) -> tuple[str, str] | None:
    """Find a letter about the kudos in Slack, if it was sent."""
    found = session.execute(
        select(OutboxItem.slack_channel, OutboxItem.ts).filter_by(
            installation_id=kudos.installation_id,
            key=f"{kind}:{kudos.id}:{recipient}",
            state="sent",
        )
    ).first()
    return (found[0], found[1]) if found and found[0] and found[1] else None
