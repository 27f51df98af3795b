"""Tokens and their transports, and errors for invalid settings."""

from pathlib import Path

import pytest

from bot.config.settings import Settings, load_settings
from bot.errors import SettingsError

BOT = "xoxb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"
APP = "xapp-1-A0123456789-1234567890123-" + "0123456789abcdef" * 4
SIGNING = "0123456789abcdef0123456789abcdef"
VARIABLES = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")
GOOD = dict(zip(VARIABLES, (BOT, APP, SIGNING), strict=True))


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide this machine's variables, and the `.env` of this folder."""
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings()


def refused(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        load_settings(Settings)
    return str(error.value)


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        ((), "sandbox"),
        (("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"), "socket"),
        (("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"), "http"),
        (VARIABLES, "socket"),
    ],
)
def test_the_tokens_decide_the_transport(monkeypatch, given, mode):
    assert settings(monkeypatch, **{name: GOOD[name] for name in given}).mode == mode


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (("SLACK_BOT_TOKEN",), "SLACK_APP_TOKEN"),
        (("SLACK_APP_TOKEN",), "SLACK_BOT_TOKEN"),
        (("SLACK_SIGNING_SECRET",), "SLACK_BOT_TOKEN"),
        (("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"), "SLACK_BOT_TOKEN"),
    ],
)
def test_a_missing_setting_is_named_with_advice(monkeypatch, given, missing):
    half = settings(monkeypatch, **{name: GOOD[name] for name in given})
    with pytest.raises(SettingsError, match=rf"^{missing} is missing\. (Copy|Create)"):
        _ = half.mode


WRONG = {
    "empty": "",
    "blank": "  ",
    "cut off": "{prefix}1234",
    "with a space before it": " {good}",
    "with a line's end behind it": "{good}\n",
    "in two halves": "{prefix}123456789012 1234567890123",
    "of dots": "{prefix}...",
    "of x": "{prefix}xxxxxxxxxxxx-xxxxxxxxxxxx",
    "of words": "{prefix}your-token-goes-here",
    "in brackets": "<paste the token here>",
    "in brackets, without spaces": "{prefix}<the-real-token-here>",
    "in quotes": '"{good}"',
    "in typed quotes": "“{good}”",
    "with a quote left": "{good}'",
    "to be changed": "changeme-changeme-changeme",
}


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("problem", WRONG)
def test_an_invalid_value_is_named_and_not_shown(monkeypatch, variable, problem):
    prefix = "" if variable == "SLACK_SIGNING_SECRET" else GOOD[variable][:5]
    value = WRONG[problem].format(prefix=prefix, good=GOOD[variable])
    wrong = settings(monkeypatch, **GOOD | {variable: value})
    with pytest.raises(SettingsError, match=f"^{variable} (is|has) ") as error:
        _ = wrong.mode
    message = str(error.value)
    assert message.endswith(".")
    assert not value.strip() or value.strip() not in message


@pytest.mark.parametrize("prefix", ["xoxp-", "xapp-", "xoxe.xoxb-", "XOXB-", ""])
def test_a_bot_token_of_another_kind_is_rejected(monkeypatch, prefix):
    wrong = settings(monkeypatch, SLACK_BOT_TOKEN=prefix + BOT.removeprefix("xoxb-"))
    with pytest.raises(SettingsError, match=r"^SLACK_BOT_TOKEN .* begin with xoxb-"):
        _ = wrong.mode


@pytest.mark.parametrize(
    "secret",
    [
        SIGNING[:-1],
        SIGNING + "0",
        SIGNING.upper(),
        "g" * 32,
        "xapp-1-A0123456789-1234567890123-abc",
        "A0123456789.1234567890123.0123456",
        "０" * 32,
    ],
)
def test_an_invalid_signing_secret_is_rejected(monkeypatch, secret):
    wrong = settings(monkeypatch, SLACK_BOT_TOKEN=BOT, SLACK_SIGNING_SECRET=secret)
    with pytest.raises(SettingsError, match=r"^SLACK_SIGNING_SECRET is ") as error:
        _ = wrong.mode
    assert secret not in str(error.value)


def test_swapped_tokens_are_rejected(monkeypatch):
    wrong = settings(monkeypatch, SLACK_BOT_TOKEN=APP, SLACK_APP_TOKEN=BOT)
    with pytest.raises(SettingsError, match=r"^SLACK_BOT_TOKEN .* wrong kind"):
        _ = wrong.mode


