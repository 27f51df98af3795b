"""An export as history: its counts, repeated runs, and no notifications."""

from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from bot.features import FEATURES
from bot.imports import service as imports
from bot.imports.export import BadExport, Export
from bot.imports.report import MessageKind, format_report
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
    Reaction,
    UnmatchedMessage,
)
from models.asks import HAS_HELPED
from tests import export_factory, message_counts
from tests.conftest import NOW
from tests.slack_payloads import BOT, TEAM

# The time at which the synthetic exports end.
SOON = datetime(2020, 10, 15, tzinfo=UTC)
# One can't be told, and the other has no choice to make.
NO_WORDS = (export_factory.DEACTIVATED, export_factory.EXTERNAL)
QUESTIONS = {"How do I start the", "Does the"}


@pytest.fixture
def export(tmp_path):
    return export_factory.write(
        tmp_path / "export.zip", export_factory.export_files(asks=5)
    )


@pytest.fixture
def load(database):
    def load(path, names=None, *, capture="all", now=NOW, on_step=lambda: None):
        with Export(path) as opened:
            return imports.load(
                database.write_session,
                opened,
                opened.select(names),
                capture=capture,
                features=FEATURES,
                now=now,
                on_step=on_step,
            )

    return load


def log_capture(database):
    with database.read_session() as session:
        return message_counts.messages_from_database(session)


def database_counts(database):
    with database.read_session() as session:
        return message_counts.from_database(session)


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


def test_it_counts_the_same_as_an_independent_count(export, load, database):
    summary = load(export)
    expected = message_counts.from_export(export)
    assert database_counts(database) == expected
    figures = expected.totals()
    assert sum(summary.asks.values()) == summary.new_asks == figures["asks"]
    assert summary.answers == summary.new_answers == figures["answers"]
    assert summary.helpful == figures["helpful marks"]
    assert summary.asks["solved"] == figures["solved asks"]


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


def test_only_the_selected_channels_are_imported(export, load, database):
    summary = load(export, ["lounge"])
    assert database_counts(database) == message_counts.from_export(export, ["lounge"])
    assert summary.channels == 1
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


def test_steps_are_counted(export, load):
    taken = []
    load(export, on_step=lambda: taken.append(1))
    with Export(export) as opened:
        assert len(taken) == imports.count_steps(opened, opened.channels) > 10


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
            Transaction(session, workspace, NOW),
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


# Unusual messages


def export_message(
    ts: int, user: str, text: str = "How is it done?", **more: Any
) -> dict[str, Any]:
    message = {"type": "message", "ts": f"{ts}.000100", "user": user, "text": text}
    if thread := more.pop("thread", None):
        message["thread_ts"] = f"{thread}.000100"
    return message | more


def marked(name: str, *users: str) -> dict[str, Any]:
    return {"reactions": [{"name": name, "users": list(users), "count": len(users)}]}


def small(path, *messages: dict[str, Any], **content: Any):
    files = {
        "users.json": export_factory.people(),
        "channels.json": export_factory.channels(),
        "help/2021-01-01.json": list(messages),
    }
    return export_factory.write(path / "small.zip", files | content)


def test_a_reply_before_its_ask_counts(load, database, tmp_path):
    """Exports that were merged from several have such an order."""
    reply = export_message(
        1609459300, "U0PEER2", thread=1609459200, **marked("+1", "U0PEER1")
    )
    path = small(
        tmp_path,
        export_message(1609459200, "U0PEER1"),
        **{"help/2020-12-31.json": [reply]},
    )
    load(path)
    assert database_counts(database) == message_counts.from_export(path)
    assert database_counts(database).totals()["helpful marks"] == 1


def test_slackbot_and_apps_neither_ask_nor_answer_nor_mark(load, database, tmp_path):
    path = small(
        tmp_path,
        export_message(1609459200, "U0PEER1"),
        export_message(1609459201, "USLACKBOT"),
        export_message(1609459202, "U0BOT"),
        export_message(1609459203, "U0PEER1", bot_id="B1"),
        export_message(1609459204, "U0BOT", thread=1609459200),
        export_message(1609459205, "USLACKBOT", thread=1609459200),
        export_message(
            1609459206,
            "U0PEER2",
            thread=1609459200,
            **marked("white_check_mark", "U0BOT", "USLACKBOT"),
        ),
    )
    load(path)
    assert database_counts(database) == message_counts.from_export(path)
    assert database_counts(database).totals() == {
        "asks": 1,
        "answers": 1,
        "helpful marks": 0,
        "solved asks": 0,
    }


