"""The form of a program, and its validated values. Pure."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from bot.errors import UserError
from bot.forms.calendar import read_date
from bot.programs.rules import (
    JOINING,
    MAX_CHANNELS,
    MAX_LEADS,
    MAX_LINE_LENGTH,
    MAX_NAME_LENGTH,
    MAX_RULE_LENGTH,
    MAX_RULES,
    MAX_TIME_LENGTH,
    Kind,
    Mode,
    Texts,
)
from bot.slack.text import one_line, sanitize, to_mrkdwn, to_plain

# The fields on each page of the form; the last page is the invitation, too.
PAGES = (
    ("name", "audience", "goal", "benefit"),
    (
        "time_needed",
        "rules",
        "starts_on",
        "ends_on",
        "joining",
        "guests_may_join",
        *Kind,
    ),
    ("leads", "channels"),
)
FIELDS = tuple(field for page in PAGES for field in page)
# The workspace's own program has all channels and no dates. Its leads, and the kinds
# of meetings that it has, are settings of the workspace.
TEXT_FIELDS = ("name", "audience", "goal", "benefit", "time_needed", "rules")
# Those of the workspace's own program.
WORKSPACE_FIELDS = (*TEXT_FIELDS, "guests_may_join")

# Slack's limit for a view's private metadata is 3,000 characters; some are not ours.
_MAX_METADATA_LENGTH = 2900
_DAYS = frozenset({"starts_on", "ends_on"})
_SLACK_ID = re.compile(r"[A-Z0-9]{1,40}")
# The texts of one line: the error if there is none, and the most characters.
_LINES = {
    "name": ("Give it a name.", MAX_NAME_LENGTH),
    "audience": ("Say whom it is for.", MAX_LINE_LENGTH),
    "goal": ("Say what you want to reach together.", MAX_LINE_LENGTH),
    "benefit": ("Say what people get from it.", MAX_LINE_LENGTH),
    "time_needed": ("Say how much time it takes.", MAX_TIME_LENGTH),
}


@dataclass(frozen=True, slots=True)
class ProgramForm:
    """The submitted form: each field as Slack sends it, not validated."""

    name: str = ""
    audience: str = ""
    goal: str = ""
    benefit: str = ""
    time_needed: str = ""
    # One in each line.
    rules: str = ""
    starts_on: str = ""
    ends_on: str = ""
    joining: str = "open"
    guests_may_join: bool = False
    coffee: str = Mode.AUTO.value
    exchange: str = Mode.AUTO.value
    buddies: str = Mode.AUTO.value
    # Slack's ids.
    leads: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """Validated values of a program, as they are stored."""

    texts: Texts
    starts_on: date | None
    ends_on: date | None
    joining: str
    guests_may_join: bool
    kinds: Mapping[Kind, Mode]
    # Slack's ids, without repetitions.
    leads: tuple[str, ...]
    channels: tuple[str, ...]


def parse(
    form: ProgramForm,
    checked: Collection[str],
    *,
    today: date | None = None,
    has_defaults: bool = False,
    has_hidden_channels: bool = False,
) -> Draft:
    """Validate the form. Raises UserError, with the fields that are wrong.

    Only the `checked` fields count. The last day must not be before `today`. Texts that
    have defaults may be empty, and channels if there are others.
    """
    errors = {
        name: error
        for name, error in (
            *_errors_of_lines(form, has_defaults=has_defaults),
            ("rules", _error_of_rules(_rules(form), has_defaults=has_defaults)),
            *_errors_of_days(form, today),
            ("joining", "" if form.joining in JOINING else "Choose who may join."),
            *_errors_of_kinds(form),
            ("leads", _error_of_ids(form.leads, MAX_LEADS, "lead")),
            *(
                [("channels", _error_of_ids(form.channels, MAX_CHANNELS, "channel"))]
                if form.channels or not has_hidden_channels
                else []
            ),
        )
        if error and name in checked
    }
    if errors:
        field, text = next(iter(errors.items()))
        raise UserError(text, field=field, field_errors=errors)
    return Draft(
        texts=Texts(
            **{name: to_mrkdwn(_line(getattr(form, name))) for name in _LINES},
            rules=tuple(map(to_mrkdwn, _rules(form))),
        ),
        starts_on=read_date(form.starts_on),
        ends_on=read_date(form.ends_on),
        joining=form.joining,
        guests_may_join=form.guests_may_join,
        kinds={kind: _mode(form, kind) or Mode.AUTO for kind in Kind},
        leads=_ids(form.leads),
        channels=_ids(form.channels),
    )


def _ids(slack_ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(filter(_SLACK_ID.fullmatch, dict.fromkeys(slack_ids)))


def _line(typed: str) -> str:
    return one_line(sanitize(typed))


def _errors_of_lines(
    form: ProgramForm, *, has_defaults: bool
) -> Iterator[tuple[str, str]]:
    for name, (missing, limit) in _LINES.items():
        line = _line(getattr(form, name))
        if not line:
            yield name, "" if has_defaults else missing
        elif len(line) > limit:
            yield name, f"Up to {limit} characters, please. You wrote {len(line)}."


def _rules(form: ProgramForm) -> list[str]:
    return list(filter(None, map(_line, form.rules.splitlines())))


def _error_of_rules(rules: Sequence[str], *, has_defaults: bool) -> str:
    if not rules and not has_defaults:
        return "Write at least one rule."
    if len(rules) > MAX_RULES:
        return f"Up to {MAX_RULES} rules, please. You wrote {len(rules)}."
    if any(len(rule) > MAX_RULE_LENGTH for rule in rules):
        return (
            "Write one rule in each line, each at most"
            f" {MAX_RULE_LENGTH} characters long."
        )
    return ""


def _mode(form: ProgramForm, kind: Kind) -> Mode | None:
    typed = getattr(form, kind)
    return next((mode for mode in Mode if mode == typed), None)


def _errors_of_kinds(form: ProgramForm) -> Iterator[tuple[str, str]]:
    for kind in Kind:
        if _mode(form, kind) is None:
            yield kind, "Choose one of these."


def _errors_of_days(form: ProgramForm, today: date | None) -> Iterator[tuple[str, str]]:
    first, last = read_date(form.starts_on), read_date(form.ends_on)
    if first is None:
        yield "starts_on", "Choose a day."
    if last is None:
        if form.ends_on:
            yield "ends_on", "Choose a day, or none."
    elif first and last < first:
        yield "ends_on", "The last day is before the first."
    elif today and last < today:
        yield "ends_on", "That day is over."


def _error_of_ids(ids: Sequence[str], limit: int, noun: str) -> str:
    if not ids or not all(map(_SLACK_ID.fullmatch, ids)):
        return f"Choose at least one {noun}."
    if len(set(ids)) > limit:
        return f"Up to {limit} {noun}s, please."
    return ""


def to_form(draft: Draft) -> ProgramForm:
    """Return the form's values for a program."""
    texts = draft.texts
    return ProgramForm(
        **{name: to_plain(getattr(texts, name)) for name in _LINES},
        rules="\n".join(map(to_plain, texts.rules)),
        starts_on=draft.starts_on.isoformat() if draft.starts_on else "",
        ends_on=draft.ends_on.isoformat() if draft.ends_on else "",
        joining=draft.joining,
        guests_may_join=draft.guests_may_join,
        **{kind.value: mode.value for kind, mode in draft.kinds.items()},
        leads=draft.leads,
        channels=draft.channels,
    )


