"""Open, page and publish the Home tab, and answer direct messages to the bot."""

from typing import Literal

from sqlalchemy import delete, select

from bot.db.statements import set_columns
from bot.errors import UserError
from bot.home import memberships, notes, page, rules
from bot.home.message_kinds import HOME_FETCH_MEMBERSHIPS, HOME_REPLY
from bot.outbox import home_refresh
from bot.outbox.home_refresh import HOME_PUBLISH
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.permissions import DENIED_ROLES
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, PublishHome, PublishHomeResult
from bot.workspace import roles
from models import Home

LIST_CHANGED = "That list has changed. Open my Home tab again."
PAGE_CHANGED = "That page has changed. Open my Home tab again."


def open_home(tx: Transaction, member: str) -> None:
    """Record that a member opened their Home tab: from now on the bot updates it.

    They see the page that they chose last, and the beginning of each list. People who
    may not use the bot get no row.
    """
    if roles.in_workspace(tx, member) & DENIED_ROLES:
        return
    set_columns(
        tx.session,
        Home,
        {"installation_id": tx.workspace.id, "member": member},
        page_offsets={},
    )
    memberships.request_refresh(tx, member)


def set_list_page(tx: Transaction, member: str, value: str) -> None:
    """Set the current page of a list from a button's value. Raises UserError."""
    lists = {
        section.pages.name for section in tx.features.home_sections if section.pages
    }
    new_page = rules.parse_page(value, lists)
    home = _lock_home(tx, member)
    if new_page is None or home is None:
        raise UserError(LIST_CHANGED)
    name, start = new_page
    home.page_offsets = {**home.page_offsets, name: start}


def choose_page(tx: Transaction, member: str, page: str) -> None:
    """Show this page of the Home tab from now on. Raises UserError."""
    home = _lock_home(tx, member)
    if page not in rules.PAGES or home is None:
        raise UserError(PAGE_CHANGED)
    home.page = page


def on_published(tx: Transaction, member: str, result: PublishHomeResult) -> None:
    """Store the hash of the published view.

    If another view was published since this one was rendered, it is unknown which one
    Slack shows: so the Home tab is published again.
    """
    home = _lock_home(tx, member)
    if home is None:
        return
    if home.view_hash != result.replaced_hash:
        home_refresh.refresh_homes(tx, [member])
    home.view_hash = result.view_hash


def on_rejected(tx: Transaction, member: str, error: str) -> None:
    """Delete the rows of Home tabs that Slack does not show, by its error code.

    With "not_enabled" these are all Home tabs of the workspace. If Slack shows them
    again later, a member who opens theirs gets a new row.
    """
    members = select(Home.member).where(Home.installation_id == tx.workspace.id)
    if error == "not_enabled":
        # Another transaction may just be deleting the same rows, and lock some.
        members = members.with_for_update(skip_locked=True)
    else:
        members = members.where(Home.member == member)
    tx.session.execute(
        delete(Home).where(
            Home.installation_id == tx.workspace.id,
            Home.member.in_(tx.session.scalars(members).all()),
        )
    )


def _lock_home(tx: Transaction, member: str) -> Home | None:
    """Lock the member's row and read it again; None if there is none."""
    return tx.session.scalar(
        select(Home)
        .filter_by(installation_id=tx.workspace.id, member=member)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


# The kinds of replies to a direct message. Only the message's `ts` is stored.
ReplyKind = Literal["help", "ask", "line"]


def reply_to_message(
    tx: Transaction, *, member: str, ts: str, reply: ReplyKind
) -> None:
    """Answer a message to the bot, once: with help, an offer to ask, or a line."""
    tx.enqueue(
        HOME_REPLY, 0, to=member, payload={"reply": reply, "ts": ts}, occurrence=ts
    )


def render_reply(tx: Transaction, delivery: Delivery) -> PostMessage:
    match delivery.payload.get("reply"):
        case "help":
            text, message_blocks = notes.help_message(tx.features.help_text(None))
        case "ask":
            text, message_blocks = notes.offer_to_ask(delivery.payload["ts"])
        case _:
            text, message_blocks = notes.help_hint()
    return PostMessage(delivery.recipient, text, message_blocks)


def render_home(tx: Transaction, delivery: Delivery) -> PublishHome | None:
    if tx.session.get(Home, (delivery.installation_id, delivery.recipient)) is None:
        return None
    rendered = page.render(tx, delivery.recipient)
    # After a failure, publish without the hash: if our stored hash is out of date,
    # Slack would reject each further attempt.
    return PublishHome(
        delivery.recipient,
        rendered.view,
        rendered.hash,
        is_forced=delivery.failures > 0,
    )


def _lock(tx: Transaction, delivery: Delivery) -> None:
    _lock_home(tx, delivery.recipient)


def _on_sent(tx: Transaction, delivery: Delivery, result: PublishHomeResult) -> None:
    on_published(tx, delivery.recipient, result)


def _on_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    on_rejected(tx, delivery.recipient, error)


MESSAGE_TYPES = (
    MessageType(HOME_REPLY, render_reply),
    MessageType(
        HOME_PUBLISH,
        render_home,
        "resend",
        on_sent=_on_sent,
        on_rejected=_on_rejected,
        lock=_lock,
    ),
    MessageType(
        HOME_FETCH_MEMBERSHIPS,
        memberships.render_fetch,
        "resend",
        on_sent=memberships.on_fetched,
        lock=_lock,
    ),
)
