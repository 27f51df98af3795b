"""Send the outbox's messages: claim a message, render it, call Slack."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.orm import Session

from bot.db.retry import retry_on_conflict
from bot.outbox import queue
from bot.outbox.attempts import MAX_VERIFY_ATTEMPTS, VERIFY_DELAY, unsent_state
from bot.outbox.enqueue import ENQUEUED
from bot.outbox.kind import MessageKind
from bot.outbox.message_type import MAX_LOOKUPS, FactsUnknown, MessageType, do_nothing
from bot.outbox.outcomes import OutcomeRecorder
from bot.outbox.queue import Delivery
from bot.outbox.rate_limiter import RateLimiter
from bot.outbox.turns import Turns
from bot.slack.actions import (
    PostIfMember,
    PostIfNotMember,
    PostMessage,
    Reschedule,
    SlackAction,
)
from bot.slack.api import (
    THREAD_NOT_FOUND,
    NotSent,
    OutcomeUnknown,
    Rejected,
    SlackError,
)
from bot.slack.channel_actions import OpenChannel, OpenGroup

if TYPE_CHECKING:
    # The runtime opens transactions, which can enqueue, so it imports the outbox.
    from bot.runtime import Runtime, Workspace

log = logging.getLogger(__name__)

# A call to Slack ends within seconds, unless its response keeps trickling in.
STUCK_AFTER_SECONDS = 600
# Slack takes "several hundred" messages a minute in a workspace. If an app sends more,
# Slack limits it, and all later messages have to wait.
MESSAGES_PER_SECOND, BURST = 10, 10
# They wait for Slack most of the time. Two send what Slack takes in a workspace. Eight
# send what one processor renders and records, if Slack takes 0.1 seconds for a call.
THREADS, THREADS_FOR_MANY = 2, 8
# So that a workspace with much to send, or whose calls hang, leaves threads to others.
MAX_THREADS_OF_WORKSPACE = 2

# Slack takes one a second: of messages in a channel, and of groups to open.
_SPACED = PostMessage | PostIfMember | PostIfNotMember | OpenChannel | OpenGroup


class OutboxWorker:
    """Worker threads that send messages, woken by each commit that enqueues one.

    Any number of threads and processes may run. They send for every served workspace,
    with its own token and rate limit.
    """

    def __init__(
        self,
        rt: "Runtime",
        message_types: Mapping[MessageKind, MessageType],
        *,
        fetch_new_users: Callable[..., None] = do_nothing,
        new_rate_limiter: Callable[[], RateLimiter] | None = None,
        on_attempt: Callable[[str], None] = do_nothing,
        monotonic_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create a worker without starting its threads.

        `fetch_new_users` fetches members whom a message may name. `new_rate_limiter`
        makes a workspace's rate limiter; None: no limit. `on_attempt` is called with a
        word for the outcome of each attempt.
        """
        self._rt = rt
        self._fetch_new_users = fetch_new_users
        self._outcomes = OutcomeRecorder(rt, message_types, on_attempt)
        self._turns = Turns(new_rate_limiter, clock=monotonic_clock)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._monotonic_clock = monotonic_clock
        # Start times of the deliveries in flight, by item id, in monotonic seconds.
        self._started_at: dict[int, float] = {}
        event.listen(rt.write_session, "after_commit", self._on_commit)

    def start(self, threads: int = THREADS) -> None:
        self._threads = [
            threading.Thread(target=self._run, name=f"delivery-{n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> None:
        """Claim nothing more, and wait `seconds` at most for deliveries in flight.

        The lease of an unfinished delivery runs out; the message is then verified.
        """
        self._stopping.set()
        self._turns.end_all()
        for thread in self._threads:
            thread.join(seconds / len(self._threads))

    @property
    def is_running(self) -> bool:
        return bool(self._threads) and all(t.is_alive() for t in self._threads)

    def stopped_reason(self) -> str | None:
        """Return why messages may no longer be sent; None if the worker is healthy."""
        if not self.is_running:
            return "a thread has ended"
        oldest = min([*self._started_at.values()], default=self._monotonic_clock())
        if self._monotonic_clock() - oldest > STUCK_AFTER_SECONDS:
            return "a delivery hangs"
        return None

    def wake(self) -> None:
        """Let a thread ask the queue for messages that are due in any workspace."""
        self._turns.ask_queue()

    def send_due(self) -> int:
        """Send every message that is due now, and return how many were claimed."""
        self._ask_queue()
        count = 0
        while not self._stopping.is_set():
            seconds = self._turns.seconds_to_turn(self._max_in_flight)
            if seconds is None:
                break
            time.sleep(seconds)
            count += self._take_turn()
        return count

    def _on_commit(self, session: Session) -> None:
        if installation_ids := session.info.pop(ENQUEUED, None):
            self._turns.add(installation_ids)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._turns.wait(self._max_in_flight):
                    self._ask_queue()
                self._take_turn()
            except Exception:
                # Probably the database can't be reached. Go on: if the thread ended,
                # nothing would be sent.
                log.exception("delivering failed")
                time.sleep(1)

    @property
    def _max_in_flight(self) -> int:
        """The most messages that are sent at a time in a workspace.

        If several workspaces are served, each leaves at least one thread to the others.
        """
        if len(self._rt.workspaces) > 1:
            return max(1, min(MAX_THREADS_OF_WORKSPACE, len(self._threads) - 1))
        return MAX_THREADS_OF_WORKSPACE

    def _ask_queue(self) -> None:
        served = self._rt.workspaces.ids
        self._turns.forget_all_but(served)
        self._turns.add(self._due(served))

    def _due(self, installation_ids: Collection[int]) -> Sequence[int]:
        with self._rt.autocommit.connect() as connection:
            return queue.due_installations(
                connection, installation_ids, now=self._rt.clock()
            )

    def _take_turn(self) -> bool:
        """Send a message of the next workspace; False if nothing was claimed."""
        if self._stopping.is_set():
            return False
        installation_id = self._turns.take(self._max_in_flight)
        if installation_id is None:
            return False
        try:
            return self._send_next_of(installation_id)
        finally:
            self._turns.end(installation_id)

    def _send_next_of(self, installation_id: int) -> bool:
        # A workspace that sends little comes before those that send much.
        is_first = self._turns.sends_little(installation_id)
        with self._rt.requests.give_way(is_first=is_first):
            delivery = self._claim(installation_id)
        if delivery is None:
            return False
        self._turns.count_message(installation_id)
        # Let another thread claim the next message meanwhile.
        self._turns.add([installation_id])
        self._started_at[delivery.id] = self._monotonic_clock()
        try:
            self._send(delivery, is_first=is_first)
        except SlackError as error:
            self._outcomes.record_failure(delivery, error)
        except Exception as error:
            # A bug in one message must not hold up the others behind it.
            log.exception("delivery failed", extra={"kind": delivery.kind})
            self._outcomes.record_failure(
                delivery, OutcomeUnknown(delivery.kind, type(error).__name__)
            )
        finally:
            self._started_at.pop(delivery.id, None)
            # The channel is free, so the next message to it may be due.
            self._turns.add([installation_id])
        return True

    def _claim(self, installation_id: int) -> Delivery | None:
        # Before the client: a token that is replaced meanwhile counts as the old one.
        token = self._rt.workspaces.token_of(installation_id)
        # It blocks no writer, as a claim would.
        is_served = self._rt.workspaces.is_served(installation_id)
        if not is_served or not self._due([installation_id]):
            return None
        with self._rt.write_session.begin() as session:
            delivery = queue.claim(session, installation_id, now=self._rt.clock())
        return delivery and replace(delivery, token=token)

    def _send(self, delivery: Delivery, *, is_first: bool) -> None:
        workspace = self._rt.workspaces.get(delivery.installation_id)
        message_type = self._outcomes.message_type_of(delivery)
        if delivery.is_unconfirmed:
            if message_type.if_unconfirmed == "drop":
                self._outcomes.give_up(delivery, "lost", delivery.kind)
                return
            if message_type.if_unconfirmed == "verify" and self._is_settled_by_lookup(
                delivery, workspace
            ):
                return
        retry_on_conflict(self._fetch_new_users)(self._rt, workspace, is_first=is_first)
        action = self._render(delivery, message_type, workspace, is_first=is_first)
        if action is None:
            self._outcomes.cancel(delivery)
            return
        if isinstance(action, Reschedule):
            self._outcomes.finish(
                delivery, state=unsent_state(delivery), due_at=action.until
            )
            return
        with self._rt.requests.give_way(is_first=is_first):
            if not self._outcomes.may_send(delivery, action):
                return
        # From here on, outcomes are about this attempt, not about an earlier one.
        delivery = replace(delivery, is_unconfirmed=False)
        try:
            result = action.send(self._rt.slack_of(workspace), delivery.metadata_token)
        except OutcomeUnknown as error:
            self._outcomes.record_unconfirmed(delivery, error)
        except SlackError as error:
            self._outcomes.record_failure(delivery, error)
        else:
            with self._rt.requests.give_way():
                self._outcomes.record_accepted(
                    delivery, result, is_spaced=isinstance(action, _SPACED)
                )

    def _render(
        self,
        delivery: Delivery,
        message_type: MessageType,
        workspace: "Workspace",
        *,
        is_first: bool,
    ) -> SlackAction | Reschedule | None:
        """Render the message; if FactsUnknown is raised, ask Slack and retry."""
        method = ""
        for _ in range(MAX_LOOKUPS):
            try:
                with (
                    self._rt.requests.give_way(is_first=is_first),
                    self._rt.read(workspace) as tx,
                ):
                    claim_tx = replace(tx, now=delivery.started_at)
                    action = message_type.render_when_due(claim_tx, delivery)
            except FactsUnknown as unknown:
                method = unknown.method
                until = self._outcomes.rate_limited_until(delivery, method)
                if until is not None:
                    return Reschedule(until)
                unknown.fetch(self._rt, workspace, is_urgent=False)
            else:
                return self._claim_place(action, delivery, message_type, workspace)
        raise NotSent(method, "facts_unknown")

    @retry_on_conflict
    def _claim_place(
        self,
        action: SlackAction | Reschedule | None,
        delivery: Delivery,
        message_type: MessageType,
        workspace: "Workspace",
    ) -> SlackAction | Reschedule | None:
        """Claim a place for the message if it needs one; without one, reschedule it."""
        is_sent = action is not None and not isinstance(action, Reschedule)
        if message_type.claim is None or not is_sent:
            return action
        with self._rt.write(workspace) as tx:
            at = message_type.claim(tx, delivery)
        return Reschedule(at) if at > tx.now else action

    def _is_settled_by_lookup(self, delivery: Delivery, workspace: "Workspace") -> bool:
        """Look for the message in Slack; False if it is not there and may be sent."""
        if self._outcomes.defer_if_rate_limited(delivery, "conversations.history"):
            return True
        with self._rt.read(workspace) as tx:
            thread_ts = self._outcomes.message_type_of(delivery).thread_ts(tx, delivery)
        try:
            message = self._rt.slack_of(workspace).find_by_metadata(
                delivery.recipient,
                delivery.metadata_token,
                since=delivery.first_sent_at.timestamp(),
                # Replies are in the history of their thread, not of the channel.
                thread_ts=thread_ts,
            )
        except Rejected as error:
            if error.code != THREAD_NOT_FOUND:
                raise
            # The thread is gone: the message is not there and can't be posted there.
            self._outcomes.give_up(delivery, "rejected", error.code)
            return True
        if message is not None:
            self._outcomes.record_success(delivery, message)
            return True
        if delivery.verify_attempts + 1 < MAX_VERIFY_ATTEMPTS:
            self._outcomes.finish(
                delivery,
                state="unconfirmed",
                verify_attempts=delivery.verify_attempts + 1,
                due_at=self._rt.clock() + VERIFY_DELAY,
            )
            return True
        return False
