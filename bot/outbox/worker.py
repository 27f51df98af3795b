"""Keep the outbox's promises: claim one, draw it, send it, record what Slack said."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import event, update
from sqlalchemy.orm import Session

from bot import visibility
from bot.db.retry import retry_on_conflict
from bot.outbox import queue
from bot.outbox.attempts import (
    MAX_FAILURES,
    MAX_VERIFY_ATTEMPTS,
    VERIFY_DELAY,
    log_fields,
    retry_at,
    unsent_state,
)
from bot.outbox.enqueue import ENQUEUED, Cause, caused_by
from bot.outbox.kind import MessageKind
from bot.outbox.message_type import MessageType, do_nothing
from bot.outbox.queue import Delivery
from bot.slack.actions import (
    FetchMemberships,
    PostIfMember,
    PostIfNotMember,
    PostMessage,
    Reschedule,
    SlackAction,
    api_methods,
)
from bot.slack.api import (
    REVOKED_TOKEN_ERRORS,
    THREAD_NOT_FOUND,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SlackError,
)
from bot.visibility import MAX_LOOKUPS, MembershipUnknown
from models import Installation

if TYPE_CHECKING:
    # The runtime opens transactions, which can enqueue: it stands above the outbox.
    from bot.runtime import Runtime

log = logging.getLogger(__name__)

# Slack's history may lag behind its writes, so one look is not enough to say "no".
# A call to Slack ends within seconds, unless its answer trickles for ever.
STUCK_AFTER_SECONDS = 600
# Slack takes "several hundred" messages a minute in a workspace. Whoever sends more is
# told to be silent for a while, with everything that came next.
MESSAGES_PER_SECOND, BURST = 10, 10


class OutboxWorker:
    """Worker threads that a commit wakes; any number, in any number of processes."""

    def __init__(
        self,
        rt: "Runtime",
        message_types: Mapping[MessageKind, MessageType],
        *,
        fetch_new_users: Callable[["Runtime"], None] = do_nothing,
        next_slot: Callable[[], float] = lambda: 0,
        on_attempt: Callable[[str], None] = do_nothing,
        monotonic_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`meet` asks Slack about people that a message is to name.

        `pace`: in how many seconds the next delivery may begin. `attempted` is told
        what became of each attempt, in a word.
        """
        self._rt = rt
        self._fetch_new_users = fetch_new_users
        self._next_slot = next_slot
        self._on_attempt = on_attempt
        self._message_types = message_types
        self._verified_kinds = frozenset(
            kind
            for kind, notice in message_types.items()
            if notice.if_unconfirmed == "look"
        )
        self._stopping = threading.Event()
        self._has_work = threading.Event()
        self._threads: list[threading.Thread] = []
        self._monotonic_clock = monotonic_clock
        # When each delivery that is under way began.
        self._started_at: dict[int, float] = {}
        event.listen(rt.write_session, "after_commit", self._on_commit)

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
        self._has_work.set()
        for thread in self._threads:
            thread.join(seconds / len(self._threads))

    @property
    def is_running(self) -> bool:
        return bool(self._threads) and all(t.is_alive() for t in self._threads)

    def stopped_reason(self) -> str | None:
        """Return why nothing may be sent any more; None where all is well."""
        if not self.is_running:
            return "a thread has ended"
        oldest = min([*self._started_at.values()], default=self._monotonic_clock())
        if self._monotonic_clock() - oldest > STUCK_AFTER_SECONDS:
            return "a delivery does not end"
        return None

    def wake(self) -> None:
        self._has_work.set()

    def send_due(self) -> int:
        """Keep every promise that is due now; how many there were."""
        count = 0
        while not self._stopping.is_set() and self._send_next():
            count += 1
        return count

    def _on_commit(self, session: Session) -> None:
        if session.info.pop(ENQUEUED, False):
            self._has_work.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._has_work.wait()
            self._has_work.clear()
            try:
                self.send_due()
            except Exception:
                # The database is away, and with it the means to say so. A thread that
                # dies would silently take the deliveries with it.
                log.exception("delivering failed")
                time.sleep(1)

    def _send_next(self) -> bool:
        served = self._rt.workspace.id
        with self._rt.autocommit.connect() as connection:
            if not queue.has_due(connection, served, now=self._rt.clock()):
                return False
        # Not `Event.wait`: it may wait for a time of day, which can be set back.
        time.sleep(self._next_slot())
        if self._stopping.is_set():
            return False
        with self._rt.write_session.begin() as session:
            delivery = queue.claim(session, served, now=self._rt.clock())
        if delivery is None:
            return False
        # There may be more: another thread can take it meanwhile.
        self._has_work.set()
        self._started_at[delivery.id] = self._monotonic_clock()
        try:
            self._send(delivery)
        except SlackError as error:
            self._record_failure(delivery, error)
        except Exception as error:
            # A bug in one message must not hold up the others behind it.
            log.exception("delivery failed", extra={"kind": delivery.kind})
            self._record_failure(
                delivery, OutcomeUnknown(delivery.kind, type(error).__name__)
            )
        finally:
            self._started_at.pop(delivery.id, None)
        return True

    def _send(self, delivery: Delivery) -> None:
        message_type = self._message_types[MessageKind(delivery.kind)]
        if delivery.is_unconfirmed:
            if message_type.if_unconfirmed == "leave":
                self._give_up(delivery, "unknown", delivery.kind)
                return
            if message_type.if_unconfirmed == "look" and self._is_settled_by_lookup(
                delivery, message_type
            ):
                return
        retry_on_conflict(self._fetch_new_users)(self._rt)
        operation = self._render(delivery, message_type)
        if operation is None:
            self._finish(delivery, state="withdrawn")
            self._on_attempt("withdrawn")
            return
        if isinstance(operation, Reschedule):
            self._finish(delivery, state=unsent_state(delivery), due_at=operation.until)
            return
        if any(
            self._defer_if_rate_limited(delivery, method)
            for method in api_methods(operation)
        ):
            return
        self._check_lease(delivery, operation.method)
        # From here on it is about this attempt, not about an earlier one.
        delivery = replace(delivery, is_unconfirmed=False)
        try:
            result = operation.send(self._rt.slack, delivery.metadata_token)
        except OutcomeUnknown as error:
            self._record_unconfirmed(delivery, message_type, error)
        except SlackError as error:
            self._record_failure(delivery, error)
        else:
            is_post = isinstance(
                operation, PostMessage | PostIfMember | PostIfNotMember
            )
            self._on_accepted(delivery, message_type, result, is_spaced=is_post)

    def _render(
        self, delivery: Delivery, message_type: MessageType
    ) -> SlackAction | Reschedule | None:
        """Draw it; where it is not known who may see it, ask Slack first."""
        for _ in range(MAX_LOOKUPS):
            try:
                with self._rt.read(self._rt.workspace) as tx:
                    return message_type.render_when_due(tx, delivery)
            except MembershipUnknown as unknown:
                until = self._rate_limited_until(delivery, FetchMemberships.method)
                if until is not None:
                    return Reschedule(until)
                visibility.fetch_memberships(self._rt, unknown, is_urgent=False)
        raise NotSent(FetchMemberships.method, "membership_unknown")

    def _on_accepted(
        self,
        delivery: Delivery,
        message_type: MessageType,
        result: Any,
        *,
        is_spaced: bool,
    ) -> None:
        try:
            self._record_success(delivery, message_type, result, is_spaced=is_spaced)
        except Exception as error:
            # It is in Slack, whatever kept us from writing that down.
            log.exception("delivery not recorded", extra={"kind": delivery.kind})
            unsure = OutcomeUnknown(delivery.kind, type(error).__name__)
            self._record_unconfirmed(delivery, message_type, unsure)

    def _is_settled_by_lookup(
        self, delivery: Delivery, message_type: MessageType
    ) -> bool:
        """True where the message was found, or is to be looked for once more."""
        if self._defer_if_rate_limited(delivery, "conversations.history"):
            return True
        try:
            found = self._rt.slack.find_by_metadata(
                delivery.recipient,
                delivery.metadata_token,
                since=delivery.first_sent_at.timestamp(),
                # A reply is in its thread's history and not in the channel's.
                thread_ts=delivery.payload.get("thread_ts"),
            )
        except Rejected as error:
            if error.code != THREAD_NOT_FOUND:
                raise
            # It is not there, and nothing can be posted there any more.
            self._give_up(delivery, "parked", error.code)
            return True
        if found is not None:
            self._record_success(delivery, message_type, found)
            return True
        if delivery.verify_attempts + 1 < MAX_VERIFY_ATTEMPTS:
            self._finish(
                delivery,
                state="unverified",
                looks=delivery.verify_attempts + 1,
                due_at=self._rt.clock() + VERIFY_DELAY,
            )
            return True
        return False

    def _defer_if_rate_limited(self, delivery: Delivery, method: str) -> bool:
        """Put the claim back if Slack wants to be left alone with the method."""
        until = self._rate_limited_until(delivery, method)
        if until is None:
            return False
        self._finish(delivery, state=unsent_state(delivery), due_at=until)
        return True

    def _rate_limited_until(self, delivery: Delivery, method: str) -> datetime | None:
        with self._rt.autocommit.connect() as connection:
            return queue.rate_limited_until(
                connection, delivery.installation_id, method, now=self._rt.clock()
            )

    def _check_lease(self, delivery: Delivery, method: str) -> None:
        """Raises NotDone where the lease ends before the sending is sure to be over.

        The process may have stood still, and somebody else have sent it meanwhile.
        """
        with self._rt.autocommit.connect() as connection:
            if not queue.has_lease(connection, delivery, now=self._rt.clock()):
                raise NotSent(method, "lease_over")

    @retry_on_conflict
    def _record_success(
        self,
        delivery: Delivery,
        message_type: MessageType,
        result: Any,
        *,
        is_spaced: bool = True,
    ) -> None:
        now = self._rt.clock()
        sent: dict[str, Any] = {"drawn": delivery.version, "error": None, "failures": 0}
        if isinstance(result, tuple):
            sent["slack_channel"], sent["ts"] = result
        with self._rt.write(self._rt.workspace) as tx:
            message_type.lock(tx, delivery)
            if queue.finish(
                tx.session,
                delivery,
                now=now,
                state="sent",
                is_spaced=is_spaced,
                is_update=message_type.if_unconfirmed == "repeat",
                **sent,
            ):
                looked_for = (
                    self._verified_kinds if delivery.is_unconfirmed else frozenset()
                )
                cause = Cause(
                    delivery.metadata_token, delivery.first_sent_at, looked_for
                )
                with caused_by(tx.session, cause):
                    message_type.on_sent(tx, delivery, result)
        log.info("sent", extra={"kind": delivery.kind, "item": delivery.id})
        self._on_attempt("sent")

    def _record_unconfirmed(
        self, delivery: Delivery, message_type: MessageType, error: SlackError
    ) -> None:
        now = self._rt.clock()
        log.warning("unsure", extra=log_fields(delivery, error))
        self._on_attempt("unsure")
        failed = {"error": error.code, "failures": delivery.failures + 1}
        is_last = delivery.failures + 1 >= MAX_FAILURES
        if message_type.if_unconfirmed == "leave" or (
            message_type.if_unconfirmed == "look" and is_last
        ):
            self._give_up(delivery, "unknown", error.code)
        elif is_last:
            self._give_up(delivery, "parked", error.code)
        elif message_type.if_unconfirmed == "look":
            self._finish(
                delivery,
                state="unverified",
                looks=0,
                due_at=now + VERIFY_DELAY,
                **failed,
            )
        else:
            self._finish(
                delivery, state="pending", due_at=retry_at(delivery, now), **failed
            )

    @retry_on_conflict
    def _record_failure(self, delivery: Delivery, error: SlackError) -> None:
        now = self._rt.clock()
        log.warning("not delivered", extra=log_fields(delivery, error))
        self._on_attempt("ratelimited" if isinstance(error, RateLimited) else "failed")
        if isinstance(error, RateLimited):
            until = now + timedelta(seconds=error.retry_after)
            with self._rt.write_session.begin() as session:
                queue.finish(
                    session,
                    delivery,
                    now=now,
                    state=unsent_state(delivery),
                    due_at=until,
                )
                queue.record_rate_limit(
                    session, delivery.installation_id, error.method, until
                )
        elif error.code in REVOKED_TOKEN_ERRORS:
            with self._rt.write_session.begin() as session:
                queue.finish(
                    session,
                    delivery,
                    now=now,
                    state=unsent_state(delivery),
                    error=error.code,
                )
                session.execute(
                    update(Installation)
                    .where(Installation.id == delivery.installation_id)
                    .values(paused_because=error.code)
                )
        elif (
            isinstance(error, NotSent | OutcomeUnknown)
            and delivery.failures + 1 < MAX_FAILURES
        ):
            self._finish(
                delivery,
                state=unsent_state(delivery),
                due_at=retry_at(delivery, now),
                error=error.code,
                failures=delivery.failures + 1,
            )
        elif self._has_channel_moved(delivery):
            self._finish(
                delivery, state=unsent_state(delivery), due_at=now, error=error.code
            )
        else:
            self._give_up(
                delivery, "unknown" if delivery.is_unconfirmed else "parked", error.code
            )

    def _has_channel_moved(self, delivery: Delivery) -> bool:
        with self._rt.autocommit.connect() as connection:
            return queue.has_channel_moved(connection, delivery)

    @retry_on_conflict
    def _give_up(
        self, delivery: Delivery, state: Literal["parked", "unknown"], reason: str
    ) -> None:
        """Give a promise up, and let whoever made it say so."""
        message_type = self._message_types[MessageKind(delivery.kind)]
        now = self._rt.clock()
        self._on_attempt(state)
        with self._rt.write(self._rt.workspace) as tx:
            message_type.lock(tx, delivery)
            if queue.finish(tx.session, delivery, now=now, state=state, error=reason):
                tell = (
                    message_type.on_rejected
                    if state == "parked"
                    else message_type.on_lost
                )
                # Where nobody can look for it, nor could one look for what says so.
                cause = Cause(
                    delivery.metadata_token, delivery.first_sent_at, frozenset()
                )
                with caused_by(tx.session, cause):
                    tell(tx, delivery, reason)

    def _finish(self, delivery: Delivery, **changes: Any) -> None:
        with self._rt.write_session.begin() as session:
            queue.finish(session, delivery, now=self._rt.clock(), **changes)
