"""A setting: a field of a form, and access to its stored value."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from slack_sdk.models.blocks import InputBlock

from bot.forms.fields import Field, FormValues
from bot.runtime import Transaction

Owner = TypeVar("Owner")


@dataclass(frozen=True, slots=True)
class Setting(Generic[Owner]):
    """A field, and the functions that read and store its value for an `Owner`.

    The owner is a channel, a member or a workspace. `put` runs after all entered
    values have been checked; it may still raise UserError, with the field, for checks
    that need the database.
    """

    field: Field[Any]
    get: Callable[[Transaction, Owner], Any]
    put: Callable[[Transaction, Owner, Any], None]
    # Settings with a lower position come first in the form.
    position: int = 1000
    # The value of a channel that was never set up. A workspace may choose another
    # default for its new channels; None: it may not.
    default: Any = None
    # Returns the field's hint, if it says how things are now.
    hint: Callable[[Transaction, Owner], str] | None = None

    def render(self, tx: Transaction, owner: Owner) -> InputBlock:
        """Return the field with the stored value."""
        field = self.field
        if self.hint is not None:
            field = replace(field, hint=self.hint(tx, owner))
        return field.render(self.get(tx, owner))

    @property
    def name(self) -> str:
        return self.field.name


@dataclass(frozen=True, slots=True)
class MemberSetting(Setting[str]):
    """A setting of a member, who is given by Slack's id.

    `summarize` returns a label and a short description for the Home tab. It gets the
    values of all member settings by name, and the IANA name of the member's zone.
    """

    summarize: Callable[[Mapping[str, Any], str], tuple[str, str]] | None = None
    # Returns True for members who see it; None: everyone does.
    is_offered: Callable[[Transaction, str], bool] | None = None


def column_setting(
    field: Field[Any], *, position: int = 1000, default: Any = None
) -> Setting[Any]:
    """Return a setting that is stored in a column with the field's name."""

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
