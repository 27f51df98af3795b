"""Which promise is delivered next, and that it is found quickly."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Select, insert, text, update
from sqlalchemy.exc import IntegrityError

from bot.outbox import enqueue, queue
from bot.outbox.queue import LEASE_DURATION
from bot.runtime import Runtime, ServedWorkspaces
from models import Installation, OutboxItem
from tests.factories import Clock
from tests.fakes import FakeSlack


def promise(rt: Runtime, subject: int, to: str = "C1", due: float = 0) -> None:
    with rt.write_session.begin() as session:
        enqueue.enqueue(
            session,
            "post",
            subject,
            to,
            installation_id=rt.workspaces.only.id,
            now=rt.clock(),
            send_at=rt.clock() + timedelta(seconds=due),
        )


def refresh(rt: Runtime, subject: int, to: str) -> None:
    with rt.write_session.begin() as session:
        enqueue.enqueue_update(
            session,
            "sign",
            subject,
            to,
            installation_id=rt.workspaces.only.id,
            now=rt.clock(),
        )


def claimed(rt: Runtime) -> int | None:
    """The subject of the promise whose turn it is."""
    with rt.write_session.begin() as session:
        claim = queue.claim(session, rt.workspaces.only.id, now=rt.clock())
    return None if claim is None else claim.subject_id


def test_what_was_due_first_comes_first_and_one_at_a_time_to_each(
    rt: Runtime, clock: Clock
):
    promise(rt, 1, due=3)
    promise(rt, 2, due=1)
    promise(rt, 3, to="C2", due=2)
    assert claimed(rt) is None
    clock.advance(seconds=5)
    assert [claimed(rt) for _ in range(3)] == [2, 3, None]


def test_another_workspaces_messages_wait_for_a_process_that_has_its_token(
    rt: Runtime, clock: Clock
):
    other = another_workspace(rt)
    promise(other, 1)
    clock.advance(seconds=5)
    with rt.autocommit.connect() as connection:
        both = [rt.workspaces.only.id, other.workspaces.only.id]
        assert queue.due_installations(connection, both[:1], now=clock()) == []
        assert queue.due_installations(connection, both, now=clock()) == both[1:]
    promise(rt, 2, to="C2")
    assert [claimed(rt), claimed(rt)] == [2, None]
    assert claimed(other) == 1


def another_workspace(rt: Runtime) -> Runtime:
    """A second installation in the same database, which another process serves."""
    with rt.write_session.begin() as session:
        row = Installation(
            team_id="T0OTHER",
            bot_id="B0OTHER",
            bot_user_id="U0OTHER",
            team_name="Other",
            team_url="https://other.slack.com/",
            installed_at=rt.clock(),
        )
        session.add(row)
        session.flush()
        served = replace(rt.workspaces.only, id=row.id, team_id=row.team_id)
    return replace(rt, workspaces=ServedWorkspaces([(served, FakeSlack())]))


def test_what_is_new_goes_before_what_is_shown_again(rt: Runtime, clock: Clock):
    """In its own channel, and where others' lanes are free as well."""
    for subject, to in ((1, "C1"), (2, "C1"), (3, "C2")):
        refresh(rt, subject, to)
    clock.advance(seconds=60)
    promise(rt, 4)
    promise(rt, 5, to="C3")
    promise(rt, 6, to="C4", due=1)
    assert [claimed(rt) for _ in range(4)] == [4, 5, 3, None]
    clock.advance(seconds=1)
    assert [claimed(rt) for _ in range(2)] == [6, None]


def test_what_is_shown_again_waits_for_nothing_that_is_not_due(
    rt: Runtime, clock: Clock
):
    promise(rt, 1, due=60)
    refresh(rt, 2, "C1")
    assert claimed(rt) == 2


def test_what_was_new_and_is_now_shown_again_waits_its_turn(rt: Runtime, clock: Clock):
    """Rows from before the turns were told apart learn their place."""
    refresh(rt, 1, "C1")
    with rt.write_session.begin() as session:
        session.execute(update(OutboxItem).values(priority=enqueue.NEW))
    refresh(rt, 1, "C1")
    promise(rt, 2)
    assert claimed(rt) == 2


def test_a_worker_that_died_delays_what_was_promised_anew_no_longer_than_that(
    rt: Runtime, clock: Clock
):
    promise(rt, 1)
    assert claimed(rt) == 1
    promise(rt, 1, due=2 * LEASE_DURATION.total_seconds())
    clock.advance(seconds=LEASE_DURATION.total_seconds() + 1)
    assert claimed(rt) is None
    clock.advance(seconds=LEASE_DURATION.total_seconds())
    assert claimed(rt) == 1


@pytest.mark.parametrize("count", [1000, 10])
def test_the_next_is_found_without_sorting_all_that_waits(rt: Runtime, count: int):
    """Nor is what waits in another workspace read, however much that is."""
    other = another_workspace(rt)
    with rt.write_session.begin() as session:
        session.execute(
            insert(OutboxItem),
            [
                {
                    "installation_id": served.workspaces.only.id,
                    "kind": "post",
                    "dedup_key": str(n),
                    "subject_id": n,
                    "recipient": f"C{n % 50}",
                    "priority": n % 2,
                    "due_at": rt.clock() - timedelta(seconds=n),
                    "metadata_token": f"{served.workspaces.only.id} {n}",
                    "created_at": rt.clock(),
                }
                for served, items in ((rt, count), (other, 1000))
                for n in range(items)
            ],
        )
    for asked in (queue._NEXT, queue._DUE_INSTALLATIONS):
        plan = explained(rt, asked)
        assert "ix_outbox_installation_id_priority_due_at_id" in plan, plan
        # With the equal columns and the range, or it would read what is not due yet.
        assert re.search(r"due_at *<", plan), plan
        assert "Seq Scan on outbox" not in plan, plan
        assert "Sort" not in plan, plan
        assert "ORDER BY" not in plan, plan


def explained(rt: Runtime, asked: Select[Any]) -> str:
    """How the database answers, which has not counted its rows yet."""
    with rt.write_session.begin() as session:
        is_postgresql = session.get_bind().dialect.name == "postgresql"
        if is_postgresql:
            session.execute(queue._DISABLE_SORT)
        how = "EXPLAIN" if is_postgresql else "EXPLAIN QUERY PLAN"
        values = {
            "installation_id": rt.workspaces.only.id,
            "installation_ids": [rt.workspaces.only.id],
            "now": rt.clock(),
            "priority": enqueue.UPDATE,
        }
        taken = {
            name: values[name] for name in asked.compile().params if name in values
        }
        question = asked.params(**taken).compile(
            session.get_bind(), compile_kwargs={"literal_binds": True}
        )
        return "\n".join(str(row) for row in session.execute(text(f"{how} {question}")))


@pytest.mark.parametrize("state", ["pending", "sending", "unconfirmed", "sent"])
def test_what_waits_has_not_ended_and_what_has_ended_waits_no_more(
    rt: Runtime, state: str
):
    """By its end the next one is found: it must not be wrong."""
    promise(rt, 1)
    wrong = None if state == "sent" else rt.clock()
    with pytest.raises(IntegrityError), rt.write_session.begin() as session:
        session.execute(update(OutboxItem).values(state=state, finished_at=wrong))
