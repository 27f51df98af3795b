"""The kinds of fields in a settings form: each renders a value and reads one back."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Generic, Protocol, TypeVar

from slack_sdk.models.blocks import (
    CheckboxesElement,
    DatePickerElement,
    InputBlock,
    NumberInputElement,
    Option,
    PlainTextInputElement,
    RadioButtonsElement,
    StaticMultiSelectElement,
    TimePickerElement,
    UserMultiSelectElement,
)

from bot.errors import UserError
from bot.forms.topics import normalize_topic
from bot.slack import emoji

T = TypeVar("T")

MAX_TOPICS = 50
MAX_PEOPLE = 30
_MAX_TOPICS_LENGTH = 2000
_MAX_EMOJI_LENGTH = 300


class FormValues(Protocol):
    """The values of a submitted form, by the name of the field."""

    def has_block(self, block: str) -> bool: ...
    def text(self, block: str) -> str: ...
    def chosen(self, block: str) -> str | None: ...
    def all_chosen(self, block: str) -> list[str]: ...
    def users(self, block: str) -> list[str]: ...
    def date(self, block: str) -> str | None: ...
    def time(self, block: str) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(ABC, Generic[T]):
    """A field for one setting. `name` is its block id; Slack shows errors there."""

    name: str
    label: str
    hint: str | None = None

    @abstractmethod
    def render(self, value: T) -> InputBlock: ...

    @abstractmethod
    def read(self, form: FormValues) -> T:
        """Return the entered value. Raises UserError with the field if invalid."""

    def _input(self, element: Any, *, optional: bool) -> InputBlock:
        return InputBlock(
            block_id=self.name,
            label=self.label,
            hint=self.hint,
            optional=optional or None,
            element=element,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Field[str]):
    """Radio buttons."""

    # The value of each choice, its label, and a description.
    choices: Sequence[tuple[str, str, str | None]]

    def render(self, value: str) -> InputBlock:
        options = [
            Option(text=label, value=name, description=description)
            for name, label, description in self.choices
        ]
        initial = next(option for option in options if option.value == value)
        return self._input(
            RadioButtonsElement(
                action_id=self.name, options=options, initial_option=initial
            ),
            optional=False,
        )

    def read(self, form: FormValues) -> str:
        value = form.chosen(self.name)
        for name, _, _ in self.choices:
            if name == value:
                return name
        raise UserError("Choose one of these.", field=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch(Field[bool]):
    """A checkbox. `label` names the subject, `tick_label` says what a tick means."""

    tick_label: str

    def render(self, value: bool) -> InputBlock:
        box = Option(text=self.tick_label, value="yes")
        return self._input(
            CheckboxesElement(
                action_id=self.name,
                options=[box],
                initial_options=[box] if value else None,
            ),
            optional=True,
        )

    def read(self, form: FormValues) -> bool:
        return "yes" in form.all_chosen(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticks(Field[Sequence[str]]):
    """Checkboxes, of which any number may be ticked."""

    # The value of each choice, and its label.
    choices: Sequence[tuple[str, str]]

    def render(self, value: Sequence[str]) -> InputBlock:
        options = [Option(text=label, value=name) for name, label in self.choices]
        ticked = [option for option in options if option.value in value]
        return self._input(
            CheckboxesElement(
                action_id=self.name, options=options, initial_options=ticked or None
            ),
            optional=True,
        )

    def read(self, form: FormValues) -> Sequence[str]:
        chosen = form.all_chosen(self.name)
        return [name for name, _ in self.choices if name in chosen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picks(Field[Sequence[str]]):
    """A list of up to a hundred choices, of which any number may be picked."""

    # The value of each choice, and its label.
    choices: Sequence[tuple[str, str]]
    placeholder: str

    def render(self, value: Sequence[str]) -> InputBlock:
        options = [Option(text=label, value=name) for name, label in self.choices]
        picked = [option for option in options if option.value in value]
        return self._input(
            StaticMultiSelectElement(
                action_id=self.name,
                placeholder=self.placeholder,
                options=options,
                initial_options=picked or None,
            ),
            optional=True,
        )

    def read(self, form: FormValues) -> Sequence[str]:
        chosen = form.all_chosen(self.name)
        return [name for name, _ in self.choices if name in chosen]


@dataclass(frozen=True, slots=True, kw_only=True)
class People(Field[Sequence[str]]):
    """A list of members, as Slack's ids."""

    maximum: int = MAX_PEOPLE

    def render(self, value: Sequence[str]) -> InputBlock:
        return self._input(
            UserMultiSelectElement(
                action_id=self.name,
                placeholder="Choose people",
                initial_users=list(value) or None,
                max_selected_items=self.maximum,
            ),
            optional=True,
        )

    def read(self, form: FormValues) -> Sequence[str]:
        people = list(dict.fromkeys(form.users(self.name)))
        if len(people) > self.maximum:
            raise UserError(f"Up to {self.maximum} people, please.", field=self.name)
        return people


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Field[int]):
    """A whole number within bounds."""

    minimum: int
    maximum: int

    def render(self, value: int) -> InputBlock:
        return self._input(
            NumberInputElement(
                action_id=self.name,
                is_decimal_allowed=False,
                initial_value=str(value),
                min_value=str(self.minimum),
                max_value=str(self.maximum),
            ),
            optional=False,
        )

    def read(self, form: FormValues) -> int:
        typed = form.text(self.name).strip()
        is_number = typed.isascii() and typed.isdigit() and len(typed) < 10  # noqa: PLR2004
        if not is_number or not self.minimum <= int(typed) <= self.maximum:
            raise UserError(
                f"A whole number from {self.minimum} to {self.maximum}.",
                field=self.name,
            )
        return int(typed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Field[date | None]):
    """A date, or none."""

    def render(self, value: date | None) -> InputBlock:
        return self._input(
            DatePickerElement(
                action_id=self.name,
                placeholder="Choose a day",
                initial_date=value.isoformat() if value else None,
            ),
            optional=True,
        )

    def read(self, form: FormValues) -> date | None:
        text = form.date(self.name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise UserError("Choose a day.", field=self.name) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOfDay(Field[time]):
    """A time of the day, to the minute."""

    def render(self, value: time) -> InputBlock:
        return self._input(
            TimePickerElement(
                action_id=self.name, initial_time=value.isoformat("minutes")
            ),
            optional=False,
        )

    def read(self, form: FormValues) -> time:
        try:
            return time.fromisoformat(form.time(self.name) or "").replace(
                second=0, microsecond=0, tzinfo=None
            )
        except ValueError:
            raise UserError("Choose a time.", field=self.name) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Field[T]):
    """A line of text that may be empty.

    `parse` gets the typed text and the field's name, and raises UserError with it.
    """

    parse: Callable[[str, str], T]
    format: Callable[[T], str]
    max_length: int

    def render(self, value: T) -> InputBlock:
        return self._input(
            PlainTextInputElement(
                action_id=self.name,
                initial_value=self.format(value)[: self.max_length] or None,
                max_length=self.max_length,
            ),
            optional=True,
        )

    def read(self, form: FormValues) -> T:
        typed = form.text(self.name).strip()
        _require_fits(typed, self.max_length, self.name)
        return self.parse(typed, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics(Field[Sequence[str]]):
    """A list of topics, separated by commas."""

    def render(self, value: Sequence[str]) -> InputBlock:
        return self._input(
            PlainTextInputElement(
                action_id=self.name,
                initial_value=", ".join(value) or None,
                max_length=_MAX_TOPICS_LENGTH,
            ),
            optional=True,
        )

    def read(self, form: FormValues) -> Sequence[str]:
        names = filter(None, map(normalize_topic, form.text(self.name).split(",")))
        topics = list(dict.fromkeys(names))
        if len(topics) > MAX_TOPICS:
            raise UserError(f"Up to {MAX_TOPICS} topics, please.", field=self.name)
        _require_fits(", ".join(topics), _MAX_TOPICS_LENGTH, self.name)
        return topics


def topics_fit(topics: Sequence[str]) -> bool:
    """Return True if a `Topics` field can show and read these topics."""
    return len(topics) <= MAX_TOPICS and len(", ".join(topics)) <= _MAX_TOPICS_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Emoji(Field[Sequence[str]]):
    """A list of emoji names. Text fields don't render names, so it shows characters."""

    is_required: bool = True

    def render(self, value: Sequence[str]) -> InputBlock:
        return self._input(
            PlainTextInputElement(
                action_id=self.name,
                initial_value=emoji.render(value) or None,
                max_length=_MAX_EMOJI_LENGTH,
            ),
            optional=not self.is_required,
        )

    def read(self, form: FormValues) -> Sequence[str]:
        names, bad = emoji.parse(form.text(self.name))
        if bad:
            raise UserError(f"Not an emoji: {', '.join(bad[:3])}", field=self.name)
        if self.is_required and not names:
            raise UserError("Name at least one emoji, such as 👍", field=self.name)
        _require_fits(emoji.render(names), _MAX_EMOJI_LENGTH, self.name)
        return names


def _require_fits(text: str, limit: int, field: str) -> None:
    """Raise UserError if the value, written out, is too long for the form to show."""
    if len(text) > limit:
        raise UserError("That's more than fits here. Remove some.", field=field)
