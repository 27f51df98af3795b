"""Apply the deletion of kudos messages, and of messages that kudos are about."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kudos import service
from bot.runtime import Transaction
from models import Channel, Kudos


def on_message_deleted(tx: Transaction, slack_channel: str, ts: str) -> None:
    """Take back the kudos whose message was deleted in Slack.

    Kudos about the deleted message stay, and lose their link to it.
    """
    channel = tx.session.scalar(
        select(Channel.id).filter_by(
            installation_id=tx.workspace.id, slack_id=slack_channel
        )
    )
    if channel is None:
        return
    for kudos in _find_by_message(tx.session, channel, ts):
        if kudos.ts == ts and kudos.channel_id == channel:
            if kudos.taken_back_at is None:
                service.revoke(tx, kudos, by=None)
        else:
            kudos.about_ts = None
            tx.session.flush()
            service.update_message(tx, kudos)


def _find_by_message(session: Session, channel_id: int, ts: str) -> Sequence[Kudos]:
    ids = session.scalars(
        select(Kudos.id)
        .where(Kudos.channel_id == channel_id, Kudos.ts == ts)
        .union(
            select(Kudos.id).where(
                Kudos.about_channel_id == channel_id, Kudos.about_ts == ts
            )
        )
    ).all()
    return session.scalars(
        select(Kudos)
        .where(Kudos.id.in_(ids))
        .order_by(Kudos.id)
        .with_for_update(key_share=True)
    ).all()
