"""The site is complete, and its pages agree with the code."""

import argparse
import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import monitoring
from bot.asks import emoji_rules
from bot.features import FEATURES
from bot.forms.setting import Setting
from cli import arguments
from cli.doctor import ROWS
from handlers import collectors
from tests.browser.screenshots import STEPS
from tests.docs import (
    CHANGELOG,
    DOCS,
    FRONT,
    PAGES,
    ROOT,
    generator,
    name,
    paragraphs,
    rows,
    section,
    targets,
)
from tests.test_wording import is_inverted

SITE = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]
MANIFEST = yaml.safe_load((ROOT / "manifest.yml").read_text())


# Words of our own, or of another tone: a better word is in use everywhere else.
OTHER_WORDS = re.compile(
    r"\b(?:nudge[sd]?|whispers?|seats?|lanes?|strangers?|sightings?|deeds?"
    r"|anybody|somebody|everybody|whoever|outsiders?|any more)\b",
    re.IGNORECASE,
)


def listed(part: object) -> Iterator[str]:
    """Return the pages of a section of the site's navigation."""
    match part:
        case str():
            yield part
        case dict():
            for inner in part.values():
                yield from listed(inner)
        case list():
            for inner in part:
                yield from listed(inner)


def test_each_page_is_in_the_navigation_once():
    pages = [str(page.relative_to(DOCS)) for page in PAGES]
    assert sorted(listed(SITE["nav"])) == pages


def test_the_site_uses_the_readers_fonts():
    assert SITE["theme"]["font"] is False


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_each_link_and_picture_leads_somewhere(page: Path):
    found = targets(page)
    assert [target for target in found if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", [*PAGES, *FRONT, CHANGELOG], ids=name)
def test_the_pages_say_things_in_the_words_and_order_of_the_interface(page: Path):
    assert [
        text
        for text in paragraphs(page)
        if OTHER_WORDS.search(text) or is_inverted(text)
    ] == []


def test_each_picture_is_taken_by_the_script_and_shown():
    taken = {f"{step}.png" for step in STEPS}
    assert {picture.name for picture in (DOCS / "pictures").iterdir()} == taken
    linked = {
        Path(target).name for page in [*PAGES, *FRONT] for target in targets(page)
    }
    assert taken <= linked


@pytest.mark.parametrize(
    "guide", [page for page in PAGES if page.parent.name == "guides"], ids=name
)
def test_each_guide_has_a_picture(guide: Path):
    pictures = [target for target in targets(guide) if "/pictures/" in target]
    assert pictures or guide.name == "index.md"


def test_exactly_the_commands_of_the_command_line_are_named():
    [commands] = [
        action.choices
        for action in arguments.parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    options = {
        command
        for page in [*PAGES, *FRONT]
        for command in re.findall(r"app\.py ([a-z][a-z-]*)\b", page.read_text())
    }
    assert options == set(commands)


def test_each_option_of_the_command_line_has_its_help():
    reference = (DOCS / "reference" / "command-line.md").read_text()
    for line in re.findall(r"^\| `.+", reference, re.MULTILINE):
        assert re.fullmatch(r"\| `.+` \| .+\. \|", line), line


def test_each_scope_has_its_reason_and_optional_ones_are_marked():
    scopes = MANIFEST["oauth_config"]["scopes"]
    reasons = rows(generator().manifest.scopes())
    assert list(reasons) == [f"`{scope}`" for scope in scopes["bot"]]
    assert all(len(reason) > 15 for [reason] in reasons.values())
    optional = [scope for scope, [why] in reasons.items() if "*Optional.*" in why]
    assert optional == [f"`{scope}`" for scope in scopes["bot_optional"]]


def test_each_slash_command_and_shortcut_is_explained():
    features = MANIFEST["features"]
    page = DOCS / "reference" / "slack-commands.md"
    typed = rows(section(page, "## Slash commands"))
    commands = {command["command"] for command in features["slash_commands"]}
    assert {use.strip("`").split()[0] for use in typed} == commands
    shortcuts = rows(section(page, "## Shortcuts"))
    names = [shortcut["name"] for shortcut in features["shortcuts"]]
    assert list(shortcuts) == [f"**{shortcut}**" for shortcut in names]
    for location, effect in [*typed.values(), *shortcuts.values()]:
        assert location
        assert len(effect) > 10


def test_the_meaningful_emoji_are_listed():
    guide = (DOCS / "guides" / "answer.md").read_text()
    for emoji in (
        *emoji_rules.DEFAULT_HELPFUL,
        *emoji_rules.DEFAULT_SOLVED,
        *emoji_rules.LOOKING,
        *emoji_rules.SAME,
    ):
        assert f"`:{emoji}:`" in guide


@pytest.mark.parametrize(
    ("guide", "settings"),
    [
        ("channel-settings.md", FEATURES.channel_settings),
        ("workspace-settings.md", FEATURES.workspace_settings),
    ],
    ids=["channel", "workspace"],
)
def test_each_setting_is_explained_by_its_label(
    guide: str, settings: Sequence[Setting[Any]]
):
    explained = rows((DOCS / "guides" / guide).read_text())
    labels = [setting.field.label for setting in settings]
    assert [label for label in labels if label not in explained] == []


def test_exactly_the_doctors_rows_are_explained():
    reported = set()
    for file in (ROOT / "cli" / "doctor").glob("*.py"):
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            match node:
                # The row's name in a finding.
                case ast.Call(
                    func=ast.Name(id="ok" | "warning" | "wrong"),
                    args=[ast.Constant(value=row), *_],
                ):
                    reported.add(row)
                # The row's name given once, for several findings.
                case ast.Assign(
                    targets=[ast.Name(id="about" | "SUBJECT")],
                    value=ast.Constant(value=row),
                ):
                    reported.add(row)
    assert reported == set(ROWS)


def test_exactly_the_parts_of_readiness_are_explained():
    source = (ROOT / "cli" / "app.py").read_text()
    parts = re.findall(r'^ +"(\w+)": (?:partial|lambda|self)', source, re.MULTILINE)
    parts += re.findall(r'checks\["(\w+)"\]', source)
    assert len(parts) > 5
    explained = rows(section(DOCS / "operate" / "monitor.md", "## Readiness"))
    assert list(explained) == [f"`{part}`" for part in parts]


def test_the_states_of_deliveries_are_complete():
    given_up = set(monitoring.FAILED_STATES)
    states = {*monitoring.QUEUED_STATES, *given_up}
    documentation = collectors.GAUGES["backswing_deliveries"].documentation
    assert set(re.findall(r"`(\w+)`", documentation)) == states
    monitor = (DOCS / "operate" / "monitor.md").read_text()
    [alert] = re.findall(r'backswing_deliveries\{state=~"([^"]+)"', monitor)
    assert set(alert.split("\\|")) == given_up


def test_each_file_and_folder_of_the_architecture_exists():
    page = (DOCS / "develop" / "architecture.md").read_text()
    places = re.findall(r"^([\w./]+)  ", page, re.MULTILINE)
    assert len(places) > 10
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_each_file_named_in_the_pages_exists():
    folders = "benchmarks|bot|cli|docs|handlers|jobs|models|sandbox|tests"
    options = {
        path
        for page in [*PAGES, *FRONT]
        for path in re.findall(rf"`((?:{folders})/[\w./]+)`", page.read_text())
        # The example of a feature to add.
        if "digests" not in path
    }
    assert len(options) > 10
    assert {path for path in options if not (ROOT / path).exists()} == set()
