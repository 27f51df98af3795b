"""The life of a message that is posted for a row, and updated as the row changes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest
from sqlalchemy import select, update

from bot.db.statements import table
from bot.outbox.attempts import MAX_VERIFY_ATTEMPTS, VERIFY_DELAY
from bot.outbox.channel_ids import move_channel
from bot.outbox.kind import MessageKind
from bot.outbox.posted_message import PostedMessage
from bot.outbox.queue import MESSAGE_INTERVAL, Delivery
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, Transaction
from bot.slack.api import OutcomeUnknown, Rejected, SlackError
from bot.slack.blocks import Note
from models import Kudos, OutboxItem
from tests.factories import Clock
from tests.fakes import FakeSlack
from tests.slack_payloads import ASKER, HELPER

HERE, MOVED = "C0HERE", "C0MOVED"
POST, UPDATE = map(MessageKind, ("notice.post", "notice.update"))
POST_METHOD, UPDATE_METHOD = "chat.postMessage", "chat.update"

pytestmark = pytest.mark.on_postgresql

HISTORY_METHOD = "conversations.history"


class Board:
    """A row with words, the message that shows them, and the hooks that ran.

    A row without words needs no message, and one with the word "hidden" is not posted.
    """

    def __init__(self, rt: Runtime, slack: FakeSlack, clock: Clock) -> None:
        self.rt, self.slack, self.clock = rt, slack, clock
        self.events: list[str] = []
        self.thread_ts: str | None = None
        self.is_unchanged = False
        self.on_render: Callable[[], None] = lambda: None
        self.message = PostedMessage(
            model=Kudos,
            lock=self._lock,
            post=POST,
            render_post=self._render_post,
            thread_ts=lambda _tx, _row: self.thread_ts,
            on_posted=lambda _tx, row: self._log("posted", row),
            on_rejected=lambda _tx, row, error: self._log(f"rejected {error}", row),
            on_lost=lambda _tx, row: self._log("lost", row),
            on_cancelled=lambda _tx, row: self._log("cancelled", row),
            update=UPDATE,
            render_update=self._render_update,
            on_updated=self._on_updated,
            on_deleted=lambda _tx, row: self._log("deleted", row),
        )
        self.use(self.message)
        with rt.write(rt.workspaces.only) as tx:
            row = Kudos(
                installation_id=tx.workspace.id,
                source="test",
                giver=ASKER,
                recipients=[HELPER],
                reason="first",
                given_at=tx.now,
            )
            tx.session.add(row)
            tx.session.flush()
            self.id = row.id

    def use(self, message: PostedMessage[Kudos]) -> None:
        types = {each.kind: each for each in message.message_types()}
        self.worker = OutboxWorker(self.rt, types)

    def _log(self, event: str, row: Kudos) -> None:
        self.events.append(f"{event}: {row.reason}, {row.ts}")

    def _lock(self, _tx: Transaction, row_id: int) -> None:
        assert row_id == self.id
        self.events.append("lock")

    def _render_post(
        self, _tx: Transaction, row: Kudos, delivery: Delivery
    ) -> Note | None:
        assert delivery.kind == POST
        note: Note | None = None if row.reason in {"", "hidden"} else (row.reason, [])
        self.on_render()
        return note

    def _render_update(
        self, _tx: Transaction, row: Kudos
    ) -> Note | Literal["unchanged"] | None:
        if self.is_unchanged:
            return "unchanged"
        return (row.reason, []) if row.reason else None

    def _on_updated(self, _tx: Transaction, delivery: Delivery, _result: Any) -> None:
        self.events.append(f"updated {delivery.subject_id}")

    def _enqueue_update(self, tx: Transaction) -> None:
        tx.enqueue_update(UPDATE, self.id, to=self.channel(tx))

    def channel(self, tx: Transaction) -> str:
        """Return the channel's id of today, as services do."""
        return (
            tx.session.scalar(
                select(OutboxItem.recipient).filter_by(kind=POST, recipient=MOVED)
            )
            or HERE
        )

    # People's actions

    def post(self) -> None:
        with self.rt.write(self.rt.workspaces.only) as tx:
            tx.enqueue(POST, self.id, to=HERE)

    def change(self, words: str) -> None:
        with self.rt.write(self.rt.workspaces.only) as tx:
            tx.session.get_one(Kudos, self.id).reason = words
            self._enqueue_update(tx)

    def remove(self) -> None:
        with self.rt.write(self.rt.workspaces.only) as tx:
            tx.session.delete(tx.session.get_one(Kudos, self.id))

    def during(self, method: str, change: Callable[[], None]) -> None:
        """Make a change while Slack is first called by this method."""

        def on_call(called: str) -> None:
            if called == method:
                self.slack.on_call = lambda _: None
                change()

        self.slack.on_call = on_call

    def deliver(self) -> list[str]:
        """Send all that is due, and return the hooks that ran meanwhile."""
        self.events.clear()
        while self.worker.send_due():
            self.clock.advance(seconds=MESSAGE_INTERVAL.total_seconds())
        return list(self.events)

    def look_again(self) -> list[str]:
        """Wait until the worker has looked for an unconfirmed message often enough."""
        return [
            event
            for _ in range(MAX_VERIFY_ATTEMPTS + 1)
            for event in self._deliver_after(VERIFY_DELAY)
        ]

    def _deliver_after(self, delay: timedelta) -> list[str]:
        self.clock.advance(seconds=delay.total_seconds())
        return self.deliver()

    # The result

    def texts(self) -> list[str]:
        return [message.text for message in self.slack.messages]

    def ts(self) -> str | None:
        with self.rt.read_session() as session:
            return session.get_one(Kudos, self.id).ts

    def states(self) -> dict[str, str]:
        with self.rt.read_session() as session:
            return {
                item.kind: item.state for item in session.scalars(select(OutboxItem))
            }


