"""`app.py rotate-anonymity-key`, and the doctor's row about the key."""

import base64
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

import app
from bot.anonymity import rotation
from bot.anonymity.key_check import usable_keys
from bot.config.settings import Settings
from bot.db import engine
from bot.db.engine import Database
from cli.anonymity_key import anonymity_keys
from cli.doctor import anonymity as doctor
from cli.doctor.findings import Finding

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OLD, NEW = (
    base64.b64encode(bytes(range(start, start + 32))).decode() for start in (1, 101)
)

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def url(tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    file = tmp_path / "data" / "backswing.db"
    file.parent.mkdir()
    shutil.copy(migrated_file, file)
    monkeypatch.chdir(tmp_path)
    return f"sqlite:///{file}"


@pytest.fixture
def run(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    monkeypatch.setenv("DATABASE_URL", url)

    def main(*arguments: str, **variables: str) -> tuple[int, str]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        code = app.main(["rotate-anonymity-key", *arguments])
        output = capsys.readouterr()
        shown = output.out + output.err
        assert OLD not in shown
        assert NEW not in shown
        return code, shown

    return main


def keyed(url: str, current: str | None, previous: str | None = None) -> Settings:
    secrets = {
        name: SecretStr(value)
        for name, value in (
            ("anonymity_key", current),
            ("anonymity_key_previous", previous),
        )
        if value is not None
    }
    return Settings(_env_file=None, database_url=url, **secrets)  # type: ignore[arg-type]


def start_with(url: str, key: str) -> None:
    database = engine.connect(url)
    keys = anonymity_keys(keyed(url, key))
    assert usable_keys(database.write_session, keys) is keys
    database.close()


def rotate_at(url: str, now: datetime) -> None:
    database = engine.connect(url)
    keys = anonymity_keys(keyed(url, NEW, OLD))
    assert keys is not None
    rotation.rotate(database.write_session, keys, now=now)
    database.close()


def found(
    url: str, current: str | None, previous: str | None = None, *, now: datetime = NOW
) -> Finding:
    database: Database = engine.connect(url)
    with database.read_session() as session:
        settings = keyed(url, current, previous)
        [finding] = doctor.examine(session, settings, clock=lambda: now)
    database.close()
    assert not {OLD, NEW} & set(f"{finding.says} {finding.do}".split())
    return finding


def test_the_command_changes_the_key(url: str, run: Run):
    start_with(url, OLD)
    code, shown = run(ANONYMITY_KEY=NEW, ANONYMITY_KEY_PREVIOUS=OLD)
    assert code == 0
    assert "Keep ANONYMITY_KEY_PREVIOUS set for 30 days" in shown
    assert found(url, NEW, OLD).level == "ok"
    assert run()[0] == 0


def test_the_command_says_which_key_it_needs(url: str, run: Run):
    assert "ANONYMITY_KEY is not set" in run()[1]
    start_with(url, OLD)
    code, shown = run(ANONYMITY_KEY=NEW)
    assert code != 0
    assert "Set ANONYMITY_KEY_PREVIOUS" in shown


def test_a_lost_key_is_replaced(url: str, run: Run):
    start_with(url, OLD)
    code, shown = run("--lost", ANONYMITY_KEY=NEW)
    assert code == 0
    assert shown.startswith("Cut 0 links.")
    assert found(url, NEW).level == "ok"
    assert "No key is lost" in run("--lost")[1]


def test_the_doctor_without_a_key(url: str):
    assert found(url, None).says == "Not set, so no one can ask without a name."
    start_with(url, OLD)
    assert found(url, None).level == "warning"


def test_the_doctor_with_a_key(url: str):
    assert found(url, OLD).says.startswith("Set.")
    start_with(url, OLD)
    assert found(url, OLD).level == "ok"
    wrong = found(url, NEW)
    assert wrong.level == "wrong"
    assert "rotate-anonymity-key" in wrong.do
    cut = found(url, OLD[:20])
    assert (cut.level, cut.says.split()[0]) == ("wrong", "ANONYMITY_KEY")


def test_the_doctor_after_a_rotation(url: str):
    start_with(url, OLD)
    rotate_at(url, NOW)
    assert found(url, NEW, OLD).level == "ok"
    assert found(url, NEW).do == "Set ANONYMITY_KEY_PREVIOUS until 2026-04-01."
    later = NOW + timedelta(days=30)
    assert found(url, NEW, now=later).level == "ok"
    assert found(url, NEW, OLD, now=later).do.startswith("Remove it")


def test_a_key_in_the_folder_of_the_database_is_a_warning(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    start_with(url, OLD)
    (tmp_path / "data" / ".env").write_text(f"ANONYMITY_KEY={OLD}")
    assert found(url, OLD).level == "ok"
    monkeypatch.chdir(tmp_path / "data")
    assert "beside the database" in found(url, OLD).says