@pytest.mark.parametrize("word", ["xxx", "XxX", "your", "todo", "change", "example"])
def test_no_real_token_looks_like_a_placeholder(word):
    """Check that random letters, which may spell any word, are accepted."""
    for random_letters in (
        f"AbC1{word}DeFgHiJkLmNoP",
        f"AbCdEfGh1{word}",
        f"9{word}Z" * 3,
    ):
        token = f"xoxb-123456789012-1234567890123-{random_letters}"
        loaded = Settings(slack_bot_token=token, slack_signing_secret=SIGNING)
        assert loaded.mode == "http"


def test_an_env_file_may_have_a_byte_order_mark(tmp_path: Path):
    env = f"SLACK_BOT_TOKEN={BOT}\nSLACK_APP_TOKEN={APP}\nANOTHER=1\n"
    (tmp_path / ".env").write_text(env, encoding="utf-8-sig")
    assert Settings().mode == "socket"


def test_the_environment_overrides_the_env_file(monkeypatch, tmp_path: Path):
    (tmp_path / ".env").write_text("PORT=1\nLOG_LEVEL=ERROR\n")
    loaded = settings(monkeypatch, PORT="2")
    assert (loaded.port, loaded.log_level) == (2, "ERROR")


@pytest.mark.parametrize(
    ("variable", "value", "must"),
    [
        ("PORT", "abc", "a number from 0 to 65535; it is “abc”"),
        ("PORT", "", "a number from 0 to 65535; it is empty"),
        ("PORT", "65536", "a number from 0 to 65535; it is “65536”"),
        ("PORT", BOT, "a number from 0 to 65535; it is something else"),
        ("SANDBOX_PORT", "-1", "a number from 0 to 65535; it is “-1”"),
        ("LOG_FORMAT", "xml", "one of auto, json, plain; it is “xml”"),
        ("LOG_LEVEL", "LOUD", "one of DEBUG, INFO, WARNING, ERROR; it is “LOUD”"),
        ("MENTORS__HOUR", "24", "a number from 0 to 23; it is “24”"),
        ("MENTORS__MIN_MARKS", "0", "a number from 1 on; it is “0”"),
        ("MENTORS__RING_PERCENT", "0", "a number above 0, up to 100; it is “0”"),
        ("MENTORS__CONFIDENCE_Z", "nan", "a number; it is “nan”"),
        (
            "MENTORS__WEEKDAY",
            "monday",
            "one of mon, tue, wed, thu, fri, sat, sun; it is “monday”",
        ),
        (
            "MENTORS__WINDOWS_DAYS",
            "28",
            "a list of numbers such as [28, 56, 84]; it is “28”",
        ),
        (
            "MENTORS__WINDOWS_DAYS",
            "28,56",
            "a list of numbers such as [28, 56, 84]; it is “28,56”",
        ),
        ("MENTORS", "5", "set by its parts, such as MENTORS__HOUR; it is “5”"),
        ("MENTORS", "x", "set by its parts, such as MENTORS__HOUR; it is “x”"),
    ],
)
def test_an_invalid_value_is_named_as_it_was_typed(monkeypatch, variable, value, must):
    message = refused(monkeypatch, **{variable: value})
    assert message == f"{variable} must be {must}."


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"MENTORS__WINDOWS_DAYS": "[56, 28]"},
            "MENTORS__WINDOWS_DAYS must rise, and not exceed"  # noqa: ISC004
            " MENTORS__VISIBILITY_DAYS or MENTORS__RING_DAYS.",
        ),
        (
            {"MENTORS__WINDOW_DAYS": "[28]"},
            "MENTORS__WINDOW_DAYS is not a setting: did you mean"  # noqa: ISC004
            " MENTORS__WINDOWS_DAYS?",
        ),
        ({"MENTORS__XYZZY": "1"}, "MENTORS__XYZZY is not a setting."),
    ],
)
def test_inconsistent_or_invalid_numbers_are_named(monkeypatch, given, message):
    assert refused(monkeypatch, **given) == message


@pytest.mark.parametrize(
    "content", ["PORT=1\n# é".encode("latin-1"), "PORT=1\n".encode("utf-16")]
)
def test_an_env_file_that_is_not_utf_8_is_rejected(monkeypatch, tmp_path, content):
    (tmp_path / ".env").write_bytes(content)
    assert refused(monkeypatch) == ".env is not UTF-8 text. Save it as UTF-8."


def test_printed_settings_hide_secrets():
    loaded = Settings(slack_bot_token=BOT, slack_app_token=APP)
    assert BOT not in repr(loaded)
    assert APP not in repr(loaded)


@pytest.mark.parametrize("field", Settings.model_fields)
def test_each_setting_is_described_in_a_sentence(field):
    description = Settings.model_fields[field].description
    assert description is not None
    assert description.endswith(".")
