"""The metrics for Prometheus: counts and ages, without people or content."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from slack_bolt import BoltRequest, BoltResponse
from sqlalchemy import Engine, event, update

from bot.db import engine
from bot.db.engine import Database
from bot.features import FEATURES
from bot.mentors.feature import Mentors
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime
from bot.slack.api import NotSent, OutcomeUnknown, RateLimited, Rejected
from bot.workspace import sync
from handlers.bolt_app import BoltApp
from handlers.collectors import DatabaseCollector
from handlers.metrics import MAX_TYPES, Metrics
from handlers.readiness import Readiness
from models import Channel, CheckIn, Credit, MentorRun, Round, Schedule
from tests import leak_markers
from tests.docs import DOCS, rows
from tests.factories import Story
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER, TEAM, message_event
from tests.two_workspaces import install

Sample = tuple[str, *tuple[str, ...]]
Read = Callable[[], Mapping[Sample, float]]

BUILD = {"version": "1.2.3", "python": "3.11.0"}


@pytest.fixture
def worker(rt: Runtime, bolt: BoltApp) -> OutboxWorker:
    count = bolt.metrics.count_attempt
    return OutboxWorker(
        rt,
        FEATURES.message_types,
        fetch_new_users=sync.fetch_new_users,
        on_attempt=count,
    )


@pytest.fixture
def read(bolt: BoltApp, rt: Runtime, database: Database) -> Read:
    """Return the page's samples, by name and label values.

    The values are in the order of the labels' names.
    """
    looked = Readiness({"database": lambda: None, "slack": lambda: "token_revoked"})
    bolt.metrics.register(
        DatabaseCollector(rt, database, looked, waiting_events=lambda: 7, build=BUILD)
    )
    return lambda: figures(bolt.metrics)


def figures(metrics: Metrics) -> Mapping[Sample, float]:
    page = metrics.render().decode()
    assert leak_markers.find_in(page) == []
    return {
        (sample.name.removeprefix("backswing_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_requests_are_counted_by_type_and_outcome(story: Story, read: Read):
    assert read()["last_event_timestamp_seconds",] == 0
    ask = story.ask()
    answer = story.say(HELPER, "Have you tried it again?", thread_ts=ask.ts)
    story.react(PEER, answer, "+1")
    story.react(ASKER, answer, "white_check_mark")
    story.command(ASKER, "/kudos", "me")
    found = read()
    assert found["events_total", "done", "command"] == 2
    assert found["events_total", "done", "message"] == 1
    assert found["events_total", "done", "reaction_added"] == 2
    assert found["last_event_timestamp_seconds",] > 1_700_000_000


def test_failed_requests_are_counted():
    metrics = Metrics()
    requests = [
        BoltRequest(body={"event": {"type": "message"}}, mode="socket_mode")
        for _ in range(3)
    ]
    answers = [BoltResponse(status=status) for status in (200, 500, 404)]
    metrics.count_events(requests, answers)
    found = figures(metrics)
    assert {
        outcome: found["events_total", outcome, "message"]
        for outcome in ("done", "failed", "refused")
    } == {"done": 1, "failed": 1, "refused": 1}


def test_the_number_of_types_is_limited():
    metrics = Metrics()

    def dispatch(kind: object) -> None:
        request = BoltRequest(body={"type": kind}, mode="socket_mode")
        metrics.count_events([request], [BoltResponse(status=200)])

    for kind in ('x"} 1\n', "", "x" * 41, "Über", None, 5, ["a"], {"b": 1}):
        dispatch(kind)
    assert figures(metrics)["events_total", "done", "other"] == 8
    for n in range(MAX_TYPES + 10):
        dispatch("ab"[n % 2] * (n // 2 + 1))
    kinds = [name for name in figures(metrics) if name[0] == "events_total"]
    assert len(kinds) == MAX_TYPES + 1


def test_each_attempt_is_counted_by_its_outcome(story: Story, read: Read):
    post = "chat.postMessage"
    story.slack.fail[post] = [
        NotSent(post, "not_connected"),
        RateLimited(post, 5),
        OutcomeUnknown(post, "TimeoutError"),
    ]
    story.command(ASKER, "/ask", "How do I fix x?")
    for _ in range(8):
        story.advance(seconds=20)
    found = read()
    assert found["delivery_attempts_total", "failed"] == 1
    assert found["delivery_attempts_total", "ratelimited"] == 1
    assert found["delivery_attempts_total", "unconfirmed"] == 1
    assert found["delivery_attempts_total", "sent"] >= 1


def test_deliveries_are_counted_by_state_and_the_oldest_by_its_age(
    story: Story, read: Read
):
    assert read()["deliveries", "pending"] == 0
    assert read()["deliveries_oldest_due_seconds",] == 0
    story.command(ASKER, "/ask", "How do I fix x?")
    story.clock.advance(minutes=3)
    found = read()
    assert found["deliveries", "pending"] == found["deliveries_due", "pending"] > 0
    assert found["deliveries_oldest_due_seconds",] == 180
    story.slack.fail["chat.postMessage"] = [
        Rejected("chat.postMessage", "is_archived") for _ in range(9)
    ]
    story.deliver()
    assert read()["deliveries", "rejected"] > 0
    assert read()["delivery_attempts_total", "rejected"] > 0


def test_a_delivery_for_later_is_not_due(story: Story, read: Read):
    ask = story.ask()
    answer = story.say(HELPER, "Have you tried it again?", thread_ts=ask.ts)
    story.deliver()
    story.react(PEER, answer, "+1")
    found = read()
    assert found["deliveries", "pending"] > found["deliveries_due", "pending"]


@pytest.mark.deep_on_postgresql
def test_a_rate_limited_method_is_shown_with_the_remaining_time(
    story: Story, read: Read
):
    story.slack.fail["chat.postMessage"] = [RateLimited("chat.postMessage", 30)]
    story.command(ASKER, "/ask", "How do I fix x?")
    story.deliver()
    seconds_left = read()["slack_pause_seconds", "chat.postMessage"]
    assert 0 < seconds_left <= 30


def test_due_work_is_counted(story: Story, read: Read):
    story.ask()
    now, rt = story.clock(), story.rt
    hour = timedelta(hours=1)
    with rt.write_session.begin() as session:
        channel = session.query(Channel).one()
        schedule = Schedule(
            installation_id=rt.workspaces.only.id,
            channel_id=channel.id,
            source="V1",
            owner=ASKER,
            created_at=now - 9 * hour,
            question="What are you working on this week?",
            every="week",
            weekdays=["1"],
            at=time(9),
            zone="Europe/Helsinki",
            starts_on=date(2026, 3, 2),
            open_days=2,
            next_date=date(2026, 3, 2),
            next_at=now - hour,
        )
        session.add(schedule)
        session.flush()
        round_ = Round(
            schedule_id=schedule.id,
            channel_id=channel.id,
            local_date=date(2026, 2, 23),
            due_at=now - 9 * hour,
            post_deadline=now,
            opened_at=now - 9 * hour,
            closes_at=now - 2 * hour,
            question="What are you working on this week?",
        )
        session.add(round_)
        session.flush()
        session.add(
            CheckIn(round_id=round_.id, member=HELPER, remind_at=now - 3 * hour)
        )
        session.add(
            Credit(
                installation_id=rt.workspaces.only.id,
                member=PEER,
                period=date(2026, 2, 20),
                credited_at=now - timedelta(days=10),
                notified_at=now - timedelta(days=8),
            )
        )
    found = read()
    consent_days = rt.features.get(Mentors).settings.consent_days
    due = {
        "start-checkins": hour,
        "close-checkins": 2 * hour,
        "send-checkin-reminders": 3 * hour,
        "expire-consent": timedelta(days=8 - consent_days),
    }
    for work, age in due.items():
        assert found["work_due", work] == 1, work
        assert found["work_oldest_due_seconds", work] == age.total_seconds(), work
    with rt.write_session.begin() as session:
        session.execute(update(Schedule).values(state="paused"))
        session.execute(update(Round).values(state="closed"))
    assert read()["work_due", "start-checkins"] == 0
    assert read()["work_due", "close-checkins"] == 0


@pytest.mark.deep_on_postgresql
def test_idle_workspaces_cost_no_statements(
    story: Story, read: Read, rt: Runtime, database: Database
):
    story.command(ASKER, "/ask", "How do I fix x?")
    statements: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        before = read()
        first = len(statements)
        others = [install(rt, f"T0OTHER{n}") for n in range(20)]
        with rt.write_session.begin() as session:
            session.add_all(
                MentorRun(
                    installation_id=other.id,
                    period=rt.clock().date(),
                    scope_id=0,
                    credits=0,
                )
                for other in others
            )
        rt.workspaces.add_all((other, story.slack, None) for other in others)
        statements.clear()
        after = read()
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    assert len(statements) == first
    assert after["deliveries", "pending"] == before["deliveries", "pending"] > 0


def test_pools_parts_and_the_build_are_shown(read: Read, database: Database):
    with database.autocommit.connect(), database.read_session() as session:
        session.connection()
        found = read()
    assert found["pool_connections_in_use", "autocommit"] == 1
    assert found["pool_connections_size", "autocommit"] == engine.AUTOCOMMIT_CONNECTIONS
    # The read of the metrics takes one more.
    assert found["pool_connections_in_use", "read"] >= 1
    assert found["pool_connections_size", "read"] == engine.READ_CONNECTIONS
    assert found["ready", "database"] == 1
    assert found["ready", "slack"] == 0
    assert found["events_waiting",] == 7
    assert found["build_info", BUILD["python"], BUILD["version"]] == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_the_database_the_other_metrics_are_shown(
    bolt: BoltApp, rt: Runtime, database: Database
):
    away = engine.connect("postgresql://backswing:s3cret@127.0.0.1:1/backswing")
    lost = replace(rt, read_session=away.read_session)
    unreachable = Readiness({"database": lambda: "OperationalError"})
    bolt.metrics.register(
        DatabaseCollector(
            lost, away, unreachable, waiting_events=lambda: 0, build=BUILD
        )
    )
    found = figures(bolt.metrics)
    assert found["ready", "database"] == 0
    assert ("deliveries", "pending") not in found
    assert "s3cret" not in bolt.metrics.render().decode()


def test_the_page_contains_no_personal_data(story: Story, read: Read, bolt: BoltApp):
    ask = story.ask("How do I spell canary?")
    answer = story.say(HELPER, "As canary.", thread_ts=ask.ts)
    story.react(PEER, answer, "+1")
    story.slack.fail["chat.postMessage"] = [Rejected("chat.postMessage", "is_archived")]
    story.advance(seconds=90)
    with suppress(AssertionError):
        story.event(message_event(ASKER, "canary", ts="not-a-ts"))
    read()
    page = bolt.metrics.render().decode()
    assert "backswing_events_total" in page
    secrets = ("canary", ASKER, HELPER, PEER, HELP_CHANNEL, TEAM, "Ana", "Ben", "xoxb")
    assert [secret for secret in secrets if secret in page] == []


def test_the_docs_explain_exactly_the_metrics(story: Story, read: Read, bolt: BoltApp):
    story.slack.fail["chat.postMessage"] = [RateLimited("chat.postMessage", 30)]
    story.command(ASKER, "/ask", "How do I fix x?")
    story.deliver()
    bolt.metrics.count_refused("size")
    bolt.metrics.count_job("wake-outbox-worker", "done")
    read()
    shown = {
        f"`{sample.name}`": {f"`{label}`" for label in sample.labels}
        for family in text_string_to_metric_families(bolt.metrics.render().decode())
        for sample in family.samples
        if sample.name.startswith("backswing_")
    }
    assert {
        name: set(filter(None, labels.split(", ")))
        for name, (labels, _) in rows(
            (DOCS / "reference" / "metrics.md").read_text()
        ).items()
    } == shown
