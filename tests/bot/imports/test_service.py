"""An export as history: its counts, repeated runs, and no notifications."""

from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text, update

from bot.features import FEATURES
from bot.imports import service as imports
from bot.imports.export import BadExport, Export
from bot.knowledge import answer_texts
from bot.privacy import service as privacy
from bot.runtime import Transaction
from bot.workspace import channels, installations, members, sync
from jobs.knowledge import read_answers
from models import (
    Answer,
    AnswerText,
    Ask,
    Channel,
    Installation,
    Member,
    MessageCount,
    OutboxItem,
    PeerPlace,
    Reaction,
    UnmatchedMessage,
)
from models.asks import HAS_HELPED
from tests import export_factory, message_counts
from tests.conftest import NOW
from tests.imports import database_counts
from tests.slack_payloads import BOT, TEAM

# The time at which the synthetic exports end.
SOON = datetime(2020, 10, 15, tzinfo=UTC)
# One can't be told, and the other has no choice to make.
NO_WORDS = (export_factory.DEACTIVATED, export_factory.EXTERNAL)
QUESTIONS = {"How do I start the", "Does the"}


def log_capture(database):
    with database.read_session() as session:
        return message_counts.messages_from_database(session)


def rows(database):
    """Return all rows of the database without their times of import."""
    with database.read_session() as session:
        return {
            table.__tablename__: sorted(
                repr(
                    {
                        column.key: getattr(row, column.key)
                        for column in table.__table__.columns
                        if column.key not in {"id", "recorded_at", "ask_id"}
                    }
                )
                for row in session.scalars(select(table))
            )
            for table in (
                Ask,
                Channel,
                Member,
                Reaction,
                UnmatchedMessage,
                Installation,
            )
        }


def ours(path, **content: Any):
    """Return the synthetic export as one of the workspace that the bot serves."""
    files = export_factory.export_files(asks=3)
    users = [one | {"team_id": TEAM} for one in export_factory.people()]
    return export_factory.write(
        path / "ours.zip", files | {"users.json": users} | content
    )


@pytest.mark.deep
def test_it_counts_the_same_as_an_independent_count(export, load, database):
    summary = load(export)
    expected = message_counts.from_export(export)
    assert database_counts(database) == expected
    figures = expected.totals()
    assert sum(summary.asks.values()) == summary.new_asks == figures["asks"]
    assert summary.answers == summary.new_answers == figures["answers"]
    assert summary.helpful == figures["helpful marks"]
    assert summary.asks["solved"] == figures["solved asks"]
    # Older edits, whose events come late, won't undo the imported texts.
    with database.read_session() as session:
        edited = select(Ask.edited_at_micros).where(Ask.edited_at_micros > 0)
        assert {at % 1_000_000 for at in session.scalars(edited)} == {999_999}


@pytest.mark.deep
def test_messages_are_counted_by_person_and_day(export, load, database):
    """All of a person's messages count, not only asks and answers."""
    load(export, capture="questions", now=SOON)
    expected = message_counts.messages_from_export(export)
    assert len({day for _, day, _ in expected}) > 2
    assert max(expected.values()) > 1
    assert log_capture(database) == expected
    load(export, now=SOON)
    assert log_capture(database) == expected


