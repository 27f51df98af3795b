"""Two workspaces in one database: a process leaves the other one's alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

import jobs
from bot.features import FEATURES
from bot.outbox.worker import OutboxWorker
from bot.runtime import ServedWorkspaces
from bot.workspace import sync
from models import Base
from tests.checkins import join
from tests.factories import Clock, Story
from tests.fakes import FakeSlack
from tests.slack_payloads import (
    ASKER,
    HELP_CHANNEL,
    HELPER,
    NAMES,
    PEER,
    user_object,
)
from tests.workspace import add_other_workspace

# Tables in which each workspace gets a row of its own.
_INSTALLATION = {
    "installations": "id",
    "programs": "installation_id",
    "job_runs": "installation_id",
}
# The jobs that delete what is old.
RETENTION = ("purge-expired", "purge-short-lived", "erase-deactivated-members")


def other_rows(story: Story) -> dict[str, list[Any]]:
    """Return all rows of the database except the second workspace's own."""
    own = story.rt.workspaces.only.id
    with story.rt.read_session() as session:
        return {
            table.name: [
                tuple(row)
                for row in session.execute(select(table).order_by(*table.primary_key))
                if _INSTALLATION.get(table.name) is None
                or getattr(row, _INSTALLATION[table.name]) == own
            ]
            for table in Base.metadata.sorted_tables
        }


@pytest.mark.deep
@pytest.mark.on_postgresql
def test_due_work_waits_for_a_process_that_has_the_token(story: Story):
    story.set_up_channel(capture="all")
    ask = story.ask()
    story.say(HELPER, "Try this", thread_ts=ask.ts)
    story.say(PEER, "Does anybody know?", thread_ts="1700000000.000100")
    story.react(PEER, ask.ts, "tada")
    story.react(PEER, "1700000000.000200", "tada")
    join(story, ASKER, story.post_round())
    jobs.mentors.flush_message_counts(story.rt, story.worker)
    deactivated = user_object(HELPER, deleted=True)
    story.event({"type": "user_change", "user": deactivated})
    story.command(ASKER, "/ask", "Who posts this?")
    before = other_rows(story)
    needed = ("outbox", "unmatched_messages", "message_counts", "checkins")
    assert [name for name in needed if not before[name]] == []

    with story.rt.write_session.begin() as session:
        row = add_other_workspace(session)
        served = replace(story.rt.workspaces.only, id=row.id, team_id=row.team_id)
    slack = FakeSlack()
    other = replace(
        story.rt,
        workspaces=ServedWorkspaces([(served, slack)]),
        clock=Clock(story.clock.now + timedelta(days=400)),
    )
    worker = OutboxWorker(
        other, FEATURES.message_types, fetch_new_users=sync.fetch_new_users
    )
    for job in jobs.JOBS:
        if job.name not in RETENTION:
            job.run(other, worker)
    assert worker.send_due() == 0
    assert slack.messages == []
    assert other_rows(story) == before

    story.advance(minutes=1)
    assert "Who posts this?" in story.slack.texts_to(HELP_CHANNEL)[-1]
    # Its data ages there, too.
    slack.calls.clear()
    for job in jobs.JOBS:
        if job.name in RETENTION:
            job.run(other, worker)
    assert slack.calls == []
    after = other_rows(story)
    assert after["unmatched_messages"] == after["message_counts"] == []
    assert NAMES[HELPER] in str(before["members"])
    assert NAMES[HELPER] not in str(after["members"])