@pytest.fixture
def board(rt: Runtime, slack: FakeSlack, clock: Clock) -> Board:
    return Board(rt, slack, clock)


def test_it_is_posted_once_and_its_ts_is_stored_before_the_hook_runs(
    board: Board,
) -> None:
    board.post()
    board.post()
    ran = board.deliver()
    [message] = board.slack.messages
    assert (message.channel, message.text) == (HERE, "first")
    assert board.ts() == message.ts
    assert ran == ["lock", f"posted: first, {message.ts}"]
    board.post()
    assert board.deliver() == []
    assert board.texts() == ["first"]


def test_the_row_is_read_again_once_it_is_locked(board: Board) -> None:
    """A lock may load the row, and then wait for a transaction that changes it."""
    rows: list[Kudos] = []

    def lock(tx: Transaction, row_id: int) -> None:
        # As long as something refers to a row, the session does not load it again.
        rows.append(tx.session.get_one(Kudos, row_id))
        # As another transaction does: the loaded row stays as it was.
        tx.session.execute(update(table(Kudos)).values(reason="second"))

    board.use(replace(board.message, lock=lock))
    board.post()
    ran = board.deliver()
    [message] = board.slack.messages
    assert ran == [f"posted: second, {message.ts}"]


def test_it_is_posted_in_the_thread_of_its_row(board: Board) -> None:
    board.thread_ts = "1772442000.000001"
    board.post()
    board.deliver()
    [message] = board.slack.messages
    assert message.thread_ts == board.thread_ts


def test_without_anything_to_show_it_is_not_posted(board: Board) -> None:
    board.post()
    board.change("hidden")
    assert board.deliver() == ["lock", "cancelled: hidden, None"]
    assert (board.texts(), board.ts()) == ([], None)
    assert board.states() == {POST: "cancelled", UPDATE: "cancelled"}
    board.change("second")
    board.post()
    board.deliver()
    assert board.texts() == ["second"]


def test_a_post_that_is_enqueued_again_meanwhile_is_not_cancelled(
    board: Board,
) -> None:
    def show_and_post() -> None:
        board.on_render = lambda: None
        board.change("second")
        board.post()

    board.post()
    board.change("hidden")
    board.on_render = show_and_post
    assert "cancelled" not in " ".join(board.deliver())
    assert board.texts() == ["second"]


def test_it_shows_the_row_as_it_is_when_its_turn_comes(board: Board) -> None:
    board.post()
    board.change("second")
    board.deliver()
    assert board.texts() == ["second"]


