"""Asks: opened, taken from messages, edited, deleted; posted by the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.answers import outcomes, registers
from bot.answers import service as answers
from bot.asks import rules
from bot.clock import micros_of, moment
from bot.errors import Refusal
from bot.lanes import Claim
from bot.members import service as members
from bot.members.rules import Action, Role, check
from bot.outbox import upsert
from bot.runtime import Workspace
from bot.text import clean
from models import Ask, Channel, Member, OutboxItem

GONE = "That ask is not there any more."
NO_GUESTS = (
    "In this channel only full members of the workspace ask. You can answer, though."
)

NO_PERSON = "That message is not by a person."


@dataclass(frozen=True, slots=True)
class Draft:
    """An ask as its asker put it. `title` and `details` are marked text."""

    title: str
    details: str = ""
    topics: Sequence[str] = ()


def may_ask(session: Session, channel: Channel, member: str) -> None:
    """Raises Refusal where the person can't ask in the channel."""
    if channel.is_archived:
        raise Refusal("This channel is archived; choose another one.", field="channel")
    if channel.is_read_only:
        raise Refusal(
            "I'm not allowed to post in that channel; choose another one.",
            field="channel",
        )
    held = members.roles(session, channel, member)
    check(Action.ASK, held)
    if Role.GUEST in held and not channel.guests_may_ask:
        raise Refusal(NO_GUESTS, field="channel")


def open_ask(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    draft: Draft,
    *,
    asker: str,
    source: str,
    now: datetime,
) -> Ask:
    """Put a problem to the peers: one ask and one message for each `source`.

    Raises Refusal where the asker may not ask there.
    """
    known = session.scalar(
        select(Ask).filter_by(installation_id=workspace.id, source=source)
    )
    if known is not None:
        return known
    may_ask(session, channel, asker)
    ask = _add(
        session, workspace, channel, draft, asker=asker, source=source, asked_at=now
    )
    if ask is None:
        return session.scalars(
            select(Ask).filter_by(installation_id=workspace.id, source=source)
        ).one()
    outbox.promise(
        session,
        "ask.post",
        ask.id,
        channel.slack_id,
        installation_id=workspace.id,
        now=now,
    )
    return ask


def take_message(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    *,
    ts: str,
    author: str,
    text: str,
    topics: Sequence[str] = (),
) -> Ask | None:
    """Make somebody's own message an ask; None where it is one already.

    What was seen of its thread counts from now on. Tells nobody anything.
    """
    members.note(session, workspace.id, [author])
    title, details = rules.from_message(text)
    ask = _add(
        session,
        workspace,
        channel,
        Draft(title, details, topics),
        asker=author,
        source=f"message:{channel.slack_id}:{ts}",
        asked_at=moment(ts),
        ts=ts,
    )
    if ask is not None:
        registers.adopt(session, ask, channel)
    return ask


def _add(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    draft: Draft,
    *,
    asker: str,
    source: str,
    asked_at: datetime,
    ts: str | None = None,
) -> Ask | None:
    earlier = select(Ask.id).filter_by(installation_id=workspace.id, asker=asker)
    added = session.scalar(
        upsert(session, Ask)
        .values(
            installation_id=workspace.id,
            channel_id=channel.id,
            source=source,
            ts=ts,
            is_own_message=ts is not None,
            asker=asker,
            title=draft.title,
            details=draft.details,
            topics=list(draft.topics),
            asked_at=asked_at,
            is_first=session.scalar(earlier.limit(1)) is None,
        )
        .on_conflict_do_nothing()
        .returning(Ask.id)
    )
    return None if added is None else session.get_one(Ask, added)


def hold(session: Session, claim: Claim) -> None:
    """Lock an ask as everybody does: its channel first, what was promised last."""
    ask = session.get_one(Ask, claim.subject_id)
    registers.hold_channel(session, ask.channel_id)
    outcomes.hold(session, ask.id)


