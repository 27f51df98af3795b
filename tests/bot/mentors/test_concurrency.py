"""Replicas detect mentors at the same moment: one member is credited, once."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import sleep

import pytest
from sqlalchemy import Connection, func, select, text

import jobs.mentors
from jobs.each_workspace import run_all
from models import Credit, MentorRun
from tests.factories import Story
from tests.slack_payloads import ASKER, HELPER, PEER, user_object

ANOTHER = "U0ZOE"


@pytest.fixture
def friday(story: Story) -> Story:
    """Two members have helped equally much, the helper before the other."""
    for helper in (HELPER, ANOTHER):
        for asker in (ASKER, PEER):
            ask = story.ask("How is it done?", member=asker)
            reply = story.say(helper, "Like this.", thread_ts=ask.ts)
            story.react(asker, reply, "+1")
    for _ in range(9):
        story.say(ASKER, "Good morning")
    story.advance(minutes=2)
    for one in (HELPER, ANOTHER, ASKER, PEER):
        user = user_object(one)
        story.slack.people[one] = user
        assert story.event({"type": "user_change", "user": user}) == 200
    story.clock.advance(days=3, hours=23)
    jobs.mentors.flush_message_counts(story.rt, story.worker)
    return story


def run_detection(story: Story) -> None:
    """Run it like a replica whose claim has not kept out the other's."""
    run_all(partial(jobs.mentors.detect.work, story.rt), story.rt.workspaces)


def credited(story: Story) -> str:
    """Return the credited members, who were told once."""
    story.deliver()
    with story.rt.read_session() as session:
        [member] = session.scalars(select(Credit.member)).all()
        assert session.scalar(select(func.count()).select_from(MentorRun)) == 1
    notes_by_member = {
        recipient: [
            m for m in story.slack.messages_to(recipient) if "May I thank you" in m.text
        ]
        for recipient in (HELPER, ANOTHER)
    }
    assert {
        recipient: len(notes) for recipient, notes in notes_by_member.items() if notes
    } == {member: 1}
    return member


@pytest.mark.deep
@pytest.mark.on_postgresql
def test_of_four_replicas_at_once_one_credits(friday: Story) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run_detection, [friday] * 4))
    assert credited(friday) == HELPER


def wait_for(connection: Connection, waiting: int) -> None:
    """Wait until this many transactions wait for a lock of this one."""
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while connection.execute(waits).scalar_one() < waiting:
        sleep(0.01)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.deep_on_postgresql
def test_of_two_different_results_the_first_to_be_written_counts(
    friday: Story,
) -> None:
    """Both have run it before either writes; a mark was undone in between."""
    first = next(one for one in friday.answers() if one.author == HELPER)
    bind = friday.rt.write_session.kw["bind"]
    with ThreadPoolExecutor(2) as pool:
        with bind.begin() as connection:
            # They can read the runs, and wait to write theirs.
            connection.execute(text("LOCK TABLE mentor_runs IN EXCLUSIVE MODE"))
            looks = [pool.submit(run_detection, friday)]
            wait_for(connection, 1)
            friday.unreact(ASKER, first.ts, "+1")
            looks.append(pool.submit(run_detection, friday))
            wait_for(connection, 2)
        for done in looks:
            done.result()
    # After the release, either may be first.
    assert credited(friday) in {HELPER, ANOTHER}
