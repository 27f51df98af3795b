"""Kudos: given by words, taken back; posted by the outbox."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import homes, outbox
from bot.errors import Refusal
from bot.kudos import allowance, rules
from bot.kudos.rules import Problem, Wish
from bot.members import service as members
from bot.members.rules import Action, Role, check
from bot.outbox import upsert
from bot.runtime import Workspace
from models import Channel, Kudos, KudosTag, Thanks

GONE = "These kudos are gone."
BACK_ALREADY = "These kudos have already been taken back."


@dataclass(frozen=True, slots=True)
class About:
    """The message that kudos are about."""

    channel_id: int
    ts: str
    thread_ts: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """Kudos as their giver put them. `reason` is marked text."""

    people: Sequence[str]
    reason: str
    tags: Sequence[str] = ()
    has_group: bool = False
    about: About | None = None


@dataclass(frozen=True, slots=True)
class Given:
    kudos_id: int
    receivers: Sequence[str]
    # What was left out of what the giver wanted.
    dropped: Sequence[Problem]
    left: int


def may_thank_in(channel: Channel) -> None:
    """Raises Refusal where nothing can be posted."""
    if channel.is_archived:
        raise Refusal("This channel is archived; choose another one.", field="channel")
    if channel.is_read_only:
        raise Refusal(
            "I'm not allowed to post in that channel; choose another one.",
            field="channel",
        )


def give(
    session: Session,
    workspace: Workspace,
    # None: privately, by direct messages only.
    channel: Channel | None,
    draft: Draft,
    *,
    giver: str,
    source: str,
    now: datetime,
) -> Given:
    """Thank people: one kudos for each `source`, and within the giver's allowance.

    Raises Refusal, with all that is wrong, where none of it can be given.
    """
    allowance.hold(session, workspace.id, giver)
    within = allowance.days(now, members.find(session, workspace.id, giver))
    a_day = allowance.a_day(session, workspace.id)
    left = a_day - allowance.spent(session, workspace.id, giver, within)
    wish = Wish(
        giver=giver,
        people=draft.people,
        known=allowance.receivers(session, workspace.id, giver, draft.people, within),
        left=left,
        a_day=a_day,
        reason=draft.reason,
        tags=draft.tags,
        has_group=draft.has_group,
        strangers_too=channel is not None and channel.strangers_get_kudos,
    )
    known = session.scalar(
        select(Kudos).filter_by(installation_id=workspace.id, source=source)
    ) or _said_just_now(session, workspace, channel, wish, draft.about, now=now)
    if known is not None:
        return Given(known.id, known.receivers, (), max(0, left))
    check(Action.THANK, members.roles_in_workspace(session, workspace.id, giver))
    if channel is not None:
        may_thank_in(channel)
    verdict = rules.weigh(wish)
    if verdict.refused:
        raise rules.refuse(verdict.refused)
    kudos = _add(
        session,
        workspace,
        channel,
        draft,
        receivers=verdict.receivers,
        giver=giver,
        source=source,
        now=now,
    )
    if channel is None:
        tell_receivers(session, kudos, verdict.receivers, now=now)
    else:
        _promise(
            "kudos.post",
            session,
            kudos,
            channel.slack_id,
            now=now,
            detail={"thread_ts": kudos.thread_ts} if kudos.thread_ts else None,
        )
    return Given(kudos.id, verdict.receivers, verdict.dropped, left - verdict.cost)


def _said_just_now(
    session: Session,
    workspace: Workspace,
    channel: Channel | None,
    wish: Wish,
    about: About | None,
    *,
    now: datetime,
) -> Kudos | None:
    """The same, said a moment ago by somebody who saw no answer, perhaps."""
    lately = session.scalars(
        select(Kudos)
        .filter_by(
            installation_id=workspace.id,
            giver=wish.giver,
            channel_id=channel.id if channel else None,
            reason=wish.reason,
            about_channel_id=about.channel_id if about else None,
            about_ts=about.ts if about else None,
            taken_back_at=None,
            emoji=None,
        )
        .where(Kudos.given_at > now - rules.SAME_WITHIN)
    )
    return next((one for one in lately if rules.is_again(wish, one.receivers)), None)


def _add(
    session: Session,
    workspace: Workspace,
    channel: Channel | None,
    draft: Draft,
    *,
    receivers: Sequence[str],
    giver: str,
    source: str,
    now: datetime,
) -> Kudos:
    about = draft.about
    is_here = (
        about is not None and channel is not None and about.channel_id == channel.id
    )
    kudos = Kudos(
        installation_id=workspace.id,
        source=source,
        channel_id=channel.id if channel else None,
        is_private=channel is None,
        # What is said in a thread is thanked for in it.
        thread_ts=about.thread_ts if about is not None and is_here else None,
        about_channel_id=about.channel_id if about else None,
        about_ts=about.ts if about else None,
        about_thread_ts=about.thread_ts if about else None,
        giver=giver,
        receivers=list(receivers),
        reason=draft.reason,
        tags=list(draft.tags),
        given_at=now,
    )
    session.add(kudos)
    session.flush()
    credit(session, kudos, giver, receivers, at=now)
    session.add_all(
        KudosTag(kudos_id=kudos.id, tag=tag, installation_id=workspace.id, given_at=now)
        for tag in draft.tags
    )
    session.flush()
    return kudos


def credit(
    session: Session,
    kudos: Kudos,
    giver: str,
    receivers: Iterable[str],
    *,
    at: datetime,
    is_second: bool = False,
) -> None:
    """One person thanks these by the kudos, their own or one that they join."""
    rows = [
        {
            "kudos_id": kudos.id,
            "giver": giver,
            "receiver": receiver,
            "installation_id": kudos.installation_id,
            "given_at": at,
            "is_second": is_second,
        }
        for receiver in receivers
    ]
    if rows:
        session.execute(upsert(session, Thanks).on_conflict_do_nothing(), rows)


def hold(session: Session, workspace: Workspace, kudos_id: int) -> Kudos:
    """The kudos, which nobody else changes meanwhile; raises Refusal for none."""
    kudos = session.scalar(
        select(Kudos)
        .filter_by(id=kudos_id, installation_id=workspace.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if kudos is None:
        raise Refusal(GONE)
    return kudos


def take_back(
    session: Session, workspace: Workspace, kudos_id: int, *, by: str, now: datetime
) -> None:
    """The kudos are given no longer, and whoever was told sees so where they were told.

    Raises Refusal for others than the giver and admins, or when it is too late.
    """
    kudos = hold(session, workspace, kudos_id)
    held = members.roles_in_workspace(session, workspace.id, by)
    if by == kudos.giver:
        held |= {Role.AUTHOR}
    rules.may_take_back(held, given_at=kudos.given_at, now=now)
    if kudos.taken_back_at is not None:
        raise Refusal(BACK_ALREADY)
    withdraw(session, kudos, by=by, now=now)


def withdraw(session: Session, kudos: Kudos, *, by: str | None, now: datetime) -> None:
    """What the kudos gave is given no longer. To be called with the kudos held."""
    kudos.taken_back_at, kudos.taken_back_by = now, by
    session.execute(delete(Thanks).where(Thanks.kudos_id == kudos.id))
    session.execute(delete(KudosTag).where(KudosTag.kudos_id == kudos.id))
    session.flush()
    show_again(session, kudos, now=now)
    if kudos.emoji is None:
        settle(session, kudos, now=now, due=now)
    for receiver in kudos.receivers:
        retell(session, kudos, receiver, now=now)


def show_again(session: Session, kudos: Kudos, *, now: datetime) -> None:
    """The kudos' message, if there is one, is to show what is true now."""
    if kudos.channel_id is None or kudos.emoji is not None:
        return
    channel = session.get_one(Channel, kudos.channel_id)
    _refresh("kudos.show", session, kudos, channel.slack_id, now=now)


