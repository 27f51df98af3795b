"""People's own data: shown to them, and forgotten when they say so or have left."""

from collections.abc import Mapping
from datetime import datetime
from secrets import token_hex
from typing import Any

from slack_sdk.models.views import View
from sqlalchemy import Text, cast, delete, select, update
from sqlalchemy.orm import Session

from bot import kept, outbox, visibility
from bot.answers import registers
from bot.db import table
from bot.kept import Leaving
from bot.lanes import Claim
from bot.members import service as members
from bot.members.rules import Action, check
from bot.operations import Upload
from bot.privacy import blocks, letters, rules
from bot.privacy.kept import EVERYTHING, TOLD
from bot.runtime import Workspace
from bot.text import FORGOTTEN
from models import Channel, Member, OutboxItem

# So many are forgotten at a time: each touches much.
AT_ONCE = 5


def ask_for_data(
    session: Session, workspace: Workspace, *, member: str, request: str, now: datetime
) -> None:
    """Promise the person their file, once for each `request`.

    Raises Refusal for who is no member.
    """
    _check(session, workspace, member)
    outbox.promise(
        session,
        "privacy.my_data",
        0,
        member,
        installation_id=workspace.id,
        now=now,
        occasion=request,
    )


def data_file(session: Session, claim: Claim) -> Upload:
    """Everything that is kept of the person whom the promise is to."""
    now = claim.first_sent_at
    content = rules.everything(
        shown_to(session, claim.installation_id, claim.recipient, now=claim.claimed_at),
        why={one.model.__tablename__: one.why for one in EVERYTHING},
        member=claim.recipient,
        now=now,
    )
    return Upload(
        claim.recipient,
        name="backswing-my-data",
        title=blocks.FILE_TITLE,
        comment=blocks.FILE_COMMENT,
        content=content.encode(),
    )


def shown_to(
    session: Session, installation_id: int, member: str, *, now: datetime
) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table that are about a person, channels by their Slack ids.

    Raises MembershipUnknown: what others wrote in private channels is for who is there.
    """
    channels = session.scalars(
        select(Channel).filter_by(installation_id=installation_id)
    ).all()
    places = {channel.id: channel.slack_id for channel in channels}
    hidden = places.keys() - visibility.seen(session, channels, member, now=now)
    return {
        one.model.__tablename__: [
            _readable(row, places)
            for row in kept.shown_to(
                session, one, installation_id, member, hidden=hidden
            )
        ]
        for one in EVERYTHING
    }


def _readable(row: Mapping[str, Any], places: Mapping[int, str]) -> dict[str, Any]:
    return {
        name: places.get(value, value) if name.endswith("channel_id") else value
        for name, value in row.items()
        if name != "installation_id"
    }


def _check(session: Session, workspace: Workspace, member: str) -> None:
    check(Action.OWN_DATA, members.roles_in_workspace(session, workspace.id, member))


def forget_form(session: Session, workspace: Workspace, member: str) -> View:
    """Raises Refusal for who is no member."""
    _check(session, workspace, member)
    return blocks.forget_form(count(session, workspace.id, member))


def forget_oneself(
    session: Session, workspace: Workspace, member: str, *, now: datetime
) -> None:
    """Raises Refusal for who is no member."""
    _check(session, workspace, member)
    forget(session, workspace.id, member, now=now)


def count(session: Session, installation_id: int, member: str) -> dict[str, int]:
    """How many rows each table has of a person, by the table's name."""
    return {
        one.model.__tablename__: kept.count(session, one, installation_id, member)
        for one in EVERYTHING
        if one.owners and one.when_forgotten != "trace"
    }


def forget(
    session: Session, installation_id: int, member: str, *, now: datetime
) -> str:
    """Take a person out of everything; the pseudonym that stands for them now.

    Totals stay as they are: one person is still one person, without a name. Nothing
    leads from the pseudonym back.
    """
    leaving = Leaving(installation_id, member, FORGOTTEN + token_hex(8), now)
    members.note(session, installation_id, [member])
    for one in EVERYTHING:
        one.before(session, leaving)
    written_about = letters.about(session, TOLD, leaving)
    written_to = letters.stop(session, leaving)
    for one in EVERYTHING:
        kept.forget(session, one, leaving)
    # What was read before is not what stands there now.
    session.expire_all()
    letters.reword(session, [*written_about, *written_to], leaving)
    return leaving.pseudonym


def forget_departed(
    session: Session, installation_id: int, *, before: datetime, now: datetime
) -> int:
    """Forget some of those who were deactivated before then; how many."""
    departed = session.scalars(
        select(Member.slack_id)
        .where(
            Member.installation_id == installation_id,
            Member.is_deactivated.is_(True),
            Member.is_bot.is_(False),
            Member.deactivated_at < before,
        )
        .order_by(Member.deactivated_at)
        .limit(AT_ONCE)
    ).all()
    for member in departed:
        forget(session, installation_id, member, now=now)
    return len(departed)


def purge(
    session: Session,
    installation_id: int,
    *,
    sent_before: datetime,
    seen_before: datetime,
    now: datetime,
) -> None:
    """Let go of what has served its time."""
    registers.purge(session, installation_id, before=seen_before)
    items = table(OutboxItem)
    session.execute(
        update(items)
        .where(
            items.c.installation_id == installation_id,
            items.c.finished_at < sent_before,
            cast(items.c.detail, Text) != "{}",
        )
        .values(detail={}, emptied_at=now)
    )
    _lift_traces(session, installation_id, before=seen_before)
    letters.try_again(session, installation_id, now=now)


def _lift_traces(session: Session, installation_id: int, *, before: datetime) -> None:
    """Nothing from before they were forgotten can still arrive: the ids go, too.

    Whoever has come back meanwhile is met like anybody new.
    """
    traces = session.scalars(
        select(Member).where(
            Member.installation_id == installation_id, Member.counts_from < before
        )
    ).all()
    for member in traces:
        is_back = any(
            kept.is_named(session, one, installation_id, member.slack_id)
            for one in EVERYTHING
            if one.when_forgotten != "trace"
        )
        if is_back:
            member.forgotten_at = member.counts_from = None
        else:
            session.execute(delete(Member).where(Member.id == member.id))
