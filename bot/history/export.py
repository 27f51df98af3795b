"""Reads a Slack export: a zip of JSON files that anybody may have touched."""

import json
import lzma
import re
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

from pydantic import BaseModel, ValidationError

from bot.clock import moment
from bot.history.entries import Message, Person, Room
from bot.text import clean, one_line

# Unpacked sizes, in bytes, far above what Slack exports and below what hurts.
LARGEST_LIST = 256 * 1024**2
LARGEST_DAY = 64 * 1024**2
LARGEST_EXPORT = 16 * 1024**3

_DAY = re.compile(r"([^/]+)/(\d{4}-\d{2}-\d{2})\.json")
_DIRECT = re.compile(r"D[A-Z0-9]{6,}|mpdm-.*")
_DAMAGED = (
    OSError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


class BadExport(Exception):
    """The export can't be loaded; the message is a sentence that says why."""


class _Unreadable(Exception):
    """One file of the export can't be read; the message says why."""


Entry = TypeVar("Entry", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Day:
    """What was said in a channel on one day: one file of the export."""

    date: str
    room: Room
    file: str
    # Unpacked, in bytes.
    size: int


class Export:
    """The zip, held open; nothing of it is ever written to the disk.

    Refused: what is no zip, is damaged or encrypted at its lists, unpacks to more
    than we take, or lacks channels.json (which tells the channels' ids) or users.json
    (which tells who is a bot and who an admin). Anything smaller is skipped, and
    counted in `skipped` by the file and the reason.
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
        except (*_DAMAGED, ValueError):
            raise BadExport(
                f"{self._name} is no zip file, or a damaged one: give the file that"
                " Slack's export page lets you download."
            ) from None
        try:
            self._files = self._index()
            self.people = self._entries("users.json", Person)
            self.rooms = self._rooms()
            self._days = self._find_days()
        except BadExport:
            self.close()
            raise
        counted = Counter(one.team_id for one in self.people if one.team_id)
        # People from other workspaces are the fewer; of equals any, but always one.
        self.team_id = max(counted, key=lambda t: (counted[t], t), default=None)
        self.enterprise_id = self._enterprise()

    def _enterprise(self) -> str | None:
        """The organisation of several workspaces that most of our people belong to."""
        counted = Counter(
            grid["enterprise_id"]
            for one in self.people
            for grid in [one.enterprise_user or {}]
            if isinstance(grid.get("enterprise_id"), str)
            and (one.team_id == self.team_id or self.team_id in grid.get("teams", ()))
        )
        return max(counted, key=lambda e: (counted[e], e), default=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._zip.close()

    def select(self, names: Sequence[str] | None) -> list[Room]:
        """The channels of these names, or all; raises BadExport for an unknown one."""
        if names is None:
            return self.rooms
        by_name = {room.name: room for room in self.rooms}
        wanted = list(dict.fromkeys(name.removeprefix("#") for name in names))
        if unknown := [name for name in wanted if name not in by_name]:
            raise BadExport(
                f"{self._name} has no channel {', '.join(unknown)}; it has"
                f" {', '.join(sorted(by_name)) or 'none'}."
            )
        return [by_name[name] for name in wanted]

    def days(self, rooms: Sequence[Room]) -> list[Day]:
        """The files of these channels, by date; raises BadExport for far too much."""
        days = [day for room in rooms for day in self._days[room.name]]
        if sum(day.size for day in days) > LARGEST_EXPORT:
            raise BadExport(
                f"{self._name} unpacks to more than {LARGEST_EXPORT // 1024**3} GiB:"
                " load it in parts, with --channel."
            )
        return sorted(days, key=lambda day: (day.date, day.room.name))

    def messages(self, day: Day) -> list[Message]:
        """What was said, by its time; the same message twice is taken once."""
        try:
            raw = self._read(day.file, LARGEST_DAY)
        except _Unreadable as error:
            self._skip(day.file, f"file that is {error}")
            return []
        said: dict[str, Message] = {}
        twice = 0
        for message in self._valid(day.file, raw, Message):
            twice += message.ts in said
            said.setdefault(message.ts, message)
        self._skip(day.file, "message that stands there twice", twice)
        return sorted(said.values(), key=lambda message: moment(message.ts))

    @property
    def latest(self) -> datetime | None:
        """The last day that the export tells of."""
        dates = [day.date for days in self._days.values() for day in days]
        if not dates:
            return None
        return datetime.strptime(max(dates), "%Y-%m-%d").replace(tzinfo=UTC)

    def _skip(self, where: str, why: str, count: int = 1) -> None:
        # A file that is read twice is told of once.
        self.skipped |= Counter({(one_line(clean(where)), why): count})

    def _index(self) -> dict[str, zipfile.ZipInfo]:
        """The files by their names in the export; a zipped folder will do as well."""
        found = [
            info
            for info in self._zip.infolist()
            if not info.is_dir() and not info.filename.startswith("__MACOSX/")
        ]
        tops = [
            info.filename.removesuffix("channels.json")
            for info in found
            if info.filename.rpartition("/")[2] == "channels.json"
        ]
        if not tops:
            raise BadExport(
                f"{self._name} has no channels.json: it is no Slack export, or only"
                " a part of one."
            )
        top = min(tops, key=len)
        return {
            info.filename.removeprefix(top): info
            for info in found
            if info.filename.startswith(top)
        }

    def _rooms(self) -> list[Room]:
        listed = self._entries("channels.json", Room)
        if "groups.json" in self._files:
            private = self._entries("groups.json", Room)
            listed += [room.model_copy(update={"is_private": True}) for room in private]
        by_id: dict[str, Room] = {}
        for room in listed:
            by_id.setdefault(room.id, room)
        by_name: dict[str, Room] = {}
        for room in by_id.values():
            by_name.setdefault(room.name, room)
        twice = len(listed) - len(by_name)
        self._skip("channels.json", "channel that is listed twice", twice)
        return list(by_name.values())

    def _find_days(self) -> defaultdict[str, list[Day]]:
        by_name = {room.name: room for room in self.rooms}
        days: defaultdict[str, list[Day]] = defaultdict(list)
        elsewhere: Counter[str] = Counter()
        for name, info in self._files.items():
            found = _DAY.fullmatch(name)
            if found is None or not _is_date(found[2]):
                continue
            room = by_name.get(found[1])
            if room is None:
                elsewhere[found[1]] += 1
            else:
                days[room.name].append(Day(found[2], room, name, info.file_size))
        for folder, count in elsewhere.items():
            if _DIRECT.fullmatch(folder):
                self._skip(f"{folder}/", "day of direct messages", count)
            else:
                self._skip(f"{folder}/", "day of a channel that is not listed", count)
        return days

    def _entries(self, name: str, kind: type[Entry]) -> list[Entry]:
        try:
            raw = self._read(name, LARGEST_LIST)
        except _Unreadable as error:
            raise BadExport(f"{self._name}: {name} is {error}.") from None
        return list(self._valid(name, raw, kind))

    def _valid(
        self, name: str, raw: Sequence[object], kind: type[Entry]
    ) -> Iterator[Entry]:
        wrong: Counter[str] = Counter()
        for entry in raw:
            try:
                yield kind.model_validate(entry)
            except ValidationError as error:
                first = error.errors(include_input=False, include_url=False)[0]
                wrong[str(first["loc"][0]) if first["loc"] else "shape"] += 1
        for field, count in wrong.items():
            self._skip(name, f"entry without a valid {field}", count)

    def _read(self, name: str, largest: int) -> list[object]:
        info = self._files.get(name)
        if info is None:
            raise _Unreadable("missing")
        if info.file_size > largest:
            raise _Unreadable(f"larger than {largest // 1024**2} MiB")
        if info.flag_bits & 1:
            raise _Unreadable("encrypted")
        try:
            # The zip's own word on the size holds: no more than that is unpacked.
            found = json.loads(self._zip.read(info))
        except (ValueError, RecursionError):
            raise _Unreadable("not JSON") from None
        except _DAMAGED:
            raise _Unreadable("damaged") from None
        if not isinstance(found, list):
            raise _Unreadable("not a list")
        return found


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True
