"""Refuse to start the sandbox by mistake."""

from bot.config.settings import Settings, unknown_slack_names
from bot.errors import SettingsError

_HINT = "To try Backswing without Slack, run `uv run app.py sandbox`."


def refuse_accidental_sandbox(settings: Settings) -> None:
    """Raise SettingsError if the settings look meant for a real workspace.

    Otherwise a missing or misspelt secret would silently start the sandbox.
    """
    for name, similar in unknown_slack_names():
        question = f" Did you mean {similar.upper()}?" if similar else ""
        raise SettingsError(f"{name.upper()} is not a setting.{question} {_HINT}")
    for name in ("database_url", "slack_api_url", "secrets_dir"):
        if name in settings.model_fields_set:
            raise SettingsError(
                f"{name.upper()} is set, but no token is. Set SLACK_BOT_TOKEN and"
                f" SLACK_APP_TOKEN. {_HINT}"
            )
