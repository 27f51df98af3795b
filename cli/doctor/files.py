"""Check who else on this machine can read our files, and the free disk space."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import ArgumentError

from bot.config.settings import Settings
from bot.db import engine
from cli.doctor.findings import Finding, ok, warning, wrong

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
# For a checkpoint, a migration's backup and some logs.
MIN_FREE_BYTES = 200 * 1024 * 1024


def examine(settings: Settings) -> Iterator[Finding]:
    about = "File modes"
    if os.name != "posix":
        return
    secret_files = [
        *_secrets(Path(str(settings.model_config["env_file"])), _file(settings)),
        *_files_of_secrets(settings.secrets_dir),
    ]
    open_to_others = [path for path in secret_files if _mode(path) & _OTHERS]
    if open_to_others:
        names = ", ".join(path.name for path in open_to_others)
        paths = " ".join(str(path) for path in open_to_others)
        yield wrong(
            about,
            f"Other users on this machine can read {names}.",
            f"chmod 600 {paths}",
        )
    elif secret_files:
        names = ", ".join(path.name for path in secret_files)
        yield ok(about, f"Only the owner can read {names}.")
    file = _file(settings)
    if file is not None and file.parent.exists():
        yield from _check_directory(file.parent)
        yield _check_disk_space(file.parent)


def _file(settings: Settings) -> Path | None:
    try:
        return engine.sqlite_file(engine.parse_url(settings.database_url))
    except (ValueError, ArgumentError):
        # The database's own check reports an invalid URL.
        return None


def _secrets(env: Path, file: Path | None) -> Iterator[Path]:
    if env.exists():
        yield env
    if file is not None:
        # The database, its write-ahead log and index, and its backups.
        yield from sorted(file.parent.glob(f"{file.name}*"))


def _files_of_secrets(folder: Path | None) -> Iterator[Path]:
    """Yield our own files of secrets in a folder that lets others in.

    Those of other users, such as a container's, are not ours to change.
    """
    if folder is None or not _mode(folder) & stat.S_IXOTH:
        return
    for file in sorted(folder.iterdir()):
        is_ours = file.stat().st_uid == os.getuid()
        if is_ours and file.name.lower() in Settings.model_fields:
            yield file


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        # The write-ahead log is deleted when the bot ends.
        return 0


def _check_directory(directory: Path) -> Iterator[Finding]:
    about = "Data directory"
    if _mode(directory) & _OTHERS_WRITE:
        yield wrong(
            about,
            f"Other users on this machine can write to {directory}.",
            f"chmod 700 {directory}",
        )
    elif _mode(directory) & _OTHERS:
        yield warning(
            about,
            f"Other users on this machine can list {directory}, and may be able to"
            " read new copies.",
            f"chmod 700 {directory}",
        )
    else:
        yield ok(about, f"Only the owner can open {directory}.")


def _check_disk_space(directory: Path) -> Finding:
    about = "Disk space"
    free = shutil.disk_usage(directory).free
    says = f"{free / 1024**3:.1f} GB are free on the database's disk."
    if free < MIN_FREE_BYTES:
        return warning(
            about,
            says,
            "Free some space. The bot can't save anything on a full disk.",
        )
    return ok(about, says)
