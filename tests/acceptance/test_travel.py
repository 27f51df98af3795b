"""The sandbox's clock travels far; work that is due on the way happens on time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import SQLColumnExpression, func, select

from bot.checkins import schedules
from bot.db.engine import Database, sqlite_file
from bot.worklist import rules
from cli import time_travel
from cli.sandbox_copy import SandboxCopy, clear_tables
from cli.time_travel import TravelWork
from models import (
    Ask,
    Channel,
    Installation,
    Round,
    Schedule,
    SearchReplica,
    WorkAssignment,
)
from sandbox import Message
from tests.acceptance.conftest import Deployment, sandbox_only

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(params=["http"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def travelled(deployment: Deployment) -> Deployment:
    deployment.clock.run_due_work(TravelWork(deployment.backswing, deployment.slack))
    return deployment


def scheduled(deployment: Deployment, at: time) -> datetime:
    """Set up a check-in on Mondays; return the next start in UTC."""
    rt = deployment.backswing.rt
    with rt.write(rt.workspaces.only) as tx:
        channel = tx.session.scalars(
            select(Channel).filter_by(slack_id=deployment.channel)
        ).one()
        schedule = Schedule(
            installation_id=tx.workspace.id,
            channel_id=channel.id,
            source="test",
            owner=deployment.eva,
            created_at=tx.now,
            question="What are you working on this week?",
            hint="",
            every="week",
            weekdays=["1"],
            at=at,
            zone="Europe/Berlin",
            starts_on=date(2026, 1, 1),
            open_days=4,
            remind_after=24,
        )
        tx.session.add(schedule)
        tx.session.flush()
        schedules.schedule_next(tx, schedule)
        assert schedule.next_at is not None
        return schedule.next_at


def log_capture(message: Message) -> datetime:
    return datetime.fromtimestamp(float(message.ts), UTC)


@sandbox_only
@pytest.mark.deep
def test_a_check_in_on_the_way_starts_and_reminds_on_time(
    travelled: Deployment,
):
    town = travelled
    town.wait_until(lambda: _is_known(town))
    monday = scheduled(town, time(9, 30))
    town.clock.travel_to(monday + timedelta(hours=1))
    [post] = town.channel_posts()
    assert timedelta() <= log_capture(post) - monday < timedelta(minutes=1)
    ack = town.slack.click(town.ana, town.channel, post.ts, "checkin_join")
    assert ack.status == 200
    town.clock.travel_to(monday + timedelta(days=6))
    [reminder] = [m for m in town.slack.dm(town.ana) if "is asking" in m.text]
    at = log_capture(reminder)
    tz = ZoneInfo(town.slack.workspace.person(town.ana).tz or "UTC")
    # A day later, or after that at nine in the morning of their own zone.
    assert timedelta(hours=24) <= at - monday < timedelta(hours=43)
    assert time(9) <= at.astimezone(tz).time() < time(17)
    [digest] = town.channel_posts()
    assert "Nobody shared" in str(digest.blocks)


def _is_known(deployment: Deployment) -> bool:
    with deployment.backswing.rt.read_session() as session:
        channel_query = select(Channel.id).filter_by(slack_id=deployment.channel)
        return session.scalar(channel_query) is not None


@sandbox_only
@pytest.mark.deep
def test_a_travel_past_several_rounds_starts_each_on_time(travelled: Deployment):
    town = travelled
    town.wait_until(lambda: _is_known(town))
    monday = scheduled(town, time(9))
    town.clock.travel_to(monday + timedelta(days=15))
    local = [
        log_capture(message).astimezone(BERLIN) for message in town.channel_posts()
    ]
    assert [(at.isoweekday(), at.hour, at.minute) for at in local] == [(1, 9, 0)] * 3


@sandbox_only
def test_jobs_run_at_each_stop_also_if_sending_takes_too_long(
    travelled: Deployment, monkeypatch: pytest.MonkeyPatch
):
    town = travelled
    town.wait_until(lambda: _is_known(town))
    monday = scheduled(town, time(9))
    monkeypatch.setattr(time_travel, "_TIMEOUT_SECONDS", 0)
    town.clock.travel_to(monday + timedelta(days=8))
    with town.backswing.rt.read_session() as session:
        starts = session.scalars(select(Round.opened_at).order_by(Round.id)).all()
    for at, due_at in zip(starts, (monday, monday + timedelta(weeks=1)), strict=True):
        assert timedelta() <= at - due_at < timedelta(minutes=1)


@sandbox_only
def test_hourly_work_is_done_on_arrival(travelled: Deployment):
    rt = travelled.backswing.rt
    with rt.write(rt.workspaces.only) as tx:
        old = WorkAssignment(
            installation_id=tx.workspace.id, member=travelled.ana, assigned_at=tx.now
        )
        tx.session.add(old)
    travelled.clock.advance(rules.FAIRNESS + timedelta(days=1))
    with rt.read(rt.workspaces.only) as tx:
        assert tx.session.scalars(select(WorkAssignment)).all() == []


def test_a_restart_at_an_earlier_time_works(travelled: Deployment, database: Database):
    town = travelled
    town.ask()
    began = town.clock()
    town.advance(days=8)
    clear_tables(database)
    town.clock.restart(began)
    assert town.clock() - began < timedelta(minutes=1)
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Ask)) == 0
        assert session.scalar(select(func.count()).select_from(Installation)) == 1
    assert "fix y" in str(
        town.slack.message(town.channel, town.ask("Can I fix y?")).blocks
    )


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.deep
def test_a_reset_returns_to_the_end_of_the_story(
    travelled: Deployment, database: Database
):
    town = travelled
    town.ask()
    told = [message.text for message in town.channel_posts()]
    file = sqlite_file(database.engine.url)
    assert file is not None
    end = SandboxCopy(town.slack, town.clock, database, file)
    ended = town.clock()
    for _ in range(2):
        town.ask("Can I fix y?")
        town.advance(days=1)
        end.restore()
        assert town.clock() - ended < timedelta(minutes=1)
        assert [message.text for message in town.channel_posts()] == told
        assert counted(database, func.count(Ask.id)) == 1
    # It goes on from there, and the search has what is there now.
    town.ask("Should I fix z?")
    town.wait_until(lambda: counted(database, SearchReplica.documents) == 2)


def counted(database: Database, number: SQLColumnExpression[int]) -> int | None:
    with database.read_session() as session:
        return session.scalar(select(number))
