"""The budget of unasked messages across kinds of messages, on both databases."""

from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.errors import UserError
from bot.features import FEATURES
from bot.outbox.enqueue import dedup_key
from bot.outbox.kind import MessageKind
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, Transaction
from bot.slack.actions import PostMessage
from bot.slack.api import NotSent, Rejected
from bot.workspace import contact_budget, members, workspace_settings
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from models import OutboxItem, UnaskedMessage
from tests.factories import Clock
from tests.fakes import FakeSlack
from tests.slack_payloads import HELPER, PEER

KINDS = {purpose: MessageKind(purpose) for purpose in Purpose}


class Budget:
    """One kind of unasked message for each purpose, and their deliveries."""

    def __init__(self, rt: Runtime, slack: FakeSlack, clock: Clock) -> None:
        self.rt, self.slack, self.clock = rt, slack, clock
        # Subjects that there is no longer anything to say about.
        self.over: set[int] = set()
        message_types = {
            kind: MessageType(kind, self._render, claim=claim_as(purpose))
            for purpose, kind in KINDS.items()
        }
        self.worker = OutboxWorker(rt, message_types)
        with self.write() as tx:
            members.ensure(tx, [HELPER, PEER])

    def _render(self, _tx: Transaction, delivery: Delivery) -> PostMessage | None:
        if delivery.subject_id in self.over:
            return None
        text = f"{delivery.kind} {delivery.subject_id}"
        return PostMessage(delivery.recipient, text, [])

    def write(self) -> AbstractContextManager[Transaction]:
        return self.rt.write(self.rt.workspaces.only)

    def enqueue(self, purpose: Purpose, subject: int = 1, to: str = HELPER) -> None:
        with self.write() as tx:
            tx.enqueue(KINDS[purpose], subject, to=to)

    def deliver(self, **passed: float) -> None:
        self.clock.advance(**passed)
        while self.worker.send_due():
            self.clock.advance(seconds=1)

    def sent(self, to: str = HELPER) -> list[str]:
        return [message.text for message in self.slack.messages_to(to)]

    def waiting(self) -> list[str]:
        with self.write() as tx:
            items = contact_budget.waiting(tx, HELPER)
            return [f"{item.kind} {item.subject_id}" for item in items]

    def item_id(self, purpose: Purpose, subject: int = 1) -> int:
        key = dedup_key(KINDS[purpose], subject, HELPER)
        with self.write() as tx:
            row = tx.session.scalars(select(OutboxItem).filter_by(dedup_key=key)).one()
            return row.id


@pytest.fixture
def budget(rt: Runtime, slack: FakeSlack, clock: Clock) -> Budget:
    return Budget(rt, slack, clock)


def test_the_third_place_of_a_week_is_kept_for_requests_and_consent(budget: Budget):
    for subject in (1, 2, 3):
        budget.enqueue(Purpose.NEWS, subject)
        budget.deliver(hours=1)
    assert budget.sent() == ["news 1", "news 2"]
    budget.enqueue(Purpose.CONSENT)
    budget.enqueue(Purpose.REQUEST)
    budget.deliver(days=1)
    assert budget.sent()[2:] == ["consent 1"]
    assert budget.waiting() == ["request 1", "news 3"]
    # Another person has a budget of their own.
    budget.enqueue(Purpose.NEWS, to=PEER)
    budget.deliver()
    assert budget.sent(PEER) == ["news 1"]


def test_what_waits_is_sent_once_a_place_is_free_the_most_important_first(
    budget: Budget,
):
    for subject in (1, 2, 3, 4):
        budget.enqueue(Purpose.NEWS, subject)
    budget.enqueue(Purpose.CONSENT)
    budget.enqueue(Purpose.REMINDER)
    budget.enqueue(Purpose.REQUEST)
    budget.deliver(hours=1)
    assert budget.sent() == ["news 1", "news 2", "consent 1"]
    assert budget.waiting() == ["request 1", "reminder 1", "news 3", "news 4"]
    for _ in range(9):
        budget.deliver(days=1)
    # A request and a reminder leave no place to news, for another week.
    assert budget.sent()[3:] == ["request 1", "reminder 1"]
    for _ in range(8):
        budget.deliver(days=1)
    assert budget.sent()[5:] == ["news 3", "news 4"]
    assert budget.waiting() == []


def test_a_message_without_sense_leaves_its_place_to_others(budget: Budget):
    for subject in (1, 2, 3, 4):
        budget.enqueue(Purpose.NEWS, subject)
    budget.deliver()
    budget.over = {3}
    budget.deliver(days=7, hours=1)
    assert budget.sent() == ["news 1", "news 2", "news 4"]
    assert budget.waiting() == []


def test_a_failure_keeps_the_place_and_a_refusal_frees_it(budget: Budget):
    budget.enqueue(Purpose.NEWS)
    budget.slack.fail["chat.postMessage"] = [NotSent("chat.postMessage", "connection")]
    budget.deliver()
    budget.deliver(minutes=10)
    assert budget.sent() == ["news 1"]
    budget.enqueue(Purpose.NEWS, 2)
    budget.slack.fail["chat.postMessage"] = [
        Rejected("chat.postMessage", "invalid_blocks")
    ]
    budget.deliver()
    budget.enqueue(Purpose.NEWS, 3)
    budget.deliver(hours=1)
    assert budget.sent() == ["news 1", "news 3"]
    assert budget.waiting() == []


