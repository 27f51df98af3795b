"""Settings from files, so that no secret is in the environment."""

from pathlib import Path

import pytest

from bot.config.sandbox_guard import refuse_accidental_sandbox
from bot.config.settings import Settings, load_settings
from bot.errors import SettingsError
from tests.bot.config.test_settings import APP, BOT, SIGNING


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide this machine's variables, and the `.env` of this folder."""
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    return folder


def value(settings: Settings, name: str) -> str:
    return str(getattr(settings, name).get_secret_value())


@pytest.mark.parametrize("variable", ["SECRETS_DIR", "CREDENTIALS_DIRECTORY"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_each_secret_can_be_a_file(
    monkeypatch, secrets: Path, variable: str, end: str, mark: str
):
    (secrets / "slack_bot_token").write_text(mark + BOT + end)
    (secrets / "SLACK_APP_TOKEN").write_text(APP + end)
    (secrets / "database_url").write_text(f"postgresql://bot:S3cret@db/bot{end}")
    monkeypatch.setenv(variable, str(secrets))
    settings = load_settings(Settings)
    assert settings.mode == "socket"
    assert value(settings, "slack_bot_token") == BOT
    assert settings.database_url == "postgresql://bot:S3cret@db/bot"


def test_the_env_file_can_name_the_folder(secrets: Path):
    (secrets / "slack_bot_token").write_text(BOT)
    (secrets / "slack_signing_secret").write_text(SIGNING)
    Path(".env").write_text("SECRETS_DIR=secrets\n")
    assert load_settings(Settings).mode == "http"


def test_the_environment_goes_before_the_env_file_and_this_before_files(
    monkeypatch, secrets: Path
):
    for name, port in (("port", "1"), ("host", "file"), ("sandbox_port", "1")):
        (secrets / name).write_text(port)
    Path(".env").write_text("SECRETS_DIR=secrets\nPORT=2\nHOST=env-file\n")
    monkeypatch.setenv("PORT", "3")
    settings = load_settings(Settings)
    assert (settings.port, settings.host, settings.sandbox_port) == (3, "env-file", 1)


def test_files_of_kubernetes_are_read_through_their_links(monkeypatch, secrets: Path):
    moment = secrets / "..2026_11_29"
    moment.mkdir()
    (moment / "port").write_text("1234")
    (secrets / "..data").symlink_to(moment.name)
    (secrets / "port").symlink_to(Path("..data") / "port")
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    assert load_settings(Settings).port == 1234


def refused() -> str:
    with pytest.raises(SettingsError) as error:
        refuse_accidental_sandbox(load_settings(Settings))
    assert BOT not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("folder", "quoted"), [("absent", "“absent”"), ("", "empty"), ("file", "“file”")]
)
@pytest.mark.parametrize("variable", ["SECRETS_DIR", "CREDENTIALS_DIRECTORY"])
def test_a_folder_that_is_not_there_is_named(
    monkeypatch, variable: str, folder: str, quoted: str
):
    Path("file").write_text("")
    monkeypatch.setenv(variable, folder)
    assert refused() == f"{variable} must be a folder; it is {quoted}."


def test_a_folder_that_others_keep_closed_is_named(monkeypatch, secrets: Path):
    def refuse(self: Path):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    monkeypatch.setattr(Path, "iterdir", refuse)
    assert refused() == f"{secrets} can't be read (Permission denied)."


def test_a_folder_without_tokens_starts_no_sandbox(monkeypatch, secrets: Path):
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    assert refused().startswith("SECRETS_DIR is set, but no token is.")


@pytest.mark.parametrize("variable", ["SECRETS_DIR", "CREDENTIALS_DIRECTORY"])
def test_a_misspelt_file_starts_no_sandbox(monkeypatch, secrets: Path, variable: str):
    (secrets / "slack_bot_tokn").write_text(BOT)
    monkeypatch.setenv(variable, str(secrets))
    assert refused().startswith("SLACK_BOT_TOKN is not a setting. Did you mean")


def test_a_misspelt_file_beside_a_good_one_is_named(monkeypatch, secrets: Path):
    (secrets / "slack_bot_token").write_text(BOT)
    (secrets / "slack_app_tokn").write_text(APP)
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    with pytest.raises(SettingsError, match="SLACK_APP_TOKN is not a setting"):
        _ = load_settings(Settings).mode


@pytest.mark.parametrize(
    ("file", "meant"),
    [("anonimity_key", "ANONYMITY_KEY"), ("databse_url", "DATABASE_URL")],
)
def test_a_misspelt_file_of_any_setting_is_named(
    monkeypatch, secrets: Path, file: str, meant: str
):
    (secrets / file).write_text("something")
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    says = f"{file.upper()} is not a setting. Did you mean {meant}?"
    assert refused() == says


def test_files_of_others_are_none_of_ours(monkeypatch, secrets: Path):
    (secrets / "slack_bot_token").write_text(BOT)
    (secrets / "slack_bot_token.old").write_text(BOT)
    (secrets / "slack_signing_secret").write_text(SIGNING)
    (secrets / "postgres_password").write_text("something")
    (secrets / "kubernetes.io").mkdir()
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    monkeypatch.setenv("DATABASE_URL", "sqlite:///some.db")
    assert load_settings(Settings).mode == "http"


def test_a_part_of_a_setting_can_not_be_a_file(monkeypatch, secrets: Path):
    (secrets / "mentors__hour").write_text("9")
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    assert refused().startswith("MENTORS__HOUR can't be a file.")


def test_a_file_that_leads_elsewhere_is_named_and_not_ignored(
    monkeypatch, secrets: Path, tmp_path: Path
):
    (tmp_path / "elsewhere").write_text(BOT)
    (secrets / "slack_bot_token").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    assert "slack_bot_token" in refused()


def test_a_folder_instead_of_a_file_is_named(monkeypatch, secrets: Path):
    (secrets / "slack_bot_token").mkdir()
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    assert "slack_bot_token" in refused()


def test_an_empty_file_is_named(monkeypatch, secrets: Path):
    (secrets / "slack_bot_token").write_text("\n")
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN is empty"):
        _ = load_settings(Settings).mode


def test_a_file_that_is_not_utf_8_is_rejected(monkeypatch, secrets: Path):
    (secrets / "host").write_bytes("é".encode("latin-1"))
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    assert refused() == "A file in SECRETS_DIR is not UTF-8 text. Save it as UTF-8."


def test_a_wrong_value_is_named_as_its_setting(monkeypatch, secrets: Path):
    (secrets / "port").write_text("http")
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    assert refused() == "PORT must be a number from 0 to 65535; it is “http”."


@pytest.mark.deep
def test_a_wrong_list_is_named(monkeypatch, secrets: Path):
    (secrets / "mentors").write_text("{")
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    assert refused() == "A file in SECRETS_DIR has no valid list."


def test_a_file_that_can_not_be_read_is_named(monkeypatch, secrets: Path):
    def forbidden(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied", str(secrets / "port"))

    (secrets / "port").write_text("1")
    monkeypatch.setenv("SECRETS_DIR", str(secrets))
    monkeypatch.setattr(Path, "read_text", forbidden)
    assert refused() == f"{secrets / 'port'} can't be read (Permission denied)."
