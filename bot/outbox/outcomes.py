"""Record the outcome of a delivery: sent, to be retried, rejected or lost."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select

from bot.db.retry import retry_on_conflict
from bot.outbox import queue, rate_limits, refusals, updates
from bot.outbox.attempts import (
    MAX_FAILURES,
    VERIFY_DELAY,
    log_fields,
    retry_at,
    unsent_state,
)
from bot.outbox.enqueue import Cause, caused_by
from bot.outbox.kind import MessageKind
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.slack.actions import SlackAction, api_methods
from bot.slack.api import (
    REVOKED_TOKEN_ERRORS,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    SlackError,
)
from models import OutboxItem

if TYPE_CHECKING:
    # The runtime opens transactions, which can enqueue, so it imports the outbox.
    from bot.runtime import Runtime, Workspace

log = logging.getLogger(__name__)


class OutcomeRecorder:
    """Records each delivery's outcome in a transaction of its own.

    `on_attempt` is called with a word for the outcome of each attempt.
    """

    def __init__(
        self,
        rt: "Runtime",
        message_types: Mapping[MessageKind, MessageType],
        on_attempt: Callable[[str], None],
    ) -> None:
        self._rt = rt
        self._message_types = message_types
        self._on_attempt = on_attempt
        self._verified_kinds = frozenset(
            kind
            for kind, message_type in message_types.items()
            if message_type.if_unconfirmed == "verify"
        )

    def message_type_of(self, delivery: Delivery) -> MessageType:
        return self._message_types[MessageKind(delivery.kind)]

    def record_accepted(
        self, delivery: Delivery, result: Any, *, is_spaced: bool
    ) -> None:
        """Record that Slack took a message. If that fails, record it as unconfirmed."""
        try:
            self.record_success(delivery, result, is_spaced=is_spaced)
        except Exception as error:
            # The message is in Slack, whichever error prevented its record.
            log.exception("delivery not recorded", extra={"kind": delivery.kind})
            unconfirmed = OutcomeUnknown(delivery.kind, type(error).__name__)
            self.record_unconfirmed(delivery, unconfirmed)

    @retry_on_conflict
    def record_success(
        self, delivery: Delivery, result: Any, *, is_spaced: bool = True
    ) -> None:
        message_type = self.message_type_of(delivery)
        now = self._rt.clock()
        changes: dict[str, Any] = {"error": None, "failures": 0}
        if isinstance(result, tuple):
            changes["slack_channel"], changes["ts"] = result
        with self._rt.write(self._workspace_of(delivery)) as tx:
            message_type.lock(tx, delivery)
            recipient = queue.finish(
                tx.session,
                delivery,
                now=now,
                state="sent",
                is_spaced=is_spaced,
                is_update=message_type.if_unconfirmed == "resend",
                **changes,
            )
            if recipient is not None:
                verified_kinds = (
                    self._verified_kinds if delivery.is_unconfirmed else frozenset()
                )
                cause = Cause(
                    delivery.metadata_token, delivery.first_sent_at, verified_kinds
                )
                with caused_by(tx.session, cause):
                    message_type.on_sent(tx, delivery, result)
                if message_type.update is not None:
                    updates.repeat(
                        tx.session,
                        message_type.update,
                        delivery.subject_id,
                        recipient,
                        installation_id=delivery.installation_id,
                        now=now,
                    )
        if message_type.is_logged:
            log.info("sent", extra={"kind": delivery.kind, "item": delivery.id})
            self._on_attempt("sent")

    def record_unconfirmed(self, delivery: Delivery, error: SlackError) -> None:
        """Record that it is unknown whether Slack took the action."""
        if_unconfirmed = self.message_type_of(delivery).if_unconfirmed
        now = self._rt.clock()
        log.warning("unconfirmed", extra=log_fields(delivery, error))
        self._on_attempt("unconfirmed")
        failure = {"error": error.code, "failures": delivery.failures + 1}
        is_last = delivery.failures + 1 >= MAX_FAILURES
        if if_unconfirmed == "drop" or (if_unconfirmed == "verify" and is_last):
            self.give_up(delivery, "lost", error.code)
        elif is_last:
            self.give_up(delivery, "rejected", error.code)
        elif if_unconfirmed == "verify":
            self.finish(
                delivery,
                state="unconfirmed",
                verify_attempts=0,
                due_at=now + VERIFY_DELAY,
                **failure,
            )
        else:
            self.finish(
                delivery, state="pending", due_at=retry_at(delivery, now), **failure
            )

    @retry_on_conflict
    def record_failure(self, delivery: Delivery, error: SlackError) -> None:
        """Record that Slack did not take the action: retry it later, or give it up."""
        now = self._rt.clock()
        log.warning("not delivered", extra=log_fields(delivery, error))
        self._on_attempt("ratelimited" if isinstance(error, RateLimited) else "failed")
        if isinstance(error, RateLimited):
            self._record_rate_limit(delivery, error, now)
        elif error.code in REVOKED_TOKEN_ERRORS:
            self._record_refusal(delivery, error, now)
        elif (
            isinstance(error, NotSent | OutcomeUnknown)
            and delivery.failures + 1 < MAX_FAILURES
        ):
            self.finish(
                delivery,
                state=unsent_state(delivery),
                due_at=retry_at(delivery, now),
                error=error.code,
                failures=delivery.failures + 1,
            )
        elif self._has_channel_moved(delivery):
            self.finish(
                delivery, state=unsent_state(delivery), due_at=now, error=error.code
            )
        else:
            self.give_up(
                delivery, "lost" if delivery.is_unconfirmed else "rejected", error.code
            )

    def _record_rate_limit(
        self, delivery: Delivery, error: RateLimited, now: datetime
    ) -> None:
        until = now + timedelta(seconds=error.retry_after)
        with self._rt.write_session.begin() as session:
            queue.finish(
                session, delivery, now=now, state=unsent_state(delivery), due_at=until
            )
            rate_limits.record(session, delivery.installation_id, error.method, until)

    def _record_refusal(
        self, delivery: Delivery, error: SlackError, now: datetime
    ) -> None:
        """Send nothing more until the token works again, or wait for the next one."""
        until = now + refusals.FOLLOW_TOKENS_EVERY
        changes: dict[str, Any] = {"error": error.code}
        with self._rt.write_session.begin() as session:
            is_disabled = refusals.record(
                session,
                delivery.installation_id,
                error.code,
                token=delivery.token,
                now=now,
            )
            if not is_disabled:
                changes["due_at"] = until
            recipient = queue.finish(
                session, delivery, now=now, state=unsent_state(delivery), **changes
            )
            if recipient is not None and not is_disabled:
                rate_limits.record(
                    session, delivery.installation_id, error.method, until
                )

    @retry_on_conflict
    def give_up(
        self, delivery: Delivery, state: Literal["rejected", "lost"], reason: str
    ) -> None:
        """Give a message up, and call its type's `on_rejected` or `on_lost`."""
        message_type = self.message_type_of(delivery)
        now = self._rt.clock()
        self._on_attempt(state)
        with self._rt.write(self._workspace_of(delivery)) as tx:
            message_type.lock(tx, delivery)
            recipient = queue.finish(
                tx.session,
                delivery,
                now=now,
                state=state,
                is_update=message_type.if_unconfirmed == "resend",
                error=reason,
            )
            if recipient is not None:
                notify = (
                    message_type.on_rejected
                    if state == "rejected"
                    else message_type.on_lost
                )
                # This message can't be looked up in Slack, so its effects can't either.
                cause = Cause(
                    delivery.metadata_token, delivery.first_sent_at, frozenset()
                )
                with caused_by(tx.session, cause):
                    notify(tx, delivery, reason)

    def finish(self, delivery: Delivery, **changes: Any) -> None:
        """End the claim: give the message's row a new state and other changes."""
        with self._rt.write_session.begin() as session:
            queue.finish(session, delivery, now=self._rt.clock(), **changes)

    def cancel(self, delivery: Delivery) -> None:
        """Record that there is no longer anything to send."""
        if self.message_type_of(delivery).on_cancelled is None:
            self.finish(delivery, state="cancelled")
        else:
            self._cancel_with_hook(delivery)
        self._on_attempt("cancelled")

    @retry_on_conflict
    def _cancel_with_hook(self, delivery: Delivery) -> None:
        message_type = self.message_type_of(delivery)
        now = self._rt.clock()
        with self._rt.write(self._workspace_of(delivery)) as tx:
            message_type.lock(tx, delivery)
            if queue.finish(tx.session, delivery, now=now, state="cancelled") is None:
                return
            # If it was enqueued again meanwhile, it is pending.
            state = tx.session.scalar(
                select(OutboxItem.state).filter_by(id=delivery.id)
            )
            if state == "cancelled" and message_type.on_cancelled is not None:
                message_type.on_cancelled(tx, delivery)

    def defer_if_rate_limited(self, delivery: Delivery, method: str) -> bool:
        """Postpone the message if Slack limits the method now; return True if so."""
        return self._defer(delivery, self.rate_limited_until(delivery, method))

    def _defer(self, delivery: Delivery, until: datetime | None) -> bool:
        if until is None:
            return False
        self.finish(delivery, state=unsent_state(delivery), due_at=until)
        return True

    def rate_limited_until(self, delivery: Delivery, method: str) -> datetime | None:
        with self._rt.autocommit.connect() as connection:
            return rate_limits.limited_until(
                connection, delivery.installation_id, method, now=self._rt.clock()
            )

    def may_send(self, delivery: Delivery, action: SlackAction) -> bool:
        """Return True if the message may be sent now.

        If Slack limits a method that the action calls, the message is postponed. Raises
        NotSent if the lease may end before the message is sent: if the process was
        suspended, another worker may have sent it in the meantime.
        """
        with self._rt.autocommit.connect() as connection:
            now = self._rt.clock()
            until = rate_limits.limited_until(
                connection, delivery.installation_id, *api_methods(action), now=now
            )
            if until is None and not queue.has_lease(connection, delivery, now=now):
                raise NotSent(action.method, "lease_over")
        return not self._defer(delivery, until)

    def _has_channel_moved(self, delivery: Delivery) -> bool:
        with self._rt.autocommit.connect() as connection:
            return queue.has_channel_moved(connection, delivery)

    def _workspace_of(self, delivery: Delivery) -> "Workspace":
        return self._rt.workspaces.get(delivery.installation_id)