def test_a_place_is_kept_while_others_take_the_rest(budget: Budget):
    budget.enqueue(Purpose.NEWS)
    budget.slack.fail["chat.postMessage"] = [NotSent("chat.postMessage", "connection")]
    budget.deliver()
    budget.enqueue(Purpose.NEWS, 2)
    budget.enqueue(Purpose.CONSENT)
    budget.deliver(minutes=1)
    assert budget.sent() == ["news 2", "consent 1", "news 1"]


def test_a_message_that_changes_while_it_waits_is_listed_once(budget: Budget):
    with budget.write() as tx:
        workspace_settings.update(tx, unasked_per_week=0)
    for _ in range(2):
        with budget.write() as tx:
            tx.enqueue_update(KINDS[Purpose.NEWS], 1, to=HELPER)
        budget.deliver(days=1, hours=1)
        assert budget.waiting() == ["news 1"]


@pytest.mark.deep_on_postgresql
def test_a_member_can_have_what_waits_now_and_it_costs_no_place(budget: Budget):
    for subject in (1, 2, 3, 4):
        budget.enqueue(Purpose.NEWS, subject)
    budget.deliver()
    with budget.write() as tx:
        contact_budget.send_now(tx, HELPER, budget.item_id(Purpose.NEWS, 4))
    budget.deliver()
    budget.enqueue(Purpose.CONSENT)
    budget.deliver()
    assert budget.sent() == ["news 1", "news 2", "news 4", "consent 1"]
    for member, item_id in (
        (HELPER, budget.item_id(Purpose.NEWS, 4)),
        (HELPER, 0),
        (PEER, budget.item_id(Purpose.NEWS, 3)),
    ):
        with budget.write() as tx, pytest.raises(UserError):
            contact_budget.send_now(tx, member, item_id)


def test_a_message_that_is_sent_again_is_another_message(budget: Budget):
    for _ in range(3):
        with budget.write() as tx:
            tx.enqueue_update(KINDS[Purpose.NEWS], 1, to=HELPER)
        budget.deliver(hours=1)
    assert budget.sent() == ["news 1", "news 1"]


@pytest.mark.parametrize("places", [0, 10])
def test_the_workspace_chooses_the_budget(budget: Budget, places: int):
    with budget.write() as tx:
        workspace_settings.update(tx, unasked_per_week=places)
    for subject in range(12):
        budget.enqueue(Purpose.REQUEST, subject)
    budget.deliver()
    budget.deliver(days=2)
    assert len(budget.sent()) == places
    assert len(budget.waiting()) == 12 - places


def test_a_raised_budget_counts_within_a_day(budget: Budget):
    with budget.write() as tx:
        workspace_settings.update(tx, unasked_per_week=0)
    budget.enqueue(Purpose.NEWS)
    budget.deliver()
    with budget.write() as tx:
        workspace_settings.update(tx, unasked_per_week=None)
    budget.deliver(days=1)
    assert budget.sent() == ["news 1"]


def test_the_same_id_in_another_workspace_is_another_member(budget: Budget):
    for subject in (1, 2, 3):
        budget.enqueue(Purpose.NEWS, subject)
    budget.deliver()
    with budget.write() as tx:
        other = replace(tx, workspace=replace(tx.workspace, id=tx.workspace.id + 1))
        assert contact_budget.waiting(other, HELPER) == []


@pytest.mark.deep_on_postgresql
def test_rows_are_deleted_when_they_no_longer_count(budget: Budget):
    for subject in (1, 2, 3):
        budget.enqueue(Purpose.NEWS, subject)
    budget.deliver()

    def count() -> int:
        with budget.write() as tx:
            contact_budget.purge(tx)
            return len(tx.session.scalars(select(UnaskedMessage.item_id)).all())

    assert count() == 3
    budget.over = {3}
    budget.deliver(days=7, hours=1)
    assert count() == 0


def test_each_message_that_waits_for_contact_hours_has_a_budget():
    at_once = MessageType.__dataclass_fields__["send_after"].default
    outside = {
        message_type.kind
        for message_type in FEATURES.message_types.values()
        if message_type.send_after is not at_once and message_type.claim is None
    }
    # The owner of a schedule set it up, and wants to know that it stands still; an
    # asker gets one message about their own ask. Champions who read asks first have
    # some hours for it; reports that hide an ask, and stops of an author, are rare.
    # Authors of asks and answers without a name choose their daily note.
    # People signed up for circles, for peer coffee, for their exchange and for buddies,
    # and wrote to a program's leads.
    assert outside == {
        *("checkin.paused", "checkin.skipped", "routing.notice"),
        *("anonymous.review", "anonymous.report", "anonymous.stop_offer"),
        "anonymous.notice",
        *("circle.formed", "circle.none", "circle.place", "circle.welcome"),
        *("circle.left", "circle.merge", "circle.not_merged", "circle.joined"),
        *("circle.time", "circle.too_few", "circle.agreed", "circle.ended"),
        *("circle.vote", "circle.voted", "circle.thawed"),
        *("circle.greeting", "circle.agenda", "circle.calendar"),
        *("circle.questions", "circle.facilitator", "circle.swap", "circle.swapped"),
        # Each member proposes one time per meeting, and one proposal is open.
        *("circle.move", "circle.moved"),
        *("exchange.begun", "exchange.draft", "exchange.agreed", "exchange.meeting"),
        *("exchange.first", "exchange.midpoint", "exchange.last"),
        *("exchange.extended", "exchange.ended", "exchange.not_this_time"),
        *("program.question", "program.answer"),
        *("buddy.none", "buddy.paused", "buddy.week", "buddy.first_ask", "buddy.ended"),
        *("pairs.introduction", "pairs.question", "pairs.cancelled"),
        *("pairs.left_out", "pairs.paused", "pairs.group_introduction"),
    }