def posted(
    session: Session, claim: Claim, sent: tuple[str, str], now: datetime
) -> None:
    """Slack has told the ask's `ts`: what was said and marked there counts now."""
    ask = session.get_one(Ask, claim.subject_id, with_for_update={"key_share": True})
    channel = session.get_one(Channel, ask.channel_id)
    ask.ts = sent[1]
    session.flush()
    registers.adopt(session, ask, channel)
    outcomes.resettle(session, ask.id, now=now)
    # People may have answered before we knew the message as an ask.
    answers.read_thread(session, ask, channel, now=now)
    changed_meanwhile = session.scalar(
        select(OutboxItem.id).filter_by(
            installation_id=ask.installation_id,
            key=f"ask.show:{ask.id}:{channel.slack_id}",
        )
    )
    if changed_meanwhile:
        outcomes.show_again(session, ask, now=now)


def not_posted(session: Session, claim: Claim, error: str, now: datetime) -> None:
    """Slack will not have it: the ask is gone, and its asker gets the words back."""
    ask = session.get_one(Ask, claim.subject_id, with_for_update={"key_share": True})
    ask.deleted_at, ask.state = now, "deleted"
    outbox.promise(
        session,
        "ask.not_posted",
        ask.id,
        ask.asker,
        installation_id=ask.installation_id,
        now=now,
        detail={"error": error},
    )


def perhaps_posted(session: Session, claim: Claim, _error: str, now: datetime) -> None:
    """Nobody can tell whether it is there, so it is not sent again: the asker looks."""
    ask = session.get_one(Ask, claim.subject_id)
    outbox.promise(
        session,
        "ask.not_posted",
        ask.id,
        ask.asker,
        installation_id=ask.installation_id,
        now=now,
        detail={"error": "unknown"},
    )


def shown(session: Session, claim: Claim, is_signed: object, _now: datetime) -> None:
    """The bot's reaction on somebody's own message stands now, or is gone."""
    if isinstance(is_signed, bool):
        session.get_one(Ask, claim.subject_id).is_signed = is_signed


def thread_read(
    session: Session,
    claim: Claim,
    messages: Sequence[dict[str, Any]],
    now: datetime,
    workspace: Workspace,
) -> None:
    ask = session.get_one(Ask, claim.subject_id)
    answers.take_in_thread(session, workspace, ask, messages, now=now)


def recognise(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    *,
    ts: str,
    author: str,
    text: str,
) -> Ask | None:
    """Make a message an ask unless it is gone, or by a bot. Tells nobody anything."""
    if registers.was_deleted(session, channel.id, ts):
        return None
    if members.is_bot(session, workspace.id, author):
        return None
    return take_message(session, workspace, channel, ts=ts, author=author, text=text)


def capture(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    *,
    ts: str,
    author: str,
    text: str,
    now: datetime,
) -> Ask | None:
    """Take a message as an ask because the channel is set up so."""
    if not channel.guests_may_ask and members.is_guest(session, workspace.id, author):
        return None
    ask = recognise(session, workspace, channel, ts=ts, author=author, text=text)
    if ask is None:
        return None
    outcomes.resettle(session, ask.id, now=now)
    if ask.is_first:
        outbox.promise(
            session,
            "ask.captured",
            ask.id,
            author,
            installation_id=workspace.id,
            now=now,
        )
    return ask


def make(
    session: Session,
    workspace: Workspace,
    channel: Channel,
    *,
    ts: str,
    author: str,
    text: str,
    by: str,
    now: datetime,
) -> Ask:
    """Make a message an ask because its author, or a champion, said so."""
    check(Action.MAKE_ASK, members.roles(session, channel, by, author=author))
    if members.is_bot(session, workspace.id, author):
        raise Refusal(NO_PERSON)
    if not channel.guests_may_ask and members.is_guest(session, workspace.id, author):
        raise Refusal(NO_GUESTS)
    ask = take_message(session, workspace, channel, ts=ts, author=author, text=text)
    if ask is None:
        known = by_message(session, channel.id, ts)
        if known is None or known.deleted_at is None:
            raise Refusal(
                "That message is an ask already. Its thread is the place for answers."
            )
        known.deleted_at = None
        ask = known
    outcomes.resettle(session, ask.id, now=now)
    answers.read_thread(session, ask, channel, now=now)
    if by != author:
        outbox.promise(
            session,
            "ask.made",
            ask.id,
            author,
            installation_id=workspace.id,
            now=now,
            detail={"by": by},
        )
    return ask