def test_days_before_any_window_are_not_counted(export, load, database):
    expected = message_counts.messages_from_export(export)
    days = sorted({day for _, day, _ in expected})
    middle = datetime.combine(days[len(days) // 2], time(), UTC)
    load(export, now=middle + timedelta(days=367))
    assert 0 < len(log_capture(database)) < len(expected)
    assert log_capture(database) == {
        slot: messages
        for slot, messages in expected.items()
        if slot[1] >= middle.date()
    }


@pytest.mark.deep
def test_the_larger_of_two_counts_of_a_day_stays(export, load, database):
    """Both the bot and an export may have missed a part of a day."""
    load(export, now=SOON)
    (fewer, _), (more, _), *_ = expected = sorted(
        message_counts.messages_from_export(export).items(), key=lambda item: -item[1]
    )
    with database.write_session.begin() as session:
        for slot, messages in ((fewer, 1), (more, 100)):
            session.execute(
                update(MessageCount)
                .where(
                    MessageCount.channel_id
                    == select(Channel.id).filter_by(slack_id=slot[0]).scalar_subquery(),
                    MessageCount.day == slot[1],
                    MessageCount.member == slot[2],
                )
                .values(messages=messages)
            )
    load(export, now=SOON)
    assert log_capture(database) == {**dict(expected), more: 100}


def test_only_questions_become_asks_by_default(export, load, database):
    load(export, capture="questions")
    assert database_counts(database) == message_counts.from_export(
        export, is_ask=lambda text: any(text.startswith(q) for q in QUESTIONS)
    )


@pytest.mark.deep
def test_only_the_selected_channels_are_imported(export, load, database, tmp_path):
    summary = load(export, ["lounge"])
    assert database_counts(database) == message_counts.from_export(export, ["lounge"])
    assert summary.channels == 1
    with database.read_session() as session:
        assert session.scalars(select(Channel.name)).all() == ["lounge"]
    # Nothing is read where the bot wrote to a few people.
    with Export(export) as opened:
        others = [each.id for each in opened.select(None) if each.name != "lounge"]
    with database.write_session.begin() as session:
        own = session.scalars(select(Installation.id)).one()
        session.add_all(
            PeerPlace(
                installation_id=own, subject=f"circle:{n}", people=[], channel=channel
            )
            for n, channel in enumerate(others)
        )
    assert load(export).channels == 1
    # Nor in a channel that it has made, before it could note that down.
    with database.write_session.begin() as session:
        session.execute(delete(PeerPlace))
        session.scalars(select(Installation)).one().bot_user_id = BOT
    listed = export_factory.channels()
    for channel in listed:
        channel["creator"] = "" if channel["name"] == "lounge" else BOT
    files = export_factory.export_files(asks=5) | {"channels.json": listed}
    assert load(export_factory.write(tmp_path / "own.zip", files)).channels == 1
    assert database_counts(database) == message_counts.from_export(export, ["lounge"])
    with database.read_session() as session:
        assert session.scalars(select(Channel.name)).all() == ["lounge"]


def test_only_authors_are_notified_of_their_kept_words(
    *, load, database, rt, worker, slack, tmp_path
):
    """Authors alone are told, later, that words of theirs are kept."""
    load(ours(tmp_path))
    with database.read_session() as session:
        kinds = set(session.scalars(select(OutboxItem.kind)))
    assert kinds == {"knowledge.notice"}
    sync.fetch_new_users(rt, rt.workspaces.only)
    assert worker.send_due() == 0
    assert slack.calls == []


def kept_texts(database):
    """Of each answer that helped: its ts, author and words."""
    with database.read_session() as session:
        return session.execute(
            select(
                Answer.ts, AnswerText.author, AnswerText.text, AnswerText.is_findable
            )
            .join(Answer, Answer.id == AnswerText.answer_id)
            .order_by(Answer.ts)
        ).all()


@pytest.mark.deep
def test_the_words_of_answers_that_helped_are_kept(
    *, load, database, rt, worker, slack, tmp_path, clock
):
    load(ours(tmp_path))
    said = {
        message["ts"]: message
        for messages in export_factory.channel_messages(asks=3).values()
        for message in messages
    }
    kept = kept_texts(database)
    with database.read_session() as session:
        marked = set(
            session.scalars(
                select(Answer.ts).where(
                    Answer.author.not_in(NO_WORDS), text(f"({HAS_HELPED})")
                )
            )
        )
        unmarked = session.scalar(select(func.count()).where(Answer.helpful_count == 0))
    assert unmarked
    assert {ts for ts, *_ in kept} == marked
    for ts, author, words, is_findable in kept:
        assert (author, words) == (said[ts]["user"], said[ts]["text"])
        assert not is_findable
    # Each of the authors is told once, and nobody reads from Slack what is there.
    authors = {author for _, author, *_ in kept}
    slack.people = {
        one["id"]: one | {"team_id": TEAM} for one in export_factory.people()
    }
    read_answers(rt, worker)
    for _ in range(24):
        clock.advance(hours=1)
        worker.send_due()
    assert sorted(m.channel for m in slack.messages) == sorted(authors)
    assert "conversations.replies" not in slack.calls
    for _, _, words, is_findable in kept_texts(database):
        assert is_findable is bool(words)
    # Another import tells nobody again.
    load(ours(tmp_path))
    clock.advance(days=2)
    worker.send_due()
    assert len(slack.messages) == len(authors)


def test_whoever_said_no_or_is_forgotten_has_no_words_imported(
    *, load, database, rt, tmp_path
):
    load(ours(tmp_path))
    authors = sorted({author for _, author, *_ in kept_texts(database)})
    with rt.write(rt.workspaces.only) as tx:
        answer_texts.set_kept(tx, authors[0], is_kept=False)
        privacy.erase(tx, authors[1])
    load(ours(tmp_path))
    after = {author for _, author, *_ in kept_texts(database)}
    assert after == set(authors[2:])


@pytest.mark.deep
def test_an_import_brings_the_words_that_slack_no_longer_shows(
    *, load, database, tmp_path
):
    load(ours(tmp_path))
    before = kept_texts(database)
    with database.write_session.begin() as session:
        session.execute(update(AnswerText).values(text=None))
        latest = session.scalars(select(AnswerText).limit(1)).one()
        latest.text = "Edited since"
    load(ours(tmp_path))
    after = {words for _, _, words, _ in kept_texts(database)}
    assert "Edited since" in after
    assert after - {"Edited since"} <= {words for _, _, words, _ in before}
    assert None not in after


def test_only_asks_and_answers_are_stored(export, load, database):
    load(export, capture="questions")
    with database.read_session() as session:
        assert session.scalar(select(func.count()).select_from(UnmatchedMessage)) == 0
        loose = select(func.count()).select_from(Reaction).filter_by(ask_id=None)
        assert session.scalar(loose) == 0


@pytest.mark.deep
def test_a_second_run_changes_nothing(export, load, database):
    load(export)
    before = rows(database)
    summary = load(export)
    assert rows(database) == before
    assert (summary.new_asks, summary.new_answers) == (0, 0)


def test_more_can_be_imported_later(export, load, database):
    load(export, ["help"], capture="questions")
    load(export, ["help"])
    load(export)
    assert database_counts(database) == message_counts.from_export(export)


@pytest.mark.parametrize("breaks", [[0], [20, 3]])
@pytest.mark.deep
def test_an_interrupted_import_can_run_again(
    export, load, database, breaks, monkeypatch
):
    monkeypatch.setattr(imports, "_BATCH_BYTES", 0)
    for steps in breaks:
        done = count()

        def stop(done=done, steps=steps):
            if next(done) == steps:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            load(export, on_step=stop)
    load(export)
    assert database_counts(database) == message_counts.from_export(export)


@pytest.mark.deep
def test_steps_are_counted(export, load):
    taken = []
    load(export, on_step=lambda: taken.append(1))
    with Export(export) as opened:
        assert len(taken) == imports.count_steps(opened, opened.channels) > 10


@pytest.mark.deep
def test_people_and_channels_are_stored(export, load, session):
    load(export)
    rows_by_id = {m.slack_id: m for m in session.scalars(select(Member))}
    assert rows_by_id[export_factory.ADMIN].is_admin
    assert rows_by_id[export_factory.OWNER].is_admin
    assert rows_by_id[export_factory.BOT].is_bot
    assert rows_by_id[export_factory.DEACTIVATED].is_deactivated
    assert rows_by_id[export_factory.GUEST].is_guest
    assert rows_by_id[export_factory.EXTERNAL].is_external
    assert rows_by_id[export_factory.PEERS[1]].name == "peer1"
    assert rows_by_id[export_factory.PEERS[1]].tz == "Europe/Helsinki"
    # A name that a person shows nowhere else.
    assert rows_by_id[export_factory.PEERS[0]].name == "peer0"
    # Nobody has described this person, so they have no name.
    assert rows_by_id[export_factory.UNLISTED].name == ""
    rooms = {c.slack_id: c for c in session.scalars(select(Channel))}
    assert {c.name for c in rooms.values()} == set(export_factory.CHANNELS.values())
    assert rooms["C0LOUNGE"].is_archived
    assert not any(c.is_joined for c in rooms.values())
    assert {c.capture for c in rooms.values()} == {"off"}


def test_values_from_slack_stay(load, database, workspace, tmp_path):
    with database.write_session.begin() as session:
        sync.store_user(
            Transaction(session, workspace, NOW, FEATURES),
            {"id": export_factory.ADMIN, "name": "eva", "is_admin": False},
        )
        rows_by_id = channels.upsert_from_slack(
            Transaction(session, workspace, NOW, FEATURES),
            {"id": "C0HELP", "name": "ask-here", "is_member": True},
        )
        rows_by_id.capture, rows_by_id.helpful_emoji = "off", ["tada"]
    load(ours(tmp_path))
    with database.read_session() as session:
        admin = members.find(Transaction(session, workspace, NOW), export_factory.ADMIN)
        assert admin is not None
        assert (admin.name, admin.is_admin, admin.fetched_at) == ("eva", False, NOW)
        room = channels.find(Transaction(session, workspace, NOW), "C0HELP")
        assert room is not None
        assert (room.name, room.is_joined) == ("ask-here", True)
        assert (room.capture, room.helpful_emoji) == ("off", ["tada"])


@pytest.mark.deep
def test_imported_values_are_stale(export, load, session):
    """Slack is asked again before a decision relies on them."""
    load(export)
    dates = set(session.scalars(select(Member.fetched_at)))
    [date] = dates
    assert date is not None
    assert date.year < 2026


def test_a_deleted_ask_does_not_come_back(export, load, database):
    load(export, ["help"])
    with database.write_session.begin() as session:
        ask = session.scalars(select(Ask).filter_by(state="answered")).first()
        assert ask is not None
        ask.deleted_at, ask.state = NOW, "deleted"
        ts = ask.ts
    load(export, ["help"])
    assert ("C0HELP", ts) not in database_counts(database).asks


# The row has the right workspace.


@pytest.mark.deep
def test_a_bot_with_a_token_finds_the_imported_rows(export, load, database, slack):
    load(export)
    slack.bot_identity = {
        "team_id": export_factory.TEAM,
        "team": "Synthetic",
        "user_id": BOT,
        "bot_id": "B0BACKSWING",
        "url": "https://synthetic.slack.com/",
    }
    found = installations.install(database.write_session, slack, now=NOW)
    with database.read_session() as session:
        [row] = session.scalars(select(Installation))
        assert (found.id, found.team_id) == (row.id, export_factory.TEAM)
        assert (row.team_name, row.bot_user_id) == ("Synthetic", BOT)
        assert set(session.scalars(select(Ask.installation_id))) == {row.id}


def test_the_export_of_another_workspace_is_rejected(export, load, database, workspace):
    with pytest.raises(
        BadExport, match=f"workspace {export_factory.TEAM}, and .* to {TEAM}"
    ):
        load(export)
    assert database_counts(database) == message_counts.ExportCounts()


def test_an_export_without_a_team_belongs_to_the_only_workspace(
    load, database, workspace, tmp_path
):
    nameless = [one | {"team_id": None} for one in export_factory.people()]
    path = ours(tmp_path, **{"users.json": nameless})
    load(path)
    assert database_counts(database) == message_counts.from_export(path)


def test_an_export_without_a_team_is_rejected_without_an_installation(load, tmp_path):
    nameless = [one | {"team_id": None} for one in export_factory.people()]
    with pytest.raises(BadExport, match="does not say which workspace"):
        load(ours(tmp_path, **{"users.json": nameless}))


@pytest.mark.deep
def test_an_old_export_does_not_restore_an_erased_member(load, database, export):
    load(export)
    peer = export_factory.PEERS[0]
    with database.write_session.begin() as session:
        member = session.scalars(select(Member).filter_by(slack_id=peer)).one()
        assert member.name
        member.name, member.looked_up_at = "", None
        member.erased_at = member.erased_before = NOW
    load(export)
    with database.read_session() as session:
        member = session.scalars(select(Member).filter_by(slack_id=peer)).one()
        assert (member.name, member.erased_at) == ("", NOW)
