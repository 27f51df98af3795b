"""A setting: a field of a form, and where its value is kept."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bot.forms.fields import Field, FormValues
from bot.runtime import Transaction

Owner = TypeVar("Owner")


@dataclass(frozen=True, slots=True)
class Setting(Generic[Owner]):
    """`get` and `put` read and record the value of the `Owner` (a channel, …).

    `put` runs when all that was entered makes sense, by itself and together; it may
    still raise UserError, with the field, for what only the database knows.
    """

    field: Field[Any]
    get: Callable[[Transaction, Owner], Any]
    put: Callable[[Transaction, Owner, Any], None]
    # Where it stands in its form: lower comes first.
    position: int = 1000
    # What a channel has that was never set up; None where no other default makes
    # sense. A workspace may choose another, with which its channels begin.
    default: Any = None

    @property
    def name(self) -> str:
        return self.field.name


@dataclass(frozen=True, slots=True)
class MemberSetting(Setting[str]):
    """A setting of a member, named by Slack's id.

    `summarize` describes the choice for the Home tab in a label and a few words, by
    the values of all member settings and the IANA name of the member's zone.
    """

    summarize: Callable[[Mapping[str, Any], str], tuple[str, str]] | None = None


def column_setting(
    field: Field[Any], *, position: int = 1000, default: Any = None
) -> Setting[Any]:
    """A setting kept in the column of its owner's row that has the field's name."""

    def put(_tx: Transaction, owner: Any, value: Any) -> None:
        setattr(owner, field.name, value)

    return Setting(
        field,
        lambda _tx, owner: getattr(owner, field.name),
        put,
        position=position,
        default=default,
    )


def read_values(settings: Iterable[Setting[Any]], form: FormValues) -> dict[str, Any]:
    """Return the entered values by name. Raises UserError for the first invalid one."""
    return {setting.name: setting.field.read(form) for setting in settings}
