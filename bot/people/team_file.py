"""Read a file of people's teams, levels and managers (CSV). Pure."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.people.rules import clean_attribute

_ID = re.compile(r"[UW][A-Z0-9]{2,30}")
_DELIMITERS = ",;\t"
# Spreadsheets save files with this mark before the first column's name.
_BYTE_ORDER_MARK = "\ufeff"


class BadFile(ValueError):
    """The file can't be read; the message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A person's line. A text that looks like a formula is only text."""

    team: str
    level: str
    # Slack's id of the person's line manager.
    manager: str | None


@dataclass(frozen=True, slots=True)
class TeamFile:
    """The people in the file, by their Slack ids, and the lines to look at.

    If a person has several lines, the last one counts.
    """

    entries: Mapping[str, Entry]
    # Numbers of lines: without a member's id, for a person who has an earlier line, and
    # with a manager that is no member's id.
    without_id: tuple[int, ...]
    repeated: tuple[int, ...]
    without_manager: tuple[int, ...]


def parse(lines: Iterable[str]) -> TeamFile:
    """Read the lines of a file with the columns id, team, level and manager.

    Only id is needed; other columns are ignored. Raises BadFile.
    """
    try:
        return _parse(lines)
    except UnicodeDecodeError:
        raise BadFile("The file is not text in UTF-8.") from None


def _parse(lines: Iterable[str]) -> TeamFile:
    reader = _rows(lines)
    columns = _columns(next(reader, (1, []))[1])
    entries: dict[str, Entry] = {}
    without_id, repeated, without_manager = [], [], []
    for number, row in reader:
        cells = dict(zip(columns, row, strict=False))
        values = {name: cells.get(name, "").strip() for name in columns}
        if not any(row):
            continue
        member = values["id"]
        if not _ID.fullmatch(member):
            without_id.append(number)
            continue
        if member in entries:
            repeated.append(number)
        manager = values.get("manager") or None
        if manager is not None and (manager == member or not _ID.fullmatch(manager)):
            manager = None
            without_manager.append(number)
        entries[member] = Entry(
            clean_attribute(values.get("team", "")),
            clean_attribute(values.get("level", "")),
            manager,
        )
    if not entries:
        raise BadFile("The file has no people: each line needs a member's id (U…).")
    return TeamFile(entries, tuple(without_id), tuple(repeated), tuple(without_manager))


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its last line. Raises BadFile."""
    source = iter(lines)
    header = next(source, "").removeprefix(_BYTE_ORDER_MARK)
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(_chained(header, source), delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadFile(f"Line {reader.line_num}: {error}.") from None
        yield reader.line_num, row


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _columns(header: list[str]) -> list[str]:
    columns = [name.strip().casefold() for name in header]
    if "id" not in columns:
        raise BadFile(
            "The first line has no column id. It names the columns: id, team, level,"
            " manager."
        )
    names = [name for name in columns if name]
    if len(names) > len(set(names)):
        raise BadFile("The first line has two columns with the same name.")
    return columns
