"""Tables for program leads: complete, harmless, and without private data."""

import csv
import io
import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from bot.config.settings import Settings
from bot.exports import rules, service
from bot.workspace import channels
from cli import arguments
from models import Kudos
from tests.factories import Story
from tests.slack_payloads import (
    ASKER,
    HELP_CHANNEL,
    HELPER,
    PEER,
    TEAM,
    conversation_object,
)
from tests.two_workspaces import serve_two


@pytest.mark.parametrize(
    "begun", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", " ="]
)
def test_a_spreadsheet_formula_is_exported_as_text(begun: str):
    written = rules.as_csv(["title"], [{"title": f'{begun}HYPERLINK("evil")'}])
    [_, [cell]] = csv.reader(io.StringIO(written, newline=""))
    assert cell == f'\'{begun}HYPERLINK("evil")'


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_any_text_is_exported_unchanged_except_for_the_quote(texts: list[str]):
    written = rules.as_csv(["a"], [{"a": text} for text in texts])
    cells = [row[0] for row in csv.reader(io.StringIO(written, newline=""))][1:]
    assert [c.removeprefix("'") for c in cells] == [t.removeprefix("'") for t in texts]
    assert not any(c.lstrip(" ").startswith(tuple("=+-@\t\r\n")) for c in cells)


def test_numbers_stay_numbers():
    assert rules.as_csv(["n"], [{"n": -3}]) == '"n"\r\n"-3"\r\n'
    assert json.loads(rules.as_json(["n"], [{"n": -3}])) == [{"n": -3}]


@pytest.fixture
def lived(story: Story) -> Story:
    story.slack.channels["C0SECRET"] = conversation_object(
        "C0SECRET", "secret", is_private=True
    )
    ask = story.ask("=How do I fix x?")
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(PEER, answer, "bulb")
    story.react(ASKER, answer, "white_check_mark")
    story.command(PEER, "/ask", "Whom do we fire?", channel="C0SECRET")
    story.advance(minutes=2)
    return story


@pytest.mark.deep_on_postgresql
def test_each_ask_and_each_person_is_there(lived: Story):
    with lived.rt.read(lived.rt.workspaces.only) as tx:
        first, second = service.asks(tx)
        people = {row["name"]: row for row in service.people(tx)}
    assert (first["channel"], first["asker"], first["state"]) == (
        "#help",
        "Ana",
        "solved",
    )
    assert (first["title"], first["answers"], first["helped"]) == (
        "=How do I fix x?",
        1,
        1,
    )
    assert first["first_answer_at"] <= first["solved_at"]
    assert second["channel"] == "a private channel"
    assert "fire" not in str(second)
    assert people["Ben"] == {
        "name": "Ben",
        "asks": 0,
        "answers": 1,
        "helped": 1,
        "solved": 1,
        "kudos_given": 0,
        "kudos_received": 0,
    }
    assert set(people) == {"Ana", "Ben", "Chi"}
    assert lived.slack.messages_to(HELP_CHANNEL)


def test_private_kudos_are_in_nobodys_counts(lived: Story):
    reason = "for staying so late with me on Monday"
    lived.command(ASKER, "/kudos", f"<@{HELPER}> {reason}")
    lived.advance(minutes=1)
    with lived.rt.read(lived.rt.workspaces.only) as tx:
        people = {r["name"]: r for r in service.people(tx)}
    assert (people["Ana"]["kudos_given"], people["Ben"]["kudos_received"]) == (1, 1)
    with lived.rt.write_session.begin() as session:
        session.execute(update(Kudos).values(is_private=True))
    with lived.rt.read(lived.rt.workspaces.only) as tx:
        people = {r["name"]: r for r in service.people(tx)}
    assert (people["Ana"]["kudos_given"], people["Ben"]["kudos_received"]) == (0, 0)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_the_command_writes_files_for_its_owner_only(
    lived: Story, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
):
    url = lived.rt.autocommit.url.render_as_string(hide_password=False)
    folder = tmp_path / "numbers"
    for _ in range(2):
        args = arguments.parser().parse_args(["export", str(folder), "--format", form])
        assert args.run(Settings(_env_file=None, database_url=url), args) == 0
    files = {file.name: file for file in folder.iterdir()}
    assert set(files) == {f"asks.{form}", f"people.{form}"}
    assert {stat.S_IMODE(f.stat().st_mode) for f in files.values()} == {0o600}
    written = files[f"asks.{form}"].read_text()
    assert ("'=How" in written) is (form == "csv")
    assert "asks, people" in capsys.readouterr().out


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_several_workspaces_have_a_folder_each(lived: Story, tmp_path: Path):
    other = serve_two(lived.rt, lived.clock).beta
    with other.rt.write(other.workspace) as tx:
        channels.get_or_create(tx, HELP_CHANNEL).capture = "all"
    other.say(PEER, "How do they fix y?")
    url = lived.rt.autocommit.url.render_as_string(hide_password=False)
    args = arguments.parser().parse_args(["export", str(tmp_path / "numbers")])
    assert args.run(Settings(_env_file=None, database_url=url), args) == 0
    written = {
        folder.name: (folder / "asks.csv").read_text()
        for folder in (tmp_path / "numbers").iterdir()
    }
    assert written.keys() == {TEAM, "T0ALPHA", "T0BETA"}
    assert [team for team in written if "fix x" in written[team]] == [TEAM]
    assert [team for team in written if "fix y" in written[team]] == ["T0BETA"]
