"""A worker of the outbox, with messages of a test."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy import select

from bot.outbox import enqueue, updates
from bot.outbox.kind import MessageKind
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime
from bot.slack.actions import PostEphemeral, PostMessage, SetReaction
from models import OutboxItem

HERE, THERE = "C0HERE", "C0THERE"
POST_METHOD = "chat.postMessage"
POST, REACTION, EPHEMERAL = map(MessageKind, ("post", "reaction", "ephemeral"))


class OutboxHarness:
    """Messages of three kinds, and the outcomes of their delivery."""

    def __init__(self, rt: Runtime) -> None:
        self.rt = rt
        self.is_true = True
        self.sent: list[object] = []
        self.rejected: list[str] = []
        self.lost: list[str] = []
        # Raised while subject 1 is rendered, or when it is recorded as sent.
        self.bug: type[Exception] | None = None
        self.bug_after: type[Exception] | None = None
        self.on_render: Callable[[], None] = lambda: None
        self.message_types = {
            POST: MessageType(
                POST,
                self._render_post,
                "verify",
                self._on_sent,
                lambda _tx, _delivery, error: self.rejected.append(error),
                lambda _tx, _delivery, error: self.lost.append(error),
            ),
            REACTION: MessageType(REACTION, self._render_reaction, "resend"),
            EPHEMERAL: MessageType(EPHEMERAL, self._render_ephemeral, "drop"),
        }
        self.worker = OutboxWorker(rt, self.message_types)

    def _render_post(self, _session: object, delivery: Delivery) -> PostMessage | None:
        if self.bug and delivery.subject_id == 1:
            raise self.bug
        is_true = self.is_true
        self.on_render()
        return (
            PostMessage(
                delivery.recipient,
                f"{delivery.subject_id}",
                [],
                delivery.payload.get("thread_ts"),
            )
            if is_true
            else None
        )

    def _render_reaction(self, _session: object, delivery: Delivery) -> SetReaction:
        self.on_render()
        return SetReaction(delivery.recipient, "1.1", "eyes")

    def _render_ephemeral(self, _session: object, delivery: Delivery) -> PostEphemeral:
        self.on_render()
        return PostEphemeral(delivery.recipient, "U1", "psst", [])

    def _on_sent(self, _tx: object, _delivery: object, result: object) -> None:
        if self.bug_after:
            raise self.bug_after
        self.sent.append(result)

    def make_true_and_enqueue_again(self) -> None:
        self.is_true = True
        self.enqueue()

    def enqueue(
        self,
        subject: int = 1,
        *,
        to: str = HERE,
        kind: str = "post",
        due: float = 0,
        payload: dict[str, str] | None = None,
    ) -> None:
        at = self.rt.clock() + timedelta(seconds=due)
        self._enqueue(
            partial(enqueue.enqueue, send_at=at, payload=payload), kind, subject, to
        )

    def enqueue_update(
        self, subject: int = 1, *, to: str = HERE, kind: str = "reaction"
    ) -> None:
        self._enqueue(enqueue.enqueue_update, kind, subject, to)

    def _enqueue(
        self, enqueue_function: Callable[..., None], kind: str, subject: int, to: str
    ) -> None:
        with self.rt.write_session.begin() as session:
            enqueue_function(
                session,
                kind,
                subject,
                to,
                installation_id=self.rt.workspaces.only.id,
                now=self.rt.clock(),
            )

    def repeat_refused(self, channel: str) -> None:
        with self.rt.write_session.begin() as session:
            updates.repeat_refused(
                session,
                [REACTION],
                channel,
                installation_id=self.rt.workspaces.only.id,
                now=self.rt.clock(),
            )

    def items(self) -> list[OutboxItem]:
        with self.rt.read_session() as session:
            return list(session.scalars(select(OutboxItem).order_by(OutboxItem.id)))

    def states(self) -> list[str]:
        return [item.state for item in self.items()]

    def go(self) -> int:
        return self.worker.send_due()
