"""Memberships in the database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import delete

from bot.errors import UserError
from bot.privacy import service as privacy
from bot.programs import membership
from bot.programs.membership_rules import Membership
from bot.runtime import Runtime, Transaction, Workspace
from bot.workspace import members
from models import ProgramMember
from tests.bot.programs.test_membership_rules import (
    NOW,
    Step,
    as_delivered,
    fold,
    histories,
)
from tests.factories import Story
from tests.people import workspace_program
from tests.slack_payloads import ASKER, HELPER, user_object


def process(tx: Transaction, step: Step) -> Membership | None:
    program = workspace_program(tx)
    if step.event is None:
        privacy.erase(tx, ASKER)
        return None
    return membership.record(tx, program, ASKER, step.event)


@given(history=histories())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.deep
@pytest.mark.on_postgresql
def test_the_database_stores_the_same(
    rt: Runtime, workspace: Workspace, history: list[Step]
) -> None:
    with rt.write(workspace) as tx:
        tx.session.execute(delete(ProgramMember))
    for step in as_delivered(history):
        with rt.write(workspace) as tx:
            process(tx, step)
    with rt.read(workspace) as tx:
        program = workspace_program(tx)
        assert membership.find(tx, program.id, ASKER) == fold(history)


@pytest.mark.deep
@pytest.mark.on_postgresql
def test_many_presses_at_once_are_one_membership(story: Story) -> None:
    def press(number: int) -> None:
        step = Step("join" if number % 2 else "leave", number)
        with story.rt.write(story.workspace) as tx:
            process(tx, step)

    with story.rt.write(story.workspace) as tx:
        process(tx, Step("join", 0))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(press, range(1, 13)))
    with story.rt.read(story.workspace) as tx:
        program = workspace_program(tx)
        state = membership.find(tx, program.id, ASKER)
    assert state is not None
    assert not state.is_joined
    assert state.joined_at == NOW + timedelta(hours=11)


def meet(tx: Transaction, *people: str, **fields: Any) -> None:
    for person in people:
        user = user_object(person, **fields)
        members.upsert_from_slack(tx, user, team_id=tx.workspace.team_id)


def test_only_those_who_are_in_it_are_listed(rt: Runtime, workspace: Workspace) -> None:
    people = (ASKER, HELPER, "U0LEFT", "U0GONE")
    with rt.write(workspace) as tx:
        meet(tx, *people)
        program = workspace_program(tx)
        for person in people:
            membership.join(tx, program, person, rules_version=1)
        membership.leave(tx, program, "U0LEFT", event_micros=2**60)
        meet(tx, "U0GONE", deleted=True)
        tx.session.flush()
        rows = membership.joined_people(tx, program)
        assert [row.member for row in rows] == [ASKER, HELPER]
        assert {row.joined_at for row in rows} == {tx.now}


def test_nobody_leaves_or_pauses_what_they_are_not_in(
    rt: Runtime, workspace: Workspace
) -> None:
    with rt.write(workspace) as tx:
        meet(tx, ASKER)
        program = workspace_program(tx)
        for act in (
            lambda: membership.leave(tx, program, ASKER, event_micros=1),
            lambda: membership.pause(tx, program, ASKER, at=tx.now),
            lambda: membership.stay(tx, program, ASKER, at=tx.now),
            lambda: membership.see_rules(tx, program, ASKER, version=1),
        ):
            with pytest.raises(UserError):
                act()
        assert membership.find(tx, program.id, ASKER) is None
