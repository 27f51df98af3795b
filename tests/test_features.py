"""Each feature is plugged in once, and the code that it extends knows none."""

import ast
import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.features import FEATURES
from models import Base
from tests.test_conventions import OURS, called, message_kinds, name, nodes

ROOT = Path(__file__).parent.parent
FAKE = ROOT / "tests" / "fake_feature"
# These extend something as well, and features know them.
PLATFORM = {"home", "settings", "privacy", "worklist"}
GENERIC = (
    *("bot/home", "bot/settings", "bot/privacy", "bot/workspace", "bot/monitoring.py"),
    *("bot/outbox", "bot/messages", "bot/feature/"),
    *("handlers/messages.py", "handlers/batch_commit.py", "handlers/workspace.py"),
    *("handlers/interactions.py", "handlers/home.py", "handlers/settings.py"),
    *("handlers/privacy.py", "jobs/privacy.py", "jobs/workspace.py"),
    *("bot/worklist", "handlers/worklist.py", "jobs/worklist.py"),
)


def twice(things: Iterable[Any]) -> list[Any]:
    return [thing for thing, count in Counter(things).items() if count > 1]


def declared(part: str) -> list[Any]:
    return [thing for feature in FEATURES for thing in getattr(feature, part)]


def test_each_feature_has_a_file_and_is_in_the_list():
    files = {file.parent.name for file in (ROOT / "bot").glob("*/feature.py")}
    assert [feature.name for feature in FEATURES] != []
    assert {feature.name for feature in FEATURES} == files
    assert twice(feature.name for feature in FEATURES) == []


def test_nothing_is_plugged_in_twice():
    assert twice(item.kind for item in declared("message_types")) == []
    assert twice(item.action for item in declared("permissions")) == []
    assert twice(item.model for item in declared("personal_data")) == []
    assert twice(item.name for item in declared("tracked_tables")) == []
    assert twice(item.model for item in declared("tracked_tables")) == []
    assert (
        twice(item.pages.name for item in declared("home_sections") if item.pages) == []
    )
    for part in ("channel_settings", "workspace_settings", "member_settings"):
        assert twice(item.name for item in declared(part)) == [], part


def test_no_two_parts_have_the_same_position():
    """Two settings, or sections of the Home tab, would have a random order."""
    for part in ("channel_settings", "workspace_settings", "member_settings"):
        assert twice(item.position for item in declared(part)) == [], part
    sections = declared("home_sections")
    assert twice((item.is_waiting, item.position) for item in sections) == []


def test_each_kind_of_message_has_a_type_and_is_declared_once():
    kinds = [kind for _, kind in message_kinds()]
    assert twice(kinds) == []
    assert set(kinds) == set(FEATURES.message_types)


def test_each_update_is_repeated_once_its_message_is_known():
    """Except where a hook does it, and where it was enqueued for sent messages only."""
    types = FEATURES.message_types
    updates = {kind for kind in types if "update" in kind.partition(".")[2]}
    repeated = {each.update for each in types.values() if each.update}
    assert repeated <= set(types)
    assert updates - repeated == {
        "anonymous.update_stop_offer",
        "ask.update_direct_message",
        "ask.update_reaction",
        "circle.update_questions",
        "kudos.update_receipt",
        "pairs.update_group_introduction",
        "program.update_invitation",
    }


def test_each_table_has_a_policy():
    tables = {mapper.class_ for mapper in Base.registry.mappers}
    assert {policy.model for policy in FEATURES.personal_data} == tables


def test_members_read_what_an_erasure_leaves_of_rows_they_know():
    silent = [
        feature.name
        for feature in FEATURES
        if not feature.erasure_lines
        and any(
            policy.row_names and policy.on_erasure == "pseudonym"
            for policy in feature.personal_data
        )
    ]
    assert silent == []


def action_ids() -> Iterator[str]:
    """Return the ids of buttons, menus and forms with a listener, except patterns."""
    for file in OURS:
        for node in nodes(file):
            if not isinstance(node, ast.Call):
                continue
            function = called(node).rpartition(".")[2]
            at = {"action": 0, "view": 0, "on_button": 2, "on_view": 2}.get(function)
            if at is not None and at < len(node.args):
                value = node.args[at]
                if isinstance(value, ast.Constant):
                    yield f"{function.removeprefix('on_')} {value.value!r}"


def test_each_button_and_form_has_one_listener():
    assert len(set(action_ids())) > 20
    assert twice(action_ids()) == []


