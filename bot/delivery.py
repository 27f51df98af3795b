"""Keep the outbox's promises: claim one, draw it, send it, record what Slack said."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from bot import lanes
from bot.lanes import Claim
from bot.operations import Operation, Post
from bot.outbox import PROMISED
from bot.runtime import Runtime
from bot.slack import REVOKED, NotDone, RateLimited, SlackError, Unsure
from models import Installation, Pause

log = logging.getLogger(__name__)

# After this many tries, over more than an hour, nobody waits for the message.
MOST_ATTEMPTS = 16
# Slack's history may lag behind its writes, so one look is not enough to say "no".
LOOKS = 2
LOOK_AFTER = timedelta(seconds=10)


def _nothing(*_: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Notice:
    """How one kind of promise is kept.

    `draw` gives what to send, or None where it is no longer true. `delivered` and
    `parked` run in the transaction that records the outcome, with what Slack gave
    back or its error name.
    """

    draw: Callable[[Session, Claim], Operation | None]
    # What to do when nobody knows whether it was done: look for the message, do it
    # again because that changes nothing, or leave it.
    in_doubt: Literal["look", "repeat", "leave"] = "look"
    delivered: Callable[[Session, Claim, Any, datetime], None] = _nothing
    parked: Callable[[Session, Claim, str, datetime], None] = _nothing


class Deliverer:
    """Worker threads that a commit wakes; any number, in any number of processes."""

    def __init__(
        self,
        rt: Runtime,
        notices: Mapping[str, Notice],
        *,
        meet: Callable[[Runtime], None] = _nothing,
    ) -> None:
        """`meet` asks Slack about people that a message is to name."""
        self._rt = rt
        self._meet = meet
        self._notices = notices
        self._stopping = threading.Event()
        self._work = threading.Event()
        self._threads: list[threading.Thread] = []
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
                # A thread that dies would silently take the deliveries with it. The
                # item's lease runs out and it is tried again.
                log.exception("delivery failed")
                self._stopping.wait(1)

    def _deliver_next(self) -> bool:
        now = self._rt.clock()
        with self._rt.reads() as session:
            if not lanes.is_due(session, now=now):
                return False
        with self._rt.sessions.begin() as session:
            claim = lanes.claim(session, now=now)
        if claim is None:
            return False
        # There may be more: another thread can take it meanwhile.
        self._work.set()
        try:
            self._deliver(claim)
        except SlackError as error:
            self._record_failure(claim, error)
        return True

    def _deliver(self, claim: Claim) -> None:
        notice = self._notices[claim.kind]
        if claim.is_unverified:
            if notice.in_doubt == "leave":
                self._finish(claim, state="unknown")
                return
            if notice.in_doubt == "look" and self._is_settled_by_a_look(claim, notice):
                return
        self._meet(self._rt)
        with self._rt.reads() as session:
            operation = notice.draw(session, claim)
        if operation is None:
            self._finish(claim, state="withdrawn")
            return
        paused_until = self._paused_until(claim, operation.method)
        if paused_until is not None:
            self._finish(claim, state="pending", due_at=paused_until)
            return
        # From here on it is about this attempt, not about an earlier one.
        claim = replace(claim, is_unverified=False)
        try:
            result = operation.send(self._rt.slack, claim.operation)
        except Unsure as error:
            self._record_unsure(claim, notice, error)
        except SlackError as error:
            self._record_failure(claim, error)
        else:
            self._record_success(
                claim, notice, result, spaced=isinstance(operation, Post)
            )

    def _is_settled_by_a_look(self, claim: Claim, notice: Notice) -> bool:
        """True where the message was found, or is to be looked for once more."""
        found = self._rt.slack.find_posted(
            claim.recipient, claim.operation, since=claim.first_sent_at.timestamp()
        )
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

    def _paused_until(self, claim: Claim, method: str) -> datetime | None:
        with self._rt.reads() as session:
            until = session.scalar(
                select(Pause.until).where(
                    Pause.installation_id == claim.installation_id,
                    Pause.method == method,
                )
            )
        return until if until is not None and until > self._rt.clock() else None

    def _record_success(
        self, claim: Claim, notice: Notice, result: Any, *, spaced: bool = True
    ) -> None:
        now = self._rt.clock()
        sent: dict[str, Any] = {"state": "sent", "drawn": claim.version, "error": None}
        if isinstance(result, tuple):
            sent["slack_channel"], sent["ts"] = result
        with self._rt.sessions.begin() as session:
            if lanes.finish(session, claim, now=now, spaced=spaced, **sent):
                notice.delivered(session, claim, result, now)
        log.info("sent", extra={"kind": claim.kind, "item": claim.id})

    def _record_unsure(self, claim: Claim, notice: Notice, error: SlackError) -> None:
        now = self._rt.clock()
        log.warning("unsure", extra=_seen(claim, error))
        match notice.in_doubt:
            case "look":
                state, due = "unverified", now + LOOK_AFTER
            case "repeat":
                state, due = "pending", _later(claim, now)
            case "leave":
                state, due = "unknown", now
        self._finish(claim, state=state, looks=0, due_at=due, error=error.code)

    def _record_failure(self, claim: Claim, error: SlackError) -> None:
        now = self._rt.clock()
        log.warning("not delivered", extra=_seen(claim, error))
        same = "unverified" if claim.is_unverified else "pending"
        if isinstance(error, RateLimited):
            until = now + timedelta(seconds=error.seconds)
            with self._rt.sessions.begin() as session:
                lanes.pause(session, claim.installation_id, error.method, until)
                lanes.finish(session, claim, now=now, state=same, due_at=until)
        elif error.code in REVOKED:
            with self._rt.sessions.begin() as session:
                lanes.finish(session, claim, now=now, state=same, error=error.code)
                session.execute(
                    update(Installation)
                    .where(Installation.id == claim.installation_id)
                    .values(paused_because=error.code)
                )
        elif isinstance(error, NotDone | Unsure) and claim.attempts < MOST_ATTEMPTS:
            self._finish(claim, state=same, due_at=_later(claim, now), error=error.code)
        elif claim.is_unverified:
            self._finish(claim, state="unknown", error=error.code)
        else:
            notice = self._notices[claim.kind]
            with self._rt.sessions.begin() as session:
                if lanes.finish(
                    session, claim, now=now, state="parked", error=error.code
                ):
                    notice.parked(session, claim, error.code, now)

    def _finish(self, claim: Claim, **changes: Any) -> None:
        with self._rt.sessions.begin() as session:
            lanes.finish(session, claim, now=self._rt.clock(), **changes)


def _later(claim: Claim, now: datetime) -> datetime:
    """Twice as long after each try, at most ten minutes."""
    return now + timedelta(seconds=min(2**claim.attempts, 600))


def _seen(claim: Claim, error: SlackError) -> dict[str, Any]:
    return {
        "kind": claim.kind,
        "item": claim.id,
        "method": error.method,
        "error": error.code,
    }
