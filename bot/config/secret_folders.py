"""The folders with secrets as files."""

from collections.abc import Mapping
from pathlib import Path

from bot.config.wording import quoted
from bot.errors import SettingsError

# Each is a setting or a variable of systemd; a later folder goes before an earlier one.
_FOLDERS = ("credentials_directory", "secrets_dir")


def secret_folders(variables: Mapping[str, str | None]) -> list[Path]:
    """Return the folders with secrets. Raises SettingsError if one is not there."""
    folders = []
    for name in _FOLDERS:
        value = variables.get(name)
        if value is None:
            continue
        if not value.strip() or not Path(value).is_dir():
            raise SettingsError(
                f"{name.upper()} must be a folder; it is {quoted(value)}."
            )
        folders.append(Path(value))
    return folders
