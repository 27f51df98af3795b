"""What each table keeps of people: declared by its feature, and acted upon here.

A declaration says which columns name a person, which hold their words, and what is
done with a row when one is forgotten. What is shown to a person as theirs, and what
is left when they are forgotten, follows from it. A test holds every table to having
one, and the README to saying the same.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Table,
    Text,
    and_,
    cast,
    delete,
    false,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from bot.db import table
from bot.text import SOMEONE
from models import Base

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Leaving:
    """Somebody who is being forgotten, and the name that stands for them from now."""

    installation_id: int
    member: str
    pseudonym: str
    now: datetime


def _nothing(_session: Session, _leaving: Leaving) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One table. Columns that are not mentioned say nothing of a person.

    `what`, `why` and `until` are the README's words.
    """

    model: type[Base]
    what: str
    why: str
    until: str
    # Whose row it is: shown to them as it stands.
    owners: Sequence[str] = ()
    # JSON lists of people to whom it is shown as it stands, too.
    readers: Sequence[str] = ()
    # Who else is named: they are shown that they are, and what they said.
    others: Sequence[str] = ()
    # JSON that may hold ids of people, anywhere in it.
    json: Sequence[str] = ()
    # Text made of parts with colons between, one of which may be a person's id.
    keys: Sequence[str] = ()
    # A column of people's words: the column that holds who wrote them.
    words: Mapping[str, str] = field(default_factory=dict)
    # What stands for words that are gone, where it is not nothing.
    instead: Mapping[str, str] = field(default_factory=dict)
    # Text that is neither anybody's name nor anybody's words.
    neutral: Sequence[str] = ()
    # "trace": the row itself says that somebody was forgotten; `before` sees to it.
    when_forgotten: Literal["pseudonym", "delete", "trace"] = "pseudonym"
    # Runs before anything is changed: takes locks, ends what must not go on.
    before: Callable[[Session, Leaving], None] = _nothing

    @property
    def is_about_people(self) -> bool:
        return bool(self.people or self.lists or self.keys or self.words)

    @property
    def lists(self) -> Sequence[str]:
        """Every column of JSON that may name people."""
        return (*self.json, *self.readers)

    @property
    def people(self) -> Sequence[str]:
        return (*self.owners, *self.others)


@dataclass(frozen=True, slots=True)
class Told:
    """Messages of these kinds can name or quote somebody.

    `about` gives the subjects of those that may name the person, before they are
    forgotten. Without it the messages name and quote nobody but their recipient.
    """

    kinds: frozenset[str]
    about: Callable[[Session, Leaving], Iterable[int]] | None = None


def within(target: Table, installation_id: int) -> ColumnElement[bool]:
    """Which rows of a table are the workspace's, found by its foreign keys."""
    if "installation_id" in target.c:
        return target.c.installation_id == installation_id
    # What need not be there leads nowhere where it is not.
    keys = sorted(
        target.foreign_keys, key=lambda key: (key.parent.nullable, key.parent.name)
    )
    for key in keys:
        parent = key.column.table
        if parent is not target:
            return key.parent.in_(
                select(key.column).where(within(parent, installation_id))
            )
    raise TypeError(f"{target.name} belongs to no workspace")


def shown_to(
    session: Session,
    kept: Kept,
    installation_id: int,
    member: str,
    *,
    hidden: Collection[int] = (),
) -> Iterator[Row]:
    """Yield what the table keeps of a person: their rows, and their part in others'.

    Of somebody who is only mentioned: that they are, and neither where nor about what.
    `hidden`: private channels, by their rows, that the person has left. Of what
    happened there they are shown their own words and deeds, and nothing that others
    added.
    """
    if not kept.is_about_people:
        return
    rows = _rows(kept)
    found = session.execute(
        select(rows)
        .where(within(rows, installation_id), _names(kept, member))
        .order_by(*rows.primary_key)
    ).mappings()
    for row in found:
        part = _part_of(kept, row, member)
        if any(row[key] in hidden for key in _places(rows)):
            part = "hidden" if part in {"owner", "reader"} else part
        yield {
            column: _plain(value)
            for column, value in row.items()
            if _is_shown(kept, row, column, member, part)
        } | ({} if part in {"owner", "reader"} else _own_part(kept, row, member))


# What a row is to a person: theirs; addressed to them; one that they did something
# with, or are named in; theirs, from where they can see nothing any more; one that only
# mentions them.
Part = Literal["owner", "reader", "named", "hidden", "mentioned"]


def _part_of(kept: Kept, row: RowMapping, member: str) -> Part:
    if any(row[column] == member for column in kept.owners):
        return "owner"
    if any(member in (row[column] or ()) for column in kept.readers):
        return "reader"
    is_named = any(row[column] == member for column in kept.others)
    is_named |= any(f'"{member}"' in json.dumps(row[column]) for column in kept.lists)
    return "named" if is_named else "mentioned"


def _places(rows: Table) -> list[str]:
    """The columns that say in which channel something is."""
    return [
        key.parent.name
        for key in rows.foreign_keys
        if key.column.table.name == "channels"
    ]


