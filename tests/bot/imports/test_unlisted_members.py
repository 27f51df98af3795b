"""Members that an export does not list."""

from typing import Any

import pytest
from sqlalchemy import select

from bot.imports.report import MessageKind, format_report
from bot.runtime import Transaction
from bot.workspace import installations, members
from models import Ask, Member, OutboxItem
from tests import export_factory
from tests.conftest import NOW
from tests.imports import export_message, small
from tests.slack_payloads import TEAM


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
@pytest.mark.deep_on_postgresql
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


@pytest.mark.deep_on_postgresql
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
@pytest.mark.deep
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