def dump(form: ProgramForm) -> dict[str, Any]:
    """Return the form as JSON for metadata; raises UserError if it is too long."""
    data = asdict(form)
    text = json.dumps(data, ensure_ascii=False)
    # Slack counts UTF-16 units: an emoji counts as two.
    if len(text.encode("utf-16-le")) > 2 * _MAX_METADATA_LENGTH:
        raise UserError("This is more text than Slack can store. Shorten it a bit.")
    return data


def load(data: object) -> ProgramForm:
    """Return the form that `dump` returned. Raises UserError for anything else."""
    expected = asdict(ProgramForm())
    if not isinstance(data, Mapping) or data.keys() != expected.keys():
        raise UserError(_LOST)
    values: dict[str, Any] = {}
    for name, value in data.items():
        values[name] = tuple(value) if isinstance(value, list) else value
        words = values[name] if isinstance(value, list) else ()
        is_text = all(isinstance(word, str) for word in words)
        if type(values[name]) is not type(expected[name]) or not is_text:
            raise UserError(_LOST)
    return ProgramForm(**values)


_LOST = "I've lost this form. Please open it again."


def differences(before: Draft, after: Draft) -> list[str]:
    """Return the names of the fields with another value, in the form's order."""
    old, new = _values(before), _values(after)
    return [name for name in FIELDS if old[name] != new[name]]


def merge(
    mine: ProgramForm, stored: ProgramForm, touched: Collection[str]
) -> ProgramForm:
    """Return my form, with the stored value of each field that I left alone.

    Leads and channels stay mine: the form that shows the result has their fields, and
    Slack keeps the values of fields. The two days are one, since they must fit.
    """
    kept = {*touched, *PAGES[-1]}
    if kept & _DAYS:
        kept |= _DAYS
    values = {name: getattr(stored, name) for name in FIELDS if name not in kept}
    return replace(mine, **values)


def _values(draft: Draft) -> dict[str, Any]:
    return {
        **asdict(draft.texts),
        "starts_on": draft.starts_on,
        "ends_on": draft.ends_on,
        "joining": draft.joining,
        "guests_may_join": draft.guests_may_join,
        **{kind.value: mode for kind, mode in draft.kinds.items()},
        "leads": frozenset(draft.leads),
        "channels": frozenset(draft.channels),
    }
