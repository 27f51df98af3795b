"""Teams and levels: from files, and as members correct and hide them."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.config.settings import Settings
from bot.people import attributes
from bot.people.team_file import parse
from bot.privacy import service as privacy
from cli import arguments
from cli.errors import CommandError
from models import Member, MemberAttributes
from tests.factories import Story
from tests.people import join_program, person
from tests.slack_payloads import ADMIN, ASKER, HELPER, PEER, user_object

HEADER = "id,team,level,manager"


def load(story: Story, *lines: str) -> attributes.Loaded:
    with story.rt.write(story.workspace) as tx:
        return attributes.load(tx, parse([f"{line}\n" for line in (HEADER, *lines)]))


def stored(story: Story) -> dict[str, MemberAttributes]:
    with story.rt.read_session() as session:
        return {row.member: row for row in session.scalars(select(MemberAttributes))}


def run(story: Story, file: Path) -> int:
    url = story.rt.autocommit.url.render_as_string(hide_password=False)
    args = arguments.parser().parse_args(["people", str(file)])
    return int(args.run(Settings(_env_file=None, database_url=url), args))


@pytest.mark.deep_on_postgresql
def test_a_newer_file_replaces_an_earlier_one(story: Story) -> None:
    join_program(story, ASKER, HELPER, PEER)
    first = load(story, f"{ASKER},Data,Senior,{ADMIN}", f"{HELPER},Data,,")
    assert first.stored == {ASKER, HELPER}
    assert not first.left_out
    second = load(story, f"{HELPER},Search,,", f"{PEER},Data,,")
    assert second.stored == {HELPER, PEER}
    assert second.left_out == {ASKER}
    assert {member: row.team for member, row in stored(story).items()} == {
        HELPER: "Search",
        PEER: "Data",
    }


def test_only_members_whom_the_bot_knows_are_stored(story: Story) -> None:
    story.slack.people["U0BOT"] = user_object("U0BOT", is_bot=True)
    story.slack.people["U0EXT"] = user_object("U0EXT", team_id="T0OTHER")
    story.slack.people["U0GONE"] = user_object("U0GONE", deleted=True)
    join_program(story, ASKER, HELPER, "U0BOT", "U0EXT", "U0GONE")
    with story.rt.write(story.workspace) as tx:
        privacy.erase(tx, HELPER)
    people = (ASKER, HELPER, "U0BOT", "U0EXT", "U0GONE", "U0NOBODY")
    loaded = load(story, *(f"{each},Data,," for each in people))
    assert loaded.stored == {ASKER}
    assert stored(story).keys() == {ASKER}


@pytest.mark.deep
def test_20_000_lines_are_loaded(story: Story) -> None:
    ids = [f"U0MANY{n:05}" for n in range(20_000)]
    common = {"installation_id": story.workspace.id, "fetched_at": story.clock()}
    with story.rt.write(story.workspace) as tx:
        tx.session.execute(
            insert(Member), [{"slack_id": each, **common} for each in ids]
        )
    lines = [f"{each},Team {n % 40},," for n, each in enumerate(ids)]
    for _ in range(2):
        assert load(story, *lines).stored == set(ids)
    assert len(stored(story)) == 20_000


class TestMySettings:
    def test_only_those_who_joined_are_asked(self, story: Story) -> None:
        story.command(ASKER, "/backswing", "me")
        assert "excluded_people" not in str(story.slack.views[-1][1])
        join_program(story, ASKER)
        story.command(ASKER, "/backswing", "me")
        assert "excluded_people" in str(story.slack.views[-1][1])

    def test_a_save_without_a_change_corrects_nothing(self, story: Story) -> None:
        join_program(story, ASKER, HELPER)
        load(story, f"{ASKER},Data,Senior,")
        for member in (ASKER, HELPER):
            assert story.change_my_settings(member).body == ""
        [row] = stored(story).values()
        assert (row.own_team, row.own_level) == (None, None)
        load(story, f"{ASKER},Search,Junior,")
        ana = person(story, ASKER)
        assert (ana.team, ana.level) == ("Search", "Junior")

    def test_a_correction_stays_when_a_newer_file_comes(self, story: Story) -> None:
        join_program(story, ASKER, HELPER)
        load(story, f"{ASKER},Data,Senior,{ADMIN}")
        story.change_my_settings(ASKER, team=" Machine\n learning ", level="")
        load(story, f"{ASKER},Search,Senior,{ADMIN}")
        ana = person(story, ASKER)
        assert (ana.team, ana.level, ana.manager) == ("Machine learning", None, ADMIN)
        load(story, f"{HELPER},Search,Senior,")
        assert person(story, ASKER).team == "Machine learning"
        # As in the file: the correction is taken back.
        load(story, f"{ASKER},Search,Senior,")
        story.change_my_settings(ASKER, team="Search", level="Senior")
        load(story, f"{ASKER},Data,Lead,")
        ana = person(story, ASKER)
        assert (ana.team, ana.level) == ("Data", "Lead")

    def test_what_is_hidden_is_used_for_nothing(self, story: Story) -> None:
        join_program(story, ASKER, HELPER)
        load(story, f"{ASKER},Data,Senior,")
        story.change_my_settings(ASKER, hidden_attributes=["team", "level", "name"])
        load(story, f"{ASKER},Search,Lead,")
        ana = person(story, ASKER)
        assert (ana.team, ana.level) == (None, None)
        load(story, f"{HELPER},Search,Senior,")
        assert stored(story)[ASKER].is_team_hidden
        story.change_my_settings(ASKER, hidden_attributes=[])
        load(story, f"{HELPER},Search,Senior,")
        assert stored(story).keys() == {HELPER}

    def test_the_list_of_people_is_the_members_own(self, story: Story) -> None:
        join_program(story, ASKER, HELPER, PEER)
        assert story.change_my_settings(ASKER, excluded_people=[HELPER]).body == ""
        assert person(story, ASKER, HELPER).do_not_pair == {HELPER}
        story.command(HELPER, "/backswing", "me")
        assert ASKER not in str(story.slack.views[-1][1])
        story.command(ASKER, "/backswing", "me")
        assert HELPER in str(story.slack.views[-1][1])
        many = [f"U0MANY{n:02}" for n in range(21)]
        refused = story.change_my_settings(ASKER, excluded_people=many)
        assert "Up to 20 people, please." in refused.body
        assert person(story, ASKER, HELPER).do_not_pair == {HELPER}
        assert story.change_my_settings(ASKER, excluded_people=[]).body == ""
        assert not person(story, ASKER, HELPER).do_not_pair

    @pytest.mark.parametrize("typed", ["<!channel>", "\u202eevil", "x" * 60])
    @pytest.mark.deep_on_postgresql
    def test_a_team_may_be_any_line(self, story: Story, typed: str) -> None:
        join_program(story, ASKER)
        assert story.change_my_settings(ASKER, team=typed).body == ""
        assert person(story, ASKER).team == typed.lstrip("\u202e")

    @pytest.mark.parametrize("typed", ["x" * 61, "x" * 3001, "x" * 40_000])
    def test_a_team_that_is_too_long_is_refused(self, story: Story, typed: str) -> None:
        join_program(story, ASKER)
        assert "team" in story.change_my_settings(ASKER, team=typed).body
        assert stored(story) == {}


class TestTheCommand:
    def test_it_reports_what_it_did(
        self, story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        join_program(story, ASKER, HELPER)
        file = tmp_path / "people.csv"
        file.write_text(f"\ufeff{HEADER}\n{HELPER},Data,,\n", encoding="utf-8")
        assert run(story, file) == 0
        assert capsys.readouterr().out == "1 person stored.\n"
        lines = [f"{ASKER},Data,,nobody", "U0NOBODY,Data,,", "Ana,Data,,"]
        lines += [f"{ASKER},Search,,"] * 12
        file.write_text("\n".join([HEADER, *lines]), encoding="utf-8")
        assert run(story, file) == 0
        report = capsys.readouterr().out
        assert "1 person stored." in report
        assert "1 person left out: the bot doesn't know them yet" in report
        assert "1 person not in this file" in report
        assert "Line 4: no member's id" in report
        assert "Lines 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 and 2 more: a person" in report
        assert "Line 2: a manager who is no other member's id" in report
        assert ASKER not in report

    def test_nobody_known_is_a_failure(
        self, story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = tmp_path / "people.csv"
        file.write_text(f"{HEADER}\nU0NOBODY,Data,,\n", encoding="utf-8")
        assert run(story, file) == 1
        assert "0 people stored." in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("content", "problem"),
        [(None, "Reading the file failed"), (b"team\nData\n", "no column id")],
    )
    def test_a_file_that_cannot_be_read_changes_nothing(
        self, story: Story, tmp_path: Path, content: Any, problem: str
    ) -> None:
        join_program(story, ASKER)
        load(story, f"{ASKER},Data,,")
        file = tmp_path / "people.csv"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(CommandError, match=problem):
            run(story, file)
        assert stored(story)[ASKER].team == "Data"
