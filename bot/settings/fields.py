"""The kinds of fields in a settings form: each draws a value, and reads one back."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
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
    TimePickerElement,
    UserMultiSelectElement,
)

from bot.asks.rules import topic_name
from bot.channels import rules
from bot.errors import Refusal

T = TypeVar("T")

MOST_TOPICS = 50
MOST_PEOPLE = 30
_LONGEST_TOPICS = 2000
_LONGEST_EMOJI = 300


class Entered(Protocol):
    """A form as it was sent, by the name of a field."""

    def text(self, block: str) -> str: ...
    def chosen(self, block: str) -> str | None: ...
    def all_chosen(self, block: str) -> list[str]: ...
    def users(self, block: str) -> list[str]: ...
    def date(self, block: str) -> str | None: ...
    def time(self, block: str) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(ABC, Generic[T]):
    """One setting in a form. `name` is its block, and where Slack shows a refusal."""

    name: str
    label: str
    hint: str | None = None

    @abstractmethod
    def draw(self, value: T) -> InputBlock: ...

    @abstractmethod
    def read(self, entered: Entered) -> T:
        """What was entered. Raises Refusal, with the field, for what makes no sense."""

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
    """One of a few. Each choice: its value, its words, and more words."""

    choices: Sequence[tuple[str, str, str | None]]

    def draw(self, value: str) -> InputBlock:
        options = [
            Option(text=text, value=name, description=more)
            for name, text, more in self.choices
        ]
        chosen = next(option for option in options if option.value == value)
        return self._input(
            RadioButtonsElement(
                action_id=self.name, options=options, initial_option=chosen
            ),
            optional=False,
        )

    def read(self, entered: Entered) -> str:
        chosen = entered.chosen(self.name)
        for name, _, _ in self.choices:
            if name == chosen:
                return name
        raise Refusal("Choose one of these.", field=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch(Field[bool]):
    """A box to tick. `label` names the subject, `yes` is what a tick says."""

    yes: str

    def draw(self, value: bool) -> InputBlock:
        box = Option(text=self.yes, value="yes")
        return self._input(
            CheckboxesElement(
                action_id=self.name,
                options=[box],
                initial_options=[box] if value else None,
            ),
            optional=True,
        )

    def read(self, entered: Entered) -> bool:
        return "yes" in entered.all_chosen(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class People(Field[Sequence[str]]):
    """Some people of the workspace, as Slack's ids."""

    def draw(self, value: Sequence[str]) -> InputBlock:
        return self._input(
            UserMultiSelectElement(
                action_id=self.name,
                placeholder="Choose people",
                initial_users=list(value) or None,
                max_selected_items=MOST_PEOPLE,
            ),
            optional=True,
        )

    def read(self, entered: Entered) -> Sequence[str]:
        people = list(dict.fromkeys(entered.users(self.name)))
        if len(people) > MOST_PEOPLE:
            raise Refusal(f"At most {MOST_PEOPLE} people.", field=self.name)
        return people


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Field[int]):
    """A whole number within bounds."""

    least: int
    most: int

    def draw(self, value: int) -> InputBlock:
        return self._input(
            NumberInputElement(
                action_id=self.name,
                is_decimal_allowed=False,
                initial_value=str(value),
                min_value=str(self.least),
                max_value=str(self.most),
            ),
            optional=False,
        )

    def read(self, entered: Entered) -> int:
        typed = entered.text(self.name).strip()
        is_number = typed.isascii() and typed.isdigit() and len(typed) < 10  # noqa: PLR2004
        if not is_number or not self.least <= int(typed) <= self.most:
            raise Refusal(
                f"A whole number from {self.least} to {self.most}.", field=self.name
            )
        return int(typed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Field[date | None]):
    """A date, or none."""

    def draw(self, value: date | None) -> InputBlock:
        return self._input(
            DatePickerElement(
                action_id=self.name,
                placeholder="Choose a day",
                initial_date=value.isoformat() if value else None,
            ),
            optional=True,
        )

    def read(self, entered: Entered) -> date | None:
        chosen = entered.date(self.name)
        try:
            return date.fromisoformat(chosen) if chosen else None
        except ValueError:
            raise Refusal("Choose a day.", field=self.name) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour(Field[time]):
    """A time of the day, to the minute."""

    def draw(self, value: time) -> InputBlock:
        return self._input(
            TimePickerElement(
                action_id=self.name, initial_time=value.isoformat("minutes")
            ),
            optional=False,
        )

    def read(self, entered: Entered) -> time:
        try:
            return time.fromisoformat(entered.time(self.name) or "").replace(
                second=0, microsecond=0, tzinfo=None
            )
        except ValueError:
            raise Refusal("Choose a time.", field=self.name) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics(Field[Sequence[str]]):
    """Topics, with commas between."""

    def draw(self, value: Sequence[str]) -> InputBlock:
        return self._input(
            PlainTextInputElement(
                action_id=self.name,
                initial_value=", ".join(value) or None,
                max_length=_LONGEST_TOPICS,
            ),
            optional=True,
        )

    def read(self, entered: Entered) -> Sequence[str]:
        named = filter(None, map(topic_name, entered.text(self.name).split(",")))
        topics = list(dict.fromkeys(named))
        if len(topics) > MOST_TOPICS:
            raise Refusal(f"At most {MOST_TOPICS} topics.", field=self.name)
        _fits(", ".join(topics), _LONGEST_TOPICS, self.name)
        return topics


@dataclass(frozen=True, slots=True, kw_only=True)
class Emoji(Field[Sequence[str]]):
    """Names of emoji; drawn as emoji, for a text field shows names as they are."""

    is_needed: bool = True

    def draw(self, value: Sequence[str]) -> InputBlock:
        return self._input(
            PlainTextInputElement(
                action_id=self.name,
                initial_value=rules.drawn(value) or None,
                max_length=_LONGEST_EMOJI,
            ),
            optional=not self.is_needed,
        )

    def read(self, entered: Entered) -> Sequence[str]:
        names, bad = rules.emoji_names(entered.text(self.name))
        if bad:
            raise Refusal(f"Not an emoji: {', '.join(bad[:3])}", field=self.name)
        if self.is_needed and not names:
            raise Refusal("Name at least one emoji, such as 👍", field=self.name)
        _fits(rules.drawn(names), _LONGEST_EMOJI, self.name)
        return names


def _fits(shown: str, limit: int, field: str) -> None:
    """The form shows the settings written out, which can be longer than was typed."""
    if len(shown) > limit:
        raise Refusal("That is more than fits here; take some out.", field=field)
