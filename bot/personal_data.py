"""Policies for personal data: declared by features, per table.

A declaration lists the columns that name a member or hold their text, and the action on
erasure. The member's data file and the rows left after an erasure follow from it. A
test requires one for every table; the docs' reference shows the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
)

from bot.runtime import Transaction
from models import Base


@dataclass(frozen=True, slots=True)
class Erasure:
    """Somebody who is being forgotten, and the name that stands for them from now."""

    member: str
    pseudonym: str


def _do_nothing(_tx: Transaction, _erasure: Erasure) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePolicy:
    """One table. Columns that are not mentioned say nothing of a person.

    `contents`, `purpose` and `retention` are words of the docs.
    """

    model: type[Base]
    contents: str
    purpose: str
    retention: str
    # What members call a row and several rows; None for what they don't know about.
    row_names: tuple[str, str] | None = None
    # Whose row it is: shown to them as it stands.
    owner_columns: Sequence[str] = ()
    # JSON lists of people to whom it is shown as it stands, too.
    reader_columns: Sequence[str] = ()
    # Who else is named: they are shown that they are, and what they said.
    mentioned_columns: Sequence[str] = ()
    # JSON that may hold ids of people, anywhere in it.
    json_columns: Sequence[str] = ()
    # Text made of parts with colons between, one of which may be a person's id.
    key_columns: Sequence[str] = ()
    # A column of people's words: the column that holds who wrote them.
    text_columns: Mapping[str, str] = field(default_factory=dict)
    # What stands for words that are gone, where it is not nothing.
    placeholders: Mapping[str, str] = field(default_factory=dict)
    # Text that is neither anybody's name nor anybody's words.
    non_personal: Sequence[str] = ()
    # "tombstone": the row stays and says that a member was erased; `before_erasure`
    # writes it.
    on_erasure: Literal["pseudonym", "delete", "tombstone"] = "pseudonym"
    # Runs before anything is changed: takes locks, ends what must not go on.
    before_erasure: Callable[[Transaction, Erasure], None] = _do_nothing

    @property
    def has_personal_data(self) -> bool:
        return bool(
            self.person_columns
            or self.people_lists
            or self.key_columns
            or self.text_columns
        )

    @property
    def people_lists(self) -> Sequence[str]:
        """Every column of JSON that may name people."""
        return (*self.json_columns, *self.reader_columns)

    @property
    def person_columns(self) -> Sequence[str]:
        return (*self.owner_columns, *self.mentioned_columns)


@dataclass(frozen=True, slots=True)
class MessagePolicy:
    """Messages of these kinds can name or quote somebody.

    `affected_subjects` returns the subjects of those that may name the member, before
    the erasure. Without it, the messages name and quote only their recipient.
    """

    kinds: frozenset[str]
    affected_subjects: Callable[[Transaction, Erasure], Iterable[int]] | None = None


def mentions_member(column: Any, member: str) -> ColumnElement[bool]:
    """Return the condition that mrkdwn in a column mentions the member."""
    condition: ColumnElement[bool] = column.contains(f"<@{member}", autoescape=True)
    return condition
