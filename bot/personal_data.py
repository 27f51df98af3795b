"""Policies for personal data: declared by features, per table.

A declaration lists the columns that name a member or hold their text, and the action on
erasure. The member's data file and the rows left after an erasure follow from it. A
test requires one for every table; the docs' reference shows the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, Text, cast

from bot.runtime import Transaction
from models import Base


@dataclass(frozen=True, slots=True)
class Erasure:
    """A member who is being erased, and the pseudonym that replaces their id."""

    member: str
    pseudonym: str


def _do_nothing(_tx: Transaction, _erasure: Erasure) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePolicy:
    """The policy for one table. Columns that it does not list are not personal data.

    `contents`, `purpose`, `retention` and `stays` are texts for the docs. `retention`
    says when rows, or parts of them, are removed other than by an erasure, and `stays`
    why the other rows are not, or how many there can be.
    """

    model: type[Base]
    contents: str
    purpose: str
    retention: str = ""
    stays: str = ""
    # The words for one row and for several in texts for members; None if members
    # don't know about the table.
    row_names: tuple[str, str] | None = None
    # Ids of the member who owns the row; their data file shows it unchanged.
    owner_columns: Sequence[str] = ()
    # JSON lists of members whose data files show it unchanged, too.
    reader_columns: Sequence[str] = ()
    # Ids of other members; their data files show that they are named, and their text.
    mentioned_columns: Sequence[str] = ()
    # JSON with members' ids anywhere in it.
    json_columns: Sequence[str] = ()
    # Text of parts separated by colons; a part may be a member's id.
    key_columns: Sequence[str] = ()
    # Columns with members' text, each with the column that names its author.
    text_columns: Mapping[str, str] = field(default_factory=dict)
    # The text that replaces erased text, if it is not NULL or empty.
    placeholders: Mapping[str, str] = field(default_factory=dict)
    # Columns that only the data file of the row's owner shows.
    owners_alone: Sequence[str] = ()
    # Text columns that hold neither names nor members' text.
    non_personal: Sequence[str] = ()
    # "tombstone": `before_erasure` replaces the row by one that records the erasure.
    on_erasure: Literal["pseudonym", "delete", "tombstone"] = "pseudonym"
    # Runs before any row is changed: it takes locks and stops pending work.
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
        """All JSON columns that may name members."""
        return (*self.json_columns, *self.reader_columns)

    @property
    def person_columns(self) -> Sequence[str]:
        return (*self.owner_columns, *self.mentioned_columns)


@dataclass(frozen=True, slots=True)
class MessagePolicy:
    """The policy for messages that can name or quote a member.

    `affected_subjects` returns the subjects of those that may name the member, before
    the erasure. Without it, the messages name and quote only their recipient.
    """

    kinds: frozenset[str]
    affected_subjects: Callable[[Transaction, Erasure], Iterable[int]] | None = None


def mentions_member(column: Any, member: str) -> ColumnElement[bool]:
    """Return the condition that mrkdwn in a column mentions the member."""
    condition: ColumnElement[bool] = column.contains(f"<@{member}", autoescape=True)
    return condition


def lists_member(column: Any, member: str) -> ColumnElement[bool]:
    """Return the condition that JSON in a column contains the member's Slack id."""
    condition: ColumnElement[bool] = cast(column, Text).contains(
        f'"{member}"', autoescape=True
    )
    return condition
