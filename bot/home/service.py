"""The Home tab: opened, turned, shown; and the conversation with the bot beside it."""

from datetime import datetime
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import homes, outbox, visibility
from bot.checkins import seats
from bot.delivery import Notice
from bot.errors import Refusal
from bot.home import blocks, lists, places, rules
from bot.lanes import Claim
from bot.members import service as members
from bot.members.rules import SHUT_OUT
from bot.operations import Post, Publish, Published
from bot.outbox import upsert
from bot.runtime import Workspace
from models import Channel, Home

GONE = "That list has changed. Open my Home tab again."


def opened(
    session: Session, workspace: Workspace, member: str, *, now: datetime
) -> None:
    """Somebody looks at their Home tab: from now on it is kept fresh.

    They see the first page of each list. People who may do nothing here have none.
    """
    if members.roles_in_workspace(session, workspace.id, member) & SHUT_OUT:
        return
    session.execute(
        upsert(session, Home)
        .values(installation_id=workspace.id, member=member, opened_at=now, starts={})
        .on_conflict_do_update(
            index_elements=["installation_id", "member"],
            set_={"opened_at": now, "starts": {}},
        )
    )
    places.read_again(session, workspace.id, member, now=now)


def turn(session: Session, workspace: Workspace, member: str, to: str) -> None:
    """Show another page of one list, named as its button does. Raises Refusal."""
    turned = rules.turned(to)
    home = _hold(session, workspace.id, member)
    if turned is None or home is None:
        raise Refusal(GONE)
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
    schedule = seats.find(session, workspace, schedule_id)
    channel = session.get_one(Channel, schedule.channel_id)
    visibility.check_inside(session, channel, member, now=now, why_not=GONE)
    seats.join(session, workspace, schedule_id, member, now=now)


def published(
    session: Session,
    installation_id: int,
    member: str,
    done: Published,
    *,
    now: datetime,
) -> None:
    """Remember what is shown by now.

    Where another view was remembered since this one was drawn, nobody can tell which
    of them stands: it is drawn again.
    """
    home = _hold(session, installation_id, member)
    if home is None:
        return
    if home.hash != done.replaces:
        homes.refresh(session, installation_id, [member], now=now)
    home.hash = done.shown


def close(session: Session, installation_id: int, member: str, error: str) -> None:
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


def _hold(session: Session, installation_id: int, member: str) -> Home | None:
    """The row as it is now; nobody else changes it meanwhile."""
    return session.scalar(
        select(Home)
        .filter_by(installation_id=installation_id, member=member)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


# Nothing of a message is kept but its `ts`.
Reply = Literal["help", "ask", "line"]


def answer_message(
    session: Session,
    workspace: Workspace,
    *,
    member: str,
    ts: str,
    reply: Reply,
    now: datetime,
) -> None:
    """Answer a message to the bot, once: with help, an offer to ask, or a line."""
    outbox.promise(
        session,
        "home.help",
        0,
        member,
        installation_id=workspace.id,
        now=now,
        detail={"reply": reply, "ts": ts},
        occasion=ts,
    )


def answer(_session: Session, claim: Claim) -> Post:
    match claim.detail.get("reply"):
        case "help":
            text, drawn = blocks.help_letter()
        case "ask":
            text, drawn = blocks.offer_to_ask(claim.detail["ts"])
        case _:
            text, drawn = blocks.help_line()
    return Post(claim.recipient, text, drawn)


class Drawing:
    """How what is promised about Home tabs is kept, for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def notices(self) -> dict[str, Notice]:
        return {
            "home.help": Notice(answer),
            "home.show": Notice(
                self.show,
                "repeat",
                delivered=self._shown,
                parked=self._not_shown,
                hold=self._hold,
            ),
            "home.places": Notice(
                places.ask, "repeat", delivered=places.told, hold=self._hold
            ),
        }

    def show(self, session: Session, claim: Claim) -> Publish | None:
        if session.get(Home, (claim.installation_id, claim.recipient)) is None:
            return None
        drawn = lists.view(
            session, self._workspace, claim.recipient, now=claim.claimed_at
        )
        # What we know of may have got lost, and would be wrong each time.
        return Publish(
            claim.recipient, drawn.view, drawn.hash, is_forced=claim.failures > 0
        )

    def _hold(self, session: Session, claim: Claim) -> None:
        _hold(session, claim.installation_id, claim.recipient)

    def _shown(
        self, session: Session, claim: Claim, done: Published, now: datetime
    ) -> None:
        published(session, claim.installation_id, claim.recipient, done, now=now)

    def _not_shown(
        self, session: Session, claim: Claim, error: str, _now: datetime
    ) -> None:
        close(session, claim.installation_id, claim.recipient, error)