def test_without_its_row_nothing_is_posted_and_no_hook_runs(board: Board) -> None:
    board.post()
    board.remove()
    assert board.deliver() == ["lock"]
    assert board.texts() == []
    assert board.states() == {POST: "cancelled"}


@pytest.mark.parametrize(
    ("state", "errors"),
    [
        ("sent", []),
        ("rejected", [Rejected(POST_METHOD, "is_archived")]),
        ("lost", [OutcomeUnknown(POST_METHOD, "timeout")]),
    ],
)
def test_for_a_row_that_goes_meanwhile_no_hook_runs(
    board: Board, state: str, errors: list[SlackError]
) -> None:
    board.slack.fail[POST_METHOD] = [*errors]
    board.slack.fail[HISTORY_METHOD] = [Rejected(HISTORY_METHOD, "missing_scope")]
    board.during(POST_METHOD, board.remove)
    board.post()
    assert {*board.deliver(), *board.look_again()} == {"lock"}
    assert board.states() == {POST: state}


def test_each_change_is_one_update_of_the_same_message(board: Board) -> None:
    board.post()
    board.deliver()
    posted = board.ts()
    board.change("second")
    board.change("third")
    assert board.deliver() == ["lock", f"updated {board.id}"]
    [message] = board.slack.messages
    assert (message.ts, message.text, message.updates) == (posted, "third", 1)
    board.change("fourth")
    board.deliver()
    assert (message.text, message.updates) == ("fourth", 2)
    assert board.ts() == posted


def test_an_unchanged_message_stays_as_it_is(board: Board) -> None:
    board.post()
    board.deliver()
    board.is_unchanged = True
    board.change("second")
    assert board.deliver() == []
    assert board.texts() == ["first"]
    assert board.states()[UPDATE] == "cancelled"
    board.is_unchanged = False
    board.change("third")
    board.deliver()
    assert board.texts() == ["third"]


def test_a_row_that_needs_no_message_any_more_has_it_deleted(board: Board) -> None:
    board.post()
    board.deliver()
    board.change("")
    assert board.deliver() == ["lock", f"deleted: , {board.ts()}"]
    assert (board.texts(), board.slack.deleted_from) == ([], [HERE])


def test_a_row_that_is_gone_leaves_its_message_alone(board: Board) -> None:
    board.post()
    board.deliver()
    board.change("second")
    board.remove()
    assert board.deliver() == []
    assert board.texts() == ["first"]


def test_a_change_while_it_is_being_posted_is_shown_afterwards(board: Board) -> None:
    board.during(POST_METHOD, lambda: board.change("second"))
    board.post()
    ran = board.deliver()
    [message] = board.slack.messages
    assert (message.text, message.updates) == ("second", 1)
    assert ran == [
        "lock",
        f"posted: second, {message.ts}",
        "lock",
        f"updated {board.id}",
    ]


def test_an_update_that_came_before_the_ts_was_known_is_made_again(
    board: Board,
) -> None:
    board.slack.fail_after[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "timeout")]
    board.post()
    assert board.deliver() == []
    board.change("second")
    assert board.deliver() == []
    # There is nothing yet that could be updated.
    assert board.states() == {POST: "unconfirmed", UPDATE: "cancelled"}
    board.look_again()
    [message] = board.slack.messages
    assert (message.text, message.updates) == ("second", 1)


def test_a_change_is_found_under_the_new_id_of_a_moved_channel(board: Board) -> None:
    def move() -> None:
        board.change("second")
        with board.rt.write(board.rt.workspaces.only) as tx:
            move_channel(tx.session, tx.workspace.id, HERE, MOVED)
        board.during(UPDATE_METHOD, move_messages)

    def move_messages() -> None:
        for message in board.slack.messages:
            message.channel = MOVED

    board.during(POST_METHOD, move)
    board.post()
    board.deliver()
    [message] = board.slack.messages
    assert (message.text, message.updates) == ("second", 1)


