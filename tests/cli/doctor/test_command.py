"""The doctor's findings when one thing after the other is broken."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import app
from bot.config.settings import Settings
from cli.doctor import ROWS, files
from tests import leak_markers
from tests.bot.config.test_settings import BOT
from tests.docs import DOCS
from tests.doctor import settings
from tests.ports import free_port

# Files


def test_files_that_others_can_read_are_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(file.parent)
    env = file.parent / ".env"
    env.write_text("SLACK_BOT_TOKEN=…")
    journal = Path(f"{file}-wal")
    journal.touch()
    for path in (env, file, journal):
        path.chmod(0o600)
    file.parent.chmod(0o700)
    given = settings(database_url=f"sqlite:///{file}")
    assert {one.level for one in files.examine(given)} == {"ok"}
    for path in (env, file, journal):
        path.chmod(0o640)
        [found] = [one for one in files.examine(given) if one.level == "wrong"]
        assert found.says == f"Other users on this machine can read {path.name}."
        assert found.do.startswith("chmod 600 ")
        assert found.do.endswith(path.name)
        path.chmod(0o600)
    file.parent.chmod(0o755)
    levels = {one.about: one.level for one in files.examine(given)}
    assert levels["Data directory"] == "warning"
    file.parent.chmod(0o777)
    levels = {one.about: one.level for one in files.examine(given)}
    assert levels["Data directory"] == "wrong"
    file.parent.chmod(0o700)


def test_files_of_secrets_that_others_can_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "secrets"
    folder.mkdir()
    folder.chmod(0o755)
    for name in ("slack_bot_token", "SLACK_APP_TOKEN", "notes"):
        (folder / name).write_text("…")
        (folder / name).chmod(0o644)
    given = settings(secrets_dir=folder, database_url="sqlite:///absent/some.db")
    [found] = files.examine(given)
    assert found.level == "wrong"
    assert "slack_bot_token" in found.says
    assert "SLACK_APP_TOKEN" in found.says
    assert "notes" not in found.says
    # Nobody else can open the folder, or the files belong to the machine's admin.
    folder.chmod(0o750)
    assert list(files.examine(given)) == []
    folder.chmod(0o755)
    monkeypatch.setattr("os.getuid", lambda: -1)
    assert list(files.examine(given)) == []


# The command


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)

    def main(*arguments: str, **variables: str) -> tuple[int, str]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        code = app.main(["doctor", *arguments])
        output = capsys.readouterr().out
        assert leak_markers.find_in(output) == []
        return code, output

    return main


def test_the_example_in_the_docs_is_up_to_date():
    """Each of its lines is the doctor's, except for names and numbers."""
    example = (DOCS / "operate" / "troubleshoot.md").read_text().split("```")[1]
    lines = re.findall(r"^(ok|warning|wrong) +([A-Z][\w ]+?)  +", example, re.MULTILINE)
    abouts = [about for _, about in lines]
    assert len(abouts) == len(set(abouts)) > 10
    assert set(abouts) <= set(ROWS)
    levels = [level for level, _ in lines]
    summary = ", ".join(
        f"{levels.count(one)} {one}" for one in ("ok", "warning", "wrong")
    )
    assert example.rstrip().endswith(summary)


def test_without_tokens_it_explains_how_to_get_them(run: Run):
    code, output = run(PORT=str(free_port()))
    assert code == 1
    assert "docs/operate/install.md" in output
    assert output.rstrip().endswith("0 ok, 1 warning, 1 wrong")


def test_a_token_of_the_wrong_kind_is_named_and_not_shown(run: Run):
    code, output = run(SLACK_BOT_TOKEN=f"xoxp-{BOT[5:]}", PORT=str(free_port()))
    assert code == 1
    assert "SLACK_BOT_TOKEN is of the wrong kind" in output
    assert BOT[5:] not in output


def test_the_json_output_is_machine_readable(run: Run):
    code, output = run("--json", PORT=str(free_port()))
    found = json.loads(output)
    assert code == 1
    assert [one["level"] for one in found] == ["wrong", "warning"]
    assert all(set(one) == {"level", "about", "says", "do"} for one in found)