def test_an_external_member_can_help_but_not_solve(load, database, tmp_path):
    path = small(
        tmp_path,
        export_message(1609459200, "U0GHOST"),
        export_message(
            1609459201,
            "U0PEER2",
            thread=1609459200,
            **marked("white_check_mark", "U0GHOST2"),
        ),
    )
    load(path)
    assert database_counts(database).asks == {
        ("C0HELP", "1609459200.000100"): ("U0GHOST", "answered")
    }
    assert list(database_counts(database).helpful.values()) == [1]


def test_history_is_not_announced_when_a_member_turns_out_to_be_an_admin(
    *, load, database, tmp_path, workspace, worker, slack
):
    load(
        small(
            tmp_path,
            export_message(1609459200, "U0PEER1"),
            export_message(
                1609459201,
                "U0PEER2",
                thread=1609459200,
                **marked("white_check_mark", "U0GHOST"),
            ),
            **{
                "users.json": [
                    one | {"team_id": TEAM} for one in export_factory.people()
                ]
            },
        )
    )
    with database.write_session.begin() as session:
        sync.store_user(
            Transaction(session, workspace, NOW, FEATURES),
            {"id": "U0GHOST", "is_admin": True},
        )
    worker.send_due()
    assert slack.messages == []


def test_the_report_lists_what_was_imported_and_omitted(load, tmp_path):
    broken = {f"help/2021-02-{day:02}.json": "[" for day in range(1, 29)}
    text = format_report(
        load(
            small(
                tmp_path,
                export_message(1609459200, "U0PEER1"),
                export_message(1609459201, "U0PEER1", "Done."),
                export_message(1609459202, "U0PEER2", thread=1609459200),
                export_message(1609459203, "U0PEER2", thread=1609459201),
                export_message(1609459204, "USLACKBOT"),
                export_message(1609459205, "U0PEER1", thread=1609459200),
                export_message(1609459206, "U0PEER1", thread=1609459200),
                **broken,
            ),
            capture="questions",
        )
    )
    assert text.splitlines()[:13] == [
        "Read 14 people, and 7 messages in 3 channels:",
        "         1  ask",
        "         1  answer",
        "         2  replies by the person who asked",
        "         1  message without a question",
        "         1  reply to a message that isn't an ask",
        "         1  message from apps and Slack itself",
        "Added in this run: 1 ask, 1 answer.",
        "Now stored for these channels:",
        "         1  ask (1 answered)",
        "         1  answer (0 solutions)",
        "         0  helpful marks",
        "Skipped:",
    ]
    assert "  1  file can't be read: help/2021-02-01.json is not JSON" in text
    assert text.endswith("… and 8 more of this kind")


# External members that users.json omits


def written_by(user, ts, text, **more):
    return {"type": "message", "user": user, "ts": ts, "text": text, **more}


def of_others(path, *messages):
    return export_factory.write(
        path / "others.zip",
        {
            "users.json": [{"id": "U0ANA", "team_id": TEAM, "name": "ana"}],
            "channels.json": [{"id": "C0HELP", "name": "help"}],
            "help/2026-01-05.json": list(messages),
        },
    )


@pytest.mark.parametrize(
    "other",
    [
        {"user_team": "T0OTHER", "source_team": "T0OTHER", "team": TEAM},
        {"team": "T0OTHER"},
        {"user_profile": {"team": "T0OTHER", "real_name": "Zed", "avatar_hash": None}},
        {"user_team": "E0OTHER"},
    ],
)
def test_messages_identify_external_members(load, database, session, tmp_path, other):
    """An earlier message may lack the team."""
    export = of_others(
        tmp_path,
        written_by("U0ZED", "1767600000.000100", "How do you do that?"),
        written_by("U0ZED", "1767600001.000100", "How do you do this?", **other),
        written_by("U0ANA", "1767600002.000100", "How do I?"),
        written_by("U0ZED", "1767600003.000100", "So.", thread_ts="1767600002.000100"),
    )
    for _ in range(2):
        load(export)
        session.expire_all()
        assert [
            (ask.asker, ask.state)
            for ask in session.scalars(select(Ask).order_by(Ask.ts))
            if ask.deleted_at is None
        ] == [("U0ANA", "answered")]
        rows_by_id = {
            m.slack_id: m.is_external for m in session.scalars(select(Member))
        }
        assert rows_by_id == {"U0ZED": True, "U0ANA": False}
    assert session.scalars(select(OutboxItem)).all() == []


