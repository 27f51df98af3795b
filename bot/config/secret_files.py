"""Files of secrets: the folders that have them, and names that are misspelt."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import SecretsSettingsSource

from bot.config.wording import quoted
from bot.errors import SettingsError

# An unknown name counts as a misspelling of a setting if it is this similar.
MIN_SIMILARITY = 0.85


class SecretFiles(SecretsSettingsSource):
    """Files of secrets. As in `.env`, a byte order mark at the start does not count."""

    def get_field_value(
        self, field: FieldInfo, field_name: str
    ) -> tuple[Any, str, bool]:
        value, key, is_complex = super().get_field_value(field, field_name)
        if isinstance(value, str):
            value = value.removeprefix("\ufeff")
        return value, key, is_complex


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


def file_names(folders: list[Path]) -> set[str]:
    """Return the files' names in lower case. Raises SettingsError."""
    try:
        return {file.name.lower() for folder in folders for file in folder.iterdir()}
    except OSError as error:
        raise SettingsError(
            f"{error.filename} can't be read ({error.strerror})."
        ) from None


def refuse_misspelt_files(
    folders: list[Path], settings: Collection[str], *, already_set: Collection[str]
) -> None:
    """Raise SettingsError for a file that looks like a setting that is not set.

    It would otherwise be ignored. Folders can have files for others, too.
    """
    files = file_names(folders)
    for name in sorted(files - {*settings}):
        if name.startswith("mentors__"):
            raise SettingsError(
                f"{name.upper()} can't be a file. Set it in the environment or in .env."
            )
        missing = {*settings} - files - {*already_set}
        if similar := get_close_matches(name, missing, 1, MIN_SIMILARITY):
            raise SettingsError(
                f"{name.upper()} is not a setting. Did you mean {similar[0].upper()}?"
            )
