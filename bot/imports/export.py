"""Read a Slack export: an untrusted zip of JSON files."""

import json
import lzma
import re
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

from pydantic import BaseModel, ValidationError

from bot.clock import ts_to_datetime
from bot.imports.entries import ExportChannel, ExportMessage, ExportUser, to_nfc
from bot.slack.text import one_line, sanitize

# Unpacked sizes in bytes, far above Slack's exports.
MAX_LIST_BYTES = 256 * 1024**2
MAX_DAY_BYTES = 64 * 1024**2
MAX_EXPORT_BYTES = 16 * 1024**3

# The files of a workspace, and of a whole Enterprise Grid.
_USER_LISTS = ("users.json", "org_users.json")
_DAY_FILE = re.compile(r"([^/]+)/(\d{4}-\d{2}-\d{2})\.json")
_DIRECT_MESSAGE_FOLDER = re.compile(r"D[A-Z0-9]{6,}|mpdm-.*")
# Marks a file's name in the zip as UTF-8. Slack's own zips leave it out.
_UTF8_FLAG = 0x0800
_DAMAGE_ERRORS = (
    OSError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


class BadExport(Exception):
    """The export can't be loaded; the message is a sentence with the reason."""


class _Unreadable(Exception):
    """A file of the export can't be read; the message is the reason."""


Entry = TypeVar("Entry", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class DayFile:
    """A channel's messages of one day: one file of the export."""

    date: str
    channel: ExportChannel
    file: str
    # In bytes, unpacked.
    size: int


class Export:
    """An open export; it is never unpacked to the disk.

    Raises BadExport if it is no zip, if a list of channels or users is missing, damaged
    or encrypted, or if it unpacks to more than the limits. The lists are channels.json,
    with the channels' ids, and users.json, with bots and admins (org_users.json in an
    Enterprise Grid). Smaller problems are skipped, and counted in `skipped` by file and
    reason.
    """

    def __init__(self, path: Path) -> None:
        self.skipped: Counter[tuple[str, str]] = Counter()
        self._name = path.name
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise BadExport(
                f"{self._name} can't be opened ({error.strerror})."
            ) from None
        except (*_DAMAGE_ERRORS, ValueError):
            raise BadExport(
                f"{self._name} isn't a zip file, or is damaged. Use the file that you"
                " downloaded from Slack's export page."
            ) from None
        try:
            self._files = self._index()
            self.users = self._read_users()
            self.channels = self._read_channels()
            self._days = self._find_days()
        except BadExport:
            self.close()
            raise
        # In an Enterprise Grid, some people's team is the organisation (E…) instead of
        # a workspace.
        counts = Counter(
            person.team_id
            for person in self.users
            if person.team_id and not person.team_id.startswith("E")
        )
        # Most people are from the export's own workspace. The id breaks a tie, so that
        # each import chooses the same.
        self.team_id = max(counts, key=lambda team: (counts[team], team), default=None)
        self.enterprise_id = self._find_enterprise_id()

    def _find_enterprise_id(self) -> str | None:
        """Return the organisation of most people in the export's workspace, if any."""
        counts = Counter(
            grid["enterprise_id"]
            for person in self.users
            for grid in [person.enterprise_user or {}]
            if isinstance(grid.get("enterprise_id"), str)
            and (
                person.team_id == self.team_id or self.team_id in grid.get("teams", ())
            )
        )
        return max(counts, key=lambda id_: (counts[id_], id_), default=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._zip.close()

    def select(self, names: Sequence[str] | None) -> list[ExportChannel]:
        """Return the named channels, or all; raises BadExport for an unknown name."""
        if names is None:
            return self.channels
        by_name = {channel.name: channel for channel in self.channels}
        unique_names = list(
            dict.fromkeys(to_nfc(name).removeprefix("#") for name in names)
        )
        if unknown := [name for name in unique_names if name not in by_name]:
            raise BadExport(
                f"{self._name} has no channel {', '.join(unknown)}; it has"
                f" {', '.join(sorted(by_name)) or 'none'}."
            )
        return [by_name[name] for name in unique_names]

    def days(self, channels: Sequence[ExportChannel]) -> list[DayFile]:
        """Return these channels' files by date; raises BadExport above the limit."""
        days = [day for channel in channels for day in self._days[channel.name]]
        if sum(day.size for day in days) > MAX_EXPORT_BYTES:
            raise BadExport(
                f"{self._name} unpacks to more than {MAX_EXPORT_BYTES // 1024**3} GiB."
                " Load it in parts, with --channel."
            )
        return sorted(days, key=lambda day: (day.date, day.channel.name))

    def messages(self, day: DayFile) -> list[ExportMessage]:
        """Return a day's messages in order of time, without duplicates."""
        try:
            raw = self._read(day.file, MAX_DAY_BYTES)
        except _Unreadable as error:
            self._skip(day.file, f"file/files can't be read: {{}} is {error}")
            return []
        messages: dict[str, ExportMessage] = {}
        duplicates = 0
        for message in self._valid(day.file, raw, ExportMessage):
            duplicates += message.ts in messages
            messages.setdefault(message.ts, message)
        self._skip(day.file, "duplicate/duplicates of messages in {}", duplicates)
        return sorted(messages.values(), key=lambda message: ts_to_datetime(message.ts))

    @property
    def latest(self) -> datetime | None:
        """The last day in the export, at midnight UTC; None if it has no days."""
        dates = [day.date for days in self._days.values() for day in days]
        if not dates:
            return None
        return datetime.strptime(max(dates), "%Y-%m-%d").replace(tzinfo=UTC)

    def _skip(self, path: str, reason: str, count: int = 1) -> None:
        """Count skipped entries. `reason` begins with a singular/plural.

        "{}" in the reason is replaced by `path`.
        """
        # A file that is read twice is counted once.
        self.skipped |= Counter({(one_line(sanitize(path)), reason): count})

    def _index(self) -> dict[str, zipfile.ZipInfo]:
        """Return the files by their paths below the folder with channels.json."""
        files: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            name = _file_name(info)
            if name.endswith("/") or name.startswith("__MACOSX/"):
                continue
            if name in files:
                self._skip(name, "duplicate/duplicates of {}")
            files.setdefault(name, info)
        folders = [
            name.removesuffix("channels.json")
            for name in files
            if name.rpartition("/")[2] == "channels.json"
        ]
        if not folders:
            raise BadExport(
                f"{self._name} has no channels.json, so it isn't a complete Slack"
                " export."
            )
        folder = min(folders, key=len)
        return {
            name.removeprefix(folder): info
            for name, info in files.items()
            if name.startswith(folder)
        }

    def _read_users(self) -> list[ExportUser]:
        lists = [name for name in _USER_LISTS if name in self._files] or _USER_LISTS[:1]
        people: dict[str, ExportUser] = {}
        for name in lists:
            for person in self._entries(name, ExportUser):
                people.setdefault(person.id, person)
        return list(people.values())

    def _read_channels(self) -> list[ExportChannel]:
        channels = self._entries("channels.json", ExportChannel)
        if "groups.json" in self._files:
            channels += [
                channel.model_copy(update={"is_private": True})
                for channel in self._entries("groups.json", ExportChannel)
            ]
        by_id: dict[str, ExportChannel] = {}
        for channel in channels:
            by_id.setdefault(channel.id, channel)
        by_name: dict[str, ExportChannel] = {}
        for channel in by_id.values():
            by_name.setdefault(channel.name, channel)
        duplicates = len(channels) - len(by_name)
        self._skip(
            "channels.json", "duplicate/duplicates of channels in {}", duplicates
        )
        return list(by_name.values())

    def _find_days(self) -> defaultdict[str, list[DayFile]]:
        # Slack names the folders after the channels; some tools use their ids.
        channels = {channel.id: channel for channel in self.channels}
        channels |= {channel.name: channel for channel in self.channels}
        days: defaultdict[str, list[DayFile]] = defaultdict(list)
        other_folders: Counter[str] = Counter()
        for name, info in self._files.items():
            match = _DAY_FILE.fullmatch(name)
            if match is None or not _is_date(match[2]):
                continue
            channel = channels.get(match[1])
            if channel is None:
                other_folders[match[1]] += 1
            else:
                days[channel.name].append(
                    DayFile(match[2], channel, name, info.file_size)
                )
        for folder, count in other_folders.items():
            if _DIRECT_MESSAGE_FOLDER.fullmatch(folder):
                self._skip(f"{folder}/", "day/days of direct messages in {}", count)
            else:
                self._skip(
                    f"{folder}/",
                    "day/days of messages in {}, which channels.json does not list",
                    count,
                )
        return days

    def _entries(self, name: str, model: type[Entry]) -> list[Entry]:
        try:
            raw = self._read(name, MAX_LIST_BYTES)
        except _Unreadable as error:
            raise BadExport(f"{self._name}: {name} is {error}.") from None
        return list(self._valid(name, raw, model))

    def _valid(
        self, name: str, raw: Sequence[object], model: type[Entry]
    ) -> Iterator[Entry]:
        wrong: Counter[str] = Counter()
        for entry in raw:
            try:
                yield model.model_validate(entry)
            except ValidationError as error:
                first = error.errors(include_input=False, include_url=False)[0]
                wrong[str(first["loc"][0]) if first["loc"] else "shape"] += 1
        for field, count in wrong.items():
            self._skip(name, f"entry/entries in {{}} without a valid {field}", count)

    def _read(self, name: str, max_bytes: int) -> list[object]:
        info = self._files.get(name)
        if info is None:
            raise _Unreadable("missing")
        if info.file_size > max_bytes:
            raise _Unreadable(f"larger than {max_bytes // 1024**2} MiB")
        if info.flag_bits & 1:
            raise _Unreadable("encrypted")
        try:
            # `read` stops at the size in the zip's directory, which was checked above.
            entries = json.loads(self._zip.read(info))
        except (ValueError, RecursionError):
            raise _Unreadable("not JSON") from None
        except _DAMAGE_ERRORS:
            raise _Unreadable("damaged") from None
        if entries is None:
            return []
        if not isinstance(entries, list):
            raise _Unreadable("not a list")
        return entries


def _file_name(info: zipfile.ZipInfo) -> str:
    r"""Return a file's name in NFC, with "/" between folders.

    1. Without the flag for UTF-8, Python decodes the name as code page 437. Most such
       names are UTF-8 nevertheless, and so are Slack's.
    2. Some tools on Windows write "\" between folders.
    3. macOS decomposes accents and Korean syllables.
    """
    name = info.filename
    if not info.flag_bits & _UTF8_FLAG:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return to_nfc(name.replace("\\", "/"))


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True
