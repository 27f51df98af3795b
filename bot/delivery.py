"""Keep the outbox's promises: claim one, draw it, send it, record what Slack said."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import event, update
from sqlalchemy.orm import Session

from bot import lanes, visibility
from bot.db import retried
from bot.lanes import Claim
from bot.operations import (
    Later,
    Operation,
    Post,
    PostIfIn,
    PostIfOut,
    ReadChannels,
    methods,
)
from bot.outbox import PROMISED, Cause, following
from bot.runtime import Runtime
from bot.slack import (
    NO_THREAD,
    REVOKED,
    NotDone,
    RateLimited,
    Refused,
    SlackError,
    Unsure,
)
from bot.visibility import MOST_QUESTIONS, MembershipUnknown
from models import Channel, Installation

log = logging.getLogger(__name__)

# After this many failures, over more than an hour, nobody waits for the message.
MOST_FAILURES = 16
# Slack's history may lag behind its writes, so one look is not enough to say "no".
# A call to Slack ends within seconds, unless its answer trickles for ever.
LONGEST_SECONDS = 600
LOOKS = 2
LOOK_AFTER = timedelta(seconds=10)
# Slack takes "several hundred" messages a minute in a workspace. Whoever sends more is
# told to be silent for a while, with everything that came next.
A_SECOND, AT_ONCE = 10, 10


def _nothing(*_: object) -> None:
    return None


def _no_channel(_session: Session, _claim: Claim) -> Collection[int]:
    return ()


def _at_once(_session: Session, claim: Claim) -> datetime:
    return claim.claimed_at


@dataclass(frozen=True, slots=True)
class Notice:
    """How one kind of promise is kept.

    `draw` gives what to send, None where it is no longer true, or `Later` where it is
    to be looked at again. `due` is when the recipient takes it: now, or later.
    `of` names the channels, by their rows, whose words it draws for one person. Who may
    not see all of them gets what `outside` draws: nothing, or what tells none of them.
    `delivered`, `parked` and `unknown` run in the transaction that records the
    outcome, with what Slack gave back or its error name. `hold` runs before it and
    locks what they change, so that locks are always taken from the ask to its promises.
    """

    draw: Callable[[Session, Claim], Operation | Later | None]
    # What to do when nobody knows whether it was done: look for the message, do it
    # again because that changes nothing, or leave it.
    in_doubt: Literal["look", "repeat", "leave"] = "look"
    delivered: Callable[[Session, Claim, Any, datetime], None] = _nothing
    parked: Callable[[Session, Claim, str, datetime], None] = _nothing
    unknown: Callable[[Session, Claim, str, datetime], None] = _nothing
    hold: Callable[[Session, Claim], None] = _nothing
    due: Callable[[Session, Claim], datetime] = _at_once
    of: Callable[[Session, Claim], Collection[int]] = _no_channel
    outside: Callable[[Session, Claim], Operation | Later | None] = _nothing

    def shown(self, session: Session, claim: Claim) -> Operation | Later | None:
        """Draw what its recipient may see of it. Raises MembershipUnknown."""
        channels = [session.get_one(Channel, row) for row in self.of(session, claim)]
        seen = visibility.seen(
            session, channels, claim.recipient, now=claim.looked_at or claim.claimed_at
        )
        is_inside = all(channel.id in seen for channel in channels)
        return (self.draw if is_inside else self.outside)(session, claim)

    def drawn(self, session: Session, claim: Claim) -> Operation | Later | None:
        """What to send now, None for nothing any more, or when to look again."""
        operation = self.shown(session, claim)
        if operation is None or isinstance(operation, Later):
            return operation
        at = self.due(session, claim)
        return Later(at) if at > claim.claimed_at else operation


class Deliverer:
    """Worker threads that a commit wakes; any number, in any number of processes."""

    def __init__(
        self,
        rt: Runtime,
        notices: Mapping[str, Notice],
        *,
        meet: Callable[[Runtime], None] = _nothing,
        pace: Callable[[], float] = lambda: 0,
        attempted: Callable[[str], None] = _nothing,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`meet` asks Slack about people that a message is to name.

        `pace`: in how many seconds the next delivery may begin. `attempted` is told
        what became of each attempt, in a word.
        """
        self._rt = rt
        self._meet = meet
        self._pace = pace
        self._attempted = attempted
        self._notices = notices
        self._looked_for = frozenset(
            kind for kind, notice in notices.items() if notice.in_doubt == "look"
        )
        self._stopping = threading.Event()
        self._work = threading.Event()
        self._threads: list[threading.Thread] = []
        self._steady = steady
        # When each delivery that is under way began.
        self._begun: dict[int, float] = {}
        event.listen(rt.sessions, "after_commit", self._committed)

    def start(self, threads: int = 2) -> None:
        self._threads = [
            threading.Thread(target=self._run, name=f"delivery-{n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> None:
        """Take no more work; what is in flight finishes, or its lease runs out."""
        self._stopping.set()
        self._work.set()
        for thread in self._threads:
            thread.join(seconds / len(self._threads))

    @property
    def is_running(self) -> bool:
        return bool(self._threads) and all(t.is_alive() for t in self._threads)

    def trouble(self) -> str | None:
        """Return why nothing may be sent any more; None where all is well."""
        if not self.is_running:
            return "a thread has ended"
        oldest = min([*self._begun.values()], default=self._steady())
        if self._steady() - oldest > LONGEST_SECONDS:
            return "a delivery does not end"
        return None

    def wake(self) -> None:
        self._work.set()

    def deliver_due(self) -> int:
        """Keep every promise that is due now; how many there were."""
        count = 0
        while not self._stopping.is_set() and self._deliver_next():
            count += 1
        return count

    def _committed(self, session: Session) -> None:
        if session.info.pop(PROMISED, False):
            self._work.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._work.wait()
            self._work.clear()
            try:
                self.deliver_due()
            except Exception:
                # The database is away, and with it the means to say so. A thread that
                # dies would silently take the deliveries with it.
                log.exception("delivering failed")
                time.sleep(1)

    def _deliver_next(self) -> bool:
        served = self._rt.workspace.id
        with self._rt.lookups.connect() as connection:
            if not lanes.is_due(connection, served, now=self._rt.clock()):
                return False
        # Not `Event.wait`: it may wait for a time of day, which can be set back.
        time.sleep(self._pace())
        if self._stopping.is_set():
            return False
        with self._rt.sessions.begin() as session:
            claim = lanes.claim(session, served, now=self._rt.clock())
        if claim is None:
            return False
        # There may be more: another thread can take it meanwhile.
        self._work.set()
        self._begun[claim.id] = self._steady()
        try:
            self._deliver(claim)
        except SlackError as error:
            self._record_failure(claim, error)
        except Exception as error:
            # A bug in one message must not hold up the others behind it.
            log.exception("delivery failed", extra={"kind": claim.kind})
            self._record_failure(claim, Unsure(claim.kind, type(error).__name__))
        finally:
            self._begun.pop(claim.id, None)
        return True

    def _deliver(self, claim: Claim) -> None:
        notice = self._notices[claim.kind]
        if claim.is_unverified:
            if notice.in_doubt == "leave":
                self._end(claim, "unknown", claim.kind)
                return
            if notice.in_doubt == "look" and self._is_settled_by_a_look(claim, notice):
                return
        retried(self._meet)(self._rt)
        operation = self._drawn(claim, notice)
        if operation is None:
            self._finish(claim, state="withdrawn")
            self._attempted("withdrawn")
            return
        if isinstance(operation, Later):
            self._finish(claim, state=_same(claim), due_at=operation.until)
            return
        if any(self._is_paused(claim, method) for method in methods(operation)):
            return
        self._hold_on(claim, operation.method)
        # From here on it is about this attempt, not about an earlier one.
        claim = replace(claim, is_unverified=False)
        try:
            result = operation.send(self._rt.slack, claim.operation)
        except Unsure as error:
            self._record_unsure(claim, notice, error)
        except SlackError as error:
            self._record_failure(claim, error)
        else:
            is_post = isinstance(operation, Post | PostIfIn | PostIfOut)
            self._sent(claim, notice, result, spaced=is_post)

    def _drawn(self, claim: Claim, notice: Notice) -> Operation | Later | None:
        """Draw it; where it is not known who may see it, ask Slack first."""
        for _ in range(MOST_QUESTIONS):
            try:
                with self._rt.reads() as session:
                    return notice.drawn(session, claim)
            except MembershipUnknown as unknown:
                until = self._paused_until(claim, ReadChannels.method)
                if until is not None:
                    return Later(until)
                visibility.ask(self._rt, unknown, is_urgent=False)
        raise NotDone(ReadChannels.method, "membership_unknown")

    def _sent(self, claim: Claim, notice: Notice, result: Any, *, spaced: bool) -> None:
        try:
            self._record_success(claim, notice, result, spaced=spaced)
        except Exception as error:
            # It is in Slack, whatever kept us from writing that down.
            log.exception("delivery not recorded", extra={"kind": claim.kind})
            unsure = Unsure(claim.kind, type(error).__name__)
            self._record_unsure(claim, notice, unsure)

    def _is_settled_by_a_look(self, claim: Claim, notice: Notice) -> bool:
        """True where the message was found, or is to be looked for once more."""
        if self._is_paused(claim, "conversations.history"):
            return True
        try:
            found = self._rt.slack.find_posted(
                claim.recipient,
                claim.operation,
                since=claim.first_sent_at.timestamp(),
                # A reply is in its thread's history and not in the channel's.
                thread_ts=claim.detail.get("thread_ts"),
            )
        except Refused as error:
            if error.code != NO_THREAD:
                raise
            # It is not there, and nothing can be posted there any more.
            self._end(claim, "parked", error.code)
            return True
        if found is not None:
            self._record_success(claim, notice, found)
            return True
        if claim.looks + 1 < LOOKS:
            self._finish(
                claim,
                state="unverified",
                looks=claim.looks + 1,
                due_at=self._rt.clock() + LOOK_AFTER,
            )
            return True
        return False

    def _is_paused(self, claim: Claim, method: str) -> bool:
        """Put the claim back if Slack wants to be left alone with the method."""
        until = self._paused_until(claim, method)
        if until is None:
            return False
        self._finish(claim, state=_same(claim), due_at=until)
        return True

    def _paused_until(self, claim: Claim, method: str) -> datetime | None:
        with self._rt.lookups.connect() as connection:
            return lanes.paused_until(
                connection, claim.installation_id, method, now=self._rt.clock()
            )

    def _hold_on(self, claim: Claim, method: str) -> None:
        """Raises NotDone where the lease ends before the sending is sure to be over.

        The process may have stood still, and somebody else have sent it meanwhile.
        """
        with self._rt.lookups.connect() as connection:
            if not lanes.is_held(connection, claim, now=self._rt.clock()):
                raise NotDone(method, "lease_over")

    @retried
    def _record_success(
        self, claim: Claim, notice: Notice, result: Any, *, spaced: bool = True
    ) -> None:
        now = self._rt.clock()
        sent: dict[str, Any] = {"drawn": claim.version, "error": None, "failures": 0}
        if isinstance(result, tuple):
            sent["slack_channel"], sent["ts"] = result
        with self._rt.sessions.begin() as session:
            notice.hold(session, claim)
            if lanes.finish(
                session,
                claim,
                now=now,
                state="sent",
                spaced=spaced,
                is_repeatable=notice.in_doubt == "repeat",
                **sent,
            ):
                looked_for = self._looked_for if claim.is_unverified else frozenset()
                cause = Cause(claim.operation, claim.first_sent_at, looked_for)
                with following(session, cause):
                    notice.delivered(session, claim, result, now)
        log.info("sent", extra={"kind": claim.kind, "item": claim.id})
        self._attempted("sent")

    def _record_unsure(self, claim: Claim, notice: Notice, error: SlackError) -> None:
        now = self._rt.clock()
        log.warning("unsure", extra=_seen(claim, error))
        self._attempted("unsure")
        failed = {"error": error.code, "failures": claim.failures + 1}
        is_last = claim.failures + 1 >= MOST_FAILURES
        if notice.in_doubt == "leave" or (notice.in_doubt == "look" and is_last):
            self._end(claim, "unknown", error.code)
        elif is_last:
            self._end(claim, "parked", error.code)
        elif notice.in_doubt == "look":
            self._finish(
                claim, state="unverified", looks=0, due_at=now + LOOK_AFTER, **failed
            )
        else:
            self._finish(claim, state="pending", due_at=_later(claim, now), **failed)

    @retried
    def _record_failure(self, claim: Claim, error: SlackError) -> None:
        now = self._rt.clock()
        log.warning("not delivered", extra=_seen(claim, error))
        self._attempted("ratelimited" if isinstance(error, RateLimited) else "failed")
        if isinstance(error, RateLimited):
            until = now + timedelta(seconds=error.seconds)
            with self._rt.sessions.begin() as session:
                lanes.finish(session, claim, now=now, state=_same(claim), due_at=until)
                lanes.pause(session, claim.installation_id, error.method, until)
        elif error.code in REVOKED:
            with self._rt.sessions.begin() as session:
                lanes.finish(
                    session, claim, now=now, state=_same(claim), error=error.code
                )
                session.execute(
                    update(Installation)
                    .where(Installation.id == claim.installation_id)
                    .values(paused_because=error.code)
                )
        elif isinstance(error, NotDone | Unsure) and claim.failures + 1 < MOST_FAILURES:
            self._finish(
                claim,
                state=_same(claim),
                due_at=_later(claim, now),
                error=error.code,
                failures=claim.failures + 1,
            )
        elif self._has_moved(claim):
            self._finish(claim, state=_same(claim), due_at=now, error=error.code)
        else:
            self._end(claim, "unknown" if claim.is_unverified else "parked", error.code)

    def _has_moved(self, claim: Claim) -> bool:
        with self._rt.lookups.connect() as connection:
            return lanes.has_moved(connection, claim)

    @retried
    def _end(self, claim: Claim, state: Literal["parked", "unknown"], why: str) -> None:
        """Give a promise up, and let whoever made it say so."""
        notice = self._notices[claim.kind]
        now = self._rt.clock()
        self._attempted(state)
        with self._rt.sessions.begin() as session:
            notice.hold(session, claim)
            if lanes.finish(session, claim, now=now, state=state, error=why):
                tell = notice.parked if state == "parked" else notice.unknown
                # Where nobody can look for it, nor could one look for what says so.
                cause = Cause(claim.operation, claim.first_sent_at, frozenset())
                with following(session, cause):
                    tell(session, claim, why, now)

    def _finish(self, claim: Claim, **changes: Any) -> None:
        with self._rt.sessions.begin() as session:
            lanes.finish(session, claim, now=self._rt.clock(), **changes)


def _same(claim: Claim) -> str:
    return "unverified" if claim.is_unverified else "pending"


def _later(claim: Claim, now: datetime) -> datetime:
    """Twice as long after each failure, at most ten minutes."""
    return now + timedelta(seconds=min(2 ** (claim.failures + 1), 600))


def _seen(claim: Claim, error: SlackError) -> dict[str, Any]:
    return {
        "kind": claim.kind,
        "item": claim.id,
        "method": error.method,
        "error": error.code,
    }
