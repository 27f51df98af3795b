"""What the bot wrote to a forgotten person is taken back, and what names them reworded.

Each such message has one promise of its own, kept by the outbox like any other.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, cast, delete, or_, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.delivery import Notice
from bot.kept import Leaving, Told
from bot.lanes import Claim
from bot.operations import Delete, DeleteFile, Later, Operation, Post, Update
from bot.privacy import blocks
from bot.text import is_forgotten
from models import Lane, OutboxItem

_IDS_AT_ONCE = 500

# Perhaps in Slack already, and nobody knows where yet.
_ON_ITS_WAY = frozenset({"sending", "unverified"})
_SETTLES = timedelta(seconds=10)
# What is refused because the bot was removed, or the channel archived, can be possible
# another day; of these nothing is left to change.
_TRIED_AGAIN = timedelta(days=1)
_NOTHING_THERE = frozenset(
    {"message_not_found", "thread_not_found", "file_not_found", "file_deleted"}
)


def about(session: Session, told: Sequence[Told], leaving: Leaving) -> list[int]:
    """The messages to others that may name or quote the person: ids of the outbox.

    To be asked before the person is forgotten.
    """
    sent_to_others = (
        OutboxItem.installation_id == leaving.installation_id,
        OutboxItem.recipient != leaving.member,
        # What is on its way names whoever was there when it was drawn.
        or_(OutboxItem.ts.is_not(None), OutboxItem.state.in_(_ON_ITS_WAY)),
    )
    found = set(
        session.scalars(
            select(OutboxItem.id).where(
                *sent_to_others,
                cast(OutboxItem.detail, Text).contains(
                    f'"{leaving.member}"', autoescape=True
                ),
            )
        )
    )
    for kinds in told:
        if kinds.about is None:
            continue
        subjects = sorted(set(kinds.about(session, leaving)))
        for start in range(0, len(subjects), _IDS_AT_ONCE):
            found |= set(
                session.scalars(
                    select(OutboxItem.id).where(
                        *sent_to_others,
                        OutboxItem.kind.in_(kinds.kinds),
                        OutboxItem.subject_id.in_(
                            subjects[start : start + _IDS_AT_ONCE]
                        ),
                    )
                )
            )
    return sorted(found)


def stop(session: Session, leaving: Leaving) -> list[int]:
    """Send the person nothing more; the ids of what was sent to them."""
    theirs = select(OutboxItem).filter_by(
        installation_id=leaving.installation_id, recipient=leaving.member
    )
    sent = []
    for item in session.scalars(theirs.order_by(OutboxItem.id).with_for_update()):
        if item.state in {"pending", "unverified"}:
            item.state, item.finished_at = "withdrawn", leaving.now
        if item.state == "sending" or (item.slack_channel and item.ts):
            sent.append(item.id)
    session.flush()
    return sent


def reword(session: Session, items: Iterable[int], leaving: Leaving) -> None:
    """Promise to look at each of these messages again."""
    for item in items:
        row = session.get_one(OutboxItem, item)
        # In the lane of what is written there anyway. A forgotten person has none.
        lane = row.recipient
        if is_forgotten(lane):
            lane = row.slack_channel or row.operation
        outbox.promise(
            session,
            "privacy.reword",
            item,
            lane,
            installation_id=leaving.installation_id,
            now=leaving.now,
            occasion=leaving.pseudonym,
            priority=outbox.REFRESH,
        )


def try_again(session: Session, installation_id: int, *, now: datetime) -> None:
    """Once a day, whatever Slack would not have changed."""
    refused = session.execute(
        update(OutboxItem)
        .where(
            OutboxItem.installation_id == installation_id,
            OutboxItem.kind == "privacy.reword",
            OutboxItem.state.in_(("parked", "unknown")),
            OutboxItem.finished_at < now - _TRIED_AGAIN,
        )
        .values(
            state="pending",
            due_at=now,
            due_set_at=now,
            failures=0,
            looks=0,
            finished_at=None,
        )
        .returning(OutboxItem.id)
    )
    if refused.first() is not None:
        session.info[outbox.PROMISED] = True


Draw = Callable[[Session, Claim], Operation | Later | None]


class Rewording:
    """How such a promise is kept. `notices` are those of everything else."""

    def __init__(self, notices: Mapping[str, Notice]) -> None:
        self._notices = notices

    def notice(self) -> Notice:
        return Notice(
            self.draw, "repeat", delivered=_done, parked=_refused, unknown=_refused
        )

    def draw(self, session: Session, claim: Claim) -> Operation | Later | None:
        item = session.get(OutboxItem, claim.subject_id)
        if item is not None and item.state in _ON_ITS_WAY:
            return Later(claim.claimed_at + _SETTLES)
        if item is None or item.slack_channel is None or item.ts is None:
            return None
        if is_forgotten(item.recipient):
            if item.ts.startswith("F"):
                return DeleteFile(item.ts)
            return Delete(item.slack_channel, item.ts)
        drawn = self._drawn_again(session, item, claim.claimed_at)
        if isinstance(drawn, Post):
            return Update(item.slack_channel, item.ts, drawn.text, drawn.blocks)
        return Update(item.slack_channel, item.ts, *blocks.gone())

    def _drawn_again(
        self, session: Session, item: OutboxItem, now: datetime
    ) -> Operation | Later | None:
        """For whoever may see it now, the message as it was when its turn came."""
        try:
            claim = replace(_claim(item), looked_at=now)
            return self._notices[item.kind].shown(session, claim)
        except KeyError:
            # It told a detail that is not kept any more, and that may name somebody.
            if item.emptied_at is None:
                raise
            return None


def _claim(item: OutboxItem) -> Claim:
    """The message as it was when its turn came."""
    return Claim(
        id=item.id,
        installation_id=item.installation_id,
        kind=item.kind,
        subject_id=item.subject_id,
        recipient=item.recipient,
        detail=item.detail,
        version=item.version,
        operation=item.operation,
        claimed_at=item.first_sent_at or item.created_at,
        attempts=item.attempts,
        failures=item.failures,
        looks=item.looks,
        first_sent_at=item.first_sent_at or item.created_at,
        is_unverified=False,
    )


def _refused(session: Session, claim: Claim, error: str, now: datetime) -> None:
    """What stands nowhere is done; the rest is kept, to be tried again."""
    if error in _NOTHING_THERE:
        _done(session, claim, None, now)


def _done(session: Session, claim: Claim, _result: Any, _now: datetime) -> None:
    """Nothing is kept of where a forgotten person's messages stood."""
    item = session.get(OutboxItem, claim.subject_id)
    if item is not None and is_forgotten(item.recipient):
        session.execute(
            update(OutboxItem)
            .where(OutboxItem.id == item.id)
            .values(slack_channel=None, ts=None)
        )
        session.execute(
            delete(Lane).filter_by(
                installation_id=claim.installation_id, recipient=claim.recipient
            )
        )
    session.execute(delete(OutboxItem).where(OutboxItem.id == claim.id))
