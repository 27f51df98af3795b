"""The queue's order, and the cost of finding the next item."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Select, insert, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.db.statements import dialect_name
from bot.outbox import enqueue, queue, rate_limits
from bot.outbox.kind import MessageKind
from bot.outbox.queue import LEASE_DURATION
from bot.runtime import Runtime, ServedWorkspaces
from models import OutboxItem
from tests.factories import Clock
from tests.fakes import FakeSlack
from tests.workspace import add_other_workspace

pytestmark = pytest.mark.on_postgresql


def enqueue_post(rt: Runtime, subject: int, to: str = "C1", due: float = 0) -> None:
    with rt.write_session.begin() as session:
        enqueue.enqueue(
            session,
            MessageKind("post"),
            subject,
            to,
            installation_id=rt.workspaces.only.id,
            now=rt.clock(),
            send_at=rt.clock() + timedelta(seconds=due),
        )


def enqueue_reaction(rt: Runtime, subject: int, to: str) -> None:
    with rt.write_session.begin() as session:
        enqueue.enqueue_update(
            session,
            MessageKind("reaction"),
            subject,
            to,
            installation_id=rt.workspaces.only.id,
            now=rt.clock(),
        )


def claim_next(rt: Runtime) -> int | None:
    """Return the subject of the item that is claimed next."""
    with rt.write_session.begin() as session:
        claim = queue.claim(session, rt.workspaces.only.id, now=rt.clock())
    return None if claim is None else claim.subject_id


def test_items_are_sent_in_order_of_due_time_one_per_channel(rt: Runtime, clock: Clock):
    enqueue_post(rt, 1, due=3)
    enqueue_post(rt, 2, due=1)
    enqueue_post(rt, 3, to="C2", due=2)
    assert claim_next(rt) is None
    clock.advance(seconds=5)
    assert [claim_next(rt) for _ in range(3)] == [2, 3, None]


def test_another_workspaces_items_wait_for_a_process_with_its_token(
    rt: Runtime, clock: Clock
):
    other = another_workspace(rt)
    enqueue_post(other, 1)
    clock.advance(seconds=5)
    with rt.autocommit.connect() as connection:
        both = [rt.workspaces.only.id, other.workspaces.only.id]
        assert queue.due_installations(connection, both[:1], now=clock()) == []
        assert queue.due_installations(connection, both, now=clock()) == both[1:]
    enqueue_post(rt, 2, to="C2")
    assert [claim_next(rt), claim_next(rt)] == [2, None]
    assert claim_next(other) == 1


def another_workspace(rt: Runtime) -> Runtime:
    """Add a second installation, which another process serves."""
    with rt.write_session.begin() as session:
        row = add_other_workspace(session)
        served = replace(rt.workspaces.only, id=row.id, team_id=row.team_id)
    return replace(rt, workspaces=ServedWorkspaces([(served, FakeSlack())]))


def test_new_messages_go_before_updates(rt: Runtime, clock: Clock):
    """This holds within a channel, and if other channels are available as well."""
    for subject, to in ((1, "C1"), (2, "C1"), (3, "C2")):
        enqueue_reaction(rt, subject, to)
    clock.advance(seconds=60)
    enqueue_post(rt, 4)
    enqueue_post(rt, 5, to="C3")
    enqueue_post(rt, 6, to="C4", due=1)
    assert [claim_next(rt) for _ in range(4)] == [4, 5, 3, None]
    clock.advance(seconds=1)
    assert [claim_next(rt) for _ in range(2)] == [6, None]


def test_updates_do_not_wait_for_messages_that_are_not_due(rt: Runtime, clock: Clock):
    enqueue_post(rt, 1, due=60)
    enqueue_reaction(rt, 2, "C1")
    assert claim_next(rt) == 2


def test_a_new_message_that_becomes_an_update_loses_its_priority(
    rt: Runtime, clock: Clock
):
    """Rows from before the priorities existed get theirs."""
    enqueue_reaction(rt, 1, "C1")
    with rt.write_session.begin() as session:
        session.execute(update(OutboxItem).values(priority=enqueue.NEW))
    enqueue_reaction(rt, 1, "C1")
    enqueue_post(rt, 2)
    assert claim_next(rt) == 2


def test_a_dead_worker_delays_reenqueued_items_no_longer_than_its_lease(
    rt: Runtime, clock: Clock
):
    enqueue_post(rt, 1)
    assert claim_next(rt) == 1
    enqueue_post(rt, 1, due=2 * LEASE_DURATION.total_seconds())
    clock.advance(seconds=LEASE_DURATION.total_seconds() + 1)
    assert claim_next(rt) is None
    clock.advance(seconds=LEASE_DURATION.total_seconds())
    assert claim_next(rt) == 1


@pytest.mark.parametrize("count", [1000, 10])
def test_the_next_item_is_found_without_sorting_the_queue(rt: Runtime, count: int):
    """Rows of other workspaces are not read either, however many there are."""
    other = another_workspace(rt)
    sent = {"state": "sent", "finished_at": rt.clock()}
    with rt.write_session.begin() as session:
        add_items(session, rt, 1000, **sent)
        add_items(session, other, 1000, **sent)
        # The statistics are from a time when no message waited. While this transaction
        # is open, PostgreSQL makes none of other tests' rows, or of those to come.
        if dialect_name(session) == "postgresql":
            session.execute(text("ANALYZE outbox, outbox_channels, installations"))
        add_items(session, rt, count)
        add_items(session, other, 1000)
        for query in (queue._NEXT, queue._DUE_INSTALLATIONS):
            plan = query_plan(session, rt, query)
            assert "ix_outbox_installation_id_priority_due_at_id" in plan, plan
            # With the equal columns and the range; else it would read items that are
            # not due.
            assert re.search(r"due_at *<", plan), plan
            assert "Seq Scan on outbox " not in plan, plan
            assert "Sort" not in plan, plan
            assert "ORDER BY" not in plan, plan


def add_items(session: Session, rt: Runtime, count: int, **values: Any) -> None:
    installation_id = rt.workspaces.only.id
    state = values.get("state", "pending")
    session.execute(
        insert(OutboxItem),
        [
            {
                "installation_id": installation_id,
                "kind": "post",
                "dedup_key": f"{state} {n}",
                "subject_id": n,
                "recipient": f"C{n % 50}",
                "priority": n % 2,
                "due_at": rt.clock() - timedelta(seconds=n),
                "metadata_token": f"{installation_id} {state} {n}",
                "created_at": rt.clock(),
            }
            | values
            for n in range(count)
        ],
    )


def query_plan(session: Session, rt: Runtime, query: Select[Any]) -> str:
    is_postgresql = dialect_name(session) == "postgresql"
    if is_postgresql:
        session.execute(queue._DISABLE_SORT)
    explain = "EXPLAIN" if is_postgresql else "EXPLAIN QUERY PLAN"
    values = {
        "installation_id": rt.workspaces.only.id,
        "installation_ids": [rt.workspaces.only.id],
        "now": rt.clock(),
        "priority": enqueue.UPDATE,
    }
    parameters = {
        name: values[name] for name in query.compile().params if name in values
    }
    question = query.params(**parameters).compile(
        session.get_bind(), compile_kwargs={"literal_binds": True}
    )
    return "\n".join(str(row) for row in session.execute(text(f"{explain} {question}")))


@pytest.mark.parametrize("state", ["pending", "sending", "unconfirmed", "sent"])
def test_queued_items_have_no_end_and_ended_items_are_not_queued(
    rt: Runtime, state: str
):
    """The next item is found by the end's column, so it must not be wrong."""
    enqueue_post(rt, 1)
    wrong = None if state == "sent" else rt.clock()
    with pytest.raises(IntegrityError), rt.write_session.begin() as session:
        session.execute(update(OutboxItem).values(state=state, finished_at=wrong))


def test_a_shorter_rate_limit_does_not_end_a_longer_one(rt: Runtime, clock: Clock):
    installation_id, now = rt.workspaces.only.id, clock()
    longer, shorter = now + timedelta(seconds=60), now + timedelta(seconds=10)
    for until in (shorter, longer, shorter):
        with rt.write_session.begin() as session:
            rate_limits.record(session, installation_id, "chat.update", until)
    with rt.autocommit.connect() as connection:
        limited_until = rate_limits.limited_until(
            connection, installation_id, "chat.update", now=now
        )
    assert limited_until == longer
