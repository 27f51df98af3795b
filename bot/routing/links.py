"""Links to an ask in other channels: a link and a title, no copy.

The bot posts one as the asker wishes, once in each channel.
"""

from collections.abc import Iterable

from sqlalchemy import or_, select, update

from bot.asks import ask_view
from bot.asks import service as asks
from bot.errors import UserError
from bot.outbox.message_type import MessageType
from bot.outbox.posted_message import PostedMessage
from bot.outbox.queue import Delivery
from bot.personal_data import Erasure, MessagePolicy, TablePolicy, mentions_member
from bot.routing import notes, notifications, steps
from bot.routing.message_kinds import (
    ROUTING_LINK_FAILED,
    ROUTING_POST_LINK,
    ROUTING_UPDATE_LINK,
)
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction
from bot.slack.blocks import Note
from bot.slack.text import is_erased
from bot.workspace import channels, visibility
from models import Ask, AskLink, Channel

NOT_YOURS = "Only the person who asked can do that."
ANSWERED = "It already has an answer."
SAME_CHANNEL = "It was asked there. Choose another channel."
HIDDEN = "Not everyone there can see this ask, so I can't post a link to it."
SHARED = (
    "People from other organisations are in that channel. I only post what was asked"
    " there."
)
POSTED = "A link to it is there already."


def require_linkable(tx: Transaction, ask: Ask, *, by: str) -> Channel:
    """Return the channel of an ask that the member may link to.

    Raises UserError, and MembershipUnknown.
    """
    source = tx.session.get_one(Channel, ask.channel_id)
    visibility.require_visible(tx, source, by)
    if by != ask.asker:
        raise UserError(NOT_YOURS)
    if not steps.is_waiting(ask):
        raise UserError(ANSWERED)
    return source


def post(
    tx: Transaction, ask: Ask, slack_channel: str, *, by: str, occurrence: str
) -> None:
    """Post a link to the ask in another channel that its asker may ask in.

    Raises UserError, and MembershipUnknown.
    """
    source = require_linkable(tx, ask, by=by)
    target = channels.get_joined(tx, slack_channel, field="channel")
    asks.require_can_ask(tx, target, by)
    if target.id == source.id:
        raise UserError(SAME_CHANNEL, field="channel")
    if not visibility.may_quote(source, target):
        raise UserError(HIDDEN if source.is_private else SHARED, field="channel")
    # The ask is locked: nobody else adds the same link.
    link = tx.session.scalar(
        select(AskLink)
        .filter_by(ask_id=ask.id, channel_id=target.id)
        .execution_options(populate_existing=True)
    )
    if link is None:
        link = AskLink(ask_id=ask.id, channel_id=target.id)
        tx.session.add(link)
    elif link.state != "gone":
        raise UserError(POSTED, field="channel")
    link.state, link.ts = "posting", None
    tx.session.flush()
    tx.enqueue(ROUTING_POST_LINK, link.id, to=target.slack_id, occurrence=occurrence)


def _lock(tx: Transaction, link_id: int) -> None:
    tx.session.execute(
        select(AskLink.id).filter_by(id=link_id).with_for_update(key_share=True)
    )


def _render(
    tx: Transaction, link: AskLink, _delivery: Delivery | None = None
) -> Note | None:
    """Render it as long as everyone in the channel may see the ask."""
    ask, source = ask_view.load_ask(tx.session, link.ask_id)
    target = tx.session.get_one(Channel, link.channel_id)
    if (
        ask.deleted_at is not None
        or ask.ts is None
        or is_erased(ask.asker)
        or not visibility.may_quote(source, target)
    ):
        return None
    return notes.link_elsewhere(notifications.ask_line(tx, ask, source))


def _on_posted(_tx: Transaction, link: AskLink) -> None:
    link.state = "posted"


