"""Read a Slack export: people, channels, and messages day by day."""

import hashlib
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from sandbox.workspace.records import Json
from sandbox.workspace.workspace import is_valid_ts, ts_micros

_MAX_FILE_BYTES: Final = 100_000_000
_UTF8_FLAG: Final = 0x0800
_DAY_FILE: Final = re.compile(r"([^/]+)/\d{4}-\d{2}-\d{2}\.json\Z")


class ExportError(Exception):
    """The zip is not a Slack export, or is damaged; the text names the place."""


@dataclass(frozen=True, slots=True)
class ExportChannel:
    """A channel as the export describes it."""

    id: str
    name: str
    is_private: bool
    is_archived: bool
    created: int
    creator: str
    members: tuple[str, ...]


def _open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip; names without an encoding are UTF-8, as from a Mac."""
    try:
        return zipfile.ZipFile(path, metadata_encoding="utf-8")
    except UnicodeDecodeError:
        return zipfile.ZipFile(path)


class Export:
    """An open zip, read one day at a time."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        try:
            self._zip = _open_zip(self._path)
        except (OSError, zipfile.BadZipFile) as error:
            raise ExportError(f"{self._path.name}: {error}") from error
        self._files = {_file_name(info): info for info in self._zip.infolist()}
        # Some people zip the folder, not its contents.
        tops = [n for n in self._files if n.split("/")[-1] == "channels.json"]
        if not tops:
            self.close()
            raise ExportError(f"{self._path.name}: it has no channels.json")
        self._prefix = min(tops, key=len).removesuffix("channels.json")
        try:
            grid = f"{self._prefix}org_users.json" in self._files
            self.people = self._read("org_users.json" if grid else "users.json")
            rooms = [(c, False) for c in self._read("channels.json")]
            if f"{self._prefix}groups.json" in self._files:
                rooms += [(c, True) for c in self._read("groups.json")]
            listed = [self._channel(c, private) for c, private in rooms]
        except ExportError:
            self.close()
            raise
        folder_names = {folder for room in listed for folder in (room.name, room.id)}
        self.channels = (*listed, *self._unlisted_channels(folder_names))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._zip.close()

    def _read(self, name: str) -> list[Json]:
        location = f"{self._path.name}: {name}"
        try:
            info = self._files[self._prefix + name]
            if info.file_size > _MAX_FILE_BYTES:
                raise ExportError(f"{location} is too large")
            entries = json.loads(self._zip.read(info))
        except KeyError:
            raise ExportError(f"{location} is missing") from None
        except (ValueError, RecursionError) as error:
            raise ExportError(f"{location} is not JSON: {error}") from error
        except (OSError, RuntimeError, zipfile.BadZipFile, EOFError) as error:
            raise ExportError(f"{location} cannot be read: {error}") from error
        if entries is None:
            return []
        if not isinstance(entries, list) or not all(
            isinstance(x, dict) for x in entries
        ):
            raise ExportError(f"{location} is not a list of objects")
        return entries

    def _channel(self, raw: Json, private: bool) -> ExportChannel:
        try:
            return ExportChannel(
                id=str(raw["id"]),
                name=unicodedata.normalize("NFC", str(raw["name"])),
                is_private=private,
                is_archived=bool(raw.get("is_archived")),
                created=int(raw.get("created") or 0),
                creator=str(raw.get("creator") or ""),
                members=tuple(map(str, raw.get("members") or ())),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ExportError(
                f"{self._path.name}: a channel without {error}"
            ) from error

    def _unlisted_channels(self, listed: set[str]) -> list[ExportChannel]:
        """Return channels for folders without an entry, with ids from their names."""
        matches = (
            _DAY_FILE.match(name.removeprefix(self._prefix)) for name in self._files
        )
        folders = {day[1] for day in matches if day} - listed
        return [
            ExportChannel(
                id=f"C0{hashlib.sha256(name.encode()).hexdigest()[:9].upper()}",
                name=name,
                is_private=False,
                is_archived=False,
                created=0,
                creator="",
                members=(),
            )
            for name in sorted(folders)
        ]

    def select_channels(self, names: Sequence[str] | None) -> list[ExportChannel]:
        """Return the named channels, or all."""
        if names is None:
            return list(self.channels)
        by_name = {room.name: room for room in self.channels}
        if unknown := [name for name in names if name not in by_name]:
            raise ExportError(
                f"{self._path.name}: no channel {', '.join(unknown)};"
                f" there is {', '.join(sorted(by_name))}"
            )
        return [by_name[name] for name in names]

    def messages(self, channel: ExportChannel) -> Iterator[Json]:
        """Yield a channel's messages in order of time; days are sorted by name."""
        # Some tools name the folders after the channels' ids.
        folders = (f"{channel.name}/", f"{channel.id}/")
        days = sorted(
            name
            for name in (path.removeprefix(self._prefix) for path in self._files)
            if name.startswith(folders) and name.endswith(".json")
        )
        days.sort(key=lambda name: name.rpartition("/")[2])
        for day in days:
            messages = self._read(day)
            for message in messages:
                if not is_valid_ts(message.get("ts")):
                    location = f"{self._path.name}: {day}"
                    raise ExportError(f"{location} has a message without a ts")
            yield from sorted(messages, key=lambda m: ts_micros(m["ts"]))


def _file_name(info: zipfile.ZipInfo) -> str:
    """Return the name as its writer meant it: Slack's zips do not mark UTF-8."""
    name = info.filename
    if not info.flag_bits & _UTF8_FLAG:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def reactions(message: Json) -> Iterator[tuple[str, str]]:
    """Yield (user, emoji) for each reaction whose user the export names."""
    for reaction in filter(None, message.get("reactions") or ()):
        users: Any = reaction.get("users") or ()
        for user in filter(None, dict.fromkeys(users)):
            yield str(user), str(reaction.get("name"))
