"""Erased and expired data are gone from the disk as well."""

import os
from datetime import timedelta

import pytest
from sqlalchemy import text

import jobs
from bot.db import schema
from bot.db.engine import Database, sqlite_file
from bot.outbox.worker import OutboxWorker
from bot.privacy import service as privacy
from bot.runtime import Runtime
from jobs.knowledge import read_answers
from jobs.privacy import (
    erase_deactivated,
    purge_expired,
    remove_migration_backup,
    truncate_wal,
)
from tests.bot.db.test_engine import as_stock, on_disk
from tests.checkins import share
from tests.factories import Clock, Story
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, message_event

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

WORDS = ("zebrafish", "walnuttree", "quicksilver", "Xanthippe", "marmalade")
FISH, TREE, SILVER, NAME, JAM = WORDS


def left(database: Database) -> dict[str, list[str]]:
    """Return the words that are left, by file in the database's folder."""
    found = {
        name: [word for word in WORDS if word.encode() in content]
        for name, content in on_disk(database).items()
    }
    return {name: words for name, words in found.items() if words}


@pytest.fixture
def told(story: Story, database: Database) -> Story:
    """Write text in every way, many times, in an SQLite with default options."""
    as_stock(database)
    story.slack.people[ASKER]["profile"]["display_name"] = NAME
    one = story.post_round()
    share(story, ASKER, one, working_on=f"The {SILVER}", stuck_on=f"More {SILVER}")
    for n in range(10):
        story.ask(f"How do I feed {n} {FISH} each day?")
        story.command(ASKER, "/kudos", f"<@{HELPER}> for help with the {TREE} {n}")
        story.advance(days=1)
    story.change_my_settings(ASKER, topics_known=f"{FISH}s")
    ask = story.ask("How do I do it?", member=HELPER)
    answer = story.say(ASKER, f"With {JAM}.", thread_ts=ask.ts)
    story.slack.thread_messages[HELP_CHANNEL, ask.ts] = [
        message_event(ASKER, f"With {JAM}.", answer, ask.ts)
    ]
    story.react(HELPER, answer, "heart")
    read_answers(story.rt, story.worker)
    story.advance(minutes=5)
    assert {word for words in left(database).values() for word in words} == set(WORDS)
    return story


def settle(story: Story) -> None:
    """Run the deliveries and the jobs of the next minutes."""
    for _ in range(4):
        story.advance(minutes=1)
    truncate_wal(story.rt, story.worker)


@pytest.mark.deep
def test_the_text_of_an_erased_member_is_in_no_file(told: Story, database: Database):
    told.command(ASKER, "/backswing", "forget me")
    told.submit(ASKER, told.slack.views[-1][1], {})
    settle(told)
    assert left(database) == {}


def test_the_text_of_a_deactivated_member_is_in_no_file(
    told: Story, database: Database
):
    gone = {**told.slack.people[ASKER], "deleted": True}
    told.event({"type": "user_change", "user": gone})
    told.advance(days=400)
    erase_deactivated(told.rt, told.worker)
    settle(told)
    assert left(database) == {}


@pytest.mark.deep
def test_purged_data_are_in_no_file(told: Story, database: Database):
    """The topics of an open ask are left; direct messages lose their payload."""
    with told.rt.write_session.begin() as session:
        session.execute(
            text("UPDATE outbox SET payload = :d WHERE kind = 'ask.post'"),
            {"d": '{"about": "walnutjuice"}'},
        )
    told.advance(days=400)
    assert any(b"walnutjuice" in content for content in on_disk(database).values())
    purge_expired(told.rt, told.worker)
    settle(told)
    assert not any(b"walnutjuice" in content for content in on_disk(database).values())


def test_with_an_open_reader_the_log_is_truncated_at_the_next_run(
    told: Story, database: Database
):
    with told.rt.read(told.rt.workspaces.only) as tx:
        tx.session.execute(text("SELECT count(*) FROM asks")).all()
        with told.rt.write(tx.workspace) as changing:
            privacy.erase(changing, ASKER)
        settle(told)
        assert left(database)
    truncate_wal(told.rt, told.worker)
    assert left(database) == {}


def test_the_job_deletes_it_within_a_minute(database: Database):
    [job] = [job for job in jobs.JOBS if job.run is truncate_wal]
    assert job.every <= timedelta(minutes=1)
    assert remove_migration_backup in {job.run for job in jobs.JOBS}


def test_the_backup_from_before_a_migration_is_kept_for_a_week(
    rt: Runtime, worker: OutboxWorker, database: Database, clock: Clock
):
    file = sqlite_file(database.engine.url)
    assert file is not None
    remove_migration_backup(rt, worker)
    copy = schema.back_up(database)
    assert copy is not None
    os.utime(copy, (clock().timestamp(), clock().timestamp()))
    clock.advance(days=6.9)
    remove_migration_backup(rt, worker)
    assert copy.exists()
    clock.advance(days=0.2)
    remove_migration_backup(rt, worker)
    assert sorted(path.name for path in file.parent.iterdir() if path == copy) == []
    assert file.exists()


def test_a_migrated_file_contains_no_data_deleted_before(
    database: Database,
):
    """An older version left such data, in an SQLite that does not overwrite them."""
    with database.engine.connect() as connection:
        raw = connection.connection.cursor()
        raw.execute("PRAGMA secure_delete = OFF")
        raw.execute("CREATE TABLE scraps (scrap)")
        raw.executemany(
            "INSERT INTO scraps VALUES (?)", [(f"{FISH} {n}",) for n in range(1000)]
        )
        raw.execute("DELETE FROM scraps")
        raw.execute("DROP TABLE scraps")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert left(database)
    schema.vacuum(database)
    database.close()
    assert left(database) == {}
