"""The README's tables are complete and true, and its two lines are the real ones."""

import argparse
import re
from pathlib import Path

import pytest
import yaml

from bot.config.mentors import MentorSettings
from bot.config.settings import Settings
from bot.permissions import PERMISSIONS, Action, Role
from bot.privacy.core_tables import PERSONAL_DATA
from bot.workspace import reaction_emoji
from cli import arguments

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
MANIFEST = yaml.safe_load((ROOT / "manifest.yml").read_text())

Rows = dict[str, list[str]]


def section(heading: str) -> str:
    _, found, rest = README.partition(f"\n{heading}\n")
    assert found, f"no heading {heading!r}"
    return re.split(r"\n#+ ", rest)[0]


def table(heading: str) -> Rows:
    """The table under a heading: its first column, and the others by it."""
    lines = re.findall(r"^\|(.*)\|$", section(heading), re.MULTILINE)
    rows = [[cell.strip() for cell in line.split("|")] for line in lines[2:]]
    named = {row[0]: row[1:] for row in rows}
    assert len(named) == len(rows), "a row stands twice"
    return named


def test_the_settings_table_is_what_the_settings_are():
    def default(value: object) -> str:
        return "" if value is None else f"`{value}`"

    assert table("### Settings") == {
        f"`{name.upper()}`": [default(field.default), field.description]
        for name, field in Settings.model_fields.items()
        # Its parts have a table of their own.
        if name != "mentors"
    }


def test_the_numbers_of_mentors_are_what_they_are():
    def default(value: object) -> str:
        shown = list(value) if isinstance(value, tuple) else value
        return f"`{shown:.3g}`" if isinstance(shown, float) else f"`{shown}`"

    assert table("## Unexpected mentors") == {
        f"`MENTORS__{name.upper()}`": [default(field.default), field.description]
        for name, field in MentorSettings.model_fields.items()
    }


def test_each_scope_of_the_manifest_is_explained_and_none_besides():
    scopes = MANIFEST["oauth_config"]["scopes"]
    rows = table("### Scopes")
    assert list(rows) == [f"`{scope}`" for scope in scopes["bot"]]
    assert all(len(why) > 15 for [why] in rows.values())
    optional = [scope for scope, [why] in rows.items() if "*Optional.*" in why]
    assert optional == [f"`{scope}`" for scope in scopes["bot_optional"]]


def test_each_command_and_shortcut_is_explained_and_none_besides():
    told = [name.strip("`*") for name in table("## What people can do")]
    features = MANIFEST["features"]
    commands = {command["command"] for command in features["slash_commands"]}
    assert {name.split()[0] for name in told if name.startswith("/")} == commands
    shortcuts = [shortcut["name"] for shortcut in features["shortcuts"]]
    assert [name for name in told if not name.startswith("/")] == shortcuts


def test_each_command_line_is_explained_and_none_besides():
    [commands] = [
        action.choices
        for action in arguments.parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    rows = table("### The command line")
    told = {row.strip("`").removeprefix("uv run app.py").strip(): row for row in rows}
    assert {line.split()[0] for line in told if line} == commands.keys()
    assert "" in told
    for name, parser in commands.items():
        [text] = [rows[row][0] for line, row in told.items() if line.startswith(name)]
        options = {
            option
            for action in parser._actions
            for option in action.option_strings
            if option not in {"-h", "--help"}
        }
        assert set(re.findall(r"(--[a-z]+)", text)) == options, name


def test_the_emoji_that_mean_something_are_listed():
    told = section("### How an ask goes")
    for name in (
        *reaction_emoji.DEFAULT_HELPFUL,
        *reaction_emoji.DEFAULT_SOLVED,
        *reaction_emoji.LOOKING,
        *reaction_emoji.SAME,
    ):
        assert f":{name}:" in told


@pytest.mark.parametrize(
    "line",
    [
        "pip install uv && uv run app.py",
        "pip install uv && uv run --group dev pytest",
    ],
)
def test_the_two_lines_stand_alone(line: str):
    assert f"\n```\n{line}\n```\n" in README


def test_the_checks_run_the_tests_as_the_readme_says():
    run = (ROOT / ".ci" / "run").read_text()
    assert "pip install uv && uv run --group dev pytest\n" in run


WHO = {
    "members and guests": {Role.MEMBER, Role.GUEST},
    "its asker": {Role.AUTHOR},
    "the message's author": {Role.AUTHOR},
    "whoever invited it": {Role.AUTHOR},
    "whoever gave them, for 10 minutes": {Role.AUTHOR},
    "champions": {Role.CHAMPION},
    "admins": {Role.ADMIN},
    "program leads": {Role.PROGRAM_LEAD},
}
DEEDS = {
    'ask, offer help, say "same here", mark an answer helpful': {
        Action.ASK,
        Action.OFFER_HELP,
        Action.SAME_PROBLEM,
        Action.MARK_HELPFUL,
    },
    "say what solved an ask; close, reopen or delete it": {
        Action.MARK_SOLUTION,
        Action.CLOSE,
        Action.REOPEN,
        Action.DELETE,
    },
    "change a channel's settings, set its check-ins up": {Action.MANAGE_CHANNEL},
    "edit an ask, say what worked": {Action.EDIT, Action.SET_WHAT_WORKED},
    "give kudos, join in": {Action.GIVE_KUDOS},
    "see mentors, add credits": {Action.SEE_MENTORS},
}


def test_who_may_do_what_is_told_as_the_table_says():
    told: dict[Action, set[Role]] = {}
    for deed, [who] in table("### Who may do what").items():
        roles = set().union(*(WHO[one] for one in re.split(r"; |, (?!for)", who)))
        told |= dict.fromkeys(DEEDS.get(deed) or {Action(deed)}, roles)
    assert told == PERMISSIONS


def test_each_file_and_folder_on_the_map_is_there():
    _, _, rest = README.partition("## The map of the house")
    house = rest.split("```")[1]
    places = re.findall(r"^([\w./]+(?: [\w.]+\.py)?)  ", house, re.MULTILINE)
    assert len(places) > 8
    for place in places:
        assert (ROOT / place).exists(), place


def test_each_link_to_a_file_leads_somewhere():
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    here = [target for target in targets if "://" not in target]
    assert here
    assert [target for target in here if not (ROOT / target).exists()] == []


def test_what_is_kept_is_told_as_each_feature_declares_it():
    assert table("## What is kept") == {
        f"`{kept.model.__tablename__}`": [kept.contents, kept.purpose, kept.retention]
        for kept in PERSONAL_DATA
    }


def test_what_readiness_looks_at_is_explained():
    source = (ROOT / "cli" / "app.py").read_text()
    looked_at = re.findall(r'^ +"(\w+)": (?:partial|lambda|self)', source, re.MULTILINE)
    looked_at += re.findall(r'checks\["(\w+)"\]', source)
    assert len(looked_at) > 5
    assert list(table("### Is it ready?")) == [f"`{part}`" for part in looked_at]