def edit(session: Session, ask: Ask, draft: Draft, *, by: str, now: datetime) -> None:
    channel = session.get_one(Channel, ask.channel_id)
    check(Action.EDIT, members.roles(session, channel, by, author=ask.asker))
    if ask.is_own_message:
        raise Refusal("Edit your message itself: the ask follows it.")
    shown = rules.from_form(*rules.prefilled(ask.title, ask.details))
    # The form shows less than we keep: what was left as shown is left as it is.
    if draft.title != shown[0]:
        ask.title = draft.title
    if draft.details != shown[1]:
        ask.details = draft.details
    ask.topics = list(draft.topics)
    ask.edited_us = micros_of(now)
    outcomes.show_again(session, ask, now=now)


def reword(session: Session, ask: Ask, text: str, *, at_us: int) -> None:
    """Follow the edit of a message that is an ask; an older one changes nothing."""
    session.refresh(ask, with_for_update={"key_share": True})
    if at_us <= ask.edited_us:
        return
    ask.edited_us = at_us
    if clean(text) not in {ask.title, ask.details}:
        ask.title, ask.details = rules.from_message(text)


def delete(session: Session, ask: Ask, *, by: str, now: datetime) -> None:
    channel = session.get_one(Channel, ask.channel_id)
    check(Action.DELETE, members.roles(session, channel, by, author=ask.asker))
    remove(session, ask, now=now)
    if by != ask.asker:
        outbox.promise(
            session,
            "ask.deleted",
            ask.id,
            ask.asker,
            installation_id=ask.installation_id,
            now=now,
            detail={"by": by},
            occasion=str(micros_of(now)),
        )


def remove(session: Session, ask: Ask, *, now: datetime) -> None:
    """The ask is no more, because somebody said so or its message is gone."""
    ask.deleted_at, ask.state = now, "deleted"
    outcomes.show_again(session, ask, now=now)


def disown(session: Session, bot: Member, *, now: datetime) -> None:
    """What turns out to be asked by a bot was no ask."""
    for ask in session.scalars(
        select(Ask)
        .filter_by(installation_id=bot.installation_id, asker=bot.slack_id)
        .where(Ask.deleted_at.is_(None))
        .order_by(Ask.id)
    ):
        remove(session, ask, now=now)


def message_gone(
    session: Session,
    workspace: Workspace,
    slack_channel: str,
    *,
    ts: str,
    thread_ts: str | None,
    author: str | None,
    now: datetime,
) -> None:
    """A message was deleted: the ask or the answer that it was, or may yet prove to be.

    Heard of before the message itself, it leaves a row for the message to find.
    """
    place = registers.locate(session, workspace.id, slack_channel, ts)
    if place is None:
        return
    ask = by_message(session, place.channel_id, ts)
    of_thread = by_message(session, place.channel_id, thread_ts) if thread_ts else None
    if ask is not None:
        if ask.deleted_at is None:
            remove(session, ask, now=now)
    elif place.answer_id is not None:
        answers.remove_reply(session, place, ts=ts, now=now)
    elif of_thread is not None:
        outcomes.hold(session, of_thread.id)
        is_new = registers.add_answer(
            session,
            ask_id=of_thread.id,
            channel_id=place.channel_id,
            ts=ts,
            author=author or "",
            is_deleted=True,
        )
        if not is_new:  # It has just come, at the same moment.
            registers.remove_answer(session, place.channel_id, ts)
            outcomes.resettle(session, of_thread.id, now=now)
    elif place.is_capturing:
        registers.sight(
            session,
            channel_id=place.channel_id,
            ts=ts,
            thread_ts=thread_ts,
            author=author,
            now=now,
            is_deleted=True,
        )


_BY_MESSAGE = select(Ask).where(
    Ask.channel_id == bindparam("in_channel"), Ask.ts == bindparam("at")
)


def by_message(session: Session, channel_id: int, ts: str) -> Ask | None:
    return session.scalar(_BY_MESSAGE, {"in_channel": channel_id, "at": ts})


def get(session: Session, workspace: Workspace, ask_id: int) -> Ask:
    """An ask of this workspace that is still there; else raises Refusal."""
    ask = session.scalar(
        select(Ask)
        .filter_by(id=ask_id, installation_id=workspace.id)
        .where(Ask.deleted_at.is_(None))
        .with_for_update(key_share=True)
    )
    if ask is None:
        raise Refusal(GONE)
    return ask