def test_what_slack_rejects_has_no_ts_and_is_not_posted_later(board: Board) -> None:
    board.slack.fail[POST_METHOD] = [Rejected(POST_METHOD, "is_archived")]
    board.post()
    assert board.deliver() == ["lock", "rejected is_archived: first, None"]
    board.change("second")
    assert board.deliver() == []
    assert (board.texts(), board.ts()) == ([], None)
    assert board.states() == {POST: "rejected", UPDATE: "cancelled"}


@pytest.mark.parametrize("thread_ts", [None, "1772442000.000001"])
def test_what_slack_took_without_an_answer_is_found_and_not_posted_again(
    board: Board, thread_ts: str | None
) -> None:
    board.thread_ts = thread_ts
    board.slack.fail_after[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "timeout")]
    board.post()
    assert board.deliver() == []
    ran = board.look_again()
    [message] = board.slack.messages
    assert ran == ["lock", f"posted: first, {message.ts}"]
    assert (board.ts(), message.thread_ts) == (message.ts, thread_ts)


def test_what_slack_did_not_take_is_posted_after_a_second_look(board: Board) -> None:
    board.slack.fail[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "timeout")]
    board.post()
    board.deliver()
    ran = board.look_again()
    [message] = board.slack.messages
    assert ran == ["lock", f"posted: first, {message.ts}"]
    assert board.slack.calls.count(HISTORY_METHOD) == MAX_VERIFY_ATTEMPTS


@pytest.fixture
def without_a_look(board: Board) -> Board:
    """Slack does not answer the post, and lets nobody look for it."""
    board.slack.fail_after[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "timeout")]
    board.slack.fail[HISTORY_METHOD] = [Rejected(HISTORY_METHOD, "missing_scope")]
    return board


def test_what_nobody_can_look_for_is_lost(without_a_look: Board) -> None:
    without_a_look.post()
    without_a_look.deliver()
    assert without_a_look.look_again() == ["lock", "lost: first, None"]
    assert without_a_look.states() == {POST: "lost"}
    assert without_a_look.texts() == ["first"]


def test_what_is_lost_counts_as_rejected_without_a_hook_of_its_own(
    without_a_look: Board,
) -> None:
    without_a_look.use(replace(without_a_look.message, on_lost=None))
    without_a_look.post()
    without_a_look.deliver()
    assert without_a_look.look_again() == ["lock", "rejected unknown: first, None"]


@pytest.mark.parametrize("error", ["message_not_found", "thread_not_found"])
def test_an_update_of_a_message_that_somebody_deleted_says_so(
    board: Board, error: str
) -> None:
    board.post()
    board.deliver()
    board.slack.fail[UPDATE_METHOD] = [Rejected(UPDATE_METHOD, error)]
    board.change("second")
    assert board.deliver() == ["lock", f"deleted: second, {board.ts()}"]
    assert board.states()[UPDATE] == "rejected"


def test_any_other_rejected_update_runs_no_hook(board: Board) -> None:
    board.post()
    board.deliver()
    board.slack.fail[UPDATE_METHOD] = [Rejected(UPDATE_METHOD, "is_archived")]
    board.change("second")
    assert board.deliver() == ["lock"]
    assert board.texts() == ["first"]
    board.change("third")
    board.deliver()
    assert board.texts() == ["third"]


def test_an_update_without_an_answer_is_made_again(board: Board) -> None:
    board.post()
    board.deliver()
    board.slack.fail_after[UPDATE_METHOD] = [OutcomeUnknown(UPDATE_METHOD, "timeout")]
    board.change("second")
    board.deliver()
    board.look_again()
    [message] = board.slack.messages
    assert (message.text, message.updates) == ("second", 2)


def test_a_message_whose_ts_is_not_stored_is_never_updated(board: Board) -> None:
    board.use(replace(board.message, ts=None, update=None))
    board.post()
    assert board.deliver() == ["lock", "posted: first, None"]
    assert board.ts() is None
    [only] = replace(board.message, update=None).message_types()
    assert (only.kind, only.if_unconfirmed) == (POST, "verify")


def test_a_post_is_looked_up_and_an_update_made_again(board: Board) -> None:
    types = {each.kind: each.if_unconfirmed for each in board.message.message_types()}
    assert types == {POST: "verify", UPDATE: "resend"}
