"""Message types: rendering, and the effects of a delivery."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from bot.outbox.kind import MessageKind
from bot.outbox.queue import Delivery
from bot.slack.actions import Reschedule, SlackAction

if TYPE_CHECKING:
    # The transaction can enqueue messages, so it imports the outbox.
    from bot.runtime import Runtime, Transaction, Workspace

# The maximum number of calls to Slack for the facts that one message or click needs: it
# may concern several channels and people.
MAX_LOOKUPS = 4


class FactsUnknown(ABC, Exception):
    """Facts from Slack are missing: the caller has to `fetch` them, and try again."""

    # The name of Slack's method that returns the facts.
    method: ClassVar[str]

    @abstractmethod
    def fetch(self, rt: "Runtime", workspace: "Workspace", *, is_urgent: bool) -> None:
        """Fetch the facts, outside any transaction, and record them.

        `is_urgent`: a member waits for it, and Slack for our response. Raises
        SlackError.
        """


Render = Callable[["Transaction", Delivery], SlackAction | Reschedule | None]


def do_nothing(*_: object, **_options: object) -> None:
    return None


def _sees_all(_tx: "Transaction", _delivery: Delivery) -> bool:
    return True


def _thread_in_payload(_tx: "Transaction", delivery: Delivery) -> str | None:
    thread_ts: str | None = delivery.payload.get("thread_ts")
    return thread_ts


def _send_now(tx: "Transaction", _delivery: Delivery) -> datetime:
    return tx.now


@dataclass(frozen=True, slots=True)
class MessageType:
    """A kind of message, and the functions that belong to it.

    `render` returns the action to take in Slack, None if there is no longer anything
    to send, or `Reschedule`. `send_after` returns the earliest time (UTC) that suits
    the recipient; it does not run if they want the message now. `claim` runs right
    before the sending, in a transaction of its own: it returns the transaction's time,
    or the time (UTC) to try again.

    `can_see` returns True if the recipient may see all that the message quotes; if not,
    `render_without_access` is used instead of `render`.

    `on_sent`, `on_rejected` and `on_lost` run in the transaction that records the
    outcome, with Slack's result or its error code; so does `on_cancelled`, if there was
    no longer anything to send. `lock` runs before them and locks the rows that they
    change: a subject is always locked before its messages.

    `update` is the kind of the updates of the message, to the same recipient about the
    same subject. One that was enqueued before the message was known to be sent is sent
    once more.

    `thread_ts` returns the thread of a reply, whose history a lookup reads; None for a
    message that is not a reply.
    """

    kind: MessageKind
    render: Render
    # If it is unknown whether Slack took the action: "verify" looks for the message in
    # Slack, "resend" repeats an action that may be repeated, "drop" gives it up.
    if_unconfirmed: Literal["verify", "resend", "drop"] = "verify"
    on_sent: Callable[["Transaction", Delivery, Any], None] = do_nothing
    on_rejected: Callable[["Transaction", Delivery, str], None] = do_nothing
    on_lost: Callable[["Transaction", Delivery, str], None] = do_nothing
    on_cancelled: Callable[["Transaction", Delivery], None] | None = None
    lock: Callable[["Transaction", Delivery], None] = do_nothing
    send_after: Callable[["Transaction", Delivery], datetime] = _send_now
    claim: Callable[["Transaction", Delivery], datetime] | None = None
    can_see: Callable[["Transaction", Delivery], bool] = _sees_all
    render_without_access: Render = do_nothing
    update: MessageKind | None = None
    thread_ts: Callable[["Transaction", Delivery], str | None] = _thread_in_payload
    # False: an update that Slack refuses while the bot is out is not made again when it
    # is back: `on_rejected` makes up for it.
    is_repeated_when_back: bool = True
    # False: logs and metrics say nothing about a message that was sent.
    is_logged: bool = True

    def render_visible(
        self, tx: "Transaction", delivery: Delivery
    ) -> SlackAction | Reschedule | None:
        """Render the message as the recipient may see it. Raises FactsUnknown."""
        if self.can_see(tx, delivery):
            return self.render(tx, delivery)
        return self.render_without_access(tx, delivery)

    def render_when_due(
        self, tx: "Transaction", delivery: Delivery
    ) -> SlackAction | Reschedule | None:
        """Render the message, or reschedule it to a time that suits the recipient."""
        action = self.render_visible(tx, delivery)
        if action is None or isinstance(action, Reschedule):
            return action
        if delivery.is_wanted:
            return action
        at = self.send_after(tx, delivery)
        return Reschedule(at) if at > tx.now else action
