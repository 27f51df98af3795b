"""One worker sends for several workspaces: a problem in one stays there."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

import jobs.installations
from bot.outbox import enqueue, queue
from bot.outbox.kind import MessageKind
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.outbox.worker import (
    MAX_THREADS_OF_WORKSPACE,
    THREADS_FOR_MANY,
    OutboxWorker,
)
from bot.runtime import Runtime, Transaction, Workspace
from bot.slack.actions import PostMessage
from bot.slack.api import OutcomeUnknown, RateLimited, Rejected
from bot.workspace import tokens
from bot.workspace.directory import WorkspaceDirectory
from bot.workspace.token_keys import TokenKey, TokenKeys
from bot.workspace.tokens import Token
from models import Installation, OutboxItem, RateLimit
from tests.conftest import NOW
from tests.factories import Clock
from tests.fakes import FakeSlack
from tests.two_workspaces import serve_two

pytestmark = pytest.mark.on_postgresql

POST = MessageKind("post")
KEYS = TokenKeys(TokenKey(bytes(range(32))))
POST_METHOD = "chat.postMessage"


class TwoWorkspaces:
    """A worker, and two workspaces with a channel of the same id."""

    def __init__(self, rt: Runtime) -> None:
        self.rt = rt
        self.alpha, self.beta = rt.workspaces
        # The teams of the sent messages, in order.
        self.sent: list[str] = []
        self.rejected: list[str] = []
        for workspace in rt.workspaces:
            self.slack(workspace).on_call = self._record_sent(workspace)
        self.worker = OutboxWorker(
            rt,
            {
                POST: MessageType(
                    POST,
                    self._render,
                    on_rejected=lambda tx, _delivery, _error: self.rejected.append(
                        tx.workspace.team_id
                    ),
                )
            },
        )

    def _record_sent(self, workspace: Workspace) -> Callable[[str], None]:
        return lambda method: (
            self.sent.append(workspace.team_id) if method == POST_METHOD else None
        )

    def _render(self, tx: Transaction, delivery: Delivery) -> PostMessage:
        text = f"{tx.workspace.team_id} {delivery.subject_id}"
        return PostMessage(delivery.recipient, text, [])

    def slack(self, workspace: Workspace) -> FakeSlack:
        client = self.rt.slack_of(workspace)
        assert isinstance(client, FakeSlack)
        return client

    def enqueue_posts(
        self, workspace: Workspace, *subjects: int, to: str = "C{}"
    ) -> None:
        with self.rt.write_session.begin() as session:
            for subject in subjects:
                enqueue.enqueue(
                    session,
                    POST,
                    subject,
                    to.format(subject),
                    installation_id=workspace.id,
                    now=self.rt.clock(),
                )

    def texts(self, workspace: Workspace) -> list[str]:
        return [message.text for message in self.slack(workspace).messages]

    def states(self, workspace: Workspace) -> list[str]:
        with self.rt.read_session() as session:
            return list(
                session.scalars(
                    select(OutboxItem.state)
                    .filter_by(installation_id=workspace.id)
                    .order_by(OutboxItem.id)
                )
            )

    def disabled(self) -> list[str]:
        with self.rt.read_session() as session:
            return list(
                session.scalars(
                    select(Installation.team_id).where(
                        Installation.disabled_reason.is_not(None)
                    )
                )
            )


@pytest.fixture
def two(rt: Runtime, clock: Clock) -> TwoWorkspaces:
    return TwoWorkspaces(serve_two(rt, clock).rt)


def test_each_message_is_rendered_and_sent_for_its_own_workspace(two: TwoWorkspaces):
    two.enqueue_posts(two.alpha, 1, 2)
    two.enqueue_posts(two.beta, 1, 2)
    assert two.worker.send_due() == 4
    assert two.texts(two.alpha) == ["T0ALPHA 1", "T0ALPHA 2"]
    assert two.texts(two.beta) == ["T0BETA 1", "T0BETA 2"]


def test_a_channel_that_is_busy_in_one_is_available_in_the_other(
    two: TwoWorkspaces, clock: Clock
):
    two.enqueue_posts(two.alpha, 1, 2, to="C1")
    two.enqueue_posts(two.beta, 1, to="C1")
    assert two.worker.send_due() == 2
    assert two.states(two.alpha) == ["sent", "pending"]
    clock.advance(seconds=1)
    assert two.worker.send_due() == 1


@pytest.mark.deep
def test_a_backlog_in_one_does_not_delay_the_other(two: TwoWorkspaces):
    two.enqueue_posts(two.alpha, *range(100))
    two.enqueue_posts(two.beta, 1, 2)
    two.worker.send_due()
    assert two.sent[:5] == ["T0ALPHA", "T0BETA", "T0ALPHA", "T0BETA", "T0ALPHA"]
    assert len(two.sent) == 102


def test_a_revoked_token_stops_its_own_workspace_only(two: TwoWorkspaces, clock: Clock):
    two.slack(two.alpha).fail[POST_METHOD] = [Rejected(POST_METHOD, "token_revoked")]
    two.enqueue_posts(two.alpha, 1, 2)
    two.enqueue_posts(two.beta, 1, 2)
    two.worker.send_due()
    assert two.disabled() == ["T0ALPHA"]
    assert two.states(two.alpha) == ["pending", "pending"]
    assert two.states(two.beta) == ["sent", "sent"]
    # The job finds that one token works again, and that the other still does.
    for workspace in two.rt.workspaces:
        two.slack(workspace).bot_identity = {"team_id": workspace.team_id}
    jobs.installations.check_token(two.rt, two.worker)
    assert two.disabled() == []
    clock.advance(minutes=1)
    assert two.worker.send_due() == 2
    assert two.states(two.alpha) == ["sent", "sent"]


def test_a_token_rejected_in_one_is_checked_in_the_other(two: TwoWorkspaces):
    two.slack(two.alpha).fail["auth.test"] = [Rejected("auth.test", "invalid_auth")]
    two.slack(two.beta).bot_identity = {"team_id": "T0BETA"}
    with two.rt.write_session.begin() as session:
        session.execute(
            update(Installation)
            .filter_by(id=two.beta.id)
            .values(disabled_reason="account_inactive")
        )
    jobs.installations.check_token(two.rt, two.worker)
    assert two.disabled() == ["T0ALPHA"]


def test_a_late_refusal_of_an_old_token_disables_no_new_one(
    two: TwoWorkspaces, clock: Clock
):
    """The token was replaced while Slack answered."""
    rt, alpha, slack = two.rt, two.alpha, two.slack(two.alpha)
    directory = WorkspaceDirectory(rt.read_session, KEYS, lambda *_: slack)

    def put(token: str) -> None:
        with rt.write_session.begin() as session:
            tokens.store(session, KEYS, alpha.id, Token(token), installed_at=NOW)

    def follow() -> None:
        directory.sync()
        rt.workspaces.add_all([(alpha, slack, directory.served.token_of(alpha.id))])

    def replace_token(method: str) -> None:
        slack.on_call = lambda _: None
        put("new")
        slack.fail[method] = [Rejected(method, "invalid_auth")]

    two.enqueue_posts(alpha, 1)
    put("old")
    for run in (
        two.worker.send_due,
        lambda: jobs.installations.check_token(rt, two.worker),
    ):
        follow()
        slack.on_call = replace_token
        run()
        assert slack.fail != {}
        assert two.disabled() == []
        assert two.states(alpha) == ["pending"]
    # A process uses the new token within ten seconds.
    follow()
    clock.advance(seconds=10)
    assert two.worker.send_due() == 1
    assert two.states(alpha) == ["sent"]
    # It may be refused, too.
    slack.fail[POST_METHOD] = [Rejected(POST_METHOD, "invalid_auth")]
    two.enqueue_posts(alpha, 2)
    two.worker.send_due()
    assert two.disabled() == [alpha.team_id]


def test_a_rate_limit_delays_its_own_workspace_only(two: TwoWorkspaces, clock: Clock):
    two.slack(two.alpha).fail[POST_METHOD] = [RateLimited(POST_METHOD, 30)]
    two.enqueue_posts(two.alpha, 1, 2)
    two.enqueue_posts(two.beta, 1, 2)
    two.worker.send_due()
    assert two.states(two.alpha) == ["pending", "pending"]
    assert two.states(two.beta) == ["sent", "sent"]
    with two.rt.read_session() as session:
        limits = session.scalars(select(RateLimit.installation_id)).all()
    assert limits == [two.alpha.id]
    clock.advance(seconds=31)
    assert two.worker.send_due() == 2
    assert two.states(two.alpha) == ["sent", "sent"]


def test_an_item_is_looked_up_in_its_own_workspace(two: TwoWorkspaces, clock: Clock):
    two.slack(two.alpha).fail_after[POST_METHOD] = [
        OutcomeUnknown(POST_METHOD, "timeout")
    ]
    two.enqueue_posts(two.alpha, 1)
    two.worker.send_due()
    assert two.states(two.alpha) == ["unconfirmed"]
    clock.advance(seconds=30)
    two.worker.send_due()
    assert two.states(two.alpha) == ["sent"]
    assert two.texts(two.alpha) == ["T0ALPHA 1"]
    assert two.slack(two.beta).calls == []


def test_the_feature_learns_in_which_workspace_a_message_was_rejected(
    two: TwoWorkspaces,
):
    two.slack(two.beta).fail[POST_METHOD] = [Rejected(POST_METHOD, "is_archived")]
    two.enqueue_posts(two.alpha, 1)
    two.enqueue_posts(two.beta, 1)
    two.worker.send_due()
    assert two.rejected == ["T0BETA"]


def test_items_of_an_unserved_workspace_wait(two: TwoWorkspaces, rt: Runtime):
    two.enqueue_posts(two.alpha, 1)
    two.enqueue_posts(rt.workspaces.only, 1)
    assert two.worker.send_due() == 1
    assert two.states(rt.workspaces.only) == ["pending"]


@pytest.mark.parametrize("threads", [2, THREADS_FOR_MANY])
def test_while_slack_does_not_answer_in_one_the_other_is_served(
    two: TwoWorkspaces, threads: int
):
    """Each thread might be waiting for the workspace with more to send."""
    release, begun, sent = threading.Event(), threading.Event(), threading.Event()
    hanging: list[str] = []

    def hang(method: str) -> None:
        hanging.append(method)
        begun.set()
        assert release.wait(60)

    two.slack(two.alpha).on_call = hang
    two.slack(two.beta).on_call = lambda _: sent.set()
    two.enqueue_posts(two.alpha, *range(10))
    two.worker.start(threads)
    two.worker.wake()
    assert begun.wait(60)
    two.enqueue_posts(two.beta, 1)
    # The commit told the pair's own worker, which isn't started.
    two.worker.wake()
    assert sent.wait(60)
    assert len(hanging) <= min(threads - 1, MAX_THREADS_OF_WORKSPACE)
    release.set()
    two.worker.stop(60)


def test_only_a_workspace_with_something_to_send_gets_a_turn(
    two: TwoWorkspaces, clock: Clock
):
    def due() -> list[str]:
        with two.rt.autocommit.connect() as connection:
            installation = queue.due_installations(
                connection, two.rt.workspaces.ids, now=clock()
            )
        return [two.rt.workspaces.get(each).team_id for each in installation]

    assert due() == []
    two.enqueue_posts(two.beta, 1)
    assert due() == ["T0BETA"]
    with two.rt.write_session.begin() as session:
        session.execute(
            update(OutboxItem).values(due_at=clock() + timedelta(seconds=1))
        )
    assert due() == []
    clock.advance(seconds=1)
    with two.rt.write_session.begin() as session:
        session.execute(update(Installation).values(disabled_reason="token_revoked"))
    assert due() == []
