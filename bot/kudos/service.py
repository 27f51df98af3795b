"""Kudos: given by words, taken back; posted by the outbox."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from bot import homes, outbox, visibility
from bot.db import prepare, table
from bot.errors import Refusal
from bot.kudos import allowance, rules
from bot.kudos.rules import Problem, Wish
from bot.members import service as members
from bot.members.rules import Action, Role, check
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
    # Their plain names.
    names: Sequence[str]
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
    stands = allowance.standing(session, workspace.id, giver, draft.people, at=now)
    wish = Wish(
        giver=giver,
        people=draft.people,
        known=stands.receivers,
        left=stands.left,
        a_day=stands.a_day,
        reason=draft.reason,
        tags=draft.tags,
        has_group=draft.has_group,
        strangers_too=channel is not None and channel.strangers_get_kudos,
    )
    kudos_id = _said_just_now(stands.just_now, channel, wish, draft.about)
    if kudos_id is not None:
        return _known(session, wish, kudos_id)
    try:
        check(Action.THANK, stands.roles)
        if channel is not None:
            may_thank_in(channel)
            visibility.check_inside(session, channel, giver, now=now, field="channel")
        verdict = rules.weigh(wish)
        if verdict.refused:
            raise rules.refuse(verdict.refused)
    except Refusal:
        # A request that comes twice is not refused for what it has given itself.
        if (kudos_id := _by_source(session, workspace, source)) is None:
            raise
        return _known(session, wish, kudos_id)
    kudos_id = _add(
        session,
        workspace,
        channel,
        draft,
        receivers=verdict.receivers,
        giver=giver,
        source=source,
        now=now,
    )
    if kudos_id is None:
        kudos_id = _by_source(session, workspace, source)
        assert kudos_id is not None  # noqa: S101 - it is why there is no new row
        return _known(session, wish, kudos_id)
    if channel is None:
        kudos = session.get_one(Kudos, kudos_id)
        tell_receivers(session, kudos, verdict.receivers, now=now)
    else:
        thread_ts = _thread(draft, channel)
        outbox.promise(
            session,
            "kudos.post",
            kudos_id,
            channel.slack_id,
            installation_id=workspace.id,
            now=now,
            detail={"thread_ts": thread_ts} if thread_ts else None,
        )
    return Given(
        kudos_id,
        verdict.receivers,
        [stands.receivers[receiver].name for receiver in verdict.receivers],
        verdict.dropped,
        stands.left - verdict.cost,
    )


def _known(session: Session, wish: Wish, kudos_id: int) -> Given:
    """Return what the same request has given before."""
    kudos = session.get_one(Kudos, kudos_id)
    called = members.names(session, kudos.installation_id, kudos.receivers)
    return Given(
        kudos_id,
        kudos.receivers,
        [called[receiver] for receiver in kudos.receivers],
        (),
        max(0, wish.left),
    )


def _by_source(session: Session, workspace: Workspace, source: str) -> int | None:
    return session.scalar(
        select(Kudos.id).filter_by(installation_id=workspace.id, source=source)
    )


def _said_just_now(
    just_now: Iterable[Any], channel: Channel | None, wish: Wish, about: About | None
) -> int | None:
    """The id of the same, given a moment ago by somebody who saw no answer, perhaps."""
    same = (
        channel.id if channel else None,
        wish.reason,
        about.channel_id if about else None,
        about.ts if about else None,
    )
    return next(
        (
            row.id
            for row in just_now
            if (row.channel_id, row.reason, row.about_channel_id, row.about_ts) == same
            and rules.is_again(wish, row.receivers)
        ),
        None,
    )


def _thread(draft: Draft, channel: Channel | None) -> str | None:
    """Return the thread of the kudos: what is said in one is thanked for in it."""
    about = draft.about
    if about is None or channel is None or about.channel_id != channel.id:
        return None
    return about.thread_ts


_ADD = prepare(
    Kudos,
    lambda insert: insert.on_conflict_do_nothing(
        index_elements=["installation_id", "source"]
    ).returning(table(Kudos).c.id),
)
_CREDIT = prepare(Thanks, lambda insert: insert.on_conflict_do_nothing())


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
) -> int | None:
    """The new kudos' id; None where its `source` has given some already."""
    about = draft.about
    kudos_id: int | None = session.execute(
        _ADD(session),
        {
            "installation_id": workspace.id,
            "source": source,
            "channel_id": channel.id if channel else None,
            "is_private": channel is None,
            "thread_ts": _thread(draft, channel),
            "about_channel_id": about.channel_id if about else None,
            "about_ts": about.ts if about else None,
            "about_thread_ts": about.thread_ts if about else None,
            "giver": giver,
            "receivers": list(receivers),
            "reason": draft.reason,
            "tags": list(draft.tags),
            "given_at": now,
        },
    ).scalar_one_or_none()
    if kudos_id is None:
        return None
    _credit(session, workspace.id, kudos_id, giver, receivers, at=now)
    if draft.tags:
        session.execute(
            insert(table(KudosTag)),
            [
                {
                    "kudos_id": kudos_id,
                    "tag": tag,
                    "installation_id": workspace.id,
                    "given_at": now,
                }
                for tag in draft.tags
            ],
        )
    return kudos_id


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
    _credit(
        session,
        kudos.installation_id,
        kudos.id,
        giver,
        receivers,
        at=at,
        is_second=is_second,
    )


def _credit(
    session: Session,
    installation_id: int,
    kudos_id: int,
    giver: str,
    receivers: Iterable[str],
    *,
    at: datetime,
    is_second: bool = False,
) -> None:
    rows = [
        {
            "kudos_id": kudos_id,
            "giver": giver,
            "receiver": receiver,
            "installation_id": installation_id,
            "given_at": at,
            "is_second": is_second,
        }
        for receiver in receivers
    ]
    if rows:
        session.execute(_CREDIT(session), rows)


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
    if kudos.channel_id is not None:
        channel = session.get_one(Channel, kudos.channel_id)
        visibility.check_inside(session, channel, by, now=now)
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
