"""The file of a member's personal data."""

import pytest

from bot.slack.api import NotSent, OutcomeUnknown
from tests.factories import Story
from tests.personal_data import WORDS, file_of
from tests.slack_payloads import ASKER, CHAMPION, GUEST, HELP_CHANNEL


@pytest.mark.deep
def test_the_file_has_all_own_data_and_ones_part_in_the_rest(lived: Story):
    told = file_of(lived)
    assert told["about"]["member"] == ASKER
    tables = told["tables"]
    mine = [row for row in tables["asks"]["rows"] if row.get("asker") == ASKER]
    assert [row["title"] for row in mine] == [WORDS, "Anything else about <@U0ANABEL>?"]
    assert {row["channel_id"] for row in mine} == {HELP_CHANNEL}
    assert [row["emoji"] for row in tables["reactions"]["rows"]] == [
        "white_check_mark",
        "eyes",
    ]
    assert [row["author"] for row in tables["answers"]["rows"]] == [ASKER]
    assert tables["members"]["rows"][0]["name"] == "Ana"
    assert len(tables["champions"]["rows"]) == 1
    assert all(table["why"] for table in tables.values())


@pytest.mark.deep
def test_the_file_shows_of_others_rows_only_ones_own_part(lived: Story):
    ben = lived.asks()[1]
    lived.click(CHAMPION, "ask_menu", option=f"close:{ben.id}")
    lived.submit(CHAMPION, lived.slack.views[-1][1], {"reason": "Asked twice"})
    rows = file_of(lived, CHAMPION)["tables"]["asks"]["rows"]
    [row] = rows
    assert row["closed_by"] == CHAMPION
    assert row["close_reason"] == "Asked twice"
    assert not {"asker", "title", "details"} & row.keys()


@pytest.mark.deep
def test_the_file_comes_once_whatever_slack_responds(lived: Story):
    lived.slack.fail["files.completeUploadExternal"] = [
        NotSent("files.getUploadURLExternal", "TimeoutError")
    ]
    lived.command(ASKER, "/backswing", "My  Data", trigger_id="one")
    lived.command(ASKER, "/backswing", "my data", trigger_id="one")
    lived.advance(minutes=1)
    lived.advance(minutes=1)
    assert len(lived.slack.files) == 1
    lived.slack.fail_after["files.completeUploadExternal"] = [
        OutcomeUnknown("files.completeUploadExternal", "TimeoutError")
    ]
    lived.command(ASKER, "/backswing", "my data", trigger_id="two")
    lived.advance(minutes=1)
    lived.advance(minutes=1)
    assert len(lived.slack.files) == 2


def test_a_guest_without_data_gets_a_file_too(story: Story):
    assert set(file_of(story, GUEST)["tables"]) <= {
        "members",
        "outbox",
        "outbox_channels",
    }


@pytest.mark.deep
def test_the_file_lists_where_others_wrote_about_one(lived: Story):
    second = lived.asks()[1]
    rows = file_of(lived)["tables"]["asks"]["rows"]
    [row] = [row for row in rows if row["id"] == second.id]
    assert "title" not in row
    assert "asker" not in row