def test_extended_modules_import_no_feature():
    features = {feature.name for feature in FEATURES} - PLATFORM
    assert {"asks", "kudos", "checkins"} <= features
    broken = [
        f"{name(file)}: {module}"
        for file in OURS
        if name(file).startswith(GENERIC)
        for node in nodes(file)
        for module in imported(node)
        if module.split(".")[:2] in [["bot", feature] for feature in features]
    ]
    assert broken == []


def imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_fake_feature_imports_names_that_exist():
    """The slow test below runs it; this one notices a rename at once."""
    templates = list(FAKE.rglob("*.py.txt"))
    assert len(templates) > 8
    missing = [
        f"{template.name}: {module}"
        for template in templates
        for node in ast.walk(ast.parse(template.read_text()))
        for module in imported(node)
        if not re.match(r"bot\.tips|models\.Tip", module) and not exists(module)
    ]
    assert missing == []


def exists(name: str) -> bool:
    """Return True if a dotted name is a module, or an attribute of one."""
    module, _, attribute = name.rpartition(".")
    if not module:
        return importlib.util.find_spec(name) is not None
    parent = importlib.import_module(module)
    return hasattr(parent, attribute) or (
        hasattr(parent, "__path__") and importlib.util.find_spec(name) is not None
    )


def insert(file: Path, before: str, line: str) -> None:
    text = file.read_text()
    assert text.count(before) == 1, (file, before)
    file.write_text(text.replace(before, line + before))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Copy the program with one more feature, and the edits that it needs."""
    for folder in ("bot", "cli", "handlers", "jobs", "migrations", "models", "sandbox"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copytree(
        ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("browser")
    )
    for file in ("app.py", "manifest.yml", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    versions = "\n".join(
        file.read_text() for file in (ROOT / "migrations" / "versions").glob("*.py")
    )
    [head] = set(re.findall(r'^revision = "(\w+)"', versions, re.MULTILINE)) - set(
        re.findall(r'^down_revision = "(\w+)"', versions, re.MULTILINE)
    )
    for template in FAKE.rglob("*.txt"):
        target = tmp_path / template.relative_to(FAKE).with_suffix("")
        target.parent.mkdir(exist_ok=True)
        target.write_text(template.read_text().replace("{head}", head))
    insert(
        tmp_path / "models" / "__init__.py",
        "from models.workspace_settings ",
        "from models.tips import Tip as Tip\n"
        "from models.tips import TipChannel as TipChannel\n",
    )
    features = tmp_path / "bot" / "features.py"
    insert(
        features,
        "\n\ndef load_features",
        "from bot.tips.feature import TIPS\n",
    )
    insert(features, "            SETTINGS,\n", "            TIPS,\n")
    handlers = tmp_path / "handlers" / "__init__.py"
    insert(handlers, "    workspace,\n)", "    tips,\n")
    insert(
        handlers, "    workspace.register(bolt, rt)\n", "    tips.register(bolt, rt)\n"
    )
    jobs = tmp_path / "jobs" / "__init__.py"
    insert(jobs, "    workspace,\n)", "    tips,\n")
    insert(
        jobs,
        '    Job("sync-channels"',
        '    Job("expire-tips", tips.expire, timedelta(minutes=1)),\n',
    )
    insert(
        tmp_path / "manifest.yml",
        "  shortcuts:\n",
        "    # `/tip` | in a channel | Gives a tip.\n"
        "    - command: /tip\n"
        "      description: Give a tip\n"
        "      should_escape: true\n",
    )
    insert(tmp_path / "pyproject.toml", "checkins | knowledge", "tips | ")
    return tmp_path


def run(tree: Path, *command: str) -> None:
    done = subprocess.run(
        command,
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.deep
@pytest.mark.timeout(300)
def test_a_new_feature_needs_its_own_files_and_a_few_lines(tree: Path):
    alone = ("-n", "0", "-q", "-p", "no:cacheprovider", "-m", "")
    run(
        tree,
        *(sys.executable, "-m", "pytest", *alone),
        *("tests/test_tips.py", "tests/test_features.py", "-k", "not new_feature"),
        *(
            f"tests/test_manifest.py::test_{name}"
            for name in (
                "the_manifests_commands_and_the_listeners_agree",
                "the_last_listener_of_a_command_takes_any_text",
            )
        ),
    )
    run(tree, str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
