"""The Home tab: opened, turned, shown; and the conversation with the bot beside it."""

from datetime import datetime
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import visibility
from bot.checkins import participants
from bot.db.statements import upsert
from bot.errors import UserError
from bot.home import memberships, notes, page, rules
from bot.outbox import enqueue, home_refresh
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.permissions import DENIED_ROLES
from bot.runtime import Workspace
from bot.slack.actions import PostMessage, PublishHome, PublishHomeResult
from bot.workspace import roles
from models import Channel, Home

LIST_CHANGED = "That list has changed. Open my Home tab again."


def open_home(
    session: Session, workspace: Workspace, member: str, *, now: datetime
) -> None:
    """Somebody looks at their Home tab: from now on it is kept fresh.

    They see the first page of each list. People who may do nothing here have none.
    """
    if roles.in_workspace(session, workspace.id, member) & DENIED_ROLES:
        return
    session.execute(
        upsert(session, Home)
        .values(installation_id=workspace.id, member=member, opened_at=now, starts={})
        .on_conflict_do_update(
            index_elements=["installation_id", "member"],
            set_={"opened_at": now, "starts": {}},
        )
    )
    memberships.request_refresh(session, workspace.id, member, now=now)


def set_page(session: Session, workspace: Workspace, member: str, value: str) -> None:
    """Show another page of one list, named as its button does. Raises Refusal."""
    turned = rules.parse_page(value)
    home = _lock_home(session, workspace.id, member)
    if turned is None or home is None:
        raise UserError(LIST_CHANGED)
    name, start = turned
    home.starts = {**home.starts, name: start}


def join_checkin(
    session: Session,
    workspace: Workspace,
    schedule_id: int,
    member: str,
    *,
    now: datetime,
) -> None:
    """Join a check-in from the list there; raises Refusal for what is in no such list.

    Of a private channel only its members are to hear anything.
    """
    schedule = participants.get_schedule(session, workspace, schedule_id)
    channel = session.get_one(Channel, schedule.channel_id)
    visibility.require_visible(session, channel, member, now=now, message=LIST_CHANGED)
    participants.join(session, workspace, schedule_id, member, now=now)


def on_published(
    session: Session,
    installation_id: int,
    member: str,
    result: PublishHomeResult,
    *,
    now: datetime,
) -> None:
    """Remember what is shown by now.

    Where another view was remembered since this one was drawn, nobody can tell which
    of them stands: it is drawn again.
    """
    home = _lock_home(session, installation_id, member)
    if home is None:
        return
    if home.hash != result.replaced_hash:
        home_refresh.refresh_homes(session, installation_id, [member], now=now)
    home.hash = result.view_hash


def on_rejected(
    session: Session, installation_id: int, member: str, error: str
) -> None:
    """Slack does not show the Home tab, by its `error`: it is not drawn again.

    Whoever opens theirs later shows that there are Home tabs again.
    """
    theirs = select(Home.member).where(Home.installation_id == installation_id)
    if error == "not_enabled":
        # Others that close everybody's at this moment hold theirs.
        theirs = theirs.with_for_update(skip_locked=True)
    else:
        theirs = theirs.where(Home.member == member)
    session.execute(
        delete(Home).where(
            Home.installation_id == installation_id,
            Home.member.in_(session.scalars(theirs).all()),
        )
    )


def _lock_home(session: Session, installation_id: int, member: str) -> Home | None:
    """The row as it is now; nobody else changes it meanwhile."""
    return session.scalar(
        select(Home)
        .filter_by(installation_id=installation_id, member=member)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


# Nothing of a message is kept but its `ts`.
ReplyKind = Literal["help", "ask", "line"]


def reply_to_message(
    session: Session,
    workspace: Workspace,
    *,
    member: str,
    ts: str,
    reply: ReplyKind,
    now: datetime,
) -> None:
    """Answer a message to the bot, once: with help, an offer to ask, or a line."""
    enqueue.enqueue(
        session,
        "home.help",
        0,
        member,
        installation_id=workspace.id,
        now=now,
        payload={"reply": reply, "ts": ts},
        occurrence=ts,
    )


def render_reply(_session: Session, delivery: Delivery) -> PostMessage:
    match delivery.payload.get("reply"):
        case "help":
            text, drawn = notes.help_message()
        case "ask":
            text, drawn = notes.offer_to_ask(delivery.payload["ts"])
        case _:
            text, drawn = notes.help_hint()
    return PostMessage(delivery.recipient, text, drawn)


class HomeMessages:
    """How what is promised about Home tabs is kept, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def message_types(self) -> dict[str, MessageType]:
        return {
            "home.help": MessageType(render_reply),
            "home.show": MessageType(
                self.render_home,
                "repeat",
                on_sent=self._on_sent,
                on_rejected=self._on_rejected,
                lock=self._lock,
            ),
            "home.places": MessageType(
                memberships.render_fetch,
                "repeat",
                on_sent=memberships.on_fetched,
                lock=self._lock,
            ),
        }

    def render_home(self, session: Session, delivery: Delivery) -> PublishHome | None:
        if session.get(Home, (delivery.installation_id, delivery.recipient)) is None:
            return None
        drawn = page.render(
            session, self._workspace, delivery.recipient, now=delivery.started_at
        )
        # What we know of may have got lost, and would be wrong each time.
        return PublishHome(
            delivery.recipient, drawn.view, drawn.hash, is_forced=delivery.failures > 0
        )

    def _lock(self, session: Session, delivery: Delivery) -> None:
        _lock_home(session, delivery.installation_id, delivery.recipient)

    def _on_sent(
        self,
        session: Session,
        delivery: Delivery,
        result: PublishHomeResult,
        now: datetime,
    ) -> None:
        on_published(
            session, delivery.installation_id, delivery.recipient, result, now=now
        )

    def _on_rejected(
        self, session: Session, delivery: Delivery, error: str, _now: datetime
    ) -> None:
        on_rejected(session, delivery.installation_id, delivery.recipient, error)