def tell_receivers(
    session: Session,
    kudos: Kudos,
    receivers: Iterable[str],
    *,
    now: datetime,
    due: datetime | None = None,
) -> None:
    told = list(receivers)
    for receiver in told:
        _promise("kudos.received", session, kudos, receiver, now=now, due=due)
    homes.refresh(session, kudos.installation_id, told, now=now)


def retell(session: Session, kudos: Kudos, receiver: str, *, now: datetime) -> None:
    """The letter to a receiver, if there is one, is to say what is true now."""
    _refresh("kudos.retell", session, kudos, receiver, now=now)
    homes.refresh(session, kudos.installation_id, [receiver], now=now)


def settle(session: Session, kudos: Kudos, *, now: datetime, due: datetime) -> None:
    """The line to the giver, if it is a letter, is to lose its button at `due`."""
    outbox.refresh_all(
        session,
        "kudos.settled",
        [(kudos.id, kudos.giver)],
        installation_id=kudos.installation_id,
        now=now,
        due=due,
    )


def tell_giver(
    session: Session,
    given: Given,
    *,
    # Where to say it, to the giver only; None: in a direct message.
    channel: Channel | None,
    now: datetime,
) -> None:
    """What was given and what is left, to a giver who can't be answered at once."""
    kudos = session.get_one(Kudos, given.kudos_id)
    detail = {"left": given.left, "dropped": [p.text for p in given.dropped]}
    recipient = channel.slack_id if channel else kudos.giver
    _promise("kudos.given", session, kudos, recipient, now=now, detail=detail)


def _promise(
    kind: str,
    session: Session,
    kudos: Kudos,
    recipient: str,
    *,
    now: datetime,
    due: datetime | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    outbox.promise(
        session,
        kind,
        kudos.id,
        recipient,
        installation_id=kudos.installation_id,
        now=now,
        due=due,
        detail=detail,
    )


def _refresh(
    kind: str, session: Session, kudos: Kudos, recipient: str, *, now: datetime
) -> None:
    outbox.refresh(
        session,
        kind,
        kudos.id,
        recipient,
        installation_id=kudos.installation_id,
        now=now,
    )