def _is_shown(
    kept: Kept, row: RowMapping, column: str, member: str, part: Part
) -> bool:
    rows = _rows(kept)
    if part in {"owner", "reader"} or column in rows.primary_key:
        return part in {"owner", "reader"} or column not in kept.people
    if column in kept.people:
        return bool(row[column] == member)
    if column in kept.words:
        return bool(row[kept.words[column]] == member)
    # A key can be made of whom the row is about.
    if part == "mentioned" or column in kept.lists or column in kept.keys:
        return False
    # What is neither a name nor anybody's words can still tell what others wrote about.
    return column not in kept.neutral and not (
        part == "hidden" and column in _places(rows)
    )


def _own_part(kept: Kept, row: RowMapping, member: str) -> Row:
    """Of lists of people that they are on, that they are; and where they are mentioned.

    Words that others wrote of them are not shown.
    """
    lists = {column: row[column] for column in kept.lists}
    on_list = {
        column: [member]
        for column, people in lists.items()
        if isinstance(people, list) and member in people
    }
    named_in = [
        column for column in kept.words if f"<@{member}" in str(row[column] or "")
    ]
    return on_list | ({"mentioned_in": named_in} if named_in else {})


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def is_named(session: Session, kept: Kept, installation_id: int, member: str) -> bool:
    if not kept.is_about_people:
        return False
    rows = _rows(kept)
    found = select(rows.c[rows.primary_key.columns[0].name]).where(
        within(rows, installation_id), _names(kept, member)
    )
    return session.execute(found.limit(1)).first() is not None


def count(session: Session, kept: Kept, installation_id: int, member: str) -> int:
    """How many rows are the person's own."""
    rows = _rows(kept)
    theirs = or_(false(), *(rows.c[column] == member for column in kept.owners))
    found = select(func.count()).where(within(rows, installation_id), theirs)
    return session.scalar(found.select_from(rows)) or 0


def forget(session: Session, kept: Kept, leaving: Leaving) -> None:
    """Take the person out of the table; rows that count for others stay."""
    if kept.when_forgotten == "trace" or not kept.is_about_people:
        return
    rows = _rows(kept)
    ours = within(rows, leaving.installation_id)
    if kept.when_forgotten == "delete":
        theirs = or_(false(), *(rows.c[c] == leaving.member for c in kept.owners))
        session.execute(delete(rows).where(ours, theirs))
    for column, author in kept.words.items():
        gone = kept.instead.get(column, None if rows.c[column].nullable else "")
        session.execute(
            update(rows)
            .where(ours, rows.c[author] == leaving.member, rows.c[column].is_not(None))
            .values({column: gone})
        )
        _unname(session, rows, column, ours, leaving)
    for column in kept.people:
        session.execute(
            update(rows)
            .where(ours, rows.c[column] == leaving.member)
            .values({column: leaving.pseudonym})
        )
    for column in kept.lists:
        found = _holds(rows, column, leaving.member)
        _replace(session, rows, column, and_(ours, found), leaving)
    for column in kept.keys:
        found = rows.c[column].contains(leaving.member, autoescape=True)
        _replace(session, rows, column, and_(ours, found), leaving)


def mentions(column: Any, member: str) -> ColumnElement[bool]:
    """Whether marked text mentions the person."""
    found: ColumnElement[bool] = column.contains(f"<@{member}", autoescape=True)
    return found


def _names(kept: Kept, member: str) -> ColumnElement[bool]:
    rows = _rows(kept)
    return or_(
        false(),
        *(rows.c[column] == member for column in kept.people),
        *(_holds(rows, column, member) for column in kept.lists),
        # What others wrote of them: that they did, and where.
        *(mentions(rows.c[column], member) for column in kept.words),
    )


def _holds(rows: Table, column: str, member: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = cast(rows.c[column], Text).contains(
        f'"{member}"', autoescape=True
    )
    return found


def _unname(
    session: Session,
    rows: Table,
    column: str,
    ours: ColumnElement[bool],
    leaving: Leaving,
) -> None:
    """In what others wrote, a mention of the person becomes a word."""
    token = re.compile(rf"<@{re.escape(leaving.member)}(\|[^<>]*)?>")
    found = select(*rows.primary_key, rows.c[column]).where(
        ours, mentions(rows.c[column], leaving.member)
    )
    for *key, text in session.execute(found).all():
        session.execute(
            update(rows)
            .where(_is(rows, key))
            .values({column: token.sub(SOMEONE, text)})
        )


def _replace(
    session: Session,
    rows: Table,
    column: str,
    where: ColumnElement[bool],
    leaving: Leaving,
) -> None:
    found = select(*rows.primary_key, rows.c[column]).where(where)
    for *key, value in session.execute(found).all():
        session.execute(
            update(rows)
            .where(_is(rows, key))
            .values({column: replaced(value, leaving.member, leaving.pseudonym)})
        )


def _is(rows: Table, key: Sequence[Any]) -> ColumnElement[bool]:
    pairs = zip(rows.primary_key, key, strict=True)
    return and_(*(column == value for column, value in pairs))


def replaced(value: Any, member: str, pseudonym: str) -> Any:
    """A key, or JSON, with another name for a person wherever they are named."""
    match value:
        case dict():
            return {
                replaced(name, member, pseudonym): replaced(inner, member, pseudonym)
                for name, inner in value.items()
            }
        case list():
            return [replaced(inner, member, pseudonym) for inner in value]
        case str():
            parts = value.split(":")
            return ":".join(pseudonym if p == member else p for p in parts)
        case _:
            return value


def _rows(kept: Kept) -> Table:
    return table(kept.model)