def _on_rejected(tx: Transaction, link: AskLink, _error: str) -> None:
    """Let the asker try again, and tell them."""
    link.state = "gone"
    ask = tx.session.get_one(Ask, link.ask_id)
    tx.enqueue(ROUTING_LINK_FAILED, link.id, to=ask.asker, occurrence=str(tx.now))


def _on_deleted(_tx: Transaction, link: AskLink) -> None:
    link.state = "gone"


def _request_update(tx: Transaction, link: AskLink) -> None:
    channel = tx.session.get_one(Channel, link.channel_id)
    tx.enqueue_update(ROUTING_UPDATE_LINK, link.id, to=channel.slack_id)


LINK = PostedMessage(
    model=AskLink,
    lock=_lock,
    post=ROUTING_POST_LINK,
    render_post=_render,
    on_posted=_on_posted,
    on_rejected=_on_rejected,
    on_cancelled=_on_deleted,
    update=ROUTING_UPDATE_LINK,
    render_update=_render,
    on_deleted=_on_deleted,
)


def apply_deletion(channel_id: int, ts: str, tx: Transaction) -> None:
    """Record that a message of the bot was deleted, if it was a link."""
    tx.session.execute(
        update(AskLink)
        .where(AskLink.channel_id == channel_id, AskLink.ts == ts)
        .values(state="gone")
    )


def update_title(tx: Transaction, ask: Ask) -> None:
    """Update the links to an ask whose title has changed, or that was deleted."""
    links = tx.session.scalars(
        select(AskLink)
        .where(AskLink.ask_id == ask.id, AskLink.state != "gone")
        .order_by(AskLink.id)
    )
    for link in links:
        _request_update(tx, link)


def hide(tx: Transaction, channel: Channel) -> None:
    """Delete the links that not all of their readers may see any longer.

    `channel` has turned private, or is shared.
    """
    links = tx.session.scalars(
        select(AskLink)
        .join(Ask, Ask.id == AskLink.ask_id)
        .where(
            AskLink.state != "gone",
            or_(Ask.channel_id == channel.id, AskLink.channel_id == channel.id),
        )
        .order_by(AskLink.id)
    )
    for link in links:
        _request_update(tx, link)


def _render_failed(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    link = tx.session.get_one(AskLink, delivery.subject_id)
    ask, source = ask_view.load_ask(tx.session, link.ask_id)
    if ask.deleted_at is not None or ask.ts is None:
        return None
    target = tx.session.get_one(Channel, link.channel_id)
    line = notifications.ask_line(tx, ask, source)
    note = notes.link_failed(line, (target.slack_id, target.name))
    return PostMessage(delivery.recipient, *note)


def _quoted_channels(tx: Transaction, delivery: Delivery) -> list[int]:
    link = tx.session.get_one(AskLink, delivery.subject_id)
    return [tx.session.get_one(Ask, link.ask_id).channel_id, link.channel_id]


MESSAGE_TYPES = (
    *LINK.message_types(),
    MessageType(
        ROUTING_LINK_FAILED,
        _render_failed,
        can_see=visibility.sees(_quoted_channels),
    ),
)


def _links_naming(tx: Transaction, erasure: Erasure) -> Iterable[int]:
    return tx.session.scalars(
        select(AskLink.id)
        .join(Ask, Ask.id == AskLink.ask_id)
        .where(
            Ask.installation_id == tx.workspace.id,
            or_(
                Ask.asker == erasure.member, mentions_member(Ask.title, erasure.member)
            ),
        )
    )


PERSONAL_DATA = (
    TablePolicy(
        model=AskLink,
        contents="The other channels that have a link to an ask.",
        purpose="Post it once in each, and update it.",
        stays="As long as its ask.",
        non_personal=("state", "ts"),
    ),
)
MESSAGES = (
    MessagePolicy(
        frozenset({ROUTING_POST_LINK, ROUTING_UPDATE_LINK, ROUTING_LINK_FAILED}),
        _links_naming,
    ),
)