@pytest.mark.parametrize("odd", [7, [], "", None, {"team": 3}])
def test_an_invalid_team_is_ignored(load, session, tmp_path, odd):
    more = {"user_team": odd, "team": odd, "source_team": odd, "user_profile": odd}
    load(of_others(tmp_path, written_by("U0ZED", "1767600000.000100", "How?", **more)))
    assert [ask.asker for ask in session.scalars(select(Ask))] == ["U0ZED"]


def test_values_from_slack_override_messages(load, database, session, tmp_path):
    """So do the values of users.json."""
    with database.write_session.begin() as writing:
        workspace = installations.get_or_create(writing, TEAM, now=NOW)
        user = {"id": "U0ZED", "team_id": TEAM}
        members.upsert_from_slack(
            Transaction(writing, workspace, NOW), user, team_id=TEAM
        )
    other = {"user_team": "T0OTHER"}
    load(
        of_others(
            tmp_path,
            written_by("U0ZED", "1767600000.000100", "How?", **other),
            written_by("U0ANA", "1767600001.000100", "Why?", **other),
        )
    )
    assert {a.asker for a in session.scalars(select(Ask))} == {"U0ZED", "U0ANA"}


def test_in_an_enterprises_export_its_own_people_are_internal(load, session, tmp_path):
    def of(slack_id, team, enterprise, *teams):
        grid = {"enterprise_id": enterprise, "teams": list(teams)}
        return {"id": slack_id, "team_id": team, "enterprise_user": grid}

    load(
        export_factory.write(
            tmp_path / "grid.zip",
            {
                "users.json": [
                    of("U0ANA", TEAM, "E0OURS", TEAM),
                    of("U0BEN", TEAM, "E0OURS", TEAM),
                    of("U0SIS", "T0SISTER", "E0OURS", "T0SISTER"),
                    of("U0ZED", "T0OTHER", "E0OTHER", "T0OTHER"),
                ],
                "channels.json": [{"id": "C0HELP", "name": "help"}],
                "help/2026-01-05.json": [
                    written_by(
                        "U0EXT", "1767600000.000100", "How?", user_team="E0OTHER"
                    ),
                    written_by(
                        "U0NEW", "1767600001.000100", "How?", user_team="T0SISTER"
                    ),
                ],
            },
        )
    )
    rows_by_id = {m.slack_id: m.is_external for m in session.scalars(select(Member))}
    assert {who for who, is_stranger in rows_by_id.items() if is_stranger} == {
        "U0ZED",
        "U0EXT",
    }


@pytest.mark.parametrize("capture", ["questions", "all"])
def test_each_message_is_in_one_line_of_the_report(load, export, capture):
    read = sum(len(talk) for talk in export_factory.channel_messages(asks=5).values())
    for _ in range(2):
        summary = load(export, capture=capture)
        assert summary.messages == read
        assert summary.kinds[MessageKind.ASK] == sum(summary.asks.values())
        assert summary.kinds[MessageKind.ANSWER] == summary.answers


def test_names_in_messages_only_are_used(load, database, tmp_path):
    profile = {"display_name": "zoë", "real_name": "Zoë W", "name": "zoe.w"}
    path = small(
        tmp_path,
        export_message(1609459200, "U0GHOST"),
        export_message(1609459201, "U0GHOST", user_profile=profile),
        export_message(
            1609459202, "U0GHOST2", user_profile=profile | {"display_name": None}
        ),
        export_message(1609459203, "U0PEER1", user_profile=profile),
        export_message(1609459204, "U0NEW", user_profile=profile),
        **{"users.json": [*export_factory.people(), {"id": "U0NEW", "is_admin": True}]},
    )
    load(path)
    with database.read_session() as session:
        members = {m.slack_id: m for m in session.scalars(select(Member))}
    assert members["U0GHOST"].name == "zoë"
    assert members["U0GHOST2"].name == "Zoë W"
    # For people in users.json, that file is more reliable.
    assert members["U0PEER1"].name == "peer1"
    assert (members["U0NEW"].name, members["U0NEW"].is_admin) == ("zoë", True)


def test_reactions_of_unnamed_people_are_reported(load, tmp_path):
    """Slack counts all reactions, and names some of the people."""
    most: dict[str, Any] = {
        "reactions": [{"name": "+1", "users": ["U0PEER3"], "count": 40}]
    }
    summary = load(
        small(
            tmp_path,
            export_message(1609459200, "U0PEER1", **most),
            export_message(1609459201, "U0PEER2", thread=1609459200, **most),
            export_message(1609459202, "U0PEER2", "No.", **most),
        ),
        capture="questions",
    )
    assert summary.helpful == 1
    assert (
        "Not imported:\n        78  reactions without names in the export\n"
    ) in format_report(summary)


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
