"""Messages that are unusual in an export."""

import pytest

from bot.features import FEATURES
from bot.imports.report import format_report
from bot.runtime import Transaction
from bot.workspace import sync
from tests import export_factory, message_counts
from tests.conftest import NOW
from tests.imports import database_counts, export_message, marked, small
from tests.slack_payloads import TEAM


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


@pytest.mark.deep_on_postgresql
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
